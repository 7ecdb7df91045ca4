"""Reading one line of a rule on a chart: a fact, one operator, what it is compared with."""

from collections.abc import Callable
from datetime import datetime, timedelta
from operator import eq, ge, gt, le, lt
from typing import Any

from cds_service.chart.catalogue import CATALOGUE
from cds_service.chart.chart import Chart
from cds_service.chart.drug_facts import drug_fact
from cds_service.chart.drugs import Drug
from cds_service.chart.facts import Fact, Items, Known, Reason, Source, Unknown
from cds_service.chart.unit_words import say_unit
from cds_service.knowledge.rules import Line, Operator, ValueSet
from cds_service.reasoning.findings import Missing
from cds_service.reasoning.logic import Truth, all_of, negate, truth
from cds_service.reasoning.membership import PARTS_OF_ALLERGIES, belongs
from cds_service.reasoning.verdicts import Bindings, Verdict

COMPARISONS: dict[Operator, Callable[[Any, Any], bool]] = {
    Operator.IS: eq,
    Operator.BELOW: lt,
    Operator.AT_MOST: le,
    Operator.AT_LEAST: ge,
    Operator.ABOVE: gt,
    Operator.BETWEEN: lambda value, ends: ends[0] <= value <= ends[1],
    Operator.ANY_IN: lambda word, words: word in words,
    Operator.NONE_IN: lambda word, words: word not in words,
}
LISTS = frozenset(
    {
        *("orders", "medications", "all_drugs", "allergies", "conditions", "procedures", "procedures_ordered"),
        *PARTS_OF_ALLERGIES,
    }
)
ONLY_RISES_INTO = frozenset({Operator.ABOVE, Operator.AT_LEAST})
DRUG_LISTS = frozenset({"medications", "orders"})
NOTHING_FOUND: Known[tuple[str, ...]] = Known(())


def read_line(line: Line, chart: Chart, bindings: Bindings) -> Verdict:
    """The verdict on one line. A line on a drug that is not bound is unknown, and no assumption settles it."""
    if line.drug and line.drug not in bindings:
        return Verdict(Truth.UNKNOWN)
    if line.value_set is not None:
        verdict = read_list(line, line.value_set, chart, bindings)
    else:
        verdict = read_value(line, chart, bindings)
    if verdict.truth is Truth.UNKNOWN and line.if_missing is not None:
        return Verdict(truth(line.if_missing), assumed=(assumption(line, verdict.missing),))
    return verdict


def read_value(line: Line, chart: Chart, bindings: Bindings) -> Verdict:
    """The verdict on a single value of the patient or of a bound drug, named as the rule does: "a.daily_dose"."""
    name = line.fact
    if line.drug:
        name = f"{line.drug}.{line.fact}"
        bound = bindings[line.drug]
        fact = drug_fact(chart, bound.drug, bound.ingredient, line.fact)
    else:
        fact = chart.value(line.fact)
    if line.operator is Operator.WITHIN_DAYS:
        return read_age(line, name, fact, chart.now)
    if isinstance(fact, Unknown):
        return Verdict(Truth.UNKNOWN, missing=(Missing("value", name, fact.reason, fact.detail),))
    if line.unit is not None and fact.unit != line.unit:
        # Never compare across units: a daily dose in [IU]/d says nothing about a limit in mg/d.
        found = f"in {fact.unit}, the rule compares {line.unit}"
        return Verdict(Truth.UNKNOWN, missing=(Missing("value", name, Reason.UNRECOGNISED, found),))
    answer = compare(fact, line.operator, line.operand)
    if answer is Truth.UNKNOWN:
        bound_only = f"only known to be at least {say(fact.value, fact.unit)}"
        return Verdict(answer, missing=(Missing("value", name, Reason.NOT_RECORDED, bound_only),))
    return Verdict(answer, {name: fact})


def compare(fact: Known[Any], operator: Operator, operand: Any) -> Truth:
    """Whether a known value passes. A lower bound decides only what no higher value could change."""
    holds = COMPARISONS[operator](fact.value, operand)
    if not fact.at_least:
        return Truth.TRUE if holds else Truth.FALSE
    if operator in ONLY_RISES_INTO:
        return Truth.TRUE if holds else Truth.UNKNOWN
    out_of_reach = fact.value > operand[1] if operator is Operator.BETWEEN else not holds
    return Truth.FALSE if out_of_reach else Truth.UNKNOWN


def read_age(line: Line, name: str, fact: Fact[Any], now: datetime) -> Verdict:
    """`within_days`: a value past its shelf life still has a date; one never recorded was certainly not measured."""
    dated = isinstance(fact, Known) or fact.reason is Reason.TOO_OLD
    if dated and fact.as_of is not None and isinstance(line.operand, int | float):
        return Verdict(truth(now - fact.as_of <= timedelta(days=line.operand)), {name: fact})
    if isinstance(fact, Known):
        return Verdict(Truth.UNKNOWN, missing=(Missing("value", name, Reason.NOT_RECORDED, "no date"),))
    if fact.reason is Reason.NOT_RECORDED:
        return Verdict(Truth.FALSE, {name: fact})
    return Verdict(Truth.UNKNOWN, missing=(Missing("value", name, fact.reason, fact.detail),))


