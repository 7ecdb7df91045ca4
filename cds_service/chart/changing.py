"""The chart as it would be if an order were left out, changed or added.

What a suggestion would send is read back by the same readers as a draft from an EHR, so what is verified is what is
offered.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

import msgspec
from msgspec.structs import replace

from cds_service.chart.amounts import Amount, read_amount
from cds_service.chart.chart import Chart
from cds_service.chart.doses import compare, read_dose
from cds_service.chart.drug_reading import Setting, read_drug
from cds_service.chart.drugs import Drug
from cds_service.chart.facts import Items, Source
from cds_service.chart.numbers import tidy
from cds_service.chart.recognise import Medications, Vocabulary
from cds_service.chart.sigs import read_sig, reword
from cds_service.fhir.lenient import decode_resource
from cds_service.fhir.received import Draft
from cds_service.fhir.resources import MedicationRequest, Quantity
from cds_service.terminology.products import Product, Terminology

NO_MOMENT = datetime.min.replace(tzinfo=UTC)  # an order that is not written yet has no date to compare


def without(chart: Chart, drug: Drug) -> Chart:
    """The chart without a draft or an active medication; what the draft renewed is gone with it."""
    return replace(
        chart,
        orders=keep(chart.orders, drug.reference),
        medications=keep(chart.medications, drug.reference),
        continued={reference: each for reference, each in chart.continued.items() if reference != drug.reference},
    )


def keep(drugs: Items[Drug], but: str) -> Items[Drug]:
    return replace(drugs, items=tuple(drug for drug in drugs.items if drug.reference != but))


def with_order(chart: Chart, order: Drug) -> Chart:
    """The chart with one more draft."""
    return replace(chart, orders=replace(chart.orders, items=(*chart.orders.items, order)))


def with_changed(chart: Chart, changed: Drug) -> Chart:
    """The chart with a draft in a new state."""
    items = tuple(changed if drug.reference == changed.reference else drug for drug in chart.orders.items)
    return replace(chart, orders=replace(chart.orders, items=items))


def read_order(resource: bytes, reference: str, terminology: Terminology) -> Drug | None:
    """A created MedicationRequest as the draft it would be, selected; None when it is not recognised."""
    request = decode_resource(msgspec.Raw(resource), MedicationRequest)
    setting = Setting(NO_MOMENT, UTC, Vocabulary(terminology), Medications())
    drug, _ = read_drug(request, reference, None, setting, Draft(reference, request, resource, selected=True))
    return drug


def renew(chart: Chart, old: Drug, new: Drug) -> Chart:
    """The chart with the draft `new` in the place of the draft `old`, renewing what that renewed."""
    before = chart.continued.get(old.reference)
    changed = without(chart, old)
    if before is None:
        return with_order(changed, new)
    new = replace(new, continues=before.reference, dose_change=change_of_dose(before, new))
    return with_order(replace(changed, continued={**changed.continued, new.reference: before}), new)


@dataclass(frozen=True, slots=True)
class Rewritten:
    """A dose as an order has to state it: the number in the order's own unit, and its sentence if it has one."""

    value: float
    words: str | None


def rewrite_dose(drug: Drug, value: float, unit: str) -> Rewritten | None:
    """How the draft would state `value` of `unit` (mg, [IU]...) at a time; None when it cannot be said exactly.

    Of tablets and capsules only whole ones. The sentence and the coded dose must be in one kind of unit.
    """
    instructions = decode_resource(msgspec.Raw(drug.original), MedicationRequest).dosage_instruction
    if len(instructions) != 1 or not instructions[0].dose_and_rate:
        return None
    coded = instructions[0].dose_and_rate[0].dose_quantity
    now, wanted = read_amount(coded), read_amount(Quantity(value=value, unit=unit))
    if coded is None or coded.value is None or not isinstance(now, Amount) or not isinstance(wanted, Amount):
        return None
    factor = now.value / coded.value
    amount = wanted.value if now.unit == wanted.unit else in_units(drug, wanted, now)
    if amount is None:
        return None
    number, text = tidy(amount / factor), instructions[0].text
    return Rewritten(number, reword(text, number) if text and says_alike(text, now) else None)


def says_alike(text: str, coded: Amount) -> bool:
    """Whether a sentence states its amount in the same kind of unit as the coded dose."""
    sig = read_sig(text)
    said = sig.amount.unit if sig and sig.amount else None
    return said == coded.unit or {said, coded.unit} == {"", "count"}


def in_units(drug: Drug, wanted: Amount, now: Amount) -> float | None:
    """A number of whole tablets or capsules that holds the wanted amount of the only ingredient."""
    strength = drug.ingredients[0].strength if len(drug.ingredients) == 1 else None
    if strength is None or strength.unit != wanted.unit or now.unit not in ("", "count"):
        return None
    units = wanted.value / strength.value
    return units if units >= 1 and units.is_integer() else None


def rewrite_frequency(drug: Drug, phrase: str) -> str | None:
    """The draft's sentence with another frequency; None when it has none or it cannot be said exactly."""
    instructions = decode_resource(msgspec.Raw(drug.original), MedicationRequest).dosage_instruction
    text = instructions[0].text if len(instructions) == 1 else None
    return reword(text, frequency=phrase) if text else None


def with_new_dose(chart: Chart, drug: Drug, resource: bytes, terminology: Terminology) -> Drug:
    """A draft with its dose read again from the changed order."""
    request = decode_resource(msgspec.Raw(resource), MedicationRequest)
    product = terminology.by_rxcui(drug.rxcui) or Product(
        drug.rxcui, "", drug.name, drug.ingredients, drug.dose_form, drug.route
    )
    dose = read_dose(request.dosage_instruction, product, Source(drug.reference, drug.authored))
    changed = replace(drug, dose=dose, original=resource)
    before = chart.continued.get(drug.reference)
    return replace(changed, dose_change=change_of_dose(before, changed)) if before else changed


def change_of_dose(before: Drug, after: Drug) -> str:
    """As `Drug.dose_change`: unknown when the drug is another one."""
    if set(before.ingredient_rxcuis) != set(after.ingredient_rxcuis):
        return "unknown"
    return compare(before.dose, after.dose)


def holders(chart: Chart, ingredients: Iterable[str]) -> tuple[Drug, ...]:
    """The drugs on the chart with any of these ingredients."""
    wanted = frozenset(ingredients)
    return tuple(drug for drug in chart.drugs if not wanted.isdisjoint(drug.ingredient_rxcuis))
