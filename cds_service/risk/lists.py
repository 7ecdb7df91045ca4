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
from cds_service.knowledge.value_sets import PREFIXED
from cds_service.reasoning.lines import compare
from cds_service.reasoning.logic import Truth

PARTS = ("medications", "orders")
DRUG_LISTS = frozenset({"all_drugs", *PARTS})

Keys = frozenset[tuple[str, str]]
NOTHING: Keys = frozenset()
NO = Known(False)


class Row(msgspec.Struct, frozen=True, gc=False):
    """One problem: its codes as sent, everything they begin with, and the systems they are of."""

    problem: Problem
    codes: Keys
    starts: Keys
    systems: frozenset[str]


class Problems(msgspec.Struct, frozen=True):
    """The problem list with the codes of all; `systems` are the combinations of systems that problems are coded in."""

    rows: tuple[Row, ...]
    codes: Keys
    starts: Keys
    systems: frozenset[frozenset[str]]
    settled: bool


class Lists(msgspec.Struct, frozen=True):
    """One chart, arranged. `drugs` are those of each list with their ingredients, `held` the ingredients of all of
    them; `whole` names the lists read whole.

    `read` are the values already asked for: some are computed from all drugs.
    """

    chart: Chart
    problems: Problems
    drugs: dict[str, list[tuple[Drug, frozenset[str]]]]
    held: dict[str, frozenset[str]]
    whole: frozenset[str]
    read: dict[str, Fact[Any]]

    def value(self, name: str) -> Fact[Any]:
        """The patient fact called `name`, computed once."""
        if name not in self.read:
            self.read[name] = self.chart.value(name)
        return self.read[name]


def arrange(chart: Chart, problems: Problems | None = None) -> Lists:
    """Look once at every problem and drug. `problems` are the chart's, where they were arranged before."""
    drugs = {name: [(each, frozenset(each.ingredient_rxcuis)) for each in read_list(chart, name)] for name in PARTS}
    drugs["all_drugs"] = drugs["orders"] + drugs["medications"]
    held = {name: frozenset().union(*[own for _, own in taken]) for name, taken in drugs.items()}
    whole = {name for name in PARTS if is_whole(getattr(chart, name))}
    if len(whole) == len(PARTS):
        whole.add("all_drugs")
    return Lists(chart, problems or arrange_problems(chart.conditions), drugs, held, frozenset(whole), {})


def read_list(chart: Chart, name: str) -> tuple[Drug, ...]:
    items: Items[Drug] = getattr(chart, name)
    return items.items


def arrange_problems(conditions: Items[Problem]) -> Problems:
    rows = tuple([row_of(problem) for problem in conditions.items])
    return Problems(
        rows,
        frozenset().union(*[row.codes for row in rows]),
        frozenset().union(*[row.starts for row in rows]),
        frozenset([row.systems for row in rows]),
        is_whole(conditions),
    )


def row_of(problem: Problem) -> Row:
    keys = [keys_of(coded.system, coded.code) for coded in problem.codes]
    if len(keys) == 1:
        return Row(problem, *keys[0])
    codes, starts, systems = (frozenset().union(*each) for each in zip(*keys, strict=True))
    return Row(problem, codes, starts, systems)


def is_whole(items: Items[Problem] | Items[Drug]) -> bool:
    return items.complete and not items.unrecognised


@lru_cache(maxsize=16384)
def keys_of(system: str, code: str) -> tuple[Keys, Keys, frozenset[str]]:
    """A code, everything it begins with where that may mean something, and its system.

    It begins with itself written with and without the point of ICD, which stands after three or four characters.
    """
    if system not in PREFIXED:
        return frozenset({(system, code)}), NOTHING, frozenset({system})
    plain = code.replace(".", "")
    spelled = (code, plain, f"{plain[:3]}.{plain[3:]}", f"{plain[:4]}.{plain[4:]}")
    starts = frozenset((system, each[:end]) for each in spelled for end in range(1, len(each) + 1))
    return frozenset({(system, code)}), starts, frozenset({system})


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
    return None if [each for each in problems.systems if systems.isdisjoint(each)] else NO


def settle_drug(value_set: ValueSet, name: str, lists: Lists) -> Known[bool] | None:
    ingredients = value_set.ingredients
    if ingredients.isdisjoint(lists.held[name]):
        return NO if name in lists.whole else None
    found = [Source(drug.reference) for drug, own in lists.drugs[name] if not ingredients.isdisjoint(own)]
    return Known(True, None, tuple(found))
