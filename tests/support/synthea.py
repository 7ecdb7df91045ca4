"""Turn a whole-patient bundle into the hook request an EHR would send for it at a given date.

The EHR answers the prefetch templates as `smart_app.console.prefetch` says; it sends no encounter.
"""

import gzip
import json
from pathlib import Path
from typing import Any

from smart_app.console.prefetch import answer_templates


def read_bundle(path: Path) -> dict[str, Any]:
    """The bundle of one patient, gzipped or plain."""
    content = path.read_bytes()
    bundle: dict[str, Any] = json.loads(gzip.decompress(content) if path.suffix == ".gz" else content)
    return bundle


def hook_request(
    bundle: dict[str, Any], hook: str, templates: dict[str, str], as_of: str, drafts: tuple[dict[str, Any], ...] = ()
) -> dict[str, Any]:
    """The body of one call. `drafts` are MedicationRequests; all of them are selected for order-select."""
    patient = next(e["resource"] for e in bundle["entry"] if e["resource"]["resourceType"] == "Patient")
    answerable = {key: template for key, template in templates.items() if "encounterId" not in template}
    context: dict[str, Any] = {"userId": "Practitioner/example", "patientId": patient["id"]}
    if hook not in ("patient-view", "encounter-discharge"):
        entries = [{"resource": draft} for draft in drafts]
        context["draftOrders"] = {"resourceType": "Bundle", "type": "collection", "entry": entries}
    if hook == "order-select":
        context["selections"] = [f"MedicationRequest/{draft['id']}" for draft in drafts]
    return {
        "hook": hook,
        "hookInstance": "7e2d7e6a-3a52-4a0c-9f0e-5c9a5f3a8f10",
        "context": context,
        "prefetch": answer_templates(bundle, answerable, as_of),
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
