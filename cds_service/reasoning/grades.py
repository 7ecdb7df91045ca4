"""How urgent a firing rule is for this patient: grades, and unchanged renewals that do not nag."""

import msgspec

from cds_service.chart.chart import Chart
from cds_service.chart.drugs import Drug
from cds_service.knowledge.rules import Grade, Indicator, Rule, Scope, Severity
from cds_service.reasoning.conditions import weigh
from cds_service.reasoning.logic import Truth
from cds_service.reasoning.verdicts import Bindings, Verdict

URGENCY = {Indicator.INFO: 0, Indicator.WARNING: 1, Indicator.CRITICAL: 2}
ONE_STEP_DOWN = {Indicator.CRITICAL: Indicator.WARNING, Indicator.WARNING: Indicator.INFO}


class Graded(msgspec.Struct, frozen=True):
    """The urgency of a firing rule.

    `grade` is None at the default. `verdicts` hold the facts that proved it, and what was missing to prove or rule
    out the `skipped` grades.
    """

    indicator: Indicator
    grade: Grade | None
    verdicts: tuple[Verdict, ...]
    skipped: tuple[Grade, ...]
    lowered: bool = False


def grade(rule: Rule, chart: Chart, bindings: Bindings) -> Graded:
    """The first grade that certainly holds, else the rule's default.

    A grade that would make the finding milder than the default needs proof that no more urgent grade comes before
    it: hiding a fact never makes a card milder than both what it was and its default.
    """
    skipped: list[Grade] = []
    verdicts: list[Verdict] = []
    for candidate in rule.grades:
        verdict = weigh(candidate.when, chart, bindings)
        if verdict.truth is Truth.FALSE:
            continue
        if verdict.truth is Truth.UNKNOWN:
            skipped.append(candidate)
            verdicts.append(verdict)
            continue
        if unproven_mitigation(candidate, rule, skipped):
            break
        return Graded(candidate.indicator, candidate, (verdict, *verdicts), tuple(skipped))
    return Graded(rule.indicator, None, tuple(verdicts), tuple(skipped))


def unproven_mitigation(candidate: Grade, rule: Rule, skipped: list[Grade]) -> bool:
    """Whether `candidate` is milder than the default while a more urgent grade before it might hold."""
    if URGENCY[candidate.indicator] >= URGENCY[rule.indicator]:
        return False
    return any(URGENCY[before.indicator] > URGENCY[candidate.indicator] for before in skipped)


def lower_renewal(graded: Graded, rule: Rule, bindings: Bindings) -> Graded:
    """One step less urgent when a pair that the patient already takes is only renewed, unchanged (DESIGN 4).

    Not for a contraindicated pair, and not when a grade raised the urgency above the default: then something about
    this patient makes it worse than the combination alone.
    """
    if rule.continuation != "lower" or rule.scope is not Scope.PAIR or rule.severity is Severity.CONTRAINDICATED:
        return graded
    if URGENCY[graded.indicator] > URGENCY[rule.indicator]:
        return graded
    if graded.indicator not in ONE_STEP_DOWN or not renews_unchanged(bindings):
        return graded
    return msgspec.structs.replace(graded, indicator=ONE_STEP_DOWN[graded.indicator], lowered=True)


def renews_unchanged(bindings: Bindings) -> bool:
    """Whether some of these drugs are renewed as they were, and none of them is new or changed."""
    drugs = [bound.drug for bound in bindings.values()]
    return any(is_unchanged_renewal(drug) for drug in drugs) and not any(is_new(drug) for drug in drugs)


def is_unchanged_renewal(drug: Drug) -> bool:
    return drug.continues is not None and drug.dose_change == "same"


def is_new(drug: Drug) -> bool:
    """A draft that brings something the patient does not take yet: a new drug, or another or unknown dose."""
    return drug.is_draft and not is_unchanged_renewal(drug)
