"""Holds what the library would show against what a vignette expects."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from cds_service.chart.chart import Chart
from cds_service.knowledge.release import Release
from cds_service.knowledge.rules import Condition, Indicator, Line, Operator
from cds_service.presenting.choose import INDICATORS, choose
from cds_service.presenting.groups import Group
from cds_service.reasoning.evaluate import evaluate
from cds_service.reasoning.findings import Finding
from tests.vignettes.cases import KINDS, Expected, Vignette

COUNTING = {Operator.ANY_IN, Operator.COUNT_AT_LEAST}


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a vignette came out right; `said` are the findings that would be shown, `wrong` what is amiss."""

    vignette: Vignette
    said: tuple[str, ...]
    wrong: str = ""

    @property
    def right(self) -> bool:
        return not self.wrong


def judge(vignette: Vignette, release: Release) -> Verdict:
    """What would be shown to this patient's clinician, cards beyond the cap included, and what is wrong with it."""
    chart = vignette.chart
    shown, _ = choose(evaluate(release.index, chart), chart, release, chart.hook)
    cards = (*shown.groups, *shown.more)
    said = tuple(describe(finding) for card in cards for finding in card.told)
    return Verdict(vignette, said, "; ".join(find_faults(vignette, cards, chart)))


def describe(finding: Finding) -> str:
    drugs = ", ".join(sorted(bound.drug.name for bound in finding.bindings.values()))
    return f"{finding.indicator} {finding.rule.id} ({drugs or 'the patient'})"


def find_faults(vignette: Vignette, cards: tuple[Group, ...], chart: Chart) -> Iterator[str]:
    """What is not said, said too loudly, or said where nothing should be."""
    for expected in vignette.says:
        if fault := find_fault(expected, cards, chart):
            yield fault
    if vignette.silent and cards:
        yield "should be silent"
    worst = most_urgent(finding for card in cards for finding in card.told)
    if vignette.at_most and worst and INDICATORS[worst] < INDICATORS[vignette.at_most]:
        yield f"should be at most {vignette.at_most}"


def find_fault(expected: Expected, cards: tuple[Group, ...], chart: Chart) -> str:
    """Why no single card says it, or says it as urgently as it should; nothing if one does."""
    fitting = [findings for card in cards if (findings := fits(expected, card, chart))]
    if not fitting:
        return f"does not say: {expected.kind}"
    worst = most_urgent(finding for findings in fitting for finding in findings)
    if worst and INDICATORS[worst] > INDICATORS[expected.at_least]:
        return f"only {worst}, should be at least {expected.at_least}"
    if worst and expected.at_most and INDICATORS[worst] < INDICATORS[expected.at_most]:
        return f"{worst}, should be at most {expected.at_most}"
    return ""


def fits(expected: Expected, card: Group, chart: Chart) -> tuple[Finding, ...]:
    """The findings on a card that are of this kind, if together they speak of every drug that is expected."""
    findings = tuple(finding for finding in card.told if finding.rule.family in {expected.kind, *KINDS[expected.kind]})
    spoken_of = set().union(*(ingredients_of(finding, chart) for finding in findings))
    return findings if expected.about <= spoken_of else ()


def ingredients_of(finding: Finding, chart: Chart) -> set[str]:
    """RXCUIs of the ingredients of the drugs a finding is about.

    Besides the drugs it binds, those that a line of the rule, or of the grade that held, counts in a list of drugs. A
    rule that binds none and counts none (a sum of opioids) speaks of all.
    """
    bound = {each.rxcui for bound in finding.bindings.values() for each in bound.drug.ingredients}
    present = {each.rxcui for drug in chart.drugs for each in drug.ingredients}
    counted = {
        rxcui
        for line in lines_of(finding)
        if line.value_set and line.operator in COUNTING
        for rxcui in line.value_set.ingredients
    }
    return bound | (present & counted) or present


def lines_of(finding: Finding) -> Iterator[Line]:
    for condition in (*finding.rule.all, *((finding.grade.when,) if finding.grade else ())):
        yield from flatten(condition)


def flatten(condition: Condition) -> Iterator[Line]:
    if isinstance(condition, Line):
        yield condition
    else:
        for member in condition.members:
            yield from flatten(member)


def most_urgent(findings: Iterable[Finding]) -> Indicator | None:
    return min((finding.indicator for finding in findings), key=INDICATORS.__getitem__, default=None)
