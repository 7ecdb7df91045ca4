"""A decision as it is kept: rules and drugs named, not copied, so that a record stays small and reads alone."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec

from cds_service.chart.chart import Chart
from cds_service.chart.facts import Fact
from cds_service.hooks.response import Card
from cds_service.presenting.groups import Withheld
from cds_service.presenting.memory import NO_MEMORY, Memory
from cds_service.presenting.session import Session
from cds_service.reasoning.findings import Finding, Missing
from cds_service.record.decision import DecisionRecord
from cds_service.record.scores import StoredScore, stored_score

CODEC = 1
"""Which form the bytes have. A change of the form that old bytes do not fit gets a new number, and `reading` keeps
a way to read each."""

ENCODER = msgspec.json.Encoder(order="sorted", decimal_format="string")


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
    times in the chart keep their offset only. `cards` are JSON, as they went out but for the order of members."""

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
    chart: Chart
    findings: tuple[StoredFinding, ...]
    withheld: tuple[StoredWithheld, ...]
    cards: tuple[msgspec.Raw, ...]
    most_cards: int | None = None
    memory: Memory = NO_MEMORY
    scored: tuple[StoredScore, ...] = ()
    arm: str = ""
    beside_digest: str = ""
    beside: tuple[StoredFinding, ...] = ()
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
        chart=record.chart,
        findings=tuple(stored_finding(finding) for finding in record.findings),
        withheld=tuple(stored_withheld(withheld) for withheld in record.withheld),
        cards=stored_cards(record.cards),
        most_cards=record.most_cards,
        memory=record.memory,
        scored=tuple(stored_score(scored, record.quiet_models) for scored in record.scored),
        arm=record.arm,
        beside_digest=record.beside_digest,
        beside=tuple(stored_finding(finding) for finding in record.beside),
        beside_scored=tuple(stored_score(scored) for scored in record.beside_scored),
    )


def stored_finding(finding: Finding) -> StoredFinding:
    return StoredFinding(
        rule=finding.rule.id,
        version=finding.rule.version,
        outcome=finding.outcome,
        indicator=finding.indicator,
        bindings={
            side: StoredBinding(bound.drug.reference, bound.ingredient) for side, bound in finding.bindings.items()
        },
        grade=None if finding.grade is None else finding.rule.grades.index(finding.grade),
        skipped_grades=tuple(finding.rule.grades.index(grade) for grade in finding.skipped_grades),
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
