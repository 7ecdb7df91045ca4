"""Risk models as values: what a folder of `models/` becomes once nothing is wrong with it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from cds_service.knowledge.rules import Condition, Evidence, Indicator, Status
from cds_service.knowledge.terms import Function, Value


class ModelKind(StrEnum):
    """`equation` and `score` restate a publication; `additive` was trained; `remote` is asked over the network."""

    EQUATION = "equation"
    SCORE = "score"
    ADDITIVE = "additive"
    REMOTE = "remote"


class IfMissing(StrEnum):
    """What an unknown predictor does."""

    REFUSE = "refuse"  # no prediction
    UNKNOWN_LEVEL = "unknown-level"  # the model's own coefficient for unknown; for points none, and up to the most
    ASSUME = "assume"  # the value the author wrote down, with the reason


@dataclass(frozen=True, slots=True)
class Predictor:
    """One input: a chart fact (`fact`), or a yes-or-no question to the chart in the grammar of rules (`when`).

    `fact` is the name its fact goes by: the catalogue's for a chart fact, the predictor's own for a question. A number
    outside `within` (both ends included, in `unit`) refuses the prediction: it is never clamped. `words` are the levels
    the model knows of a fact that is a word; empty for numbers. `assumed` and `because` belong to `IfMissing.ASSUME`.
    """

    name: str
    label: str
    fact: str
    when: Condition | None = None
    unit: str | None = None
    within: tuple[float, float] | None = None
    words: tuple[str, ...] = ()
    if_missing: IfMissing = IfMissing.REFUSE
    assumed: Value | None = None
    because: str = ""
    modifiable: bool = False


@dataclass(frozen=True, slots=True)
class Band:
    """Results from `start` up to, not including, `end` (None: no limit), of one outcome ("" is every outcome).

    `indicator` is None where there is nothing to say. `reason` says where the limits come from.
    """

    name: str
    start: float | None
    end: float | None
    indicator: Indicator | None
    reason: str
    outcome: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What is predicted, over which time (ISO 8601 duration, empty for now)."""

    id: str
    title: str
    horizon: str = ""


@dataclass(frozen=True, slots=True)
class Criterion:
    """One thing that must hold of a patient (`required`) or must not; `reason` is what the refusal says."""

    condition: Condition
    reason: str
    required: bool


@dataclass(frozen=True, slots=True)
class Unread:
    """An item that the published score counts and no chart fact gives: up to `most` points are then left open."""

    label: str
    most: float
    reason: str


@dataclass(frozen=True, slots=True)
class Comparator:
    """The patient to compare with: this one, with other values of some predictors."""

    label: str
    values: Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class Calibration:
    """A monotone step after the model, shown apart. `logistic`: logit p' = intercept + slope * logit p; `isotonic`:
    straight lines between (x, y) points, level outside them. `data` names what it was fitted on.
    """

    kind: str = "none"
    intercept: float = 0.0
    slope: float = 1.0
    x: tuple[float, ...] = ()
    y: tuple[float, ...] = ()
    data: str = ""


@dataclass(frozen=True, slots=True)
class Development:
    """The data a model was made from, as far as its source says; None where it does not. `data` names the data set."""

    n: int | None = None
    events: int | None = None
    where: str = ""
    years: str = ""
    data: str = ""


@dataclass(frozen=True, slots=True)
class Golden:
    """One row of golden.csv: inputs by predictor name, and the result that another implementation gives."""

    line: int
    outcome: str
    inputs: Mapping[str, Value | None]
    expected: float


@dataclass(frozen=True, slots=True)
class ModelGovernance:
    """`reviewer` absent: not reviewed. Dates are ISO 8601."""

    author: str
    reviewer: str = ""
    approval_date: str = ""
    next_review_date: str = ""
    license: str = ""


@dataclass(frozen=True, slots=True)
class ModelCard:
    """What a card of the model says beside the numbers, in plain text.

    Without `summary` the model has no card of its own. The card is shown only where `show_when` certainly holds: where
    it could change something. `rule` speaks in the model's place where the model is off or cannot predict, and is
    withheld where it predicts. `snooze` is how long the card stays away once it was overridden (`P30D`); empty: never.
    """

    summary: str = ""
    advice: str = ""
    show_when: Condition | None = None
    rule: str = ""
    override_reasons: tuple[str, ...] = ()
    snooze: str = ""


@dataclass(frozen=True, slots=True)
class Bundle:
    """One risk model, whole.

    `when` decides whether the model has anything to say on a chart; `population` whether it may. `functions` holds one
    per outcome id. `unit` is that of a quantity, empty for probabilities and points. `instead_of` are the poorer models
    that fall away where this one predicts. `without_percentages`: the source gives no probability of this patient.
    `limits` are the model's limits for drift and calibration, by name.
    """

    id: str
    version: str
    title: str
    kind: ModelKind
    status: Status
    hooks: tuple[str, ...]
    problem: str
    outcomes: tuple[Outcome, ...]
    predictors: tuple[Predictor, ...]
    functions: Mapping[str, Function]
    bands: tuple[Band, ...]
    governance: ModelGovernance
    when: Condition | None = None
    population: tuple[Criterion, ...] = ()
    unread: tuple[Unread, ...] = ()
    comparator: Comparator | None = None
    calibration: Calibration = field(default_factory=Calibration)
    development: Development = field(default_factory=Development)
    evidence: tuple[Evidence, ...] = ()
    instead_of: tuple[str, ...] = ()
    unit: str = ""
    known_limits: tuple[str, ...] = ()
    limits: Mapping[str, float] = field(default_factory=dict)
    facts: frozenset[str] = frozenset()
    file: str = ""
    card: ModelCard = field(default_factory=ModelCard)


@dataclass(frozen=True, slots=True)
class RemoteModel:
    """Where a remote model is asked, by which name, and how many milliseconds it has to answer."""

    url: str
    name: str
    within_ms: int = 100
