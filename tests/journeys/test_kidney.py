"""Advice on doses by kidney function: with which weight it was worked out, and when none can be given."""

from typing import Any

from flask.testing import FlaskClient

from tests.support.requests import PatientCase, a_patient

ATENOLOL_100, GABAPENTIN_300, IBUPROFEN_600, METFORMIN_500 = "197379", "310431", "197806", "861007"
CREATININE, WEIGHT = "2160-0", "29463-7"
DIALYSIS = "105502003"
NOW = "2026-11-20T12:00:00Z"


def patient() -> PatientCase:
    """A man of 76 of 70 kg."""
    return (
        a_patient("P1", birthDate="1950-06-15", gender="male")
        .with_vital(WEIGHT, 70, "kg", "2026-11-01T08:00:00Z")
        .as_of(NOW)
    )


def steady() -> PatientCase:
    # Cockcroft-Gault: (140 - 76) * 70 / (72 * 2.5) = 24.9 mL/min
    return patient().with_lab(CREATININE, 2.5, "mg/dL", "2026-11-10T08:00:00Z")


def injured() -> PatientCase:
    # From 1.0 to 2.5 mg/dL in three days: KDIGO stage 2
    earlier = patient().with_lab(CREATININE, 1.0, "mg/dL", "2026-11-16T08:00:00Z")
    return earlier.with_lab(CREATININE, 2.5, "mg/dL", "2026-11-19T08:00:00Z")


def cards(client: FlaskClient, case: PatientCase) -> list[dict[str, Any]]:
    answer: Any = client.post("/cds-services/medication-order-sign", json=case.order_sign())
    assert answer.status_code == 200
    return list(answer.get_json()["cards"])


def test_a_card_on_clearance_prints_the_weight_it_was_worked_out_with(client: FlaskClient) -> None:
    (card, *_) = cards(client, steady().ordering(ATENOLOL_100, dose=1, per_day=1))
    assert "dose too high for this kidney function" in card["summary"]
    assert "Creatinine clearance (Cockcroft-Gault, actual weight 70 kg) 24.9 mL/min" in card["detail"]


def test_a_rising_creatinine_gives_no_dose_and_says_why(client: FlaskClient) -> None:
    found = cards(client, injured().ordering(GABAPENTIN_300, dose=1, per_day=3))
    said = [card["summary"] for card in found]
    assert [summary for summary in said if "dose too high" in summary] == []
    (injury,) = (card for card in found if "in acute kidney injury" in card["summary"])
    assert injury["indicator"] == "info"
    assert "No dose can be read from a creatinine that is changing" in injury["detail"]
    unchecked = "\n".join(card["detail"] for card in found if card["summary"].startswith("Not checked"))
    assert "cannot be estimated (acute kidney injury, creatinine is changing)" in unchecked


def test_metformin_and_nsaids_are_stopped_in_an_acute_injury(client: FlaskClient) -> None:
    for rxcui in (METFORMIN_500, IBUPROFEN_600):
        (card, *_) = cards(client, injured().ordering(rxcui, dose=1, per_day=2))
        assert "in acute kidney injury" in card["summary"]
        assert card["indicator"] == "warning"


def test_a_card_on_dialysis_says_that_the_patient_is_on_dialysis(client: FlaskClient) -> None:
    case = steady().with_condition(DIALYSIS, "Dependence on renal dialysis", onsetDateTime="2025-01-01")
    for rxcui in (GABAPENTIN_300, IBUPROFEN_600):
        (card, *_) = cards(client, case.ordering(rxcui, dose=1, per_day=3))
        assert "kidney function" in card["summary"]
        assert "On dialysis: yes" in card["detail"]


def test_an_order_without_a_dose_is_not_taken_for_a_safe_one(client: FlaskClient) -> None:
    found = cards(client, steady().ordering(GABAPENTIN_300))
    unchecked = "\n".join(card["detail"] for card in found if card["summary"].startswith("Not checked"))
    assert "daily dose" in unchecked
