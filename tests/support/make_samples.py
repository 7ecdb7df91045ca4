"""Makes the requests in docs/samples from whole Synthea patients: `python -m tests.support.make_samples`.

Each is what an EHR would send at the patient's last encounter: the prefetch of the shipped services, and the draft.
"""

import json
from typing import Any

from cds_service.app import build
from cds_service.settings import Settings
from tests.architecture.source import CHECKOUT
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


def make(start: str, hook: str, orders: tuple[tuple[str, str, int], ...]) -> dict[str, Any]:
    """The request of `hook` for the patient whose file begins with `start`."""
    folder = SHARED / "data" / "patients" / "synthea"
    patient = next(
        entry for entry in json.loads((folder / "index.json").read_text()) if entry["file"].startswith(start)
    )
    release = build(Settings(), write=lambda record, milliseconds: None).release
    service = next(service for service in release.services if service.hook == hook)
    drafts = tuple(
        draft(number, rxcui, name, patient["patient_id"], per_day=per_day)
        for number, (rxcui, name, per_day) in enumerate(orders, start=1)
    )
    bundle = read_bundle(folder / patient["file"])
    return hook_request(bundle, hook, dict(service.prefetch), patient["last_encounter"], drafts)


if __name__ == "__main__":
    for name, sample in SAMPLES.items():
        request = make(*sample)
        (FOLDER / f"{name}.json").write_text(json.dumps(request, indent=1, ensure_ascii=False) + "\n", "utf-8")
