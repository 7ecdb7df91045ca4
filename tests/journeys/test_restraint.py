"""Whole calls on the shared synthetic patients: a review when the chart opens, no doses while drugs are picked."""

import json
from typing import Any

import pytest
from flask.testing import FlaskClient

from cds_service.app import Application
from tests.quiet.alerts import COMMON
from tests.support.requests import a_patient
from tests.support.shared import SHARED, needs_shared
from tests.support.synthea import draft, hook_request, read_bundle

FOLDER = SHARED / "data" / "patients" / "synthea"
PATIENTS: list[dict[str, Any]] = json.loads((FOLDER / "index.json").read_text()) if FOLDER.is_dir() else []
EXTENSION = "org.cds-service"
URGENCY = ("critical", "warning", "info")


def ask(client: FlaskClient, application: Application, patient: dict[str, Any], hook: str, *drafts: Any) -> Any:
    service = next(each for each in application.release.services if each.hook == hook)
    bundle = read_bundle(FOLDER / patient["file"])
    request = hook_request(bundle, hook, dict(service.prefetch), patient["last_encounter"], drafts)
    answer = client.post(f"/cds-services/{service.id}", json=request)
    assert answer.status_code == 200
    return answer.get_json()


def findings(card: dict[str, Any]) -> list[dict[str, Any]]:
    named: list[dict[str, Any]] = card["extension"][EXTENSION].get("findings", [])
    return named


def undosed(number: int, rxcui: str, name: str, patient_id: str) -> dict[str, Any]:
    picked = draft(number, rxcui, name, patient_id)
    del picked["dosageInstruction"]
    return picked


@needs_shared
@pytest.mark.shared
@pytest.mark.parametrize("patient", PATIENTS[::3], ids=lambda patient: patient["file"][:12])
def test_an_opened_chart_gets_at_most_two_cards_the_most_urgent_first(
    patient: dict[str, Any], client: FlaskClient, application: Application
) -> None:
    cards = [card for card in ask(client, application, patient, "patient-view")["cards"] if findings(card)]
    assert len(cards) <= 2
    assert [card["indicator"] for card in cards] == sorted((card["indicator"] for card in cards), key=URGENCY.index)


@needs_shared
@pytest.mark.shared
@pytest.mark.parametrize("patient", PATIENTS[::6], ids=lambda patient: patient["file"][:12])
def test_no_dose_is_asked_for_or_judged_while_a_drug_is_picked(
    patient: dict[str, Any], client: FlaskClient, application: Application
) -> None:
    for number, (rxcui, name, *_) in enumerate(COMMON):
        picked = undosed(number, rxcui, name, patient["patient_id"])
        for card in ask(client, application, patient, "order-select", picked)["cards"]:
            said = f"{card['summary']}\n{card.get('detail', '')}"
            assert not [each for each in findings(card) if each["rule"].startswith(("max-", "paediatric-per-kg"))]
            assert findings(card) or "dose" not in said, said


IBUPROFEN = ("197806", "ibuprofen 600 MG Oral Tablet")
WARFARIN = ("855332", "warfarin sodium 5 MG Oral Tablet")


def test_the_card_on_a_picked_drug_starts_with_another_drug(client: FlaskClient) -> None:
    patient = a_patient(birthDate="1980-06-15").taking(*WARFARIN, dose=1, per_day=1).ordering(*IBUPROFEN)
    (card,) = (
        each
        for each in client.post("/cds-services/medication-order-select", json=patient.order_select()).get_json()[
            "cards"
        ]
        if findings(each)
    )
    assert card["suggestions"][0]["label"].startswith("Use ")


def test_a_quiet_renewal_is_in_the_trace_with_its_reason(client: FlaskClient) -> None:
    """Two statins, one of them renewed as it was: said when the chart opens, not at the renewal."""
    atorvastatin, simvastatin = (
        ("617310", "atorvastatin 20 MG Oral Tablet"),
        ("312961", "simvastatin 20 MG Oral Tablet"),
    )
    taken = a_patient().taking(*atorvastatin, dose=1, per_day=1).taking(*simvastatin, dose=1, per_day=1)
    renewal = taken.ordering(*simvastatin, dose=1, per_day=1, priorPrescription={"reference": "MedicationRequest/med2"})
    signed = client.post("/cds-services/medication-order-sign", json=renewal.traced().order_sign()).get_json()
    reasons = {each["rule"]: each.get("withheld") for each in signed["extension"][EXTENSION]["outcomes"]}
    assert reasons["duplicate-therapy.statin"] == "unchanged renewal"
    assert not [card for card in signed["cards"] if findings(card)]
    opened = client.post("/cds-services/medication-patient-view", json=taken.patient_view()).get_json()
    assert "duplicate-therapy.statin" in {each["rule"] for card in opened["cards"] for each in findings(card)}
