"""Derives examples for a row of a table: both sides of every limit, and every value missing."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from cds_service.chart.catalogue import CATALOGUE
from cds_service.knowledge.conditions import DRUG_LISTS
from cds_service.knowledge.rules import Condition, Group, Line, Operator, Rule, Scope, Side, ValueSet
from cds_service.knowledge.value_sets import SYSTEMS
from cds_service.terminology.products import Route, Terminology

# How a drug's fact is written after its name in an example.
DRUG_PARTS: Mapping[str, str] = {
    "daily_dose": "{:g} mg/day",
    "total_daily_dose": "{:g} mg/day",
    "single_dose": "{:g} mg",
    "times_per_day": "{:g}/day",
    "duration_days": "for {:g} days",
}
PRODUCTS = 200  # looked through for one in the right form
HOLDS: Mapping[Operator, Any] = {
    Operator.BELOW: lambda value, limit: value < limit,
    Operator.AT_MOST: lambda value, limit: value <= limit,
    Operator.AT_LEAST: lambda value, limit: value >= limit,
    Operator.ABOVE: lambda value, limit: value > limit,
    Operator.BETWEEN: lambda value, ends: ends[0] <= value <= ends[1],
}


class NeedsAPerson(Exception):
    """The rule has a shape from which no example can be derived; its author writes them."""


@dataclass(frozen=True, slots=True)
class Case:
    """One derived example in the making. `numbers` are by fact as the rule names it; `chart` is all else."""

    numbers: Mapping[str, float]
    chart: Mapping[str, Any] = field(default_factory=dict)
    drugs: tuple[str, ...] = ()


def derive_examples(rule: Rule, terminology: Terminology) -> list[dict[str, Any]]:
    """Example documents as an author would write them; empty when the rule needs a person for that."""
    try:
        return list(derive(rule, terminology))
    except NeedsAPerson:
        return []


def derive(rule: Rule, terminology: Terminology) -> Iterator[dict[str, Any]]:
    limits = collect_limits(rule)
    case = base_case(rule, limits, terminology)
    yield write_example(rule, "everything holds", case, "fires", terminology)
    for name, lines in limits.items():
        for value in points(lines):
            outcome = "fires" if all(holds(line, value) for line in lines) else "silent"
            beside = replace(case, numbers={**case.numbers, name: value})
            yield write_example(rule, f"{name} {value:g}", beside, outcome, terminology)
        without = replace(case, numbers={other: value for other, value in case.numbers.items() if other != name})
        yield write_example(rule, f"{name} not known", without, when_missing(lines), terminology)
    if rule.scope is Scope.PAIR:
        alone = write_example(rule, "the other drug is not there", case, "silent", terminology)
        yield {**alone, "drugs": list(case.drugs)}
        unread = write_example(rule, "the medication list was not sent", case, "undetermined", terminology)
        yield {**unread, "drugs": [], "unread": ["medications"]}


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
    chart: dict[str, Any] = {}
    drugs: list[str] = []
    for line in (line for line in conditions_of(rule) if name_of(line) not in limits):
        settle_true(line, chart, drugs, terminology)
    for line in rule.unless:
        settle_false(line, chart)
    return Case(numbers, chart, tuple(drugs))


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


def when_missing(lines: list[Line]) -> str:
    """What the rule must say when the value of these lines is not known."""
    assumed = {line.if_missing for line in lines}
    if False in assumed:
        return "silent"
    return "undetermined" if None in assumed else "fires"


def settle_true(condition: object, chart: dict[str, Any], drugs: list[str], terminology: Terminology) -> None:
    """Make one line hold that compares no number."""
    if is_assumed_not(condition) or asks_for_a_new_order(condition):
        return
    if not isinstance(condition, Line) or condition.drug:
        raise NeedsAPerson
    if condition.operator is Operator.IS:
        chart[condition.fact] = condition.operand
    elif condition.operator is Operator.ANY_IN and isinstance(condition.operand, tuple):
        chart[condition.fact] = condition.operand[0]
    elif condition.operator is Operator.ANY_IN and condition.value_set:
        member = name_member(condition.value_set, terminology)
        if condition.fact in DRUG_LISTS:
            drugs.append(member)
        else:
            chart.setdefault(condition.fact, []).append(member)
    elif condition.operator is not Operator.NONE_IN or condition.value_set is None:
        raise NeedsAPerson


def is_assumed_not(condition: object) -> bool:
    """Whether this is `not` over one line that counts as false while its fact is missing."""
    if not isinstance(condition, Group) or condition.kind != "not":
        return False
    (inner,) = condition.members
    return isinstance(inner, Line) and inner.if_missing is False


def asks_for_a_new_order(condition: object) -> bool:
    """Whether this is the line that a derived order, which renews nothing, makes true by itself."""
    return isinstance(condition, Line) and condition.fact == "is_new" and condition.operand is True


def settle_false(condition: object, chart: dict[str, Any]) -> None:
    """Make one line of `unless` fail: the opposite of a yes or no, an empty list."""
    if not isinstance(condition, Line) or condition.drug:
        raise NeedsAPerson
    if condition.operator is Operator.IS and isinstance(condition.operand, bool):
        chart[condition.fact] = not condition.operand
    elif condition.operator is not Operator.ANY_IN or condition.value_set is None:
        raise NeedsAPerson


def name_member(value_set: ValueSet, terminology: Terminology) -> str:
    """One member as an example writes it: an ingredient's name, else `system:code`."""
    if value_set.ingredients:
        return name_ingredient(value_set.ingredients, terminology)
    code, uri = min((code, uri) for uri, code in (*value_set.codes, *value_set.prefixes))
    return next((f"{system}:{code}" for system, known in SYSTEMS.items() if known == uri), code)


