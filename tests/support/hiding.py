"""Hide any subset of the facts of a chart and see that a rule only ever becomes less sure (DESIGN 4, property test).

Without a written `if_missing`, fires may become undetermined but never silent, and silent may become undetermined but
never fires. The indicator may fall back to the rule's default, or to another grade that holds on the whole chart, and
is never milder than both.
"""

from collections.abc import Callable, Iterable, Iterator
from itertools import combinations
from typing import Any

from msgspec.structs import replace

from cds_service.chart.chart import Chart
from cds_service.chart.drugs import Dose, Drug
from cds_service.chart.facts import Items, Known, Reason, Unknown, Unrecognised
from cds_service.knowledge.release import RuleIndex
from cds_service.knowledge.rules import Condition, Indicator, Line, Rule, Scope
from cds_service.reasoning.conditions import weigh
from cds_service.reasoning.evaluate import evaluate
from cds_service.reasoning.findings import Finding, Outcome
from cds_service.reasoning.grades import URGENCY
from cds_service.reasoning.logic import Truth
from cds_service.terminology.products import Route

Hide = Callable[[Chart], Chart]

# Up to so many facts every subset is tried: 2 ** 12 = 4096 charts.
ALL_SUBSETS_UP_TO = 12
SAMPLES = 1000


def contradictions(rule: Rule, chart: Chart, index: RuleIndex) -> list[str]:
    """Every way in which hiding facts of `chart` makes `rule` contradict what it said; empty is good.

    `index` is the one that holds the rule. Each entry names what was hidden and what went wrong.
    """
    hides = list(facts_to_hide(rule, chart))
    whole = said(rule, index, chart)
    problems = []
    for chosen in subsets(len(hides)):
        hidden = chart
        for number in chosen:
            hidden = hides[number][1](hidden)
        names = ", ".join(hides[number][0] for number in chosen)
        found = compare(rule, chart, whole, said(rule, index, hidden), reaches(rule, hidden))
        problems += [f"without {names}: {problem}" for problem in found]
    return problems


def said(rule: Rule, index: RuleIndex, chart: Chart) -> list[Finding]:
    return [finding for finding in evaluate(index, chart) if finding.rule.id == rule.id]


def subsets(count: int) -> Iterator[tuple[int, ...]]:
    """Index sets to hide: all of them, or above 12 facts each one, each pair, all but one, all, and a fixed sample."""
    everything = range(count)
    if count <= ALL_SUBSETS_UP_TO:
        for size in range(1, count + 1):
            yield from combinations(everything, size)
        return
    for size in (1, 2, count - 1, count):
        yield from combinations(everything, size)
    for step in range(1, SAMPLES + 1):
        # Knuth's multiplicative hash spreads the steps over all subsets, the same on every run.
        mask = step * 2654435761 % (1 << count)
        yield tuple(number for number in everything if mask >> number & 1)


def compare(rule: Rule, chart: Chart, whole: list[Finding], partial: list[Finding], reached: bool) -> Iterator[str]:
    """What the rule says about the partial chart against what it said about the whole one."""
    fired = {finding.key: finding for finding in whole if finding.outcome is Outcome.FIRES}
    for finding in partial:
        if finding.outcome is Outcome.ERROR:
            yield finding.error
        if finding.outcome is not Outcome.FIRES or finding.assumed:
            continue
        if finding.key in fired:
            yield from compare_urgency(rule, chart, fired[finding.key], finding)
        else:
            yield f"{finding.key} fires, on the whole chart it does not"
    for finding in fired.values():
        if reached and not finding.assumed and not any(speaks_for(each, finding) for each in partial):
            yield f"{finding.key} does not fire and is not undetermined"


def speaks_for(partial: Finding, whole: Finding) -> bool:
    """Whether `partial` keeps a firing finding from having become an unexplained silence.

    A drug that fires in one pair gets no second line about partners that may be there unseen.
    """
    if partial.outcome is Outcome.FIRES:
        return drugs(partial) == drugs(whole) or bool(drugs(partial) & drugs(whole))
    open_or_explained = partial.outcome is Outcome.UNDETERMINED or bool(partial.assumed)
    return open_or_explained and drugs(partial) <= drugs(whole)


def drugs(finding: Finding) -> set[str]:
    return {bound.drug.reference for bound in finding.bindings.values()}