def read_list(line: Line, value_set: ValueSet, chart: Chart, bindings: Bindings) -> Verdict:
    """`any_in`, `none_in` and `count_at_least` over a list of the chart (DESIGN 4, three values over lists)."""
    left_out = bindings[line.excluding].drug.reference if line.excluding in bindings else None
    part = PARTS_OF_ALLERGIES.get(line.fact)
    matching: list[Any] = []
    unplaced: list[Missing] = []
    unread: list[Missing] = []
    for name, items in lists_of(line.fact, chart):
        if not items.complete:
            unread.append(Missing("list", name, items.reason or Reason.NOT_SENT))
        unplaced += [unplaceable(name, item.text) for item in items.unrecognised]
        for item in items.items:
            membership = Truth.FALSE if item.reference == left_out else belongs(item, value_set, line.ever)
            if part is not None:
                membership = all_of((membership, part(item)))
            if membership is Truth.TRUE:
                matching.append(item)
            elif membership is Truth.UNKNOWN:
                unplaced.append(open_part(item, line, value_set) or unplaceable(name, item.name))
    answer = count(count_different(matching, value_set), len(unplaced), not unread, line.count)
    if line.operator is Operator.NONE_IN:
        answer = negate(answer)
    if answer is Truth.UNKNOWN:
        return Verdict(answer, missing=(*unread, *unplaced))
    return Verdict(answer, {line.fact: name_all(matching) if matching else NOTHING_FOUND})


def name_all(items: list[Any]) -> Known[tuple[str, ...]]:
    """The items of a list that were found, by name."""
    return Known(tuple([item.name for item in items]), sources=tuple([Source(item.reference) for item in items]))


def count_different(items: list[Any], value_set: ValueSet) -> int:
    """How many items match; two products of one ingredient are one drug."""
    if not items:
        return 0
    drugs = [item for item in items if isinstance(item, Drug)]
    ingredients = frozenset[str]().union(*(value_set.ingredients & set(drug.ingredient_rxcuis) for drug in drugs))
    return len(ingredients) + len(items) - len(drugs)


def open_part(item: Any, line: Line, value_set: ValueSet) -> Missing | None:
    """What is missing of an allergy that is in the set, where a line names a part of the list ("severe")."""
    if line.fact in PARTS_OF_ALLERGIES and belongs(item, value_set, line.ever) is Truth.TRUE:
        return Missing("value", "severity_of_the_reaction", Reason.NOT_RECORDED, item.name)
    return None


def lists_of(fact: str, chart: Chart) -> tuple[tuple[str, Items[Any]], ...]:
    """The lists of the chart behind a list fact; `all_drugs` are the drafts and the active medications."""
    if fact == "all_drugs":
        return (("orders", chart.orders), ("medications", chart.medications))
    if fact in PARTS_OF_ALLERGIES:
        return (("allergies", chart.allergies),)
    return ((fact, getattr(chart, fact)),)


def count(matching: int, unsure: int, complete: bool, at_least: int) -> Truth:
    """Whether at least so many items match, when some could not be placed and the list may hold more."""
    if matching >= at_least:
        return Truth.TRUE
    if complete and matching + unsure < at_least:
        return Truth.FALSE
    return Truth.UNKNOWN


def unplaceable(name: str, text: str) -> Missing:
    """An item that may or may not be in a value set; drugs are named themselves, others by their list."""
    if name in DRUG_LISTS:
        return Missing("drug", text, Reason.UNRECOGNISED)
    return Missing("list", name, Reason.UNRECOGNISED, text)


def assumption(line: Line, missing: tuple[Missing, ...]) -> str:
    """The author's `if_missing` in words: "INR above 4: assumed not so (not sent)", "in hospital: assumed no"."""
    label = CATALOGUE[line.fact].label if line.fact in CATALOGUE else line.fact
    reasons = ", ".join(dict.fromkeys(each.reason.value for each in missing))
    if isinstance(line.operand, bool):
        return f"{label}: assumed {'yes' if line.operand is line.if_missing else 'no'} ({reasons})"
    so = "so" if line.if_missing else "not so"
    if line.value_set is not None and line.operator in (Operator.ANY_IN, Operator.NONE_IN):
        present = line.if_missing is (line.operator is Operator.ANY_IN)
        return f"{label}: {line.value_set.title} assumed {'present' if present else 'absent'} ({reasons})"
    compared = line.value_set.title if line.value_set is not None else say(line.operand, line.unit)
    if isinstance(line.operand, tuple) and line.operator is Operator.ANY_IN:
        return f"{label} {' or '.join(map(str, line.operand))}: assumed {so} ({reasons})"
    return f"{label} {line.operator.replace('_', ' ')} {compared}: assumed {so} ({reasons})"


def say(operand: Any, unit: str | None) -> str:
    """What a line compares with, as a card prints it: "4", "30 and 45 mL/min", "current and former"."""
    words = [
        each if isinstance(each, str) else f"{each:g}"
        for each in (operand if isinstance(operand, tuple) else (operand,))
    ]
    return " and ".join(words) + say_unit(unit)
