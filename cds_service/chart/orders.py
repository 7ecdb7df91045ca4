"""The drafts of a call as orders: what the patient would take if they were signed."""

from collections.abc import Mapping

import msgspec

from cds_service.chart.conditions import PROCEDURE_SYSTEMS, recognised_codes
from cds_service.chart.drug_reading import Setting, authored_at, read_drug
from cds_service.chart.drugs import Drug, ServiceOrdered
from cds_service.chart.facts import Items, Unrecognised
from cds_service.chart.recognise import NAMELESS, CodeMap, MedicationOrder
from cds_service.chart.systems import CVX, LOINC, text_of
from cds_service.fhir.received import Received
from cds_service.fhir.references import relative
from cds_service.fhir.resources import (
    Immunization,
    MedicationRequest,
    MedicationStatement,
    Reference,
    Resource,
    ServiceRequest,
)

WITHDRAWN = frozenset({"cancelled", "completed", "entered-in-error", "stopped", "revoked", "not-taken"})
NOT_GIVEN = frozenset({"not-done", "entered-in-error"})  # an Immunization has no status but these and "completed"
SERVICES = frozenset({"ServiceRequest", "Immunization"})
ORDER_SYSTEMS = PROCEDURE_SYSTEMS | {LOINC, CVX}
NAMELESS_SERVICE = "an order without a name"
DRUG_ORDERS = frozenset({"MedicationRequest", "MedicationStatement", ""})


class DraftList(msgspec.Struct, frozen=True):
    """The drafts that are drug orders. `earlier` holds, by a draft's reference, the references it renews or replaces;
    `withdrawn` are orders that a draft of this call stops."""

    orders: Items[Drug]
    earlier: Mapping[str, tuple[str, ...]]
    withdrawn: frozenset[str]
    notes: tuple[str, ...]


def read_orders(received: Received, setting: Setting) -> DraftList:
    """The drafts that would be taken if they were signed. One withdrawn order names the medication it stops."""
    orders: list[Drug] = []
    unrecognised = [
        Unrecognised(draft.label or NAMELESS, draft.label)
        for draft in received.unreadable_drafts
        if draft.resource_type in DRUG_ORDERS
    ]
    earlier: dict[str, tuple[str, ...]] = {}
    withdrawn: set[str] = set()
    notes: list[str] = []
    for draft in received.drafts:
        order = draft.resource
        if not isinstance(order, MedicationRequest | MedicationStatement):
            continue
        if order.status in WITHDRAWN or (isinstance(order, MedicationRequest) and order.do_not_perform):
            withdrawn.update(_own_reference(order))
            notes.append(f"{draft.reference} is no order to take")
            continue
        drug, unplaced = read_drug(order, draft.reference, authored_at(order, setting.zone), setting, draft)
        unrecognised += unplaced
        notes += [f"{draft.reference}: {member} could not be read" for member in order.odd]
        earlier[draft.reference] = _earlier(order, received)
        if drug:
            orders.append(drug)
    return DraftList(
        Items(tuple(orders), tuple(unrecognised), complete=True, reason=None),
        earlier,
        frozenset(withdrawn),
        tuple(notes),
    )


def read_procedures_ordered(received: Received, code_map: CodeMap) -> Items[ServiceOrdered]:
    """The drafts that order no drug but a test, an image or a vaccination, as far as they are coded.

    One that cannot be read, or is coded in no known system, is unrecognised.
    """
    ordered: list[ServiceOrdered] = []
    unrecognised = [
        Unrecognised(draft.label or NAMELESS_SERVICE, draft.label)
        for draft in received.unreadable_drafts
        if draft.resource_type in SERVICES
    ]
    for draft in received.drafts:
        order = draft.resource
        if isinstance(order, ServiceRequest) and order.status not in WITHDRAWN:
            code = order.code
        elif isinstance(order, Immunization) and order.status not in NOT_GIVEN:
            code = order.vaccine_code
        else:
            continue
        name = text_of(code) or NAMELESS_SERVICE
        codes = recognised_codes(code, ORDER_SYSTEMS, code_map)
        if codes:
            ordered.append(ServiceOrdered(draft.reference, name, codes))
        else:
            unrecognised.append(Unrecognised(name, draft.reference))
    return Items(tuple(ordered), tuple(unrecognised), complete=True, reason=None)


def read_services(received: Received) -> tuple[str, ...]:
    """The codes and texts of the draft ServiceRequests that are not withdrawn, sorted."""
    services = [draft.resource for draft in received.drafts if isinstance(draft.resource, ServiceRequest)]
    codes = [order.code for order in services if order.code and order.status not in WITHDRAWN]
    said = {coding.code for code in codes for coding in code.coding} | {code.text for code in codes}
    return tuple(sorted(each for each in said if each))


def _earlier(order: MedicationOrder, received: Received) -> tuple[str, ...]:
    """The references an order continues by saying so: its own id, its prior prescription, what it is based on."""
    links: list[Reference | None] = [order.prior_prescription] if isinstance(order, MedicationRequest) else []
    links += order.based_on
    urls = {
        **received.draft_urls,
        **(received.prefetch["medications"].urls if "medications" in received.prefetch else {}),
    }
    said = [relative(link.reference, urls) for link in links if link and link.reference]
    return (*_own_reference(order), *said)


def _own_reference(resource: Resource) -> tuple[str, ...]:
    return (f"{resource.resource_type}/{resource.id}",) if resource.id else ()
