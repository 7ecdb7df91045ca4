"""Order-sign requests of a wanted size, the same bytes every time.

The patient is an old woman on six drugs who is to get ibuprofen on top of warfarin. Size comes from what real charts
hold most of: laboratory results, vital signs, conditions and stopped orders, with the members EHRs send around them.
"""

import json
from datetime import date, timedelta
from typing import Any

Json = dict[str, Any]

TODAY = date(2026, 11, 1)
RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
SUBJECT = {"reference": "Patient/bench-1", "display": "Bench, Berta"}
ACTIVE = [
    ("855332", "warfarin sodium 5 MG Oral Tablet"),
    ("314076", "lisinopril 10 MG Oral Tablet"),
    ("617310", "atorvastatin 20 MG Oral Tablet"),
    ("861007", "metformin hydrochloride 500 MG Oral Tablet"),
    ("866924", "metoprolol tartrate 25 MG Oral Tablet"),
    ("198211", "simvastatin 40 MG Oral Tablet"),
]
LABS = [
    ("38483-4", "Creatinine [Mass/volume] in Blood", 1.1, "mg/dL"),
    ("6298-4", "Potassium [Moles/volume] in Blood", 4.2, "mmol/L"),
    ("6301-6", "INR in Platelet poor plasma by Coagulation assay", 2.4, "{INR}"),
    ("718-7", "Hemoglobin [Mass/volume] in Blood", 12.9, "g/dL"),
    ("1742-6", "Alanine aminotransferase [Enzymatic activity/volume] in Serum or Plasma", 24, "U/L"),
    ("4548-4", "Hemoglobin A1c/Hemoglobin.total in Blood", 6.8, "%"),
]
VITALS = [
    ("29463-7", "Body Weight", 71.5, "kg"),
    ("8302-2", "Body Height", 164, "cm"),
    ("8867-4", "Heart rate", 74, "/min"),
]
CONDITIONS = [
    ("49436004", "Atrial fibrillation (disorder)"),
    ("38341003", "Hypertensive disorder, systemic arterial (disorder)"),
    ("44054006", "Diabetes mellitus type 2 (disorder)"),
]


