"""Which drugs the patient takes.

Kept as taken: orders and statements that are active, on hold or intended, and those whose status nobody can read.
A plan counts only when it reports what the patient takes already (US Core writes self-prescribed drugs so); proposals,
options and orders *not* to give do not. What is dated after now, or certainly over by its own dates, is left out and
noted; a prescription that may no longer be dispensed is kept, for the drug may still be in the house.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime

import msgspec

from cds_service.chart.drug_reading import Setting, authored_at, ended, read_drug
from cds_service.chart.drugs import Drug
from cds_service.chart.facts import Items, Reason, Unrecognised
from cds_service.chart.merging import Record, merge
from cds_service.chart.recognise import MedicationOrder
from cds_service.chart.timings import bounds_of
from cds_service.chart.whose import Own, label, own_resources
from cds_service.fhir.dates import parse_moment
from cds_service.fhir.received import Received
from cds_service.fhir.references import relative
from cds_service.fhir.resources import MedicationRequest, MedicationStatement

NOT_TAKEN = frozenset({"cancelled", "completed", "entered-in-error", "stopped", "draft", "not-taken"})
NOT_ORDERED = frozenset({"proposal", "plan", "option"})

# A `statements` key in one of these states never arrived. Many servers have no MedicationStatement, so the list of
# medications is whole without it.
NEVER_ARRIVED = frozenset({Reason.NOT_SENT, Reason.NOT_REQUESTED, Reason.REFUSED, Reason.TIMED_OUT})


class ActiveList(msgspec.Struct, frozen=True):
    """The active medications. `same_as` maps the reference of a record that was merged to the one that stayed."""

    medications: Items[Drug]
    same_as: Mapping[str, str]
    notes: tuple[str, ...]


def read_medications(received: Received, setting: Setting) -> ActiveList:
    """The active list from requests and statements, each drug once.

    The list is whole when the requests were read whole and the statements, if any arrived, too. Statements that never
    arrived are noted and leave it whole.
    """
    requests = own_resources(received, "medications", MedicationRequest)
    statements = own_resources(received, "statements", MedicationStatement)
    records, unrecognised, notes = _records((requests, statements), setting)
    merged = merge(records)
    arrived = statements.complete or statements.reason not in NEVER_ARRIVED
    if not arrived and "statements" in received.prefetch:
        notes.append(f"medication statements: {statements.reason}")
    weakest = statements if requests.complete and arrived else requests
    items = Items(
        merged.drugs,
        (*unrecognised, *requests.unreadable, *statements.unreadable),
        complete=weakest.complete,
        reason=weakest.reason,
    )
    return ActiveList(items, merged.same_as, (*requests.notes, *statements.notes, *notes, *merged.notes))


def _records(sources: Iterable[Own], setting: Setting) -> tuple[list[Record], list[Unrecognised], list[str]]:
    """Every drug taken, each reference once."""
    records: list[Record] = []
    unrecognised: list[Unrecognised] = []
    notes: list[str] = []
    seen: set[str] = set()
    for own in sources:
        for position, order in enumerate(own.resources, start=1):
            reference = label(order) if order.id else f"{order.resource_type}/unnamed-{position}"
            if reference in seen or not _is_taken(order):
                continue
            seen.add(reference)
            authored = authored_at(order, setting.zone)
            why_not = _left_out(order, authored, setting)
            if why_not:
                notes.append(f"{reference} {why_not}")
                continue
            notes += _remarks(order, reference, setting)
            drug, unplaced = read_drug(order, reference, authored, setting)
            unrecognised += unplaced
            if drug:
                based_on = tuple(relative(link.reference, own.urls) for link in order.based_on if link.reference)
                records.append(Record(drug, based_on, isinstance(order, MedicationStatement)))
    return records, unrecognised, notes


def _is_taken(order: MedicationOrder) -> bool:
    if order.status in NOT_TAKEN:
        return False
    return isinstance(order, MedicationStatement) or not order.do_not_perform


def _is_reported(order: MedicationRequest) -> bool:
    """What the patient or a relative says is taken, rather than what somebody plans to order."""
    requester = (order.requester.reference or "") if order.requester else ""
    return bool(order.reported_boolean) or "Patient/" in requester or "RelatedPerson/" in requester


def _left_out(order: MedicationOrder, authored: datetime | None, setting: Setting) -> str:
    """Why an order with an active status is not on the list all the same; empty if it is."""
    dates = [authored]
    if isinstance(order, MedicationRequest):
        if order.intent in NOT_ORDERED and not (order.intent == "plan" and _is_reported(order)):
            return f"is a {order.intent}"
        periods = [bounds_of(dosage.timing) for dosage in order.dosage_instruction]
    else:
        said = parse_moment(order.date_asserted, setting.zone)
        dates = [said] if order.status == "intended" else [said, authored]
        periods = [order.effective_period]
    if any(moment and moment > setting.now for moment in dates):
        return "is dated after now"
    over = bool(periods) and all(ended(period, setting.now, setting.zone) for period in periods)
    return "is over by its own dates" if over else ""


def _remarks(order: MedicationOrder, reference: str, setting: Setting) -> tuple[str, ...]:
    """What is odd about an order that stays on the list."""
    notes = [f"{reference}: {member} could not be read" for member in order.odd]
    dispensed = order.dispense_request if isinstance(order, MedicationRequest) else None
    if dispensed and ended(dispensed.validity_period, setting.now, setting.zone):
        notes.append(f"{reference} may no longer be dispensed; it is still active")
    return tuple(notes)
