"""Which rule says what a row of the structured references says: matched by codes, facts and limits, never by words."""

import csv
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import combinations

from cds_service.knowledge.parse_rules import lines_of
from cds_service.knowledge.rules import Condition, Line, Operator, Rule, Scope
from tests.rules.library import shipped
from tests.support.shared import SHARED

TABLES = SHARED / "data/drugs/knowledge_tables"
Row = Mapping[str, str]


@cache
def read_table(table: str) -> tuple[Row, ...]:
    """The rows of one CSV of the references, in order."""
    with (TABLES / f"{table}.csv").open(encoding="utf-8", newline="") as file:
        return tuple(csv.DictReader(file))


def codes(cell: str) -> frozenset[str]:
    return frozenset(code.strip() for code in cell.split(";") if code.strip().isdigit())


@dataclass(frozen=True)
class Reading:
    """One rule as the checker looks at it: the lines that must hold, and with them those that change its urgency."""

    rule: Rule
    needed: tuple[Line, ...]
    lines: tuple[Line, ...]

    @property
    def ingredients(self) -> frozenset[str]:
        return frozenset[str]().union(*(side.ingredients for side in self.rule.sides))

    def limits(self, *facts: str) -> set[float]:
        """The numbers that lines on these facts compare with."""
        return {number for line in self.lines if line.fact in facts for number in numbers_of(line)}

    def needed_limits(self, *facts: str) -> set[float]:
        """The same for lines that must hold."""
        return {number for line in self.needed if line.fact in facts for number in numbers_of(line)}

    def words(self, fact: str) -> set[str]:
        """The words that lines on a fact ask for."""
        found: set[str] = set()
        for line in self.lines:
            if line.fact == fact and isinstance(line.operand, str):
                found.add(line.operand)
            elif line.fact == fact and isinstance(line.operand, tuple):
                found.update(each for each in line.operand if isinstance(each, str))
        return found

    def asks(self, fact: str) -> bool:
        return any(line.fact == fact for line in self.lines)

    def names_drug(self, rxcui: str) -> bool:
        """Whether a line on a list of drugs names an ingredient."""
        lists = [line for line in self.lines if line.fact in ("medications", "orders", "all_drugs")]
        return any(line.value_set and rxcui in line.value_set.ingredients for line in lists)

    def names_condition(self, snomed: Iterable[str], prefixes: Iterable[str]) -> bool:
        """Whether a line on the problem list names one of the codes, or an ICD prefix that fits one of these."""
        sets = [line.value_set for line in self.lines if line.fact == "conditions" and line.value_set]
        listed = {code for each in sets for _, code in each.codes}
        beginnings = {prefix for each in sets for _, prefix in each.prefixes}
        return bool(listed & set(snomed)) or any(
            ours.startswith(theirs) or theirs.startswith(ours) for ours in beginnings for theirs in prefixes
        )


def numbers_of(line: Line) -> Iterator[float]:
    """The limits of a line."""
    operands = line.operand if isinstance(line.operand, tuple) else (line.operand,)
    yield from (each for each in operands if isinstance(each, float))


@cache
def readings() -> tuple[Reading, ...]:
    return tuple(map(read, shipped().release.rules.values()))


def read(rule: Rule) -> Reading:
    needed = flatten(rule.all)
    return Reading(rule, needed, (*needed, *flatten(grade.when for grade in rule.grades)))


def flatten(conditions: Iterable[Condition]) -> tuple[Line, ...]:
    return tuple(line for each in conditions for line in lines_of(each))


@cache
def about(rxcui: str, *families: str) -> tuple[Reading, ...]:
    """The rules of these families on an ingredient."""
    return tuple(each for each in readings() if rxcui in each.ingredients and each.rule.family in families)


@cache
def pair_partners() -> Mapping[str, Mapping[str, tuple[str, ...]]]:
    """For each ingredient the other ingredients that a rule meets it with, and the ids of the rules."""
    met: dict[str, dict[str, set[str]]] = {}
    for each in readings():
        for one, other in meetings(each):
            for left in one:
                for right in other:
                    met.setdefault(left, {}).setdefault(right, set()).add(each.rule.id)
                    met.setdefault(right, {}).setdefault(left, set()).add(each.rule.id)
    return {left: {right: tuple(sorted(ids)) for right, ids in rights.items()} for left, rights in met.items()}


def meetings(reading: Reading) -> Iterator[tuple[frozenset[str], frozenset[str]]]:
    """The drugs that a rule brings together: two sides; a side and a list of drugs that must be there; two such lists,
    or two drugs of one."""
    listed = [
        (line.operator, line.value_set.ingredients)
        for line in reading.needed
        if line.value_set and names_present_drugs(line)
    ]
    if reading.rule.scope is Scope.PAIR:
        first, second = reading.rule.sides
        yield first.ingredients, second.ingredients
    elif reading.rule.scope is Scope.ORDER:
        yield from ((reading.ingredients, drugs) for _, drugs in listed)
    else:
        yield from ((drugs, drugs) for operator, drugs in listed if operator is Operator.COUNT_AT_LEAST)
        yield from ((one, other) for (_, one), (_, other) in combinations(listed, 2))


def names_present_drugs(line: Line) -> bool:
    """Whether a line asks for a drug that is taken or ordered."""
    lists = line.fact in ("medications", "orders", "all_drugs")
    return lists and line.operator in (Operator.ANY_IN, Operator.COUNT_AT_LEAST)


def said_of_pair(left: str, right: str) -> tuple[str, ...]:
    return pair_partners().get(left, {}).get(right, ())


Said = tuple[str, ...]
"""The ids of the rules that say a row; empty if none does."""


def every(found: Iterable[Said]) -> Said:
    """All rules, if each part of a row has one; else none."""
    parts = list(found)
    return tuple(sorted({id for part in parts for id in part})) if parts and all(parts) else ()


def some(reads: Iterable[Reading]) -> Said:
    return tuple(sorted({each.rule.id for each in reads}))


def number(cell: str) -> float:
    return float(cell.replace(",", ""))
