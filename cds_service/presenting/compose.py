"""Groups of findings become cards, exactly as they go over the wire."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID, uuid5

from cds_service.chart.chart import Chart
from cds_service.hooks.response import Card, CardSource, Coding
from cds_service.knowledge.release import CardPolicy, Release
from cds_service.knowledge.rules import Indicator
from cds_service.presenting.detail import describe, describe_more, describe_unchecked
from cds_service.presenting.groups import Group, Shown, Unchecked
from cds_service.presenting.offer import NOTHING, Trial, offer, prepare
from cds_service.presenting.review_detail import describe_review
from cds_service.presenting.risk_card import risk_card
from cds_service.presenting.risk_words import score_section
from cds_service.presenting.session import Session
from cds_service.presenting.summary import summarise, summarise_more, summarise_unchecked
from cds_service.presenting.topics import MORE, NOT_CHECKED, TITLES, topic_code
from cds_service.reasoning.findings import Finding

EXTENSION = "org.cds-service"
INDICATORS = list(Indicator)


def compose(
    shown: Shown,
    chart: Chart,
    release: Release,
    decision_id: str,
    findings: tuple[Finding, ...] = (),
    session: Session | None = None,
) -> tuple[Card, ...]:
    """The cards of one answer: the groups in order, predictions, how many more there are, what could not be checked.

    `decision_id` is a UUID; each card's uuid follows from it and the group's key (CH-110). Nothing shown gives ().
    Suggestions are made for a `session` only, and tried against `findings`, everything the rules said of the chart.
    """
    decision = UUID(decision_id)
    trial = prepare(shown.groups, findings, chart, release, session)
    cards = [card_of(group, chart, release, decision, trial, session) for group in shown.groups]
    cards += [risk_card(risk, chart, release, decision, topic_code(risk.bundle.id, session)) for risk in shown.risks]
    if shown.more:
        cards.append(more_card(shown.more, chart, release.policy, decision))
    if shown.unchecked:
        cards.append(unchecked_card(shown.unchecked, release.policy, decision, session))
    return tuple(cards)


def card_of(
    group: Group, chart: Chart, release: Release, decision: UUID, trial: Trial | None, session: Session | None
) -> Card:
    """One problem, one card, with the highest indicator and every override reason of its findings."""
    lead = group.findings[0]
    uuid = uuid5(decision, group.key)
    offered = offer(group, uuid, trial) if trial else NOTHING
    scores = score_section(group, chart, offered.tried)
    return Card(
        uuid=str(uuid),
        summary=summarise(group, chart),
        indicator=min((finding.indicator for finding in group.findings), key=INDICATORS.index),
        source=source(release.policy, topic_of(lead, session), lead.rule.title),
        detail=(describe_review if group.parts else describe)(group, chart, offered.lines, scores),
        suggestions=offered.buttons,
        selection_behavior=offered.selection_behavior,
        override_reasons=override_reasons(group.told, release),
        extension=extension(decision, group.told),
    )


def more_card(groups: tuple[Group, ...], chart: Chart, policy: CardPolicy, decision: UUID) -> Card:
    """What the cap of the hook held back, counted and named."""
    return Card(
        uuid=str(uuid5(decision, "|more")),
        summary=summarise_more(groups),
        indicator=Indicator.INFO,
        source=source(policy, MORE, TITLES[MORE]),
        detail=describe_more(groups, chart),
        extension=extension(decision, [finding for group in groups for finding in group.told]),
    )


def unchecked_card(
    unchecked: tuple[Unchecked, ...], policy: CardPolicy, decision: UUID, session: Session | None
) -> Card:
    """What could not be checked about the drugs in focus."""
    return Card(
        uuid=str(uuid5(decision, "|not-checked")),
        summary=summarise_unchecked(unchecked),
        indicator=Indicator.INFO,
        source=source(policy, topic_code(NOT_CHECKED, session), TITLES[NOT_CHECKED]),
        detail=describe_unchecked(unchecked),
        extension=extension(decision, ()),
    )


def source(policy: CardPolicy, code: str, display: str) -> CardSource:
    """Who says so; the topic's system and code together are the address of the knowledge behind the card."""
    topic = Coding(code=code, system=f"{policy.source_url}/knowledge", display=display)
    return CardSource(label=policy.source_label, url=policy.source_url, topic=topic)


def topic_of(lead: Finding, session: Session | None) -> str:
    """The code a client remembers an override by: the leading rule's id, for Epic with the drugs' ingredients."""
    return topic_code(lead.rule.id, session, {bound.ingredient for bound in lead.bindings.values()})


def override_reasons(findings: Iterable[Finding], release: Release) -> tuple[Coding, ...]:
    """The union of the rules' reasons, in rank order (CH-121)."""
    ids = dict.fromkeys(reason for finding in findings for reason in finding.rule.card.override_reasons)
    reasons = (release.override_reasons[each] for each in ids)
    return tuple(Coding(code=each.code, system=each.system, display=each.display) for each in reasons)


def extension(decision: UUID, findings: Iterable[Finding]) -> dict[str, Any]:
    """Which decision and which findings a card stands for, and the orders it is about (CH-123, G-22)."""
    named = [finding_reference(finding) for finding in findings]
    said = {"decision": str(decision)}
    return {EXTENSION: {**said, "findings": named} if named else said}


def finding_reference(finding: Finding) -> dict[str, Any]:
    subjects = sorted({bound.drug.reference for bound in finding.bindings.values()})
    rule = {"rule": finding.rule.id, "version": finding.rule.version}
    return {**rule, "subjects": subjects} if subjects else rule
