"""Quick answers about one chart, where they are certain.

Models ask dozens of questions, most of the form "is anything of this value set on that list?". Each chart is arranged
once; a question is then a few set operations. What this cannot settle is left to the reading of rules.
"""

from functools import lru_cache
from typing import Any

import msgspec

from cds_service.chart.chart import Chart
from cds_service.chart.drugs import Drug, Problem
from cds_service.chart.facts import Fact, Items, Known, Source, Unknown
from cds_service.knowledge.rules import Line, Operator, ValueSet
from cds_service.reasoning.lines import compare
from cds_service.reasoning.logic import Truth

DRUG_LISTS = frozenset({"all_drugs", "medications", "orders"})

Keys = frozenset[tuple[str, str]]


class Row(msgspec.Struct, frozen=True):
    """One problem: its codes as sent, and everything they begin with."""

    problem: Problem
    codes: Keys
    starts: Keys


class Problems(msgspec.Struct, frozen=True):
    """The problem list with the codes of all; `systems` are the combinations of systems that problems are coded in."""

    rows: tuple[Row, ...]
    codes: Keys
    starts: Keys
    systems: frozenset[frozenset[str]]
    settled: bool


class Lists(msgspec.Struct, frozen=True):
    """One chart, arranged. `held` are the ingredients on each list of drugs; `whole` names the lists read whole.

    `read` are the values already asked for: some are computed from all drugs.
    """

    chart: Chart
    problems: Problems
    held: dict[str, frozenset[str]]
    whole: frozenset[str]
    read: dict[str, Fact[Any]]

    def value(self, name: str) -> Fact[Any]:
        """The patient fact called `name`, computed once."""
        if name not in self.read:
            self.read[name] = self.chart.value(name)
        return self.read[name]


def arrange(chart: Chart) -> Lists:
    """Look once at every problem and drug."""
    held = {name: ingredients_of(getattr(chart, name).items) for name in ("medications", "orders")}
    whole = {name for name in held if is_whole(getattr(chart, name))}
    if len(whole) == len(held):
        whole.add("all_drugs")
    held["all_drugs"] = held["medications"] | held["orders"]
    return Lists(chart, arrange_problems(chart.conditions), held, frozenset(whole), {})


def arrange_problems(conditions: Items[Problem]) -> Problems:
    rows = tuple([row_of(problem) for problem in conditions.items])
    return Problems(
        rows,
        frozenset().union(*[row.codes for row in rows]),
        frozenset().union(*[row.starts for row in rows]),
        frozenset([frozenset([system for system, _ in row.codes]) for row in rows]),
        is_whole(conditions),
    )


def row_of(problem: Problem) -> Row:
    codes = [(coded.system, coded.code) for coded in problem.codes]
    starts = [beginnings(system, code) for system, code in codes]
    return Row(problem, frozenset(codes), starts[0] if len(starts) == 1 else frozenset().union(*starts))


def is_whole(items: Items[Problem] | Items[Drug]) -> bool:
    return items.complete and not items.unrecognised


def ingredients_of(drugs: tuple[Drug, ...]) -> frozenset[str]:
    return frozenset([part.rxcui for drug in drugs for part in drug.ingredients])


@lru_cache(maxsize=16384)
def beginnings(system: str, code: str) -> Keys:
    """A code and everything it begins with, with and without the point of ICD after three or four characters."""
    plain = code.replace(".", "")
    spelled = (code, plain, f"{plain[:3]}.{plain[3:]}", f"{plain[:4]}.{plain[4:]}")
    return frozenset((system, each[:end]) for each in spelled for end in range(1, len(each) + 1))


def settle(line: Line, lists: Lists) -> Known[bool] | None:
    """The answer to a line where it is certain and plain, with what decided it; None where it is not."""
    if line.drug or line.excluding:
        return None
    if line.value_set is None:
        return settle_value(line, lists)
    if line.operator is not Operator.ANY_IN:
        return None
    if line.fact == "conditions":
        return settle_problem(line.value_set, lists.problems, line.ever)
    return settle_drug(line.value_set, line.fact, lists) if line.fact in DRUG_LISTS else None


def settle_value(line: Line, lists: Lists) -> Known[bool] | None:
    if line.operator is Operator.WITHIN_DAYS:
        return None
    fact = lists.value(line.fact)
    if isinstance(fact, Unknown) or (line.unit is not None and fact.unit != line.unit):
        return None
    answer = compare(fact, line.operator, line.operand)
    return None if answer is Truth.UNKNOWN else Known(answer is Truth.TRUE, None, fact.sources, fact.as_of)


def settle_problem(value_set: ValueSet, problems: Problems, ever: bool) -> Known[bool] | None:
    codes = value_set.codes & problems.codes
    if codes or not problems.starts.isdisjoint(value_set.prefixes):
        starts = problems.starts.intersection(value_set.prefixes)
        found = [
            Source(row.problem.reference)
            for row in problems.rows
            if not (codes.isdisjoint(row.codes) and starts.isdisjoint(row.starts)) and (ever or row.problem.active)
        ]
        if found:
            return Known(True, None, tuple(found))
    if not problems.settled:
        return None
    systems = value_set.systems
    return None if [each for each in problems.systems if systems.isdisjoint(each)] else Known(False)


def settle_drug(value_set: ValueSet, name: str, lists: Lists) -> Known[bool] | None:
    ingredients = value_set.ingredients
    if ingredients.isdisjoint(lists.held[name]):
        return Known(False) if name in lists.whole else None
    drugs = lists.chart.drugs if name == "all_drugs" else getattr(lists.chart, name).items
    found = [drug for drug in drugs if not ingredients.isdisjoint(drug.ingredient_rxcuis)]
    return Known(True, None, tuple([Source(drug.reference) for drug in found]))