def name_ingredient(ingredients: frozenset[str], terminology: Terminology) -> str:
    """The first ingredient whose name leads back to it."""
    for code in sorted(ingredients, key=lambda code: (len(code), code)):
        name = terminology.ingredient_name(code)
        product = terminology.by_name(name) if name else None
        if name and product and product.rxcui == code:
            return name
    raise NeedsAPerson


def write_example(rule: Rule, name: str, case: Case, outcome: str, terminology: Terminology) -> dict[str, Any]:
    """The example as a document."""
    units = {name_of(line): line.unit for line in conditions_of(rule) if isinstance(line, Line)}
    taken: frozenset[str] = frozenset()
    written = []
    for side in rule.sides:
        text, ingredient = write_drug(
            side, case.numbers, taken if rule.different_ingredients else frozenset(), terminology
        )
        taken |= {ingredient}
        written.append(text)
    values = {fact: {"value": value, "unit": units[fact]} for fact, value in case.numbers.items() if "." not in fact}
    return {
        "name": f"derived: {name}",
        "order": written[:1],
        "drugs": [*written[1:], *case.drugs],
        "chart": {**case.chart, **values},
        "expect": {"outcome": outcome},
        "derived": True,
    }


def write_drug(
    side: Side, numbers: Mapping[str, float], taken: frozenset[str], terminology: Terminology
) -> tuple[str, str]:
    """A drug that stands on this side, with the dose that the numbers ask for, and its ingredient's name."""
    barred = frozenset(code for code in side.ingredients if terminology.ingredient_name(code) in taken)
    ingredient = name_ingredient(side.ingredients - barred, terminology)
    route = Route.SYSTEMIC if not side.routes or Route.SYSTEMIC in side.routes else min(side.routes)
    parts = [
        DRUG_PARTS[name.partition(".")[2]].format(value)
        for name, value in numbers.items()
        if name.startswith(f"{side.name}.")
    ]
    if side.forms or side.not_forms:
        return ", ".join((name_product(side, ingredient, terminology), *parts)), ingredient
    return ", ".join((ingredient, route.value, *parts)), ingredient


def name_product(side: Side, ingredient: str, terminology: Terminology) -> str:
    """The first product that holds the ingredient alone in a form and by a route that the side asks for."""
    for product in terminology.search(ingredient, limit=PRODUCTS):
        alone = [each.name for each in product.ingredients] == [ingredient]
        fits = product.dose_form and (not side.forms or product.dose_form in side.forms)
        routed = not side.routes or product.route in side.routes
        if alone and fits and routed and product.dose_form not in side.not_forms and "," not in product.name:
            return product.name
    raise NeedsAPerson
