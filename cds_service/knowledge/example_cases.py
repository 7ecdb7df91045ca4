"""A derived example in the making, and how it is written down as a document."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from cds_service.knowledge.rules import Rule, Side, ValueSet
from cds_service.knowledge.value_sets import SYSTEMS
from cds_service.terminology.products import Route, Terminology

# How a drug's fact is written after its name in an example.
DRUG_PARTS: Mapping[str, str] = {
    "daily_dose": "{:g} mg/day",
    "total_daily_dose": "{:g} mg/day",
    "single_dose": "{:g} mg",
    "times_per_day": "{:g}/day",
    "duration_days": "for {:g} days",
    "days_on": "started {:g} days ago",
}
PRODUCTS = 200  # looked through for one in the right form


class NeedsAPerson(Exception):
    """The rule has a shape from which no example can be derived; its author writes them."""


@dataclass(frozen=True, slots=True)
class Case:
    """One derived example in the making. `numbers` are by fact as the rule names it; `chart` is all else.

    `said` stands after the name of the first drug ("renewal"), `unread` are lists that were not sent. The first drug is
    ordered, or `taken` already; `alone` leaves the partner of a pair out.
    """

    numbers: Mapping[str, float] = field(default_factory=dict)
    chart: Mapping[str, Any] = field(default_factory=dict)
    drugs: tuple[str, ...] = ()
    said: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()
    taken: bool = False
    alone: bool = False


def write_example(
    rule: Rule, name: str, case: Case, outcome: str, units: Mapping[str, str | None], terminology: Terminology
) -> dict[str, Any]:
    """The example as a document. `units` are by fact as the rule names it."""
    barred: frozenset[str] = frozenset()
    written = []
    for side in rule.sides:
        text, ingredient = write_drug(
            side, case.numbers, barred if rule.different_ingredients else frozenset(), terminology
        )
        barred |= {ingredient}
        written.append(text)
    if written:
        written[0] = ", ".join((written[0], *case.said))
    if case.alone:
        del written[1:]
    ordered = 0 if case.taken else 1
    values = {fact: {"value": value, "unit": units[fact]} for fact, value in case.numbers.items() if "." not in fact}
    return {
        "name": f"derived: {name}",
        "order": written[:ordered],
        "drugs": [*written[ordered:], *case.drugs],
        "unread": list(case.unread),
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
