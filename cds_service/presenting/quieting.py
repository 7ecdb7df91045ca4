"""What somebody has decided about is not said again, until it is worse (DESIGN 6).

What interrupts is never quiet because of an order that was added: a test answers no interaction.

A card stays away only as a whole: when each of its findings was decided about and none of them is worse since. One that
is new, or worse, brings the others back with it, for they belong to one problem.
"""

from collections.abc import Iterable
from datetime import timedelta

from cds_service.chart.chart import HOOKS_WITHOUT_ORDERS, Chart
from cds_service.knowledge.rules import Indicator, Rule, Severity
from cds_service.knowledge.suggestions import BESIDES, Suggestion
from cds_service.presenting.groups import Group, Withheld
from cds_service.presenting.memory import PRODUCTS, Became, Memory, Remembered, doses_of, held_of, name_grade
from cds_service.presenting.quiet import INDICATORS
from cds_service.reasoning.findings import Finding

SIGNING = "order-sign"
SEEN_FOR = timedelta(hours=1)
"""How long what was said while a drug was picked counts as said when it is signed. House default, not from a source."""


def keep_quiet(
    groups: tuple[Group, ...], memory: Memory, chart: Chart
) -> tuple[tuple[Group, ...], tuple[Withheld, ...]]:
    """The groups that are left to say, and the findings of the others with the reason."""
    if memory.at is None or not memory.told:
        return groups, ()
    left: list[Group] = []
    quiet: list[Withheld] = []
    for group in groups:
        reasons = [why_decided(finding, memory, chart) for finding in group.findings]
        if all(reasons):
            quiet += map(Withheld, group.findings, reasons)
        else:
            left.append(group)
    return tuple(left), tuple(quiet)


def why_decided(finding: Finding, memory: Memory, chart: Chart) -> str:
    """How the finding was decided before and still is; empty when it has to be said."""
    if finding.rule.severity is Severity.CONTRAINDICATED:
        return ""
    same = (finding.rule.id, ingredients_of(finding))
    known = [each for each in memory.told if (each.rule, each.ingredients) == same]
    held = (each for each in known if is_in_force(each, finding, memory, chart) and not why_worse(finding, each, chart))
    return next((each.became.value for each in held), "")


def ingredients_of(finding: Finding) -> tuple[str, ...]:
    """The RXCUIs a finding is remembered by."""
    return tuple(sorted({bound.ingredient for bound in finding.bindings.values()}))


def snooze_of(rule: Rule) -> timedelta | None:
    """How long the rule stays quiet once it was decided about; None: it is always said."""
    return days_of(rule.snooze)


def days_of(snooze: str | None) -> timedelta | None:
    """The time of a `snooze` as authors write it (`P30D`); None where they wrote none."""
    return timedelta(days=int(snooze.strip("PD"))) if snooze else None


def is_in_force(each: Remembered, finding: Finding, memory: Memory, chart: Chart) -> bool:
    """Whether what was decided then still counts: in time, and as what it was decided."""
    snooze = snooze_of(finding.rule)
    if snooze is None or memory.at is None:
        return False
    age = memory.at - each.at
    if not timedelta() <= age < snooze:
        return False
    if each.became is Became.SEEN:
        return chart.hook == SIGNING and age < SEEN_FOR and finding.indicator is not Indicator.CRITICAL
    if each.became is Became.ACTED_ON:
        return finding.indicator is Indicator.INFO and is_there(each.ordered, finding.rule, chart)
    return True


def is_there(ordered: tuple[tuple[str, ...], ...], rule: Rule, chart: Chart) -> bool:
    """Whether everything that was added is on the chart.

    A call without drafts shows no test that was ordered: there a test that was accepted counts as ordered.
    """
    there = {*(drug.rxcui for drug in chart.drugs), *chart.ordered_services}
    if chart.hook in HOOKS_WITHOUT_ORDERS:
        there |= names_of(each for each in rule.suggestions if each.verb in BESIDES)
    return bool(ordered) and all(not there.isdisjoint(names) for names in ordered)


def names_of(suggestions: Iterable[Suggestion]) -> set[str]:
    """What the orders that are suggested are called: their codes and titles."""
    orderables = [each.orderable for each in suggestions if each.orderable is not None]
    return {name for each in orderables for name in (each.rxcui, each.loinc, each.title) if name}


def why_worse(finding: Finding, then: Remembered, chart: Chart) -> str:
    """What makes the finding worse than it was; empty when nothing does.

    A value past another threshold of the rule is one of its conditions that did not hold then.
    """
    if INDICATORS[finding.indicator] < INDICATORS[then.indicator]:
        return "more urgent"
    if not set(held_of(finding.rule, chart, finding.bindings, default_of(finding.rule, then))) <= set(then.held):
        return "a condition that did not hold"
    if could_newly_be_more_urgent(finding, then):
        return "something that would make it more urgent is no longer known"
    return "dose raised, or no longer known" if is_dose_up(then, chart) else ""


def default_of(rule: Rule, then: Remembered) -> Indicator:
    """How urgent the finding is without any grade, or was then if that was more: nothing gets worse with a grade that
    is milder, nor with one that is only because the rule's severity was lowered since."""
    graded = any(name_grade(place) in then.held for place in range(len(rule.grades)))
    return rule.indicator if graded else min(rule.indicator, then.indicator, key=INDICATORS.__getitem__)


def could_newly_be_more_urgent(finding: Finding, then: Remembered) -> bool:
    """Whether a more urgent grade that was ruled out then cannot be ruled out now."""
    grades = finding.rule.grades
    unproven = [each for each in finding.skipped_grades if INDICATORS[each.indicator] < INDICATORS[then.indicator]]
    return any(name_grade(grades.index(each)) not in {*then.unproven, *then.held} for each in unproven)


def is_dose_up(then: Remembered, chart: Chart) -> bool:
    """Whether an amount rose, or is known on one side only: then nobody can say that it did not.

    A dosage that was still to be written when the drug was picked is no dose that rose.
    """
    now = doses_of(then.ingredients, chart)
    for name in now.keys() | then.doses.keys():
        ingredient, kind = name.split(" ")[:2]
        if ingredient in then.unwritten and kind != PRODUCTS:
            continue
        if name not in now or name not in then.doses or now[name] > then.doses[name]:
            return True
    return False
