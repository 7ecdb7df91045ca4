"""Rules and a chart in, findings out."""

from collections.abc import Callable, Iterable

from cds_service.chart.chart import Chart
from cds_service.knowledge.release import RuleIndex
from cds_service.knowledge.rules import Rule, Scope
from cds_service.reasoning.bindings import (
    Assignment,
    Present,
    arrange,
    lone,
    pairs,
    reach,
    singles,
    standing_on,
)
from cds_service.reasoning.conditions import weigh_all, weigh_any
from cds_service.reasoning.findings import Finding, Outcome
from cds_service.reasoning.grades import grade, lower_renewal
from cds_service.reasoning.logic import Truth, all_of, negate
from cds_service.reasoning.sides import Standing
from cds_service.reasoning.verdicts import TRUE, Bindings, Verdict, merge

FOR_THE_PATIENT = Assignment({}, TRUE)


def every(rule: Rule) -> bool:
    return True


def evaluate(index: RuleIndex, chart: Chart, wanted: Callable[[Rule], bool] = every) -> tuple[Finding, ...]:
    """Every `wanted` rule of this hook that the chart reaches, with its outcome, silent ones included.

    A rule that crashes gives one finding with outcome ERROR; the others still run.
    """
    present = arrange(chart)
    findings: list[Finding] = []
    for rule in reach(index, present):
        if not wanted(rule):
            continue
        try:
            findings += evaluate_rule(rule, present)
        except Exception as crash:  # one broken rule must neither hide the others nor pass for "nothing to say"
            error = f"{rule.id} {rule.version} stopped with {type(crash).__name__}"
            findings.append(Finding(rule, Outcome.ERROR, indicator=rule.indicator, error=error))
    return tuple(findings)


def evaluate_rule(rule: Rule, present: Present) -> list[Finding]:
    """The findings of one reached rule, by its scope."""
    if rule.scope is Scope.PAIR:
        return evaluate_pairs(rule, present)
    if rule.scope is Scope.ORDER:
        return [decide(rule, present.chart, assignment) for assignment in singles(rule, present)]
    return [decide(rule, present.chart, FOR_THE_PATIENT)]


def evaluate_pairs(rule: Rule, present: Present) -> list[Finding]:
    """One finding per unordered pair, and one per drug whose partner may be there unseen or is not there at all."""
    first, second = [standing_on(side, present.held) for side in rule.sides]
    if not (first and second):  # the most common case by far: each drug stands alone
        alone = [evaluate_alone(rule, present, [standing]) for standing in first or second]
        return [finding for finding in alone if finding is not None]
    paired = [best(rule, present.chart, ways) for ways in pairs(rule, first, second, present)]
    by_drug: dict[str, list[Standing]] = {}
    for standing in (*first, *second):
        by_drug.setdefault(standing.bound.drug.reference, []).append(standing)
    firing = references([finding for finding in paired if finding.outcome is Outcome.FIRES])
    spoken_for = references(paired)
    unpaired = []
    for reference, standings in by_drug.items():
        if reference in firing:
            continue
        finding = evaluate_alone(rule, present, standings)
        if finding is not None and (finding.outcome is Outcome.UNDETERMINED or reference not in spoken_for):
            unpaired.append(finding)
    return paired + unpaired


def references(findings: Iterable[Finding]) -> set[str]:
    """The drugs that some findings are about."""
    return {bound.drug.reference for finding in findings for bound in finding.bindings.values()}


def evaluate_alone(rule: Rule, present: Present, standings: list[Standing]) -> Finding | None:
    """The finding on one drug of a pair rule by itself; None when it is neither in focus nor has an unseen partner."""
    drug = standings[0].bound.drug
    partners = present.unseen_partners(drug)
    if partners:
        return best(rule, present.chart, [lone(standing, partners) for standing in standings])
    if drug.reference in present.in_focus:
        return Finding(rule, Outcome.SILENT, {standings[0].side: standings[0].bound}, rule.indicator)
    return None


def best(rule: Rule, chart: Chart, ways: list[Assignment]) -> Finding:
    """Of the ways the same drugs stand on the sides: the first that fires, else undetermined, else the first."""
    findings = []
    for way in ways:
        finding = decide(rule, chart, way)
        if finding.outcome is Outcome.FIRES:
            return finding
        findings.append(finding)
    return next((finding for finding in findings if finding.outcome is Outcome.UNDETERMINED), findings[0])


def decide(rule: Rule, chart: Chart, assignment: Assignment) -> Finding:
    """One rule on one assignment of drugs: it fires if the drugs stand there, `all` holds and no `unless` does."""
    bindings = assignment.bindings
    needed = weigh_all(rule.all, chart, bindings)
    if needed.truth is Truth.FALSE:
        return report(rule, bindings, needed, Outcome.SILENT)
    silencing = weigh_any(rule.unless, chart, bindings)
    if silencing.truth is Truth.TRUE:
        return report(rule, bindings, silencing, Outcome.SILENT)
    truth = all_of((assignment.verdict.truth, needed.truth, negate(silencing.truth)))
    verdict = merge(truth, (assignment.verdict, needed, silencing))
    if truth is Truth.UNKNOWN:
        return report(rule, bindings, verdict, Outcome.UNDETERMINED)
    graded = lower_renewal(grade(rule, chart, bindings), rule, bindings)
    proven = merge(truth, (verdict, *graded.verdicts))
    return Finding(
        rule,
        Outcome.FIRES,
        bindings,
        graded.indicator,
        graded.grade,
        proven.used,
        proven.missing,
        proven.assumed,
        graded.skipped,
        graded.lowered,
    )


def report(rule: Rule, bindings: Bindings, verdict: Verdict, outcome: Outcome) -> Finding:
    """A finding that does not fire, with the facts that decided it or what was missing."""
    return Finding(
        rule,
        outcome,
        bindings,
        rule.indicator,
        used=verdict.used,
        missing=verdict.missing,
        assumed=verdict.assumed,
    )
