"""CDS Hooks requests for tests, one sentence each.

    a_patient("P1").taking("855332", "warfarin").allergic_to("7980", "penicillin G").ordering("197806").order_sign()

Every prefetch key is sent: what is not named was asked for and none is recorded. `without("allergies")` leaves a key
out, `key("allergies", None)` sends what you like. Each step gives a new patient, so a common start can be shared.
The requests are plain dicts, to be bent further; `body()` makes the bytes.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

Json = dict[str, Any]

RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
LOINC = "http://loinc.org"
SNOMED = "http://snomed.info/sct"
UCUM = "http://unitsofmeasure.org"
CLINICAL = "http://terminology.hl7.org/CodeSystem"
HOOK_INSTANCE = "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea"
LISTS = ("medications", "statements", "allergies", "conditions", "labs", "vitals", "genomics", "procedures")


def body(request: Mapping[str, Any]) -> bytes:
    """The request as it goes over the wire."""
    return json.dumps(request).encode()


def bundle(*resources: Json, **members: Any) -> Json:
    """A searchset of these resources; `members` are added to the Bundle (`link=[...]`, `total=3`)."""
    entries = [{"resource": resource, "search": {"mode": "match"}} for resource in resources]
    return {"resourceType": "Bundle", "type": "searchset", "entry": entries, **members}


def coded(system: str, code: str, display: str = "") -> Json:
    """A CodeableConcept with one coding."""
    coding = {"system": system, "code": code, **({"display": display} if display else {})}
    return {"coding": [coding], **({"text": display} if display else {})}


def outcome(code: str = "exception", severity: str = "error") -> Json:
    """An OperationOutcome with one issue."""
    return {"resourceType": "OperationOutcome", "issue": [{"severity": severity, "code": code}]}


def dosage(count: float | None, per_day: float, unit: Json | None = None) -> Json:
    """`count` units (or of `unit`, `{"unit": "mg"}`), `per_day` times a day."""
    timing = {"repeat": {"frequency": per_day, "period": 1, "periodUnit": "d"}}
    quantity = {} if count is None else {"doseAndRate": [{"doseQuantity": {"value": count, **(unit or {})}}]}
    return {"timing": timing, **quantity}


def medication_request(id: str, rxcui: str, name: str = "", status: str = "active", **members: Any) -> Json:
    """A MedicationRequest without a subject; `dose=1, per_day=2` adds a dosage, other members are added as they are."""
    dose, per_day = members.pop("dose", None), members.pop("per_day", None)
    sig = {} if per_day is None else {"dosageInstruction": [dosage(dose, per_day)]}
    return {
        "resourceType": "MedicationRequest",
        "id": id,
        "status": status,
        "intent": "order",
        "medicationCodeableConcept": coded(RXNORM, rxcui, name),
        **sig,
        **members,
    }


def observation(id: str, loinc: str, value: float, unit: str, on: str, **members: Any) -> Json:
    """A final Observation with a UCUM quantity, without a subject."""
    return {
        "resourceType": "Observation",
        "id": id,
        "status": "final",
        "code": coded(LOINC, loinc),
        "effectiveDateTime": on,
        "valueQuantity": {"value": value, "unit": unit, "system": UCUM, "code": unit},
        **members,
    }


@dataclass(frozen=True)
class PatientCase:
    """A patient, what is in the chart, and what is being ordered. Start with `a_patient`."""

    patient: Json
    lists: Mapping[str, tuple[Json, ...]] = field(default_factory=lambda: dict.fromkeys(LISTS, ()))
    drafts: tuple[Json, ...] = ()
    replaced: Mapping[str, Any] = field(default_factory=dict)
    hidden: frozenset[str] = frozenset()
    extension: Mapping[str, Any] = field(default_factory=dict)

    @property
    def id(self) -> str:
        return str(self.patient["id"])

    def taking(self, rxcui: str, name: str = "", **members: Any) -> "PatientCase":
        """An active MedicationRequest (see `medication_request` for `members`)."""
        number = len(self.lists["medications"]) + 1
        resource = medication_request(members.pop("id", f"med{number}"), rxcui, name, **members)
        return self.adding("medications", {"subject": self.reference, **resource})

    def allergic_to(self, code: str, name: str = "", system: str = RXNORM, **members: Any) -> "PatientCase":
        """An active, confirmed AllergyIntolerance."""
        return self.adding(
            "allergies",
            {
                "resourceType": "AllergyIntolerance",
                "id": f"allergy{len(self.lists['allergies']) + 1}",
                "clinicalStatus": coded(f"{CLINICAL}/allergyintolerance-clinical", "active"),
                "verificationStatus": coded(f"{CLINICAL}/allergyintolerance-verification", "confirmed"),
                "type": "allergy",
                "code": coded(system, code, name),
                "patient": self.reference,
                **members,
            },
        )

    def with_condition(self, code: str, name: str = "", system: str = SNOMED, **members: Any) -> "PatientCase":
        """An active, confirmed Condition."""
        return self.adding(
            "conditions",
            {
                "resourceType": "Condition",
                "id": f"condition{len(self.lists['conditions']) + 1}",
                "clinicalStatus": coded(f"{CLINICAL}/condition-clinical", "active"),
                "verificationStatus": coded(f"{CLINICAL}/condition-ver-status", "confirmed"),
                "code": coded(system, code, name),
                "subject": self.reference,
                **members,
            },
        )

    def with_lab(self, loinc: str, value: float, unit: str, on: str, **members: Any) -> "PatientCase":
        """A final laboratory Observation, `on` a FHIR date or dateTime."""
        return self.measuring("labs", loinc, value, unit, on, members)

    def with_vital(self, loinc: str, value: float, unit: str, on: str, **members: Any) -> "PatientCase":
        """A final vital sign Observation, `on` a FHIR date or dateTime."""
        return self.measuring("vitals", loinc, value, unit, on, members)

    def measuring(self, key: str, loinc: str, value: float, unit: str, on: str, members: Json) -> "PatientCase":
        number = len(self.lists[key]) + 1
        measured = observation(members.pop("id", f"{key}{number}"), loinc, value, unit, on, **members)
        return self.adding(key, {"subject": self.reference, **measured})

    def ordering(self, rxcui: str, name: str = "", **members: Any) -> "PatientCase":
        """A draft MedicationRequest (see `medication_request` for `members`)."""
        draft_id = members.pop("id", f"order{len(self.drafts) + 1}")
        resource = medication_request(draft_id, rxcui, name, **{"status": "draft", **members})
        return self.drafting({"subject": self.reference, **resource})

    def drafting(self, resource: Any) -> "PatientCase":
        """Any resource (or anything else) as one more entry of `draftOrders`."""
        return replace(self, drafts=(*self.drafts, resource))

    def adding(self, key: str, resource: Any) -> "PatientCase":
        """Any resource as one more match of a prefetch key."""
        return replace(self, lists={**self.lists, key: (*self.lists.get(key, ()), resource)})

    def without(self, *keys: str) -> "PatientCase":
        """These prefetch keys are not sent."""
        return replace(self, hidden=self.hidden | set(keys))

    def key(self, key: str, value: Any) -> "PatientCase":
        """This prefetch key carries exactly `value`."""
        return replace(self, replaced={**self.replaced, key: value})

    def as_of(self, moment: str) -> "PatientCase":
        """`asOf` of our extension."""
        return replace(self, extension={**self.extension, "asOf": moment})

    def traced(self) -> "PatientCase":
        """`trace` of our extension."""
        return replace(self, extension={**self.extension, "trace": True})

    def order_sign(self, **members: Any) -> Json:
        """The request signing every draft; `members` replace or add members of the request."""
        return self.request("order-sign", {"draftOrders": self.draft_bundle}, members)

    def order_select(self, *selections: str, **members: Any) -> Json:
        """The request picking `selections` (`MedicationRequest/order1`); without any, the last draft."""
        last = [f"{self.drafts[-1]['resourceType']}/{self.drafts[-1]['id']}"] if self.drafts else []
        chosen = {"selections": list(selections) or last, "draftOrders": self.draft_bundle}
        return self.request("order-select", chosen, members)

    def patient_view(self, **members: Any) -> Json:
        return self.request("patient-view", {}, members)

    def encounter_discharge(self, encounter_id: str = "E1", **members: Any) -> Json:
        return self.request("encounter-discharge", {"encounterId": encounter_id}, members)

    @property
    def reference(self) -> Json:
        return {"reference": f"Patient/{self.id}"}

    @property
    def draft_bundle(self) -> Json:
        return {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": each} for each in self.drafts]}

    @property
    def prefetch(self) -> Json:
        """Every key that is sent, the patient first."""
        sent = {"patient": self.patient, **{key: bundle(*found) for key, found in self.lists.items()}, **self.replaced}
        return {key: value for key, value in sent.items() if key not in self.hidden}

    def request(self, hook: str, context: Json, members: Json) -> Json:
        extension = {"extension": {"org.cds-service": dict(self.extension)}} if self.extension else {}
        return {
            "hook": hook,
            "hookInstance": HOOK_INSTANCE,
            "context": {"userId": "Practitioner/example", "patientId": self.id, **context},
            "prefetch": self.prefetch,
            **extension,
            **members,
        }


def a_patient(id: str = "P1", **members: Any) -> PatientCase:
    """A patient of whom nothing else is recorded; `members` replace or add members (`birthDate=...`, `gender=...`)."""
    return PatientCase({"resourceType": "Patient", "id": id, "gender": "female", "birthDate": "1950-06-15", **members})
