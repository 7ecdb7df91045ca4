"""One request or statement as a drug on the chart, or as something unrecognised that is named."""

from datetime import datetime, timedelta, tzinfo

import msgspec

from cds_service.chart.administration import route_of
from cds_service.chart.doses import read_dose
from cds_service.chart.drugs import Drug
from cds_service.chart.facts import Source, Unrecognised
from cds_service.chart.naming import drug_name
from cds_service.chart.recognise import MedicationOrder, Medications, Vocabulary, recognise
from cds_service.fhir.dates import parse_moment
from cds_service.fhir.received import Draft
from cds_service.fhir.resources import Dosage, MedicationRequest, Period

DATE_ONLY = 10  # characters of YYYY-MM-DD

# HL7 medicationrequest-category: where the order is carried out.
_CARE_SETTINGS = {"inpatient": True, "outpatient": False, "community": False, "discharge": False}


class Setting(msgspec.Struct, frozen=True):
    """What is needed to read any drug of a call: the moment, the site's zone, the words, the Medications around it."""

    now: datetime
    zone: tzinfo
    vocabulary: Vocabulary
    medications: Medications
    inpatient: bool = False


def read_drug(
    order: MedicationOrder, reference: str, authored: datetime | None, setting: Setting, draft: Draft | None = None
) -> tuple[Drug | None, tuple[Unrecognised, ...]]:
    """The drug, if it is recognised, and what of it is not: the whole, or some ingredients of a compound."""
    placed = recognise(order, setting.medications, setting.vocabulary)
    if isinstance(placed, str):
        return None, (Unrecognised(placed, reference),)
    product, dosages = placed.product, dosages_of(order)
    drug = Drug(
        reference=reference,
        name=drug_name(product),
        rxcui=product.rxcui,
        ingredients=product.ingredients,
        dose_form=product.dose_form,
        route=route_of(product, dosages),
        recognised_by=placed.by,
        is_draft=draft is not None,
        status=order.status or "unknown",
        dose=read_dose(dosages, product, Source(reference, authored)),
        authored=authored,
        selected=draft is not None and draft.selected,
        inpatient=_in_hospital(order, setting.inpatient),
        original=draft.original if draft else b"",
    )
    return drug, tuple(Unrecognised(text, reference) for text in placed.left_over)


def dosages_of(order: MedicationOrder) -> tuple[Dosage, ...]:
    return order.dosage_instruction if isinstance(order, MedicationRequest) else order.dosage


def authored_at(order: MedicationOrder, zone: tzinfo) -> datetime | None:
    """When an order was written; for a statement, since when the drug is taken, else when that was said."""
    if isinstance(order, MedicationRequest):
        return parse_moment(order.authored_on, zone)
    start = order.effective_date_time or (order.effective_period.start if order.effective_period else None)
    return parse_moment(start or order.date_asserted, zone)


def ended(period: Period | None, now: datetime, zone: tzinfo) -> bool:
    """Whether a period certainly lies in the past; a bare date includes its whole day."""
    end = parse_moment(period.end, zone) if period and period.end else None
    if end is None or period is None or period.end is None:
        return False
    return end + timedelta(days=1 if len(period.end) <= DATE_ONLY else 0) <= now


def _in_hospital(order: MedicationOrder, by_encounter: bool) -> bool:
    """By the order's own category, else by the encounter of the call."""
    for category in order.category if isinstance(order, MedicationRequest) else ():
        for coding in category.coding:
            if coding.code in _CARE_SETTINGS:
                return _CARE_SETTINGS[coding.code]
    return by_encounter
