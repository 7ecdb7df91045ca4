"""Take facts away from a call that fires: the answer says what could not be checked and never claims absence."""

import re
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.support.requests import Json, PatientCase, a_patient, bundle, medication_request, outcome

NOW = "2026-11-20"
WARFARIN, NAPROXEN, METFORMIN, AMOXICILLIN = "855332", "849574", "861004", "308191"
ABSENCE = r"no (known )?(allerg|interact|drug|medication|problem)|does not (take|have)|without any"
CLAIMS_ABSENCE = re.compile(ABSENCE, re.IGNORECASE)

ON_WARFARIN = a_patient("P1", birthDate="1950-01-01", gender="male").taking(WARFARIN, "warfarin 5 MG").as_of(NOW)
BLEEDING = ON_WARFARIN.ordering(NAPROXEN, "naproxen sodium 220 MG Oral Tablet")
ALLERGIC = a_patient("P1").allergic_to("7984", "penicillin V").ordering(AMOXICILLIN, "amoxicillin 500 MG").as_of(NOW)
RENAL = (
    a_patient("P1", birthDate="1950-01-01", gender="male")
    .with_lab("2160-0", 4.0, "mg/dL", "2026-11-10")
    .ordering(METFORMIN, "metformin hydrochloride 1000 MG Oral Tablet")
    .as_of(NOW)
)


def cards(client: FlaskClient, request: Json) -> list[dict[str, Any]]:
    answer = client.post("/cds-services/medication-order-sign", json=request)
    assert answer.status_code == 200, answer.get_data(as_text=True)
    shown: list[dict[str, Any]] = answer.get_json()["cards"]
    assert not CLAIMS_ABSENCE.search(" ".join(f"{card['summary']} {card.get('detail', '')}" for card in shown))
    return shown


def words(shown: list[dict[str, Any]]) -> str:
    return " ".join(f"{card['summary']} {card.get('detail', '')}" for card in shown)


@pytest.mark.parametrize(
    ("case", "indicator", "said"),
    [(BLEEDING, "warning", "bleeding"), (ALLERGIC, "warning", "allergy"), (RENAL, "critical", "eGFR")],
    ids=["bleeding", "allergy", "renal"],
)
def test_with_all_facts_the_card_is_there(client: FlaskClient, case: PatientCase, indicator: str, said: str) -> None:
    first = cards(client, case.order_sign())[0]
    assert (first["indicator"], said in first["summary"]) == (indicator, True)


@pytest.mark.parametrize(
    ("case", "key", "said"),
    [
        (BLEEDING, "medications", "the medication list was not sent"),
        (ALLERGIC, "allergies", "the allergy list was not sent"),
        (RENAL, "labs", "not sent"),
    ],
)
def test_a_key_that_was_not_sent_is_named(client: FlaskClient, case: PatientCase, key: str, said: str) -> None:
    assert said in words(cards(client, case.without(key).order_sign()))


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (outcome("forbidden"), "refused"),
        (outcome("exception"), "could not be read"),
        ("<html>sign in</html>", "could not be read"),
        (bundle(link=[{"relation": "next", "url": "https://ehr.example.org/next"}]), "cut short"),
    ],
    ids=["refused", "failed", "html", "truncated"],
)
def test_a_list_that_was_not_read_whole_is_named_with_its_reason(client: FlaskClient, value: Any, said: str) -> None:
    shown = cards(client, BLEEDING.key("medications", value).order_sign())
    assert said in words(shown), words(shown)


def test_an_unrecognised_drug_is_named_on_the_not_checked_card(client: FlaskClient) -> None:
    herbal = {"resourceType": "MedicationRequest", "id": "h", "status": "active", "intent": "order"}
    herbal["medicationCodeableConcept"] = {"text": "Grandmother's root tea"}  # type: ignore[assignment]
    case = a_patient("P1").adding("medications", herbal).ordering(WARFARIN, "warfarin 5 MG").as_of(NOW)
    assert "Grandmother's root tea" in words(cards(client, case.order_sign())).replace("\\", "")


def test_another_patients_warfarin_does_not_fire_but_leaves_the_list_incomplete(client: FlaskClient) -> None:
    foreign = medication_request("m9", WARFARIN, "warfarin", subject={"reference": "Patient/SOMEONE-ELSE"})
    case = a_patient("P1").adding("medications", foreign).ordering(NAPROXEN, "naproxen").as_of(NOW)
    shown = cards(client, case.order_sign())
    assert "bleeding risk" not in " ".join(card["summary"] for card in shown)
    assert "the medication list" in words(shown)
    assert "SOMEONE-ELSE" not in words(shown)


def test_an_empty_list_that_was_read_gives_no_card(client: FlaskClient) -> None:
    case = a_patient("P1").ordering(NAPROXEN, "naproxen sodium 220 MG Oral Tablet").as_of(NOW)
    assert cards(client, case.order_sign()) == []
