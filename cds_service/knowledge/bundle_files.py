"""How the files of a model folder are written: the shapes of bundle.toml, model.json and calibration.json."""

from typing import Any, Literal

import msgspec

from cds_service.knowledge.bundle import ModelKind
from cds_service.knowledge.rules import Indicator, Status
from cds_service.knowledge.terms import Link


class Strict(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A table with no other keys than its own."""


class Assume(Strict, frozen=True, kw_only=True):
    assume: bool | float | str
    because: str


class PredictorTable(Strict, frozen=True, kw_only=True):
    name: str
    label: str = ""
    fact: str = ""
    when: dict[str, Any] = {}
    unit: str | None = None
    range: tuple[float, float] | None = None
    words: tuple[str, ...] = ()
    missing: Literal["refuse", "unknown-level"] | Assume = "refuse"
    modifiable: bool = False


class CriterionTable(Strict, frozen=True, kw_only=True):
    when: dict[str, Any]
    reason: str


class BandTable(Strict, frozen=True, kw_only=True):
    name: str
    reason: str
    start: float | None = msgspec.field(name="from", default=None)
    end: float | None = msgspec.field(name="to", default=None)
    indicator: Indicator | None = None
    outcome: str = ""


class OutcomeTable(Strict, frozen=True, kw_only=True):
    id: str
    title: str
    horizon: str = ""


class UnreadTable(Strict, frozen=True, kw_only=True):
    label: str
    most: float
    reason: str


class ComparatorTable(Strict, frozen=True, kw_only=True):
    label: str
    values: dict[str, bool | float | str]


class DevelopmentTable(Strict, frozen=True, kw_only=True):
    n: int | None = None
    events: int | None = None
    where: str = ""
    years: str = ""
    data: str = ""


class EvidenceTable(Strict, frozen=True, kw_only=True):
    citation: str
    url: str = ""
    quality: str = ""


class GovernanceTable(Strict, frozen=True, kw_only=True):
    author: str
    reviewer: str = ""
    approval_date: str = ""
    next_review_date: str = ""
    license: str = ""


class CardTable(Strict, frozen=True, kw_only=True):
    summary: str = ""
    advice: str = ""
    show_when: dict[str, Any] = {}
    rule: str = ""
    override_reasons: tuple[str, ...] = ()
    snooze: str = ""


class BundleFile(Strict, frozen=True, kw_only=True):
    """bundle.toml."""

    id: str
    version: str
    title: str
    kind: ModelKind
    status: Status
    hooks: tuple[str, ...]
    outcome: tuple[OutcomeTable, ...]
    predictor: tuple[PredictorTable, ...]
    governance: GovernanceTable
    problem: str = ""
    unit: str = ""
    when: dict[str, Any] = {}
    made_for: tuple[CriterionTable, ...] = ()
    not_for: tuple[CriterionTable, ...] = ()
    band: tuple[BandTable, ...] = ()
    unread: tuple[UnreadTable, ...] = ()
    comparator: ComparatorTable | None = None
    development: DevelopmentTable = DevelopmentTable()
    evidence: tuple[EvidenceTable, ...] = ()
    instead_of: tuple[str, ...] = ()
    known_limits: tuple[str, ...] = ()
    limits: dict[str, float] = {}
    card: CardTable = CardTable()


class AnyTerm(Strict, frozen=True, kw_only=True, tag_field="shape"):
    id: str
    predictors: tuple[str, ...]
    unknown: float = 0.0
    to: str = ""


class TableTerm(AnyTerm, frozen=True, kw_only=True, tag="table"):
    edges: tuple[float, ...]
    values: tuple[float, ...]
    edges_belong: Literal["above", "below"] = "above"


class Table2Term(AnyTerm, frozen=True, kw_only=True, tag="table2"):
    edges: tuple[tuple[float | str, ...], tuple[float | str, ...]]
    values: tuple[tuple[float, ...], ...]


class CategoriesTerm(AnyTerm, frozen=True, kw_only=True, tag="categories"):
    values: dict[str, float]
    other: float | None = None


class LinearTerm(AnyTerm, frozen=True, kw_only=True, tag="linear"):
    coefficient: float
    centre: float = 0.0


class FactorTable(Strict, frozen=True, kw_only=True):
    predictor: str
    floor: float | None = None
    ceiling: float | None = None
    centre: float = 0.0
    scale: float = 1.0
    log: bool = False
    log_centre: float = 0.0
    power: float = 1.0
    level: str = ""


class ProductTerm(AnyTerm, frozen=True, kw_only=True, tag="product"):
    coefficient: float
    factors: tuple[FactorTable, ...]


TermTable = TableTerm | Table2Term | CategoriesTerm | LinearTerm | ProductTerm


class SumTable(Strict, frozen=True, kw_only=True):
    intercept: float = 0.0
    terms: tuple[TermTable, ...] = ()
    baseline_survival: float | None = None


class FunctionTable(SumTable, frozen=True, kw_only=True):
    """One outcome: its own sum, or with `by` one sum per word of a predictor."""

    link: Link
    by: str = ""
    strata: dict[str, SumTable] = {}
    rounded: bool = False
    least: float | None = None
    most: float | None = None


class ModelFile(Strict, frozen=True, kw_only=True):
    """model.json of several outcomes; that of a single one is a `FunctionTable` itself."""

    outcomes: dict[str, FunctionTable]


class CalibrationFile(Strict, frozen=True, kw_only=True):
    """calibration.json."""

    kind: Literal["none", "logistic", "isotonic"] = "none"
    intercept: float = 0.0
    slope: float = 1.0
    x: tuple[float, ...] = ()
    y: tuple[float, ...] = ()
    data: str = ""
