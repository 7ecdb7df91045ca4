"""Rules and value sets as compiled values: what the files of `rules/` become once nothing is wrong with them."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from cds_service.knowledge.suggestions import Suggestion
from cds_service.terminology.products import Route

NEVER_LOWERED = ("dose", "renal", "allergy", "pregnancy")
"""Families whose findings an unchanged renewal makes no less urgent, and that keep a card of their own."""


class Severity(StrEnum):
    """How bad the problem is in general (the knowledge), worst first."""

    CONTRAINDICATED = "contraindicated"
    MAJOR = "major"
    MODERATE = "moderate"
    MINOR = "minor"


class Indicator(StrEnum):
    """How urgent it is for this patient: the three of CDS Hooks (CH-113), most urgent first."""

    CRITICAL = "critical"
    WARNING = "warning"
    INFO = "info"


class Status(StrEnum):
    DRAFT = "draft"
    SILENT = "silent"
    ACTIVE = "active"
    RETIRED = "retired"


class Scope(StrEnum):
    ORDER = "order"
    PAIR = "pair"
    PATIENT = "patient"


class Operator(StrEnum):
    ANY_IN = "any_in"
    NONE_IN = "none_in"
    IS = "is"
    BELOW = "below"
    AT_MOST = "at_most"
    AT_LEAST = "at_least"
    ABOVE = "above"
    BETWEEN = "between"  # both ends included
    COUNT_AT_LEAST = "count_at_least"
    WITHIN_DAYS = "within_days"

    __hash__ = str.__hash__  # Enum's own is a Python call, and every comparison looks one up


@dataclass(frozen=True, slots=True)
class ValueSet:
    """A named list of codes.

    `kind` is "ingredient", "condition", "allergy", "procedure" or "dose-form". `ingredients` holds RxNorm INs
    (ingredient sets, and substances of allergy sets), `codes` pairs of (system URI, code), `prefixes` pairs of
    (system URI, prefix) such as ICD-10-CM "I50", `forms` dose form names. `systems` are the systems the set lists at
    least one code of: an item coded in one of them and not in the set is certainly not in it.
    """

    id: str
    title: str
    kind: str
    ingredients: frozenset[str] = frozenset()
    codes: frozenset[tuple[str, str]] = frozenset()
    prefixes: tuple[tuple[str, str], ...] = ()
    forms: frozenset[str] = frozenset()
    systems: frozenset[str] = frozenset()
    source: str = ""


@dataclass(frozen=True, slots=True)
class Side:
    """One drug of a rule: `this`, `a` or `b`. Matches a drug holding any of `ingredients` in one of `routes`.

    With `any_drug` (order scope only) it matches whatever the drug holds, and `ingredients` is empty.
    A product that also holds any of `not_with` stays out. Empty `routes` means any. `forms` and `not_forms` narrow by
    RxNorm dose form name (empty: no narrowing).
    `written` is the table as its author wrote it, for `cds explain`.
    """

    name: str
    ingredients: frozenset[str]
    routes: frozenset[Route] = frozenset()
    forms: frozenset[str] = frozenset()
    not_forms: frozenset[str] = frozenset()
    not_with: frozenset[str] = frozenset()
    any_drug: bool = False
    written: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """One condition: a fact, one operator, its operand.

    `drug` is "this", "a" or "b" for a drug's fact and empty for the patient's; `fact` is the catalogue name without
    that prefix. `operand` is a number in the catalogue's unit, (low, high), a bool, a word, or None when
    `value_set` holds it. `count_at_least` has `count` besides the value set. `ever` lets resolved conditions count.
    `if_missing` is None (stay unknown) or the bool the author wrote ("assume-true", "assume-false").
    `excluding` names the drug ("this") that does not count in a list of medications.
    `where` is the path in the file ("when.all[2]").
    """

    fact: str
    operator: Operator
    operand: float | tuple[float, float] | bool | str | tuple[str, ...] | None = None
    value_set: ValueSet | None = None
    count: int = 1
    unit: str | None = None
    drug: str = ""
    ever: bool = False
    excluding: str = ""
    if_missing: bool | None = None
    source: str = ""
    where: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """`all`, `any` or `not` over conditions; `not` has exactly one member."""

    kind: str
    members: tuple["Condition", ...]
    where: str = ""


Condition = Line | Group


@dataclass(frozen=True, slots=True)
class Grade:
    """This patient's urgency when `when` certainly holds; the first such grade counts."""

    when: Condition
    indicator: Indicator
    because: str


@dataclass(frozen=True, slots=True)
class Evidence:
    citation: str
    url: str = ""
    quality: str = ""


@dataclass(frozen=True, slots=True)
class CardText:
    """Texts of a card with names in {{ }}; `override_reasons` are ids from cards/override_reasons.toml."""

    summary: str
    detail: str
    override_reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Listeners:
    """Kinds of people and places; empty names nobody. `encounter_classes` are codes of v3-ActCode (`IMP`, `AMB`)."""

    roles: frozenset[str] = frozenset()
    departments: frozenset[str] = frozenset()
    encounter_classes: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Audience:
    """Who sees the card of a rule: of each kind named in `only` just those, and nobody named in `besides`.

    Names of roles and departments are kept in small letters.
    """

    only: Listeners = Listeners()
    besides: Listeners = Listeners()


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule, compiled. Text fields hold {{ names }}: `this`, `other`, `a`, `b` and patient facts."""

    id: str
    version: str
    title: str
    family: str
    scope: Scope
    problem: str
    severity: Severity
    status: Status
    hooks: frozenset[str]
    because: str
    card: CardText
    sides: tuple[Side, ...] = ()
    all: tuple[Condition, ...] = ()
    unless: tuple[Condition, ...] = ()
    grades: tuple[Grade, ...] = ()
    snooze: str | None = None
    interrupt: str = "interruptive"
    continuation: str = "same"
    say_unchecked: bool | None = None  # None: by severity
    mechanism: str = ""
    management: str = ""
    known_false_alarms: tuple[str, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    author: str = ""
    reviewer: str | None = None
    confidence: str = ""  # how sure its author is of the facts: "verified", "label-known", ...; empty: not said
    approval_date: date | None = None
    next_review_date: date | None = None
    facts: frozenset[str] = frozenset()  # every patient fact any line or text names
    file: str = ""
    indicator: Indicator = Indicator.WARNING  # default for the severity, from cards/policy.toml; info if passive
    different_ingredients: bool = False  # pair scope: a and b must match by two different ingredients
    suggestions: tuple[Suggestion, ...] = ()
    origins: tuple[tuple[str, str], ...] = ()  # what a layer changed: field, then value, file, reason and person
    audience: Audience | None = None  # None: everybody

    @property
    def reviewed(self) -> bool:
        return self.reviewer is not None
