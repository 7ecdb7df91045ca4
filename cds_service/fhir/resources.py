"""The parts of FHIR R4 resources (and STU3 dosage shapes) that this service reads, as msgspec structs.

Every member is optional and unknown members are skipped. `lenient.py` decodes strictly first and, where a resource
does not fit, again member by member, so that one odd member never loses a resource; members that had to be dropped
are named in `odd`. Members under an STU3 or R5 name are moved to the R4 one by `versions.py`; read only that.
"""

import msgspec


class Part(msgspec.Struct, frozen=True, kw_only=True, rename="camel", gc=False):
    """Base of all parts: immutable, camelCase on the wire."""


class Coding(Part, frozen=True):
    system: str | None = None
    code: str | None = None
    display: str | None = None


class CodeableConcept(Part, frozen=True):
    coding: tuple[Coding, ...] = ()
    text: str | None = None


class Reference(Part, frozen=True):
    reference: str | None = None
    display: str | None = None


class Quantity(Part, frozen=True):
    value: float | None = None
    comparator: str | None = None
    unit: str | None = None
    system: str | None = None
    code: str | None = None


class Range(Part, frozen=True):
    low: Quantity | None = None
    high: Quantity | None = None


class Ratio(Part, frozen=True):
    numerator: Quantity | None = None
    denominator: Quantity | None = None


class Period(Part, frozen=True):
    start: str | None = None
    end: str | None = None


class Repeat(Part, frozen=True):
    bounds_duration: Quantity | None = None
    bounds_period: Period | None = None
    frequency: float | None = None
    frequency_max: float | None = None
    period: float | None = None
    period_unit: str | None = None
    count: float | None = None
    when: tuple[str, ...] = ()
    time_of_day: tuple[str, ...] = ()
    day_of_week: tuple[str, ...] = ()


class Timing(Part, frozen=True):
    code: CodeableConcept | None = None
    repeat: Repeat | None = None
    event: tuple[str, ...] = ()


class DoseAndRate(Part, frozen=True):
    dose_quantity: Quantity | None = None
    dose_range: Range | None = None
    rate_quantity: Quantity | None = None


class Dosage(Part, frozen=True):
    """R4 `Dosage`; `dose_quantity`, `dose_range` and `max_dose_per_period` as STU3 puts them are read too."""

    sequence: int | None = None
    text: str | None = None
    patient_instruction: str | None = None
    timing: Timing | None = None
    as_needed_boolean: bool | None = None
    as_needed_codeable_concept: CodeableConcept | None = None
    route: CodeableConcept | None = None
    dose_and_rate: tuple[DoseAndRate, ...] = ()
    dose_quantity: Quantity | None = None
    dose_range: Range | None = None
    max_dose_per_period: Ratio | None = None
    max_dose_per_administration: Quantity | None = None


class DispenseRequest(Part, frozen=True):
    validity_period: Period | None = None


class MedicationIngredient(Part, frozen=True):
    item_codeable_concept: CodeableConcept | None = None
    item_reference: Reference | None = None
    strength: Ratio | None = None


class Resource(Part, frozen=True):
    """Base of all resources read. `odd` names members that were present but could not be used."""

    resource_type: str = ""
    id: str | None = None
    odd: tuple[str, ...] = msgspec.field(name="(odd)", default=())  # no FHIR member can have this name


class CodeableReference(Part, frozen=True):
    """R5's "a code or a reference"."""

    concept: CodeableConcept | None = None
    reference: Reference | None = None


class Medication(Resource, frozen=True):
    code: CodeableConcept | None = None
    form: CodeableConcept | None = None
    ingredient: tuple[MedicationIngredient, ...] = ()


class MedicationRequest(Resource, frozen=True):
    status: str | None = None
    intent: str | None = None
    do_not_perform: bool | None = None
    category: tuple[CodeableConcept, ...] = ()
    medication_codeable_concept: CodeableConcept | None = None
    medication_reference: Reference | None = None
    subject: Reference | None = None
    encounter: Reference | None = None
    authored_on: str | None = None
    reported_boolean: bool | None = None
    requester: Reference | None = None
    prior_prescription: Reference | None = None
    based_on: tuple[Reference, ...] = ()
    dosage_instruction: tuple[Dosage, ...] = ()
    dispense_request: DispenseRequest | None = None
    contained: tuple[Medication, ...] = ()  # whatever is contained: look at resource_type
    medication: CodeableReference | None = None  # R5