def order_sign(least_bytes: int) -> bytes:
    """An order-sign request of at least `least_bytes`, and less than two results more."""
    results = 0
    while len(body := json.dumps(request(results)).encode()) < least_bytes:
        results += max(1, (least_bytes - len(body)) // 1200)
    return body


def request(results: int) -> Json:
    """The request with `results` laboratory results and a third as many vital signs."""
    return {
        "hook": "order-sign",
        "hookInstance": "6f0d0a30-7d0c-4a55-9f0a-2f7b6c8f5b11",
        "context": {
            "userId": "Practitioner/bench",
            "patientId": "bench-1",
            "draftOrders": bundle("collection", [order("draft-1", "197806", "ibuprofen 600 MG Oral Tablet", "draft")]),
        },
        "prefetch": {
            "patient": patient(),
            "medications": searchset([order(f"med-{n}", *drug, "active") for n, drug in enumerate(ACTIVE)]),
            "statements": searchset([]),
            "allergies": searchset([allergy()]),
            "conditions": searchset([condition(n, *CONDITIONS[n % 3]) for n in range(3 + results // 10)]),
            "labs": searchset([observation("laboratory", n, *LABS[n % len(LABS)]) for n in range(results)]),
            "vitals": searchset([observation("vital-signs", n, *VITALS[n % 3]) for n in range(results // 3)]),
            "procedures": searchset([]),
        },
        "extension": {"org.cds-service": {"asOf": TODAY.isoformat()}},
    }


def bundle(kind: str, resources: list[Json]) -> Json:
    return {"resourceType": "Bundle", "type": kind, "entry": [{"resource": resource} for resource in resources]}


def searchset(resources: list[Json]) -> Json:
    entries = [
        {
            "fullUrl": f"https://ehr.example.org/fhir/{resource['resourceType']}/{resource['id']}",
            "resource": resource,
            "search": {"mode": "match"},
        }
        for resource in resources
    ]
    return {"resourceType": "Bundle", "type": "searchset", "total": len(entries), "entry": entries}


def patient() -> Json:
    return {
        "resourceType": "Patient",
        "id": "bench-1",
        "meta": {"versionId": "7", "lastUpdated": "2026-10-30T09:12:44.000+00:00"},
        "identifier": [{"system": "https://ehr.example.org/mrn", "value": "0047110815"}],
        "name": [{"use": "official", "family": "Bench", "given": ["Berta"]}],
        "gender": "female",
        "birthDate": "1948-03-02",
    }


def order(id: str, code: str, name: str, status: str) -> Json:
    return {
        "resourceType": "MedicationRequest",
        "id": id,
        "meta": {"versionId": "1", "lastUpdated": "2026-10-01T08:00:00.000+00:00"},
        "status": status,
        "intent": "order",
        "category": [{"coding": [{"code": "outpatient"}]}],
        "medicationCodeableConcept": {"coding": [{"system": RXNORM, "code": code, "display": name}], "text": name},
        "subject": SUBJECT,
        "authoredOn": "2026-10-01",
        "requester": {"reference": "Practitioner/bench", "display": "Dr. Bench"},
        "dosageInstruction": [
            {
                "text": "1 tablet twice a day",
                "timing": {"repeat": {"frequency": 2, "period": 1, "periodUnit": "d"}},
                "doseAndRate": [{"doseQuantity": {"value": 1, "unit": "tablet"}}],
            }
        ],
    }


def allergy() -> Json:
    return {
        "resourceType": "AllergyIntolerance",
        "id": "allergy-1",
        "clinicalStatus": {"coding": [{"code": "active"}]},
        "verificationStatus": {"coding": [{"code": "confirmed"}]},
        "code": {"coding": [{"system": RXNORM, "code": "2670", "display": "codeine"}], "text": "codeine"},
        "patient": SUBJECT,
        "reaction": [{"manifestation": [{"text": "nausea"}], "severity": "mild"}],
    }


def condition(number: int, code: str, name: str) -> Json:
    return {
        "resourceType": "Condition",
        "id": f"condition-{number}",
        "clinicalStatus": {"coding": [{"code": "active"}]},
        "verificationStatus": {"coding": [{"code": "confirmed"}]},
        "category": [{"coding": [{"code": "problem-list-item", "display": "Problem List Item"}]}],
        "code": {"coding": [{"system": "http://snomed.info/sct", "code": code, "display": name}], "text": name},
        "subject": SUBJECT,
        "recordedDate": (TODAY - timedelta(days=400 + 30 * number)).isoformat(),
    }


def observation(category: str, number: int, code: str, name: str, value: float, unit: str) -> Json:
    taken = (TODAY - timedelta(days=3 + 11 * (number // 6))).isoformat()
    system = "http://terminology.hl7.org/CodeSystem/observation-category"
    return {
        "resourceType": "Observation",
        "id": f"{category}-{number}",
        "meta": {"versionId": "1", "lastUpdated": f"{taken}T10:30:00.000+00:00"},
        "status": "final",
        "category": [{"coding": [{"system": system, "code": category, "display": category}]}],
        "code": {"coding": [{"system": "http://loinc.org", "code": code, "display": name}], "text": name},
        "subject": SUBJECT,
        "encounter": {"reference": "Encounter/bench-enc"},
        "effectiveDateTime": f"{taken}T07:45:00+00:00",
        "issued": f"{taken}T10:30:00.000+00:00",
        "valueQuantity": {"value": value, "unit": unit, "system": "http://unitsofmeasure.org", "code": unit},
        "performer": [{"reference": "Organization/lab", "display": "Central laboratory"}],
    }
