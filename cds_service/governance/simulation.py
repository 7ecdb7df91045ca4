"""What comes out of a simulation: what is otherwise in each decision, and all of it counted."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeVar

from cds_service.knowledge.rules import Severity

SAMPLES = 3


class Kind(StrEnum):
    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True)
class Change:
    """One alert of one decision that comes out otherwise. `was` and `now` are indicators, empty where not shown.

    `became` is what was done about the card of an alert that was shown: `accepted`, `overridden`, or nothing said.
    `repeats` says of an added alert that its problem stood overridden for this patient. `had` is the severity before,
    empty where it is the same.
    """

    kind: Kind
    decision_id: str
    hook: str
    rule: str
    severity: Severity
    was: str
    now: str
    drugs: tuple[str, ...]
    became: str = ""
    repeats: bool = False
    had: str = ""


@dataclass(frozen=True, slots=True)
class RiskChange:
    """The card of one risk model that comes out otherwise.

    `was` and `now` are indicators, empty where there is no card; `was_band` and `now_band` what the model's bands are
    called. `said` is the first line of the card. `became` and `repeats` are as those of `Change`.
    """

    kind: Kind
    decision_id: str
    hook: str
    model: str
    was: str
    now: str
    was_band: str
    now_band: str
    said: str
    became: str = ""
    repeats: bool = False

    @property
    def urgency(self) -> str:
        """The indicator, or from which to which."""
        return join_words(self.was, self.now)


def join_words(was: str, now: str) -> str:
    """Before and after in words, either once where they are the same or one is not there: `info to warning`."""
    return " to ".join(dict.fromkeys(filter(None, (was, now))))


@dataclass(frozen=True, slots=True)
class Compared:
    """One decision: how many alerts it showed when it was made, and what the other release changes in alerts and in
    cards of risk models.

    `unreadable` is the id of one whose record was changed since, or has another form: of it nothing else is known.
    """

    alerts: int
    changes: tuple[Change, ...] = ()
    risks: tuple[RiskChange, ...] = ()
    unreadable: str = ""


@dataclass(slots=True)
class Tally:
    """What happens to the alerts of one rule, or to the cards of one model; the last three count among the first two.

    A model has no `severity`.
    """

    severity: str = ""
    added: int = 0
    removed: int = 0
    changed: int = 0
    removed_accepted: int = 0
    removed_overridden: int = 0
    added_repeats: int = 0

    def add(self, change: Change | RiskChange) -> None:
        self.added += change.kind is Kind.ADDED
        self.removed += change.kind is Kind.REMOVED
        self.changed += change.kind is Kind.CHANGED
        self.removed_accepted += change.kind is Kind.REMOVED and change.became == "accepted"
        self.removed_overridden += change.kind is Kind.REMOVED and change.became == "overridden"
        self.added_repeats += change.repeats


@dataclass(slots=True)
class Simulation:
    """What came out: decisions looked at, alerts they showed, changes by rule, and a few cases of each.

    `models` counts the cards of risk models by model and urgency (`info`, `info to warning`); `risk_samples` are cases
    of these. `unreadable` are the ids of decisions that nobody could look at; they count nowhere.
    """

    decisions: int = 0
    alerts: int = 0
    touched: int = 0
    rules: dict[str, Tally] = field(default_factory=dict)
    severities: dict[str, Tally] = field(default_factory=dict)
    models: dict[str, dict[str, Tally]] = field(default_factory=dict)
    samples: list[Change] = field(default_factory=list)
    risk_samples: list[RiskChange] = field(default_factory=list)
    unreadable: list[str] = field(default_factory=list)


Case = TypeVar("Case", Change, RiskChange)
Cases = dict[tuple[str, Kind], list[Case]]


def tally(compared: Iterable[Compared]) -> Simulation:
    """Everything counted."""
    simulation = Simulation()
    of_rules: Cases[Change] = {}
    of_models: Cases[RiskChange] = {}
    for each in compared:
        if each.unreadable:
            simulation.unreadable.append(each.unreadable)
            continue
        simulation.decisions += 1
        simulation.alerts += each.alerts
        simulation.touched += bool(each.changes or each.risks)
        for change in each.changes:
            simulation.rules.setdefault(change.rule, Tally(change.severity)).add(change)
            simulation.severities.setdefault(change.severity, Tally(change.severity)).add(change)
            keep_case(of_rules.setdefault((change.rule, change.kind), []), change)
        for risk in each.risks:
            simulation.models.setdefault(risk.model, {}).setdefault(risk.urgency, Tally()).add(risk)
            keep_case(of_models.setdefault((risk.model, risk.kind), []), risk)
    simulation.unreadable.sort()
    simulation.samples = in_order(of_rules)
    simulation.risk_samples = in_order(of_models)
    return simulation


def keep_case(cases: list[Case], case: Case) -> None:
    """Keep the first few by id: results come in any order, and the cases are always the same."""
    cases.append(case)
    cases.sort(key=lambda each: each.decision_id)
    del cases[SAMPLES:]


def in_order(samples: Cases[Case]) -> list[Case]:
    return [case for key in sorted(samples) for case in samples[key]]
