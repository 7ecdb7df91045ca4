"""Which drugs a rule is about on one chart: scope and focus (DESIGN 4).

A rule is reached by a recognised drug in focus whose ingredient is on one of its sides. What cannot be recognised, or
was not read, reaches nothing by itself but may be the other drug of a pair.
"""

from collections.abc import Iterable, Mapping

import msgspec

from cds_service.chart.chart import Chart
from cds_service.chart.drugs import Drug
from cds_service.chart.facts import Items, Known, Reason
from cds_service.knowledge.release import RuleIndex
from cds_service.knowledge.rules import Rule, Side
from cds_service.reasoning.findings import Bound, Missing
from cds_service.reasoning.lines import LISTS, lists_of
from cds_service.reasoning.logic import Truth
from cds_service.reasoning.sides import Standing, stand
from cds_service.reasoning.verdicts import TRUE, Verdict, merge


class Held(msgspec.Struct, frozen=True, gc=False):
    """Some drugs of a chart, and which of them hold each ingredient."""

    drugs: tuple[Drug, ...]
    holders: Mapping[str, tuple[Drug, ...]]
    ingredients: frozenset[str]


class Present(msgspec.Struct, frozen=True, gc=False):
    """The drugs of one chart, arranged once per call so that each rule looks only at those it names.

    `held` are all drugs, `focused` those this call is about. `in_focus` are references. `unseen_orders` and
    `unseen_medications` say which drugs may be there but were not recognised or not read.
    """

    chart: Chart
    held: Held
    focused: Held
    in_focus: frozenset[str]
    unseen_orders: tuple[Missing, ...]
    unseen_medications: tuple[Missing, ...]

    def unseen_partners(self, drug: Drug) -> tuple[Missing, ...]:
        """Drugs nobody could read that would form a pair with `drug`: one of the two must be in focus.

        An unrecognised draft counts as in focus, also at order-select, where it may be the one selected.
        """
        if drug.reference in self.in_focus:
            return self.unseen_orders + self.unseen_medications
        return self.unseen_orders


class Assignment(msgspec.Struct, frozen=True, gc=False):
    """Drugs on the sides of a rule, and how certain it is that they stand there."""

    bindings: Mapping[str, Bound]
    verdict: Verdict


def arrange(chart: Chart) -> Present:
    """Look once at every drug of the chart."""
    focus = chart.focus
    return Present(
        chart,
        hold(chart.drugs),
        hold(focus),
        frozenset([drug.reference for drug in focus]),
        unseen("orders", chart.orders),
        unseen("medications", chart.medications),
    )


def hold(drugs: tuple[Drug, ...]) -> Held:
    """Some drugs by what they hold."""
    holders: dict[str, tuple[Drug, ...]] = {}
    for drug in drugs:
        for ingredient in set(drug.ingredient_rxcuis):
            holders[ingredient] = (*holders.get(ingredient, ()), drug)
    return Held(drugs, holders, frozenset(holders))


def unseen(name: str, drugs: Items[Drug]) -> tuple[Missing, ...]:
    """What keeps a list of drugs from being known whole."""
    unread = () if drugs.complete else (Missing("list", name, drugs.reason or Reason.NOT_SENT),)
    return (*unread, *(Missing("drug", each.text, Reason.UNRECOGNISED) for each in drugs.unrecognised))


def reach(index: RuleIndex, present: Present) -> Iterable[Rule]:
    """The rules of this hook that the chart reaches, each once."""
    chart = present.chart
    reached = {rule.id: rule for rule in index.any_drug if chart.focus and chart.hook in rule.hooks}
    for drug in chart.drugs if present.unseen_orders else chart.focus:
        for ingredient in drug.ingredients:
            for rule in index.by_ingredient.get(ingredient.rxcui, ()):
                if chart.hook in rule.hooks:
                    reached[rule.id] = rule
    for name, rules in index.by_fact.items():
        if is_present(chart, name):
            reached.update({rule.id: rule for rule in rules if chart.hook in rule.hooks})
    return reached.values()


def is_present(chart: Chart, name: str) -> bool:
    """Whether the fact that reaches a patient rule is there: a known value, or a list with something on it."""
    if name in LISTS:
        return any(items.items for _, items in lists_of(name, chart))
    return isinstance(chart.value(name), Known)


def holding(side: Side, held: Held) -> Iterable[Drug]:
    """The drugs that hold what `side` asks for, each once."""
    if side.any_drug:
        return held.drugs
    ingredients = side.ingredients & held.ingredients
    if not ingredients:
        return ()
    if len(ingredients) == 1:
        return held.holders[next(iter(ingredients))]
    return {drug.reference: drug for each in sorted(ingredients) for drug in held.holders[each]}.values()


def standing_on(side: Side, held: Held) -> list[Standing]:
    """Every drug that stands, or may stand, on `side`."""
    return [standing for drug in holding(side, held) if (standing := stand(side, drug)) is not None]


def assign(one: Standing, other: Standing) -> Assignment:
    """Put both drugs of a pair on their sides."""
    unsure = [verdict for verdict in (one.verdict, other.verdict) if verdict is not TRUE]
    bindings = {one.side: one.bound, other.side: other.bound}
    return Assignment(bindings, merge(Truth.UNKNOWN, unsure) if unsure else TRUE)


def singles(rule: Rule, present: Present) -> list[Assignment]:
    """An order rule: once per drug in focus."""
    standings = standing_on(rule.sides[0], present.focused)
    return [Assignment({standing.side: standing.bound}, standing.verdict) for standing in standings]


def pairs(rule: Rule, first: list[Standing], second: list[Standing], present: Present) -> list[list[Assignment]]:
    """A pair rule: for each unordered pair of different drugs with one in focus, the ways they stand on the two sides.

    The way to prefer comes first: side one in focus, then by reference.
    """
    ways: dict[frozenset[str], dict[tuple[bool, str], Assignment]] = {}
    for one in first:
        leads = one.bound.drug.reference
        for other in second:
            references = frozenset((leads, other.bound.drug.reference))
            if len(references) == 1 or references.isdisjoint(present.in_focus):
                continue
            if rule.different_ingredients and one.bound.ingredient == other.bound.ingredient:
                continue
            ways.setdefault(references, {})[leads not in present.in_focus, leads] = assign(one, other)
    return [[found[rank] for rank in sorted(found)] for found in ways.values()]


def lone(standing: Standing, unseen_partners: tuple[Missing, ...]) -> Assignment:
    """One drug of a pair whose partner was not recognised or not read: it cannot be more than undetermined."""
    missing = standing.verdict.missing + unseen_partners
    return Assignment({standing.side: standing.bound}, Verdict(Truth.UNKNOWN, missing=missing))
