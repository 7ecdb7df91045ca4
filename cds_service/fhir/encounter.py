"""The parts of an Encounter that are read; see `resources.py`."""

import msgspec

from cds_service.fhir.resources import CodeableConcept, Coding, Part, Period, Reference, Resource


class Hospitalization(Part, frozen=True):
    admit_source: CodeableConcept | None = None
    discharge_disposition: CodeableConcept | None = None


class EncounterDiagnosis(Part, frozen=True):
    condition: Reference | None = None
    rank: int | None = None


class Encounter(Resource, frozen=True):
    status: str | None = None
    class_: Coding | None = msgspec.field(name="class", default=None)
    type: tuple[CodeableConcept, ...] = ()
    subject: Reference | None = None
    period: Period | None = None
    priority: CodeableConcept | None = None
    hospitalization: Hospitalization | None = None
    diagnosis: tuple[EncounterDiagnosis, ...] = ()
