"""What another release would have said of recorded calls: alerts added, removed and changed, and what became of them.

Both releases are asked about the chart as it was read. An alert is a finding that is shown.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from enum import StrEnum
from functools import lru_cache

from cds_service.call import select
from cds_service.governance.arms import differing
from cds_service.governance.many import envelopes_of
from cds_service.governance.replay import asked_in
from cds_service.knowledge.release import Release, RuleIndex
from cds_service.knowledge.rules import Severity
from cds_service.reasoning.evaluate import evaluate
from cds_service.reasoning.findings import Finding, Outcome
from cds_service.record.reading import UnreadableRecord, read_record
from cds_service.record.stored import StoredRecord
from cds_service.store.entries import patient_parts, subject_parts
from cds_service.store.outcomes import Outcomes
from cds_service.store.reading import Envelope, Records
from cds_service.store.ring import Ring
from cds_service.store.sealing import Unopened

SAMPLES = 3
TENANTS_OPEN = 64
BY_RULE = frozenset(
    {"digest", "sources", "rules", "index", "needs", "services", "tenants", "terminology", "accepted_unreviewed_by"}
    | {"last_day", "then"}
)
"""Parts of a release that differ with its rules, or by their name only."""


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
class Compared:
    """One decision: how many alerts it showed when it was made, and what the other release changes.

    `unreadable` is the id of one whose record was changed since, or has another form: of it nothing else is known.
    """

    alerts: int
    changes: tuple[Change, ...] = ()
    unreadable: str = ""


@dataclass(frozen=True, slots=True)
class Pair:
    """Two releases and the rules in which each differs from the other; `only_rules` when nothing else does."""

    base: Release
    other: Release
    base_differs: RuleIndex
    other_differs: RuleIndex
    only_rules: bool


@dataclass(frozen=True, slots=True)
class Trial:
    """Everything that comparing needs; shared by the processes that compare."""

    records: Records
    ring: Ring
    outcomes: Outcomes
    pair_for: Callable[[str], Pair]


def prepare(records: Records, ring: Ring, outcomes: Outcomes, base: Release, other: Release) -> Trial:
    """A trial of `other` against `base`."""
    there, here = differing(base, other), differing(other, base)
    parts = [each.name for each in fields(Release) if each.name not in BY_RULE]
    only_rules = all(getattr(base, part) == getattr(other, part) for part in parts)

    def pair(tenant: str) -> Pair:
        own = (base.for_tenant(tenant), other.for_tenant(tenant))
        return Pair(*own, there.for_tenant(tenant).index, here.for_tenant(tenant).index, only_rules)

    return Trial(records, ring, outcomes, lru_cache(TENANTS_OPEN)(pair))


def compare_each(trial: Trial, ids: Sequence[str]) -> Iterator[Compared]:
    """Each of these decisions compared."""
    for envelope in envelopes_of(trial.records, ids):
        try:
            kept = read_record(trial.records.open(envelope))
        except (Unopened, UnreadableRecord):
            yield Compared(0, unreadable=envelope.row.decision_id)
        else:
            yield compare(trial, envelope, kept)


def compare(trial: Trial, envelope: Envelope, kept: StoredRecord) -> Compared:
    """What the other release changes in one decision; most calls reach none of the rules that differ."""
    alerts = sum(finding.outcome == "shown" for finding in envelope.findings)
    pair = trial.pair_for(kept.tenant)
    here, there = (evaluate(index, kept.chart) for index in (pair.base_differs, pair.other_differs))
    if pair.only_rules and not any(finding.outcome is Outcome.FIRES for finding in (*here, *there)):
        return Compared(alerts)
    before = shown(evaluate(pair.base.index, kept.chart), pair.base, kept)
    after = shown(evaluate(pair.other.index, kept.chart), pair.other, kept)
    changes = list(find_changes(before, after, kept))
    return Compared(alerts, tuple(join_outcome(trial, envelope, kept, *change) for change in changes))


def shown(findings: tuple[Finding, ...], release: Release, kept: StoredRecord) -> dict[str, Finding]:
    """The findings that would have been shown, by key."""
    withheld = {each.finding.key for each in select(findings, kept.chart, release, asked_in(kept)).withheld}
    fired = (finding for finding in findings if finding.outcome is Outcome.FIRES)
    return {finding.key: finding for finding in fired if finding.key not in withheld}


def find_changes(
    before: Mapping[str, Finding], after: Mapping[str, Finding], kept: StoredRecord
) -> Iterator[tuple[Finding, Change]]:
    """Every alert that is not the same before and after."""
    for key in sorted({*before, *after}):
        was, now = before.get(key), after.get(key)
        told = now or was
        if told is None or (was and now and (was.indicator, was.rule.severity) == (now.indicator, now.rule.severity)):
            continue
        change = Change(
            kind=Kind.ADDED if was is None else Kind.REMOVED if now is None else Kind.CHANGED,
            decision_id=kept.decision_id,
            hook=kept.hook,
            rule=told.rule.id,
            severity=told.rule.severity,
            was=was.indicator if was else "",
            now=now.indicator if now else "",
            drugs=tuple(bound.drug.name for bound in told.bindings.values()),
            had=was.rule.severity if was and was.rule.severity != told.rule.severity else "",
        )
        yield told, change


def join_outcome(trial: Trial, envelope: Envelope, kept: StoredRecord, told: Finding, change: Change) -> Change:
    """The change with what became of the alert, or whether it would repeat an override."""
    ingredients = tuple(bound.ingredient for bound in told.bindings.values())
    subjects = trial.ring.keyed_by_all(*subject_parts(kept.tenant, change.rule, ingredients))
    if change.kind is Kind.ADDED:
        patients = trial.ring.keyed_by_all(*patient_parts(kept.tenant, kept.session.patient_id))
        since = [trial.outcomes.overrides.get((who, what)) for who in patients for what in subjects]
        return replace(change, repeats=any(at is not None and at < envelope.row.at for at in since))
    cards = [each.card for each in envelope.findings if each.rule == change.rule and each.subject_key in subjects]
    became = [trial.outcomes.cards.get(card or "", "") for card in cards]
    return replace(change, became=next(filter(None, became), ""))


@dataclass(slots=True)
class Tally:
    """What happens to the alerts of one rule; the last three count among the first two."""

    severity: str
    added: int = 0
    removed: int = 0
    changed: int = 0
    removed_accepted: int = 0
    removed_overridden: int = 0
    added_repeats: int = 0

    def add(self, change: Change) -> None:
        self.added += change.kind is Kind.ADDED
        self.removed += change.kind is Kind.REMOVED
        self.changed += change.kind is Kind.CHANGED
        self.removed_accepted += change.kind is Kind.REMOVED and change.became == "accepted"
        self.removed_overridden += change.kind is Kind.REMOVED and change.became == "overridden"
        self.added_repeats += change.repeats


@dataclass(slots=True)
class Simulation:
    """What came out: decisions looked at, alerts they showed, changes by rule, and a few cases of each.

    `unreadable` are the ids of decisions that nobody could look at; they count nowhere.
    """

    decisions: int = 0
    alerts: int = 0
    touched: int = 0
    rules: dict[str, Tally] = field(default_factory=dict)
    severities: dict[str, Tally] = field(default_factory=dict)
    samples: list[Change] = field(default_factory=list)
    unreadable: list[str] = field(default_factory=list)


def tally(compared: Iterable[Compared]) -> Simulation:
    """Everything counted."""
    simulation = Simulation()
    samples: dict[tuple[str, Kind], list[Change]] = {}
    for each in compared:
        if each.unreadable:
            simulation.unreadable.append(each.unreadable)
            continue
        simulation.decisions += 1
        simulation.alerts += each.alerts
        simulation.touched += bool(each.changes)
        for change in each.changes:
            simulation.rules.setdefault(change.rule, Tally(change.severity)).add(change)
            simulation.severities.setdefault(change.severity, Tally(change.severity)).add(change)
            cases = samples.setdefault((change.rule, change.kind), [])
            cases.append(change)
            cases.sort(key=lambda case: case.decision_id)  # results come in any order; the cases are always the same
            del cases[SAMPLES:]
    simulation.unreadable.sort()
    simulation.samples = [case for key in sorted(samples) for case in samples[key]]
    return simulation
