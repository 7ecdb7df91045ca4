"""What was told about a patient before, and what became of it: a value that a call is decided from."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from enum import StrEnum
from operator import add

import msgspec

from cds_service.chart.chart import Chart
from cds_service.chart.facts import Known
from cds_service.knowledge.rules import Condition, Group, Indicator, Rule
from cds_service.presenting.quiet import INDICATORS, is_unwritten
from cds_service.reasoning.conditions import weigh
from cds_service.reasoning.logic import Truth, negate
from cds_service.reasoning.verdicts import Bindings

PRODUCTS = "products"
TRUE = Truth.TRUE


class Became(StrEnum):
    """What became of a finding that was shown; the value is the reason that the record gives for not saying it again.

    `ACTED_ON`: a suggestion of the finding's own rule was accepted that only added orders. `SEEN` was shown while the
    drug was being picked, to a client that wants it said once.
    """

    OVERRIDDEN = "overridden before"
    ACTED_ON = "already acted on"
    SEEN = "said while the drug was picked"


class Remembered(msgspec.Struct, frozen=True, omit_defaults=True):
    """One finding as it was when somebody decided about it.

    `at` is when that was, `decision_id` the call that showed it. `ingredients` are the RXCUIs that matched. `held` are
    the conditions of the rule that held (`grade 0.1`), `unproven` the grades that could not be ruled out. `doses` are
    amounts of the ingredients, by kind and unit (`5640 daily mg/d`, `5640 products`); `unwritten` are those whose
    dosage was still to be written. `ordered` is, for `ACTED_ON`, what was added: the codes and texts of each order.
    """

    rule: str
    ingredients: tuple[str, ...]
    became: Became
    at: datetime
    decision_id: str
    indicator: Indicator
    held: tuple[str, ...] = ()
    unproven: tuple[str, ...] = ()
    doses: Mapping[str, float] = {}
    unwritten: tuple[str, ...] = ()
    ordered: tuple[tuple[str, ...], ...] = ()


class RememberedRisk(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a model said when somebody overrode its card, at `at`; `decision_id` is the call that showed it.

    `results` are the probabilities, points or quantities by outcome, `missing` names what they were computed without.
    """

    model: str
    at: datetime
    decision_id: str
    indicator: Indicator
    results: Mapping[str, float]
    missing: tuple[str, ...] = ()


class Memory(msgspec.Struct, frozen=True, omit_defaults=True):
    """What is remembered of one patient for the caller at `at`; `at` None: nobody asked, or nobody could tell."""

    at: datetime | None = None
    told: tuple[Remembered, ...] = ()
    risks: tuple[RememberedRisk, ...] = ()


NO_MEMORY = Memory()


def held_of(rule: Rule, chart: Chart, bindings: Bindings, as_urgent_as: Indicator = Indicator.INFO) -> tuple[str, ...]:
    """Which of the rule's conditions certainly hold, by their places: grades, and every line in them and in `all`.

    Of the grades only those that make the finding at least `as_urgent_as` this.
    """
    grades = {
        name_grade(place): grade.when
        for place, grade in enumerate(rule.grades)
        if INDICATORS[grade.indicator] <= INDICATORS[as_urgent_as]
    }
    roots = {**grades, **{f"all {place}": condition for place, condition in enumerate(rule.all)}}
    return tuple(place for root, condition in roots.items() for place in holding(root, condition, chart, bindings))


def unproven_of(rule: Rule, chart: Chart, bindings: Bindings) -> tuple[str, ...]:
    """The grades of the rule that may hold and may not, by their places."""
    verdicts = [weigh(grade.when, chart, bindings) for grade in rule.grades]
    return tuple(name_grade(place) for place, verdict in enumerate(verdicts) if verdict.truth is Truth.UNKNOWN)


def name_grade(place: int) -> str:
    return f"grade {place}"


def holding(place: str, condition: Condition, chart: Chart, bindings: Bindings, said: Truth = TRUE) -> Iterator[str]:
    """The place of a condition if it is as `said`, and those of its members; inside a `not` that is the contrary."""
    if weigh(condition, chart, bindings).truth is said:
        yield place
    if isinstance(condition, Group):
        inside = negate(said) if condition.kind == "not" else said
        for number, member in enumerate(condition.members):
            yield from holding(f"{place}.{number}", member, chart, bindings, inside)


def doses_of(ingredients: Iterable[str], chart: Chart) -> dict[str, float]:
    """How much the patient takes of each ingredient, the drafts included, and in how many products.

    An amount that is only known to be at least so much stands under a name of its own.
    """
    doses: dict[str, float] = {}
    for ingredient in ingredients:
        drugs = [drug for drug in chart.drugs if ingredient in drug.ingredient_rxcuis]
        doses[f"{ingredient} {PRODUCTS}"] = float(len(drugs))
        for drug in drugs:
            for kind, amounts, join in (("daily", drug.dose.daily, add), ("single", drug.dose.single, max)):
                fact = amounts.get(ingredient)
                if isinstance(fact, Known):
                    name = f"{ingredient} {kind} {fact.unit}" + (" at least" if fact.at_least else "")
                    doses[name] = join(doses.get(name, 0.0), float(fact.value))
    return doses


def unwritten_of(ingredients: Iterable[str], chart: Chart) -> tuple[str, ...]:
    """The ingredients that are in a draft without a dosage yet."""
    waiting = {rxcui for drug in chart.orders.items if is_unwritten(drug) for rxcui in drug.ingredient_rxcuis}
    return tuple(sorted(waiting.intersection(ingredients)))