def compare_urgency(rule: Rule, chart: Chart, whole: Finding, partial: Finding) -> Iterator[str]:
    """The indicator before any lowering: the default, the same, or another grade that holds on the whole chart."""
    before, after = before_lowering(whole), before_lowering(partial)
    if after in (before, rule.indicator):
        return
    if partial.grade is None or weigh(partial.grade.when, chart, whole.bindings).truth is not Truth.TRUE:
        yield f"{partial.key} is {after}, with a grade that does not hold on the whole chart"
    if URGENCY[after] < min(URGENCY[before], URGENCY[rule.indicator]):
        yield f"{partial.key} is {after}, milder than {before} and than its default"


def before_lowering(finding: Finding) -> Indicator:
    return finding.grade.indicator if finding.grade else finding.rule.indicator


def reaches(rule: Rule, chart: Chart) -> bool:
    """Whether the chart still reaches the rule: a patient rule needs the fact of its first line."""
    if rule.scope is not Scope.PATIENT:
        return True
    (first, *_) = lines(rule.all)
    if first.value_set is None:
        return isinstance(chart.value(first.fact), Known)
    listed = chart.drugs if first.fact == "all_drugs" else getattr(chart, first.fact).items
    return bool(listed)


def lines(conditions: Iterable[Condition]) -> Iterator[Line]:
    """Every line inside some conditions."""
    for condition in conditions:
        if isinstance(condition, Line):
            yield condition
        else:
            yield from lines(condition.members)


def facts_to_hide(rule: Rule, chart: Chart) -> Iterator[tuple[str, Hide]]:
    """Names and ways to hide each fact that `rule` may look at on `chart`.

    Drugs in focus stay recognised, since without them the call is about nothing; their route, form and dose may go.
    """
    read = [*lines(rule.all), *lines(rule.unless), *lines(grade.when for grade in rule.grades)]
    for name in sorted({line.fact for line in read if not line.drug and not line.value_set}):
        if isinstance(chart.value(name), Known):
            yield name, hide_value(name)
    listed = {line.fact for line in read if line.value_set}
    for name in sorted({"allergies", "conditions", "procedures"} & listed):
        yield from hide_list(name, getattr(chart, name))
    in_focus = {drug.reference for drug in chart.focus}
    if rule.scope is Scope.PAIR or listed & {"medications", "all_drugs"} or any(line.drug for line in read):
        yield from hide_list("medications", chart.medications, keep=in_focus)
    for drug in chart.drugs:
        if any(side.routes or side.forms or side.not_forms for side in rule.sides):
            yield f"form of {drug.name}", change_drug(drug, route=Route.UNKNOWN, dose_form=None)
        if any(line.drug for line in read):
            yield f"dose of {drug.name}", change_drug(drug, dose=Dose())


def hide_value(name: str) -> Hide:
    return lambda chart: replace(chart, values={**chart.values, name: Unknown(Reason.NOT_SENT)})


def hide_list(name: str, items: Items[Any], keep: Iterable[str] = ()) -> Iterator[tuple[str, Hide]]:
    """The end of the list, or all of it, and each item that need not be kept as one nobody recognises."""

    def cut(chart: Chart) -> Chart:
        whole = getattr(chart, name)
        kept = tuple(item for item in whole.items if item.reference in keep)
        changed: dict[str, Any] = {name: replace(whole, items=kept, complete=False, reason=Reason.NOT_SENT)}
        return replace(chart, **changed)

    def forget(reference: str) -> Hide:
        def hide(chart: Chart) -> Chart:
            whole = getattr(chart, name)
            kept = tuple(item for item in whole.items if item.reference != reference)
            texts = tuple(Unrecognised(reference) for _ in range(len(whole.items) - len(kept)))
            changed: dict[str, Any] = {name: replace(whole, items=kept, unrecognised=whole.unrecognised + texts)}
            return replace(chart, **changed)

        return hide

    yield name, cut
    for item in items.items:
        if item.reference not in keep:
            yield f"{name}: {item.name}", forget(item.reference)


def change_drug(drug: Drug, **fields: Any) -> Hide:
    """Take something away from one drug, on whichever list it is."""

    def change(items: Items[Drug]) -> Items[Drug]:
        changed = (replace(each, **fields) if each.reference == drug.reference else each for each in items.items)
        return replace(items, items=tuple(changed))

    return lambda chart: replace(chart, orders=change(chart.orders), medications=change(chart.medications))
