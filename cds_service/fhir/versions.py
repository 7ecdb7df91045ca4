"""Members that STU3 and R5 name differently, moved to where R4 has them. DSTU2 is refused."""

from collections.abc import Callable
from typing import Any

from msgspec.structs import replace

from cds_service.errors import NothingToWorkWith
from cds_service.fhir.resources import (
    AllergyIntolerance,
    Condition,
    MedicationRequest,
    MedicationStatement,
    Procedure,
    Resource,
)

DSTU2_ORDERS = frozenset({"MedicationOrder", "DiagnosticOrder", "DeviceUseRequest"})
"""Order types that only FHIR DSTU2 has."""


def refuse_dstu2(resource_type: str, has_intent: bool = True) -> None:
    """Raise `NothingToWorkWith` for an order that only a DSTU2 client sends (digest G-27).

    STU3 has ProcedureRequest too, but there `intent` is mandatory and in DSTU2 it does not exist.
    """
    if resource_type in DSTU2_ORDERS or (resource_type == "ProcedureRequest" and not has_intent):
        raise NothingToWorkWith(("resources in FHIR R4 or STU3",), f"the caller speaks FHIR DSTU2 ({resource_type})")


def name_medication(resource: Any) -> Any:
    """R5 `medication` {concept, reference} to R4 `medication[x]`."""
    if resource.medication is None:
        return resource
    return replace(
        resource,
        medication_codeable_concept=resource.medication_codeable_concept or resource.medication.concept,
        medication_reference=resource.medication_reference or resource.medication.reference,
    )


def name_statement(resource: Any) -> Any:
    """STU3 `taken` n to R4 status not-taken: a drug the patient says is not taken must not count."""
    resource = name_medication(resource)
    return replace(resource, status="not-taken") if resource.taken == "n" else resource


def name_recorded_date(resource: Any) -> Any:
    """STU3 `assertedDate` to R4 `recordedDate`."""
    if resource.asserted_date is None or resource.recorded_date is not None:
        return resource
    return replace(resource, recorded_date=resource.asserted_date)


def name_not_done(resource: Any) -> Any:
    """STU3 `notDone` to R4 status not-done."""
    return replace(resource, status="not-done") if resource.not_done else resource


MOVES: dict[type[Resource], Callable[[Any], Any]] = {
    MedicationRequest: name_medication,
    MedicationStatement: name_statement,
    AllergyIntolerance: name_recorded_date,
    Condition: name_recorded_date,
    Procedure: name_not_done,
}
