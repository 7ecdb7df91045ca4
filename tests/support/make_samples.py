"""Makes the requests in docs/samples from whole Synthea patients: `python -m tests.support.make_samples`.

Each is what an EHR would send at the patient's last encounter: the prefetch of the shipped services, trimmed as the
patients of the console are, and the draft. The last one is sent when a patient of the console goes home.
"""

import json
from typing import Any

from cds_service.app import build
from cds_service.settings import Settings
from smart_app.console.demo_patients import DemoPatient, load_patients
from smart_app.console.prefetch import answer_templates
from tests.architecture.source import CHECKOUT
from tests.support.make_patients import trim
from tests.support.shared import SHARED
from tests.support.synthea import draft, hook_request, read_bundle

FOLDER = CHECKOUT / "docs" / "samples"
SAMPLES: dict[str, tuple[str, str, tuple[tuple[str, str, int], ...]]] = {
    "1-warfarin-patient-gets-ibuprofen": (
        "s19_8008b382",
        "order-sign",
        (("197806", "ibuprofen 600 MG Oral Tablet", 3),),
    ),
    "2-simvastatin-patient-gets-clarithromycin": (
        "s19_ec6a274e",
        "order-select",
        (("197517", "clarithromycin 500 MG Oral Tablet", 2),),
    ),
    "3-twelve-drugs-chart-opens": ("s19_ec6a274e", "patient-view", ()),
    "4-aspirin-allergy-gets-acetaminophen": (
        "s25_0c920ac4",
        "order-sign",
        (("198440", "acetaminophen 500 MG Oral Tablet", 3),),
    ),
}


def prefetch_of(hook: str) -> dict[str, str]:
    """The templates of the service that answers `hook`."""
    release = build(Settings(), write=lambda record, milliseconds: None).release
    return dict(next(service for service in release.services if service.hook == hook).prefetch)


def make_discharge(patient: DemoPatient) -> dict[str, Any]:
    """The request for a patient of the console who leaves hospital."""
    templates = prefetch_of("encounter-discharge")
    request = hook_request(patient.bundle, "encounter-discharge", templates, patient.as_of)
    request["context"]["encounterId"] = patient.encounter_id
    request["prefetch"] = answer_templates(patient.bundle, templates, patient.as_of)
    return request


def make(start: str, hook: str, orders: tuple[tuple[str, str, int], ...]) -> dict[str, Any]:
    """The request of `hook` for the patient whose file begins with `start`."""
    folder = SHARED / "data" / "patients" / "synthea"
    patient = next(
        entry for entry in json.loads((folder / "index.json").read_text()) if entry["file"].startswith(start)
    )
    drafts = tuple(
        draft(number, rxcui, name, patient["patient_id"], per_day=per_day)
        for number, (rxcui, name, per_day) in enumerate(orders, start=1)
    )
    bundle = {"entry": trim(read_bundle(folder / patient["file"]), patient["last_encounter"])}
    return hook_request(bundle, hook, prefetch_of(hook), patient["last_encounter"], drafts)


if __name__ == "__main__":
    requests = {name: make(*sample) for name, sample in SAMPLES.items()}
    requests["5-diabetic-patient-goes-home"] = make_discharge(load_patients()["going-home"])
    for name, request in requests.items():
        (FOLDER / f"{name}.json").write_text(json.dumps(request, indent=1, ensure_ascii=False) + "\n", "utf-8")
