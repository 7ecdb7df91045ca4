"""Small builders of what a call received about one patient, for tests of the chart's values."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from cds_service.chart.drugs import Coded, Problem
from cds_service.chart.facts import Items, Unrecognised
from cds_service.fhir.encounter import Encounter
from cds_service.fhir.received import KeyResult, Reason, Received
from cds_service.fhir.resources import Observation, Patient, Resource

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
ZONE = ZoneInfo("America/New_York")
LOINC = "http://loinc.org"
UCUM = "http://unitsofmeasure.org"
SNOMED = "http://snomed.info/sct"
ICD_10_CM = "http://hl7.org/fhir/sid/icd-10-cm"
PATIENT_ID = "p1"


def days_ago(days: float) -> str:
    return (NOW - timedelta(days=days)).isoformat()


def concept(code: str, system: str = LOINC) -> dict[str, Any]:
    return {"coding": [{"system": system, "code": code}]}


def quantity(value: float | None, unit: str | None, comparator: str | None = None) -> dict[str, Any]:
    return {"value": value, "unit": unit, "code": unit, "system": UCUM, "comparator": comparator}


def observation(code: str, value: float | None = None, unit: str | None = None, days: float = 1, **more: Any) -> Any:
    """A final result `days` before NOW; `more` are members as on the wire."""
    plain: dict[str, Any] = {
        "resourceType": "Observation",
        "id": more.pop("id", f"{code}-{days}"),
        "status": "final",
        "code": concept(code, more.pop("code_system", LOINC)),
        "subject": {"reference": f"Patient/{PATIENT_ID}"},
        "effectiveDateTime": days_ago(days),
    }
    if value is not None:
        plain["valueQuantity"] = quantity(value, unit, more.pop("comparator", None))
    return msgspec.convert({**plain, **more}, Observation)


def whole(*resources: Resource, **more: Any) -> KeyResult:
    """A key that was read to its end."""
    return KeyResult(resources, complete=True, reason=None, **more)


def partial(reason: Reason, *resources: Resource, **more: Any) -> KeyResult:
    return KeyResult(resources, complete=False, reason=reason, **more)


def patient(birth_date: str | None = "1960-05-17", gender: str | None = "male", **more: Any) -> Patient:
    plain = {"resourceType": "Patient", "id": PATIENT_ID, "birthDate": birth_date, "gender": gender, **more}
    return msgspec.convert(plain, Patient)


def encounter(code: str | None, **more: Any) -> Encounter:
    plain = {"resourceType": "Encounter", "id": "e1", "status": "in-progress", **more}
    return msgspec.convert({**plain, "class": {"code": code}} if code else plain, Encounter)


def received(**keys: KeyResult) -> Received:
    return Received(PATIENT_ID, prefetch={"patient": whole(patient()), **keys})


def problem(code: str, system: str = SNOMED, days: float | None = 10, active: bool = True) -> Problem:
    onset = None if days is None else NOW - timedelta(days=days)
    return Problem(f"Condition/{code}", code, (Coded(system, code),), active, onset)


def problems(*items: Problem, unrecognised: str = "") -> Items[Problem]:
    """A problem list that was read whole."""
    texts = (Unrecognised(unrecognised),) if unrecognised else ()
    return Items(items, texts, complete=True, reason=None)
