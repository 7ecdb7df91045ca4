"""All shared synthetic patients at the date of their last encounter: the chart opens, ten stress drugs are signed."""

import json
from typing import Any

import pytest
from flask.testing import FlaskClient

from cds_service.app import Application
from tests.support.schemas import problems
from tests.support.shared import SHARED, needs_shared
from tests.support.synthea import draft, hook_request, read_bundle

pytestmark = [needs_shared, pytest.mark.shared]

FOLDER = SHARED / "data" / "patients" / "synthea"
PATIENTS: list[dict[str, Any]] = json.loads((FOLDER / "index.json").read_text()) if FOLDER.is_dir() else []
STRESS = (
    ("197517", "clarithromycin 500 MG Oral Tablet", 1, 2),
    ("197806", "ibuprofen 600 MG Oral Tablet", 1, 3),
    ("308191", "amoxicillin 500 MG Oral Capsule", 1, 3),
    ("312950", "sildenafil 50 MG Oral Tablet", 1, 1),
    ("197591", "diazepam 5 MG Oral Tablet", 1, 2),
    ("861004", "metformin hydrochloride 1000 MG Oral Tablet", 1, 2),
    ("198440", "acetaminophen 500 MG Oral Tablet", 2, 4),
    ("617311", "atorvastatin 40 MG Oral Tablet", 1, 1),
    ("1037045", "dabigatran etexilate 150 MG Oral Capsule", 1, 2),
    ("855332", "warfarin sodium 5 MG Oral Tablet", 1, 1),
)


@pytest.mark.parametrize("patient", PATIENTS, ids=lambda patient: patient["file"][:12])
def test_a_synthetic_patient_is_answered_at_every_hook(
    patient: dict[str, Any], client: FlaskClient, application: Application
) -> None:
    bundle = read_bundle(FOLDER / patient["file"])
    templates = {service.hook: (service.id, dict(service.prefetch)) for service in application.release.services}
    as_of = patient["last_encounter"]

    def ask(hook: str, *drafts: dict[str, Any]) -> dict[str, Any]:
        id, prefetch = templates[hook]
        answer = client.post(f"/cds-services/{id}", json=hook_request(bundle, hook, prefetch, as_of, drafts))
        assert answer.status_code == 200, answer.get_data(as_text=True)
        assert problems("response", answer.data) == []
        return dict(answer.get_json())

    ask("patient-view")
    for number, (rxcui, name, dose, per_day) in enumerate(STRESS):
        ask("order-sign", draft(number, rxcui, name, patient["patient_id"], dose, per_day))
