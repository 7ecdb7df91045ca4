"""Reads the drugs of an example: `ibuprofen 600 MG Oral Tablet, 1, 3/day`."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import msgspec
from msgspec.structs import replace

from cds_service.chart.drugs import Dose, Drug, RecognisedBy
from cds_service.chart.facts import Fact, Known, Reason, Unknown
from cds_service.knowledge.page import Page, suggest
from cds_service.knowledge.value_sets import BEGINS_ALIKE
from cds_service.terminology.products import Ingredient, Product, Route, Terminology

NUMBER = r"(\d{1,6}(?:\.\d+)?)"
NOT_ZERO = r"([1-9]\d{0,3}(?:\.\d+)?)"
IN_MG: Mapping[str, float] = {"g": 1000, "mg": 1, "ug": 0.001}
HOURS_PER_DAY = 24
DAYS_PER_WEEK = 7


class Sig(msgspec.Struct, frozen=True):
    """What stands after the name of a drug. `amount` and `daily` are a number and a unit."""

    count: float | None = None
    amount: tuple[float, str] | None = None
    daily: tuple[float, str] | None = None
    per_day: float | None = None
    as_needed: bool = False
    days: float | None = None
    started: float | None = None
    route: Route | None = None
    renewal: bool = False
    selected: bool = True


PARTS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], Mapping[str, Any]]], ...] = tuple(
    (re.compile(pattern), read)
    for pattern, read in (
        (NUMBER, lambda found: {"count": float(found[1])}),
        (rf"{NUMBER} ([^\s/]+)/day", lambda found: {"daily": (float(found[1]), found[2])}),
        (rf"{NUMBER} (g|mg|ug|mL|meq|\[IU\])", lambda found: {"amount": (float(found[1]), found[2])}),
        (rf"{NUMBER}/day", lambda found: {"per_day": float(found[1])}),
        (rf"{NUMBER}/week", lambda found: {"per_day": float(found[1]) / DAYS_PER_WEEK}),
        (rf"every {NOT_ZERO} hours?", lambda found: {"per_day": HOURS_PER_DAY / float(found[1])}),
        (rf"every {NOT_ZERO} days?", lambda found: {"per_day": 1 / float(found[1])}),
        (r"as needed", lambda found: {"as_needed": True}),
        (rf"for {NUMBER} days?", lambda found: {"days": float(found[1])}),
        (rf"started {NOT_ZERO} days? ago", lambda found: {"started": float(found[1])}),
        (r"renewal", lambda found: {"renewal": True}),
        (r"not selected", lambda found: {"selected": False}),
        ("|".join(route.value for route in Route), lambda found: {"route": Route(found[0])}),
    )
)


@dataclass(frozen=True, slots=True)
class Written:
    """One drug as an example writes it: its product and what stands after the name."""

    product: Product
    sig: Sig = field(default_factory=Sig)


def read_written(page: Page, where: str, text: str, terminology: Terminology) -> Written | None:
    """The product and sig of one entry; trailing parts that read as a sig are one, the rest is the name."""
    parts = [part.strip() for part in text.split(",")]
    sig = Sig()
    while len(parts) > 1 and (fields := read_part(parts[-1])) is not None:
        sig = replace(sig, **fields)
        parts.pop()
    name = ", ".join(parts)
    product = terminology.by_name(name)
    if product is None:
        alike = {product.name for product in terminology.search(name[:BEGINS_ALIKE], limit=100)}
        page.note(where, f"RxNorm has no drug called {name!r}{suggest(name, alike)}")
        return None
    return Written(product, sig)


def read_part(text: str) -> Mapping[str, Any] | None:
    for pattern, read in PARTS:
        if found := pattern.fullmatch(text):
            return read(found)
    return None


def build_drug(written: Written, reference: str, now: datetime, is_draft: bool) -> Drug:
    """The drug on the chart of an example."""
    product, sig = written.product, written.sig
    return Drug(
        reference=reference,
        name=product.name,
        rxcui=product.rxcui,
        ingredients=product.ingredients,
        dose_form=product.dose_form,
        route=sig.route or product.route,
        recognised_by=RecognisedBy.CODE,
        is_draft=is_draft,
        status="draft" if is_draft else "active",
        dose=build_dose(written),
        authored=now - timedelta(days=sig.started) if sig.started is not None else None,
        selected=is_draft and sig.selected,
        continues=f"{reference}-before" if sig.renewal else None,
        dose_change="same" if sig.renewal else None,
    )


def link_renewals(
    orders: tuple[Drug, ...], drugs: tuple[Drug, ...]
) -> tuple[tuple[Drug, ...], tuple[Drug, ...], dict[str, Drug]]:
    """Orders, drugs and what each order renews: an order for a product already on the list stands in its place."""
    continued: dict[str, Drug] = {}
    linked = []
    for order in orders:
        before = next((drug for drug in drugs if drug.rxcui == order.rxcui), None)
        if order.continues:
            before = replace(order, reference=order.continues, is_draft=False, status="active", continues=None)
        elif before:
            order = replace(order, continues=before.reference, dose_change=compare_doses(before.dose, order.dose))
        if before:
            continued[order.reference] = before
        linked.append(order)
    renewed = {before.reference for before in continued.values()}
    return tuple(linked), tuple(drug for drug in drugs if drug.reference not in renewed), continued


def compare_doses(before: Dose, after: Dose) -> str:
    """How a renewal changes the daily dose, as `Drug.dose_change` puts it."""
    if before == after:
        return "same"
    pairs = [(before.daily[rxcui], after.daily[rxcui]) for rxcui in before.daily]
    changes = [new.value - old.value for old, new in pairs if isinstance(old, Known) and isinstance(new, Known)]
    if len(changes) < len(pairs):
        return "unknown"
    largest = max(changes, key=abs, default=0)
    return "same" if largest == 0 else "increased" if largest > 0 else "decreased"


def build_dose(written: Written) -> Dose:
    """Single dose = count x strength; daily dose = single dose x times a day. What is not written stays unknown."""
    sig = written.sig
    single = {each.rxcui: single_amount(each, sig) for each in written.product.ingredients}
    stated = sig.as_needed or any(part is not None for part in (sig.count, sig.amount, sig.daily, sig.per_day))
    return Dose(
        daily={rxcui: daily_amount(amount, sig) for rxcui, amount in single.items()},
        single=single,
        times_per_day=known(sig.per_day, "/d"),
        duration_days=known(sig.days, "d"),
        as_needed=Known(sig.as_needed) if stated else Unknown(Reason.NOT_RECORDED),
    )


def single_amount(ingredient: Ingredient, sig: Sig) -> Fact[float]:
    """The amount of one ingredient in one administration."""
    if sig.amount and sig.amount[1] != "mL":
        return in_mg(*sig.amount)
    strength = ingredient.strength
    if strength is None:
        return Unknown(Reason.NOT_RECORDED)
    unit, _, per = strength.unit.partition("/")
    if sig.amount:
        return in_mg(sig.amount[0] * strength.value, unit) if per == "mL" else Unknown(Reason.NOT_RECORDED)
    counted = per in ("", "{actuat}")
    # A plain "1/day" means one unit each time, as a sig on a bottle does.
    count = sig.count if sig.count is not None else 1 if sig.per_day is not None else None
    return in_mg(count * strength.value, unit) if counted and count is not None else Unknown(Reason.NOT_RECORDED)


def daily_amount(single: Fact[float], sig: Sig) -> Fact[float]:
    if sig.daily:
        single, times = in_mg(*sig.daily), 1.0
    elif sig.per_day is not None:
        times = sig.per_day
    else:
        return Unknown(Reason.NOT_RECORDED)
    return Known(single.value * times, f"{single.unit}/d") if isinstance(single, Known) else single


def in_mg(value: float, unit: str) -> Known[float]:
    """Masses in mg; international units and equivalents as they are."""
    return Known(value * IN_MG[unit], "mg") if unit in IN_MG else Known(value, unit)


def known(value: float | None, unit: str) -> Fact[float]:
    return Unknown(Reason.NOT_RECORDED) if value is None else Known(value, unit)
