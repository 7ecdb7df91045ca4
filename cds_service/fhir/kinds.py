"""The resource types that are read, by name."""

from cds_service.fhir.encounter import Encounter
from cds_service.fhir.resources import (
    AllergyIntolerance,
    Condition,
    Immunization,
    Medication,
    MedicationRequest,
    MedicationStatement,
    Observation,
    Patient,
    Procedure,
    Resource,
    ServiceRequest,
)

READ: dict[str, type[Resource]] = {
    kind.__name__: kind
    for kind in (
        *(AllergyIntolerance, Condition, Encounter, Immunization, Medication, MedicationRequest),
        *(MedicationStatement, Observation, Patient, Procedure, ServiceRequest),
    )
}
"""Any other type is skipped, or kept as `OtherResource` if it is a draft."""
