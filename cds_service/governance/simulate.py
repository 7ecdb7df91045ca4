"""What another release would have said of recorded calls: alerts added, removed and changed, and what became of them.

Both releases are asked about the chart as it was read. An alert is a finding that is shown.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from functools import lru_cache
from typing import NamedTuple

from cds_service.call import select
from cds_service.chart.chart import Chart
from cds_service.governance.arms import differing
from cds_service.governance.many import envelopes_of
from cds_service.governance.replay import asked_in
from cds_service.governance.risk_changes import find_risk_changes
from cds_service.governance.simulation import Change, Compared, Kind
from cds_service.knowledge.release import Release, RuleIndex
from cds_service.presenting.groups import Risk
from cds_service.reasoning.evaluate import evaluate
from cds_service.reasoning.findings import Finding, Outcome
from cds_service.record.reading import UnreadableRecord, chart_of, read_record
from cds_service.record.stored import StoredRecord
from cds_service.store.entries import patient_parts, subject_parts
from cds_service.store.outcomes import Outcomes
from cds_service.store.reading import Envelope, Records
from cds_service.store.ring import Ring
from cds_service.store.sealing import Unopened

TENANTS_OPEN = 64
BY_RULE = frozenset(
    {"digest", "sources", "rules", "index", "needs", "services", "tenants", "terminology", "accepted_unreviewed_by"}
    | {"last_day", "then"}
)
"""Parts of a release that differ with its rules, or by their name only."""


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

    def pair(tenant: str) -> Pair:
        one, two = base.for_tenant(tenant), other.for_tenant(tenant)
        only_rules = all(getattr(one, part) == getattr(two, part) for part in parts)
        return Pair(one, two, there.for_tenant(tenant).index, here.for_tenant(tenant).index, only_rules)

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
    chart = chart_of(kept)
    here, there = (evaluate(index, chart) for index in (pair.base_differs, pair.other_differs))
    if pair.only_rules and not any(finding.outcome is Outcome.FIRES for finding in (*here, *there)):
        return Compared(alerts)
    before, after = show(pair.base, chart, kept), show(pair.other, chart, kept)
    changes = list(find_changes(before.alerts, after.alerts, kept))
    return Compared(
        alerts,
        tuple(join_outcome(trial, envelope, kept, *change) for change in changes),
        tuple(find_risk_changes(before.risks, after.risks, kept, trial.outcomes)),
    )


class Shown(NamedTuple):
    """The findings that would have been shown, by key, and the cards of risk models."""

    alerts: dict[str, Finding]
    risks: tuple[Risk, ...]


def show(release: Release, chart: Chart, kept: StoredRecord) -> Shown:
    """What a release would have shown."""
    findings = evaluate(release.index, chart)
    chosen = select(findings, chart, release, asked_in(kept))
    withheld = {each.finding.key for each in chosen.withheld}
    fired = (finding for finding in findings if finding.outcome is Outcome.FIRES)
    return Shown({finding.key: finding for finding in fired if finding.key not in withheld}, chosen.risks.own)


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
