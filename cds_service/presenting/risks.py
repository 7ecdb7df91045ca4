"""Which predictions are shown: as a line on the card of their problem, as a card of their own, or not."""

import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from msgspec.structs import replace

from cds_service.chart.chart import Chart
from cds_service.knowledge.bundle import Bundle
from cds_service.knowledge.release import Release
from cds_service.knowledge.rules import Indicator, Status
from cds_service.presenting.groups import Group, Risk, Shown, Withheld
from cds_service.presenting.memory import NO_MEMORY, Memory
from cds_service.presenting.quiet_risks import why_overridden
from cds_service.presenting.wording import fact_label
from cds_service.reasoning.findings import Finding, Outcome
from cds_service.risk.lists import arrange
from cds_service.risk.prediction import Prediction, Refusal
from cds_service.risk.questions import holds
from cds_service.risk.score import Scored

INDICATORS = {indicator: place for place, indicator in enumerate(Indicator)}
FACT_NAME = re.compile(r"\b[a-z]\w*_\w+\b")
MOST_CARDS = 2  # of models, besides the cards about drugs


class Risks(NamedTuple):
    """What the models of one call add: cards of their own, lines for the cards of problems, and what is not shown.

    `beside` goes by problem. `in_place` says of a rule why it speaks in the place of a model, `spoken_for` names the
    rules that a model speaks for. `withheld` gives the reason why a model is not shown, by its id.
    """

    own: tuple[Risk, ...] = ()
    beside: Mapping[str, tuple[Risk, ...]] = {}
    in_place: Mapping[str, str] = {}
    spoken_for: frozenset[str] = frozenset()
    withheld: Mapping[str, str] = {}


def choose_risks(scored: tuple[Scored, ...], chart: Chart, release: Release, memory: Memory = NO_MEMORY) -> Risks:
    """Sort what the models say of a chart. A low risk gives no card; models on trial are withheld, and so is what
    `memory` knows to be decided about."""
    own: list[Risk] = []
    beside: dict[str, list[Risk]] = {}
    in_place: dict[str, str] = {}
    spoken_for: set[str] = set()
    withheld: dict[str, str] = {}
    for risk in join_outcomes(scored, release.models):
        bundle = risk.bundle
        if bundle.status is not Status.ACTIVE:
            withheld[bundle.id] = "model is silent"
        elif bundle.problem:
            beside.setdefault(bundle.problem, []).append(risk)
        elif risk.refusal:
            withheld[bundle.id] = "no prediction"
        elif reason := reason_to_keep(risk, chart) or why_overridden(risk, memory):
            withheld[bundle.id] = reason
        else:
            own.append(risk)
        if bundle.card.rule and bundle.status is Status.ACTIVE:
            if risk.refusal:
                in_place[bundle.card.rule] = f"{bundle.title}: {say_refusal(risk.refusal)}; rule used"
            else:
                spoken_for.add(bundle.card.rule)
    own.sort(key=lambda risk: (INDICATORS[risk.indicator], risk.bundle.id))
    withheld.update((risk.bundle.id, "over the cap") for risk in own[MOST_CARDS:])
    in_place.update(models_off(release, chart.hook, beside))
    return Risks(
        tuple(own[:MOST_CARDS]),
        {problem: tuple(risks) for problem, risks in beside.items()},
        in_place,
        frozenset(spoken_for),
        withheld,
    )


def join_outcomes(scored: Iterable[Scored], models: Iterable[Bundle]) -> list[Risk]:
    """One entry for each model, with all its outcomes or its refusal."""
    by_id = {bundle.id: bundle for bundle in models}
    said: dict[str, list[Prediction]] = {}
    refusals: dict[str, Refusal] = {}
    for each in scored:
        outcomes = said.setdefault(each.model, [])
        if isinstance(each, Prediction):
            outcomes.append(each)
        else:
            refusals[each.model] = each
    return [Risk(by_id[id], tuple(outcomes), refusals.get(id)) for id, outcomes in said.items()]


def say_refusal(refusal: Refusal) -> str:
    """Why there is no prediction, facts by the names that people know."""
    return "; ".join(FACT_NAME.sub(lambda name: fact_label(name[0]), reason) for reason in refusal.reasons)


def reason_to_keep(risk: Risk, chart: Chart) -> str:
    """Why a prediction has no card of its own; empty where it has."""
    card = risk.bundle.card
    if not card.summary:
        return "model has no card"
    if risk.leading.band is None or risk.leading.band.indicator is None:
        return "low risk"
    if card.show_when is not None and not holds(card.show_when, arrange(chart)):
        return "would change nothing"
    return ""


def models_off(release: Release, hook: str, beside: dict[str, list[Risk]]) -> Mapping[str, str]:
    """Why rules speak in the place of models that were switched off; scores of a problem are noted beside it."""
    in_place = {}
    for bundle in release.models:
        if bundle.id not in release.models_off or hook not in bundle.hooks:
            continue
        why = release.models_off[bundle.id]
        if bundle.problem:
            beside.setdefault(bundle.problem, []).append(Risk(bundle, off=why))
        if bundle.card.rule:
            in_place[bundle.card.rule] = f"{bundle.title}: model off ({why}), rule used"
    return in_place


def leave_to_models(findings: tuple[Finding, ...], risks: Risks) -> tuple[tuple[Finding, ...], tuple[Withheld, ...]]:
    """The findings without those of rules that a model speaks for, and of these the ones that fire."""
    if not risks.spoken_for:
        return findings, ()
    left = tuple(finding for finding in findings if finding.rule.id not in risks.spoken_for)
    spoken = [finding for finding in findings if finding.rule.id in risks.spoken_for]
    return left, tuple(Withheld(each, "a model speaks") for each in spoken if each.outcome is Outcome.FIRES)


def add_risks(shown: Shown, risks: Risks) -> Shown:
    """The cards with what models say: beside the findings of their problem, and on cards of their own."""
    return replace(shown, groups=tuple(attach_to(each, risks) for each in shown.groups), risks=risks.own)


def attach_to(group: Group, risks: Risks) -> Group:
    problems = dict.fromkeys(finding.rule.problem for finding in group.findings)
    found = tuple(risk for problem in problems for risk in risks.beside.get(problem, ()))
    rules = dict.fromkeys(finding.rule.id for finding in group.told)
    notes = tuple(risks.in_place[id] for id in rules if id in risks.in_place)
    return replace(group, risks=found, notes=notes) if found or notes else group
