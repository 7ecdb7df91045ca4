"""Turn a whole-patient bundle into the hook request an EHR would send for it at a given date.

The EHR answers each prefetch template as a FHIR server would: status filters and code lists of the template are
applied, results are sorted newest first and cut at `_count`, resources after the date are not there yet.
"""

import gzip
import json
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote

DATE_MEMBERS = ("authoredOn", "effectiveDateTime", "performedDateTime", "onsetDateTime", "recordedDate", "issued")


def read_bundle(path: Path) -> dict[str, Any]:
    """The bundle of one patient, gzipped or plain."""
    content = path.read_bytes()
    bundle: dict[str, Any] = json.loads(gzip.decompress(content) if path.suffix == ".gz" else content)
    return bundle


def dated(resource: dict[str, Any]) -> str:
    for member in DATE_MEMBERS:
        if resource.get(member):
            return str(resource[member])
    period = resource.get("performedPeriod") or {}
    return str(period.get("start", ""))


def codes_of(resource: dict[str, Any]) -> set[str]:
    concept = resource.get("code") or {}
    return {f"{coding.get('system')}|{coding.get('code')}" for coding in concept.get("coding", [])}


def search(bundle: dict[str, Any], template: str, as_of: str) -> dict[str, Any]:
    """The searchset a FHIR server would give for one prefetch template."""
    kind, _, query = template.partition("?")
    wanted = parse_qs(query)
    found = [
        {"resource": entry["resource"], "fullUrl": entry.get("fullUrl", "")}
        for entry in bundle["entry"]
        if entry["resource"]["resourceType"] == kind and dated(entry["resource"])[:10] <= as_of
    ]
    if "status" in wanted:
        allowed = set(wanted["status"][0].split(","))
        found = [entry for entry in found if entry["resource"].get("status") in allowed]
    if "code" in wanted:
        codes = set(unquote(wanted["code"][0]).split(","))
        found = [entry for entry in found if codes & codes_of(entry["resource"])]
    found.sort(key=lambda entry: dated(entry["resource"]), reverse=True)
    limit = int(wanted.get("_count", ["1000"])[0])
    links = [{"relation": "next", "url": "https://ehr.example/next"}] if len(found) > limit else []
    return {"resourceType": "Bundle", "type": "searchset", "link": links, "entry": found[:limit]}


def prefetch(bundle: dict[str, Any], templates: dict[str, str], as_of: str) -> dict[str, Any]:
    """Every key of the service that this bundle can answer; medications that are referenced ride along."""
    patient = next(e["resource"] for e in bundle["entry"] if e["resource"]["resourceType"] == "Patient")
    answered: dict[str, Any] = {}
    for key, template in templates.items():
        if template.startswith("Patient/"):
            answered[key] = patient
        elif "?" in template:
            answered[key] = search(bundle, template, as_of)
    if "medications" in answered:
        answered["medications"]["entry"] += [
            {"resource": e["resource"], "fullUrl": e.get("fullUrl", ""), "search": {"mode": "include"}}
            for e in bundle["entry"]
            if e["resource"]["resourceType"] == "Medication"
        ]
    return answered


def hook_request(
    bundle: dict[str, Any], hook: str, templates: dict[str, str], as_of: str, drafts: tuple[dict[str, Any], ...] = ()
) -> dict[str, Any]:
    """The body of one call. `drafts` are MedicationRequests; all of them are selected for order-select."""
    patient = next(e["resource"] for e in bundle["entry"] if e["resource"]["resourceType"] == "Patient")
    context: dict[str, Any] = {"userId": "Practitioner/example", "patientId": patient["id"]}
    if hook != "patient-view":
        entries = [{"resource": draft} for draft in drafts]
        context["draftOrders"] = {"resourceType": "Bundle", "type": "collection", "entry": entries}
    if hook == "order-select":
        context["selections"] = [f"MedicationRequest/{draft['id']}" for draft in drafts]
    return {
        "hook": hook,
        "hookInstance": "7e2d7e6a-3a52-4a0c-9f0e-5c9a5f3a8f10",
        "context": context,
        "prefetch": prefetch(bundle, templates, as_of),
        "extension": {"org.cds-service": {"asOf": as_of}},
    }


def draft(number: int, rxcui: str, display: str, patient_id: str, dose: float = 1, per_day: int = 1) -> dict[str, Any]:
    """A MedicationRequest draft of one product: `dose` units, `per_day` times a day."""
    rxnorm = "http://www.nlm.nih.gov/research/umls/rxnorm"
    return {
        "resourceType": "MedicationRequest",
        "id": f"draft-{number}",
        "status": "draft",
        "intent": "order",
        "medicationCodeableConcept": {
            "coding": [{"system": rxnorm, "code": rxcui, "display": display}],
            "text": display,
        },
        "subject": {"reference": f"Patient/{patient_id}"},
        "dosageInstruction": [
            {
                "timing": {"repeat": {"frequency": per_day, "period": 1, "periodUnit": "d"}},
                "doseAndRate": [{"doseQuantity": {"value": dose}}],
            }
        ],
    }
