"""Derives examples for a row of a table: both sides of every limit, every other line turned, every value missing."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

from cds_service.chart.catalogue import CATALOGUE
from cds_service.knowledge.example_cases import DRUG_PARTS, Case, NeedsAPerson, write_example
from cds_service.knowledge.rules import Condition, Group, Line, Operator, Rule, Scope
from cds_service.knowledge.settle import RISES, Turn, hide, hold, silence, spare, turn, when_missing
from cds_service.terminology.products import Terminology

HOLDS: Mapping[Operator, Any] = {
    Operator.BELOW: lambda value, limit: value < limit,
    Operator.AT_MOST: lambda value, limit: value <= limit,
    Operator.AT_LEAST: lambda value, limit: value >= limit,
    Operator.ABOVE: lambda value, limit: value > limit,
    Operator.BETWEEN: lambda value, ends: ends[0] <= value <= ends[1],
}
SO_FAR = "days_on"  # known as a lower bound, and only of a drug that is taken already


def derive_examples(rule: Rule, terminology: Terminology) -> list[dict[str, Any]]:
    """Example documents as an author would write them; empty when the rule needs a person for that."""
    units = {name_of(line): line.unit for line in conditions_of(rule) if isinstance(line, Line)}
    try:
        turns = list(derive(rule, terminology))
        return [write_example(rule, name, case, outcome, units, terminology) for name, case, outcome in turns]
    except NeedsAPerson:
        return []


def derive(rule: Rule, terminology: Terminology) -> Iterator[Turn]:
    """Every case with what the rule must say of it."""
    limits = collect_limits(rule)
    case = base_case(rule, limits, terminology)
    yield "everything holds", case, "fires"
    for name, lines in limits.items():
        yield from cross(name, lines, case)
    yield from turn_all(rule, limits, case, terminology)
    if rule.scope is Scope.PAIR:
        alone = replace(case, alone=True)
        yield "the other drug is not there", alone, "silent"
        yield "the medication list was not sent", replace(alone, drugs=(), unread=("medications",)), "undetermined"


def cross(name: str, lines: list[Line], case: Case) -> Iterator[Turn]:
    """The values at and around the limits of one fact, and none."""
    for value in points(lines):
        outcome = "fires" if all(holds(line, value) for line in lines) else outside(lines)
        yield f"{name} {value:g}", replace(case, numbers={**case.numbers, name: value}), outcome
    left = {other: value for other, value in case.numbers.items() if other != name}
    yield f"{name} not known", replace(case, numbers=left), when_missing(lines)


def outside(lines: list[Line]) -> str:
    """What the rule must say of a value that is past a limit: a lower bound may still be within."""
    return "undetermined" if lines[0].fact == SO_FAR else "silent"


def turn_all(rule: Rule, limits: Mapping[str, list[Line]], case: Case, terminology: Terminology) -> Iterator[Turn]:
    """Every settled line turned, every silencer made true, every list not sent."""
    named = Counter(name_of(line) for line in lines_within((*rule.all, *rule.unless)))
    settled = [line for line in conditions_of(rule) if name_of(line) not in limits]
    for line in settled:
        if isinstance(line, Group) or line.value_set or named[name_of(line)] == 1:
            yield from turn(line, case, first_side(rule), terminology)
    for line in rule.unless:
        yield from silence(line, case, terminology)
    # The first line of a rule without drugs is what reaches it.
    reached_by = conditions_of(rule)[:1] if rule.scope is Scope.PATIENT else []
    lists = [line for line in settled if isinstance(line, Line) and line.value_set and line not in reached_by]
    silencers = [line for line in rule.unless if isinstance(line, Line)]
    for name, hidden, outcome in hide(lists, silencers, case):
        # The drugs of a rule stand on the list of medications themselves.
        if hidden.unread != ("medications",) or (rule.scope is Scope.ORDER and not case.taken):
            yield name, hidden, outcome


def lines_within(conditions: tuple[Condition, ...]) -> Iterator[Line]:
    for condition in conditions:
        if isinstance(condition, Line):
            yield condition
        else:
            yield from lines_within(condition.members)


def first_side(rule: Rule) -> str:
    """The side that is ordered; nothing for a rule without drugs."""
    return rule.sides[0].name if rule.sides else ""


def collect_limits(rule: Rule) -> dict[str, list[Line]]:
    """The lines of `when.all` that compare a number, by the fact as the rule names it."""
    limits: dict[str, list[Line]] = {}
    for line in conditions_of(rule):
        if isinstance(line, Line) and line.operator in HOLDS:
            limits.setdefault(name_of(line), []).append(line)
    return limits


def conditions_of(rule: Rule) -> list[Condition]:
    """`when.all`; an `any` of which all lines but one count as false while missing stands for that one."""
    return [sole_alternative(condition) for condition in rule.all]


def sole_alternative(condition: Condition) -> Condition:
    if not isinstance(condition, Group) or condition.kind != "any":
        return condition
    open_ones = [each for each in condition.members if not isinstance(each, Line) or each.if_missing is not False]
    return open_ones[0] if len(open_ones) == 1 else condition


def base_case(rule: Rule, limits: Mapping[str, list[Line]], terminology: Terminology) -> Case:
    """Values with which every line of `when.all` holds and no line of `unless` does."""
    numbers = {}
    for name, lines in limits.items():
        fitting = [value for value in points(lines) if all(holds(line, value) for line in lines)]
        if not fitting or (lines[0].drug and not can_write(lines)):
            raise NeedsAPerson
        numbers[name] = fitting[0]
    case = Case(numbers, taken=is_taken(rule, limits))
    for line in conditions_of(rule):
        if name_of(line) not in limits:
            case = hold(line, case, first_side(rule), terminology)
    for line in rule.unless:
        case = spare(line, case)
    return case


def is_taken(rule: Rule, limits: Mapping[str, list[Line]]) -> bool:
    """Whether a limit is on how long the drug was taken: then it is no new order, and only more days decide."""
    lines = [line for listed in limits.values() for line in listed if line.drug and line.fact == SO_FAR]
    rises = all(line.operator in RISES for line in lines)
    if lines and not (rises and rule.scope is Scope.ORDER and "patient-view" in rule.hooks):
        raise NeedsAPerson
    return bool(lines)


def can_write(lines: list[Line]) -> bool:
    """Whether an example's sig can say what these lines of a drug compare."""
    fact = lines[0].fact
    return fact in DRUG_PARTS and all(line.unit == CATALOGUE[fact].unit for line in lines)


def name_of(condition: object) -> str:
    """The fact of a line as the rule writes it; nothing for a group."""
    if not isinstance(condition, Line):
        return ""
    return f"{condition.drug}.{condition.fact}" if condition.drug else condition.fact


def points(lines: list[Line]) -> list[float]:
    """Each limit, and one step of its last decimal below and above it."""
    found: set[float] = set()
    for line in lines:
        ends = line.operand if isinstance(line.operand, tuple) else (line.operand,)
        for end in ends:
            exact = Decimal(f"{end:g}") if isinstance(end, float) else Decimal(0)
            step = Decimal(10) ** min(0, int(exact.as_tuple().exponent))
            found |= {float(exact - step), float(exact), float(exact + step)}
    return sorted(value for value in found if value >= 0)


def holds(line: Line, value: float) -> bool:
    return bool(HOLDS[line.operator](value, line.operand))
