"""The patients of the MIMIC-IV demo as an EHR would send them on the last day of their last stay in hospital.

Diagnoses stand under the systems of ICD that MIMIC's own code systems hold, drugs under their name, as a site's code
map would have them. Laboratory values come from the laboratory table, by LOINC.
"""

import csv
import gzip
import json
from collections import defaultdict
from collections.abc import Iterator
from datetime import date, timedelta
from functools import cache
from typing import Any

from smart_app.console.prefetch import answer_templates
from tests.support.shared import SHARED

Json = dict[str, Any]

PATIENTS = SHARED / "data" / "patients"
FOLDER = PATIENTS / "mimic_iv_fhir_demo"
SYSTEMS = {
    "http://mimic.mit.edu/fhir/mimic/CodeSystem/mimic-diagnosis-icd9": "http://hl7.org/fhir/sid/icd-9-cm",
    "http://mimic.mit.edu/fhir/mimic/CodeSystem/mimic-diagnosis-icd10": "http://hl7.org/fhir/sid/icd-10-cm",
}
DRUG_NAME = "http://mimic.mit.edu/fhir/mimic/CodeSystem/mimic-medication-name"
LOINC, UCUM = "http://loinc.org", "http://unitsofmeasure.org"
INPATIENT = {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "IMP"}
"""What every admission of MIMIC is; its class there says how urgent it was."""
LAST_DAYS = timedelta(days=1)


def read_kind(name: str) -> Iterator[Json]:
    with gzip.open(FOLDER / f"Mimic{name}.ndjson.gz", "rt", encoding="utf-8") as file:
        for line in file:
            yield json.loads(line)


def by_patient(*names: str) -> dict[str, list[Json]]:
    found: dict[str, list[Json]] = defaultdict(list)
    for name in names:
        for resource in read_kind(name):
            found[resource["subject"]["reference"]].append(resource)
    return found


@cache
def read_labs() -> dict[str, list[Json]]:
    """Observations of the laboratory table, by patient."""
    found: dict[str, list[Json]] = defaultdict(list)
    with gzip.open(PATIENTS / "mimic_iv_labs" / "labs.csv.gz", "rt", encoding="utf-8", newline="") as file:
        for number, row in enumerate(csv.DictReader(file)):
            if row["loinc"] and row["value"]:
                found[f"Patient/{row['fhir_patient_id']}"].append(as_observation(number, row))
    return found


def as_observation(number: int, row: dict[str, str]) -> Json:
    try:
        value: Json = {
            "valueQuantity": {"value": float(row["value"]), "unit": row["unit"], "code": row["unit"], "system": UCUM}
        }
    except ValueError:
        value = {"valueString": row["value"]}
    return {
        "resourceType": "Observation",
        "id": f"lab-{number}",
        "status": "final",
        "code": {"coding": [{"system": LOINC, "code": row["loinc"], "display": row["label"]}]},
        "effectiveDateTime": f"{row['time']}Z",
        **value,
    }


def discharges(templates: dict[str, str]) -> Iterator[tuple[str, Json]]:
    """Id and encounter-discharge call of every patient with a stay that has ended."""
    stays, emergencies = by_patient("Encounter"), by_patient("EncounterED")
    for stay in (each for listed in stays.values() for each in listed):
        stay["class"] = INPATIENT
    conditions, orders = by_patient("Condition"), by_patient("MedicationRequest")
    vitals = by_patient("ObservationVitalSignsED")
    drugs = {f"Medication/{each['id']}": each for each in read_kind("Medication")}
    for patient in read_kind("Patient"):
        reference = f"Patient/{patient['id']}"
        ended = [each for each in stays[reference] if "end" in each.get("period", {})]
        if not ended:
            continue
        stay = max(ended, key=lambda each: each["period"]["end"])
        last_day = date.fromisoformat(stay["period"]["end"][:10])
        known = [
            patient,
            *stays[reference],
            *emergencies[reference],
            *map(as_diagnosis, conditions[reference]),
            *(as_active(each, drugs) for each in orders[reference] if runs_until(each, last_day - LAST_DAYS)),
            *vitals[reference],
            *read_labs()[reference],
        ]
        yield patient["id"], discharge(known, stay, templates, last_day.isoformat())


def discharge(known: list[Json], stay: Json, templates: dict[str, str], as_of: str) -> Json:
    bundle = {"entry": [{"resource": each} for each in known]}
    patient = known[0]
    answerable = {key: template for key, template in templates.items() if "encounterId" not in template}
    return {
        "hook": "encounter-discharge",
        "hookInstance": "7e2d7e6a-3a52-4a0c-9f0e-5c9a5f3a8f10",
        "context": {
            "userId": "Practitioner/example",
            "patientId": patient["id"],
            "encounterId": stay["id"],
        },
        "prefetch": {**answer_templates(bundle, answerable, as_of), "encounter": stay},
        "extension": {"org.cds-service": {"asOf": as_of, "trace": True}},
    }


def as_diagnosis(condition: Json) -> Json:
    codings = [
        {**coding, "system": SYSTEMS.get(coding["system"], coding["system"])} for coding in condition["code"]["coding"]
    ]
    return {**condition, "code": {"coding": codings}}


def runs_until(order: Json, day: date) -> bool:
    """Whether an order was still good on this day."""
    end = order.get("dispenseRequest", {}).get("validityPeriod", {}).get("end", "")
    return bool(end) and date.fromisoformat(end[:10]) >= day


def as_active(order: Json, drugs: dict[str, Json]) -> Json:
    """The order as it stood before the stay ended, its drug by name."""
    drug = drugs.get(order.get("medicationReference", {}).get("reference", ""), {})
    names = [each["value"] for each in drug.get("identifier", ()) if each["system"] == DRUG_NAME]
    own = order.get("medicationCodeableConcept", {})
    left = {name: value for name, value in order.items() if name != "medicationReference"}
    text = names[0] if names else own.get("text") or next((c.get("code", "") for c in own.get("coding", ())), "")
    return {**left, "status": "active", "medicationCodeableConcept": {"text": text}}
