"""What was told about a patient before, and what became of it: a value that a call is decided from."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from enum import StrEnum
from operator import add
from typing import Any

import msgspec

from cds_service.chart.chart import Chart
from cds_service.chart.facts import Fact, Known
from cds_service.knowledge.rules import Indicator, Rule
from cds_service.presenting.quiet import is_unwritten

PRODUCTS = "products"


class Became(StrEnum):
    """What became of a finding that was shown; the value is the reason that the record gives for not saying it again.

    `SEEN` was shown while the drug was being picked, to a client that wants it said once.
    """

    OVERRIDDEN = "overridden before"
    ACTED_ON = "already acted on"
    SEEN = "said while the drug was picked"


class Remembered(msgspec.Struct, frozen=True, omit_defaults=True):
    """One finding as it was when somebody decided about it.

    `at` is when that was, `decision_id` the call that showed it. `ingredients` are the RXCUIs that matched, `grade` is
    a place in the rule of that `version`, `skipped` are the grades that could not be proven. `numbers` are the
    patient's values that the rule names. `doses` are amounts of the ingredients, by kind and unit (`5640 daily mg/d`,
    `5640 products`); `unwritten` are those whose dosage was still to be written. `ordered` is, for `ACTED_ON`, what was
    added: the codes and texts of each order.
    """

    rule: str
    version: str
    ingredients: tuple[str, ...]
    became: Became
    at: datetime
    decision_id: str
    indicator: Indicator
    grade: int | None = None
    skipped: tuple[int, ...] = ()
    numbers: Mapping[str, float] = {}
    doses: Mapping[str, float] = {}
    unwritten: tuple[str, ...] = ()
    ordered: tuple[tuple[str, ...], ...] = ()


class Memory(msgspec.Struct, frozen=True, omit_defaults=True):
    """What is remembered of one patient for the caller at `at`; `at` None: nobody asked, or nobody could tell."""

    at: datetime | None = None
    told: tuple[Remembered, ...] = ()


NO_MEMORY = Memory()


def numbers_of(rule: Rule, chart: Chart) -> dict[str, float]:
    """The patient's values that the rule names and that are numbers."""
    numbers = {name: number_in(chart.value(name)) for name in sorted(rule.facts)}
    return {name: number for name, number in numbers.items() if number is not None}


def number_in(fact: Fact[Any]) -> float | None:
    value = fact.value if isinstance(fact, Known) else None
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def doses_of(ingredients: Iterable[str], chart: Chart) -> dict[str, float]:
    """How much the patient takes of each ingredient, the drafts included, and in how many products.

    An amount that is only known to be at least so much stands under a name of its own.
    """
    doses: dict[str, float] = {}
    for ingredient in ingredients:
        drugs = [drug for drug in chart.drugs if ingredient in drug.ingredient_rxcuis]
        doses[f"{ingredient} {PRODUCTS}"] = len(drugs)
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
