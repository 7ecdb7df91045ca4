"""Drafts that renew an active medication: the renewal takes its place, so the drug is on the chart once."""

from collections.abc import Callable

import msgspec
from msgspec.structs import replace

from cds_service.chart.doses import compare
from cds_service.chart.drugs import Drug
from cds_service.chart.facts import Items
from cds_service.chart.medications import ActiveList
from cds_service.chart.merging import same_content
from cds_service.chart.orders import DraftList

UNKNOWN_CHANGE = "unknown"


class Continued(msgspec.Struct, frozen=True):
    """Orders that know what they continue, the medications without those, and these by the draft's reference."""

    orders: Items[Drug]
    medications: Items[Drug]
    continued: dict[str, Drug]
    notes: tuple[str, ...] = ()


def continue_medications(drafts: DraftList, active: ActiveList) -> Continued:
    """Pair each draft with the medication it continues.

    A draft continues a medication when it has the same id, names it as its prior prescription or basis, or holds the
    same ingredients in the same strength and form; one medication is continued by one draft only. A medication that a
    draft of this call withdraws leaves the list.
    """
    withdrawn = {active.same_as.get(reference, reference) for reference in drafts.withdrawn}
    waiting = {drug.reference: drug for drug in active.medications.items if drug.reference not in withdrawn}
    continued: dict[str, Drug] = {}
    for find in (_named(drafts, active), _alike):
        for order in drafts.orders.items:
            medication = find(order, waiting) if order.reference not in continued else None
            if medication:
                continued[order.reference] = waiting.pop(medication.reference)
    orders = tuple(_renewing(order, continued.get(order.reference)) for order in drafts.orders.items)
    named = {reference for references in drafts.earlier.values() for reference in references} | drafts.withdrawn
    return Continued(
        orders=replace(drafts.orders, items=orders),
        medications=replace(
            active.medications,
            items=tuple(waiting.values()),
            unrecognised=tuple(item for item in active.medications.unrecognised if item.reference not in named),
        ),
        continued=continued,
        notes=tuple(
            f"{drug.reference} is withdrawn by a draft"
            for drug in active.medications.items
            if drug.reference in withdrawn
        ),
    )


Find = Callable[[Drug, dict[str, Drug]], Drug | None]


def _named(drafts: DraftList, active: ActiveList) -> Find:
    def find(order: Drug, waiting: dict[str, Drug]) -> Drug | None:
        references = (active.same_as.get(each, each) for each in drafts.earlier.get(order.reference, ()))
        return next((waiting[reference] for reference in references if reference in waiting), None)

    return find


def _alike(order: Drug, waiting: dict[str, Drug]) -> Drug | None:
    """The same product before another one with the same content."""
    alike = [drug for drug in waiting.values() if same_content(drug, order)]
    return min(alike, key=lambda drug: drug.rxcui != order.rxcui, default=None)


def _renewing(order: Drug, medication: Drug | None) -> Drug:
    if medication is None:
        return order
    same_drug = set(order.ingredient_rxcuis) == set(medication.ingredient_rxcuis)
    change = compare(medication.dose, order.dose) if same_drug else UNKNOWN_CHANGE
    return replace(order, continues=medication.reference, dose_change=change)
