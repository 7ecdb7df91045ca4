"""A decision as it is kept: rules and drugs named, not copied, so that a record stays small and reads alone."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import msgspec

from cds_service.chart.facts import Fact
from cds_service.hooks.response import Card
from cds_service.presenting.groups import Withheld
from cds_service.presenting.memory import NO_MEMORY, Memory
from cds_service.presenting.session import Session
from cds_service.reasoning.findings import Finding, Missing, Outcome
from cds_service.record.charts import StoredChart, stored_chart
from cds_service.record.decision import DecisionRecord
from cds_service.record.scores import StoredScore, stored_score

CODEC = 2
"""Which form the bytes have; a change of the form gets a new number. The classes here read form 1 too, which has silent
rules among the findings, unknown facts among the values, and drafts in their orders."""
READABLE = (1, CODEC)

Silent = Mapping[str, Mapping[str, str]]
SILENT = Outcome.SILENT  # in Python 3.11 naming a member of an enum is a call; these loops do it for every finding

ENCODER = msgspec.json.Encoder(order="deterministic", decimal_format="string")


class StoredBinding(msgspec.Struct, frozen=True, gc=False):
    """A drug on one side of a rule, by its reference on the chart, with the ingredient that matched."""

    drug: str
    ingredient: str


class StoredFinding(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """A finding with its rule by name; grades are places in the rule. Drugs themselves stand in the chart."""

    rule: str
    version: str
    outcome: str
    indicator: str
    bindings: Mapping[str, StoredBinding] = {}
    grade: int | None = None
    skipped_grades: tuple[int, ...] = ()
    used: Mapping[str, Fact[Any]] = {}
    missing: tuple[Missing, ...] = ()
    assumed: tuple[str, ...] = ()
    lowered: bool = False
    error: str = ""


class StoredWithheld(msgspec.Struct, frozen=True, gc=False):
    """A finding that was not shown, by its key, and why."""

    finding: str
    reason: str


class StoredRecord(msgspec.Struct, frozen=True, kw_only=True):
    """Everything a decision was made from and what came out. `zone` is the site's, by its name in the tz database:
    times in the chart keep their offset only. `cards` are JSON, as they went out but for the order of members.

    `silent` are the rules that were reached and had nothing to say, `silent_beside` those of the other arm: by the
    drugs they looked at, joined by `|` as in a finding's key, the version of each rule by its id. What they rest on
    stands in the chart. All other outcomes are in `findings` and `beside`."""

    codec: int = CODEC
    decision_id: str
    now: datetime
    zone: str
    client: str
    tenant: str
    service: str
    hook: str
    hook_instance: str
    body_sha256: str
    user_id: str | None
    role: str | None
    department: str | None
    session: Session
    release_digest: str
    code_version: str
    key_states: dict[str, str]
    chart: StoredChart
    findings: tuple[StoredFinding, ...]
    silent: Silent = {}
    withheld: tuple[StoredWithheld, ...]
    cards: tuple[msgspec.Raw, ...]
    most_cards: int | None = None
    memory: Memory = NO_MEMORY
    scored: tuple[StoredScore, ...] = ()
    arm: str = ""
    beside_digest: str = ""
    beside: tuple[StoredFinding, ...] = ()
    silent_beside: Silent = {}
    beside_scored: tuple[StoredScore, ...] = ()


def stored_record(record: DecisionRecord) -> StoredRecord:
    """A record in the form that is kept."""
    return StoredRecord(
        decision_id=record.decision_id,
        now=record.now,
        zone=getattr(record.chart.now.tzinfo, "key", "UTC"),
        client=record.client,
        tenant=record.tenant,
        service=record.service,
        hook=record.hook,
        hook_instance=record.hook_instance,
        body_sha256=record.body_sha256,
        user_id=record.user_id,
        role=record.role,
        department=record.department,
        session=record.session,
        release_digest=record.release_digest,
        code_version=record.code_version,
        key_states=record.key_states,
        chart=stored_chart(record.chart),
        findings=stored_findings(record.findings),
        silent=silent_rules(record.findings),
        withheld=tuple(stored_withheld(withheld) for withheld in record.withheld),
        cards=stored_cards(record.cards),
        most_cards=record.most_cards,
        memory=record.memory,
        scored=tuple(stored_score(scored, record.quiet_models) for scored in record.scored),
        arm=record.arm,
        beside_digest=record.beside_digest,
        beside=stored_findings(record.beside),
        silent_beside=silent_rules(record.beside),
        beside_scored=tuple(stored_score(scored) for scored in record.beside_scored),
    )


def stored_findings(findings: Iterable[Finding]) -> tuple[StoredFinding, ...]:
    """All findings but the silent ones."""
    return tuple([stored_finding(finding) for finding in findings if finding.outcome is not SILENT])


def silent_rules(findings: Iterable[Finding]) -> Silent:
    """The versions of the silent rules, by the drugs they looked at."""
    silent: dict[str, dict[str, str]] = {}
    for finding in findings:
        if finding.outcome is SILENT:
            drugs = sorted([bound.drug.reference for bound in finding.bindings.values()])
            silent.setdefault("|".join(drugs), {})[finding.rule.id] = finding.rule.version
    return silent


def stored_finding(finding: Finding) -> StoredFinding:
    rule = finding.rule
    return StoredFinding(
        rule=rule.id,
        version=rule.version,
        outcome=finding.outcome,
        indicator=finding.indicator,
        bindings={
            side: StoredBinding(bound.drug.reference, bound.ingredient) for side, bound in finding.bindings.items()
        },
        grade=None if finding.grade is None else rule.grades.index(finding.grade),
        skipped_grades=tuple([rule.grades.index(grade) for grade in finding.skipped_grades]),
        used=finding.used,
        missing=finding.missing,
        assumed=finding.assumed,
        lowered=finding.lowered,
        error=finding.error,
    )


def stored_cards(cards: tuple[Card, ...]) -> tuple[msgspec.Raw, ...]:
    return tuple(msgspec.Raw(ENCODER.encode(card)) for card in cards)


def stored_withheld(withheld: Withheld) -> StoredWithheld:
    return StoredWithheld(withheld.finding.key, withheld.reason)