class MedicationStatement(Resource, frozen=True):
    status: str | None = None
    medication_codeable_concept: CodeableConcept | None = None
    medication_reference: Reference | None = None
    subject: Reference | None = None
    effective_date_time: str | None = None
    effective_period: Period | None = None
    date_asserted: str | None = None
    based_on: tuple[Reference, ...] = ()
    dosage: tuple[Dosage, ...] = ()
    contained: tuple[Medication, ...] = ()  # whatever is contained: look at resource_type
    medication: CodeableReference | None = None  # R5
    taken: str | None = None  # STU3: y, n, unk, na


class Reaction(Part, frozen=True):
    substance: CodeableConcept | None = None
    manifestation: tuple[CodeableConcept, ...] = ()
    severity: str | None = None
    description: str | None = None


class AllergyIntolerance(Resource, frozen=True):
    clinical_status: CodeableConcept | None = None
    verification_status: CodeableConcept | None = None
    type: str | None = None
    category: tuple[str, ...] = ()
    criticality: str | None = None
    code: CodeableConcept | None = None
    patient: Reference | None = None
    recorded_date: str | None = None
    asserted_date: str | None = None  # STU3
    reaction: tuple[Reaction, ...] = ()


class Condition(Resource, frozen=True):
    clinical_status: CodeableConcept | None = None
    verification_status: CodeableConcept | None = None
    code: CodeableConcept | None = None
    subject: Reference | None = None
    onset_date_time: str | None = None
    abatement_date_time: str | None = None
    abatement_boolean: bool | None = None  # STU3
    recorded_date: str | None = None
    asserted_date: str | None = None  # STU3
    encounter: Reference | None = None


class ObservationComponent(Part, frozen=True):
    code: CodeableConcept | None = None
    value_quantity: Quantity | None = None
    value_codeable_concept: CodeableConcept | None = None
    value_string: str | None = None
    data_absent_reason: CodeableConcept | None = None


class ReferenceRange(Part, frozen=True):
    low: Quantity | None = None
    high: Quantity | None = None
    type: CodeableConcept | None = None


class Extension(Part, frozen=True):
    url: str = ""
    value_codeable_concept: CodeableConcept | None = None


class Observation(Resource, frozen=True):
    extension: tuple[Extension, ...] = ()
    status: str | None = None
    code: CodeableConcept | None = None
    subject: Reference | None = None
    effective_date_time: str | None = None
    effective_instant: str | None = None
    effective_period: Period | None = None
    issued: str | None = None
    value_quantity: Quantity | None = None
    value_codeable_concept: CodeableConcept | None = None
    value_string: str | None = None
    value_boolean: bool | None = None
    value_integer: int | None = None
    value_date_time: str | None = None
    data_absent_reason: CodeableConcept | None = None
    component: tuple[ObservationComponent, ...] = ()
    reference_range: tuple[ReferenceRange, ...] = ()


class Patient(Resource, frozen=True):
    birth_date: str | None = None
    gender: str | None = None
    deceased_boolean: bool | None = None
    deceased_date_time: str | None = None


class Procedure(Resource, frozen=True):
    status: str | None = None
    code: CodeableConcept | None = None
    subject: Reference | None = None
    performed_date_time: str | None = None
    performed_period: Period | None = None
    not_done: bool | None = None  # STU3


class ServiceRequest(Resource, frozen=True):
    status: str | None = None
    intent: str | None = None
    code: CodeableConcept | None = None
    subject: Reference | None = None
    authored_on: str | None = None


class Immunization(Resource, frozen=True):
    """As a draft: a vaccination that is about to be given."""

    status: str | None = None
    vaccine_code: CodeableConcept | None = None
    patient: Reference | None = None


class OtherResource(Resource, frozen=True):
    """A resource of a type no rule reads; kept so that a draft of that type is never lost."""

    status: str | None = None
    subject: Reference | None = None
    patient: Reference | None = None


class Issue(Part, frozen=True):
    severity: str | None = None
    code: str | None = None


class OperationOutcome(Resource, frozen=True):
    issue: tuple[Issue, ...] = ()
