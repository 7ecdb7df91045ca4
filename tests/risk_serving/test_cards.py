"""What clinicians read of risk models: on the card of the drug, or on a card that would change something."""

from dataclasses import replace
from math import exp, fsum

import pytest
from flask.testing import FlaskClient

from tests.risk_serving.calls import ask, card_of, cards, models_said
from tests.risk_serving.patients import (
    ATORVASTATIN,
    ICD10CM,
    bleeding_risk,
    leaving_hospital,
    on_opioids,
    on_qt_drugs,
    with_failing_kidneys,
    without_a_statin,
)

PREVENT, KFRE, READMISSION = "prevent-base-10y", "kfre-4-north-america", "readmission-30d"


def test_a_statin_gap_is_told_in_people_out_of_a_hundred(client: FlaskClient) -> None:
    card = card_of(client, without_a_statin().patient_view(), PREVENT)
    assert card is not None
    assert card["indicator"] == "info"
    assert card["summary"] == (
        "No statin, and about 13 in 100 people like this have a first heart attack or stroke within 10 years"
    )
    assert "The same person not smoking, with a systolic pressure of 120 mmHg: 6 in 100" in card["detail"]
    assert "Systolic blood pressure 158 mmHg (18 Nov 2026, 2 days ago): +0.363" in card["detail"]
    assert "Not calibrated locally" in card["detail"]
    assert "%" not in card["summary"] + card["detail"]


@pytest.mark.parametrize(
    "case",
    [
        without_a_statin().taking(ATORVASTATIN, "atorvastatin"),
        without_a_statin().with_condition("E11.9", "type 2 diabetes", ICD10CM),
        without_a_statin().without("medications", "statements"),
        without_a_statin().without("labs"),
    ],
    ids=["already on a statin", "a statin is advised whatever the risk", "drugs not read", "nothing measured"],
)
def test_prevent_is_silent_where_it_would_change_nothing_or_cannot_tell(client: FlaskClient, case) -> None:  # type: ignore[no-untyped-def]
    assert card_of(client, case.patient_view(), PREVENT) is None


def test_failing_kidneys_ask_for_a_nephrologist(client: FlaskClient) -> None:
    # KFRE, four variables, North America: female, 70 years, eGFR 20, ACR 1000 gives 60.4 % in 5 years (published).
    card = card_of(client, with_failing_kidneys().patient_view(), KFRE)
    assert card is not None
    assert card["summary"].startswith(
        "About 60 in 100 people like this come to dialysis or a transplant within 5 years"
    )
    assert "KDIGO 2024" in card["detail"]


def test_dialysis_has_no_kidney_failure_to_predict(client: FlaskClient) -> None:
    on_dialysis = with_failing_kidneys().with_condition("Z99.2", "dependence on dialysis", ICD10CM)
    assert card_of(client, on_dialysis.patient_view(), KFRE) is None


def test_a_discharge_card_names_what_drives_the_risk(client: FlaskClient) -> None:
    card = card_of(client, leaving_hospital().encounter_discharge(), READMISSION)
    assert card is not None
    assert "come back within 30 days (raised)" in card["summary"]
    assert "without stays or emergency visits in the year before" in card["detail"]
    assert "Hospital stays in the year before 3" in card["detail"]
    assert "Made from 99,343 patients or stays, 11,314 with the outcome" in card["detail"]


def test_a_low_risk_of_readmission_has_no_card(client: FlaskClient) -> None:
    said = models_said(client, leaving_hospital(earlier_stays=0).traced().encounter_discharge())[READMISSION]
    assert [each["quiet"] for each in said] == ["low risk"]
    assert cards(client, leaving_hospital(earlier_stays=0).encounter_discharge()) == []


def test_a_bleeding_score_stands_on_the_card_of_the_drugs(client: FlaskClient) -> None:
    # SBP above 160, stroke, age above 65, NSAID: 1 point each (Pisters et al. 2010).
    (card, *others) = cards(client, bleeding_risk().order_sign())
    assert card["source"]["topic"]["code"] == "warfarin-nsaid"
    assert "HAS-BLED: 4 points, high" in card["detail"]
    assert "After “Stop ibuprofen 600 mg”: 3 instead of 4 points" in card["detail"]
    assert "labile INR is not read here" in card["detail"]
    assert [each["summary"] for each in others if "HAS-BLED" in each["summary"]] == []


def test_a_qt_score_tells_what_can_be_changed_and_what_is_unknown(client: FlaskClient) -> None:
    # Tisdale 2013: 68 years and more 1, female 1, loop diuretic 1, potassium to 3.5 2, two QT drugs 6, heart failure 3.
    detail = next(card["detail"] for card in cards(client, on_qt_drugs().order_sign()) if "Tisdale" in card["detail"])
    assert "14 points, high (11 points and more); up to 16 with what is not known" in detail
    assert "potassium 3.2 mmol/L (19 Nov 2026, yesterday): +2" in detail
    assert "Not counted: QTc not recorded" in detail
    assert "instead of 14 points" in detail


def test_an_opioid_score_has_a_class_and_no_percentage(client: FlaskClient) -> None:
    # RIOSORD, commercial 2018: chronic lung disease 5, benzodiazepine 9, 100 mg and more a day 7: class 5 is 18 to 25.
    detail = next(card["detail"] for card in cards(client, on_opioids().order_sign()) if "RIOSORD" in card["detail"])
    scores = detail.partition("**Scores**")[2].partition("Source:")[0]
    assert "21 points, class 5" in scores
    assert "%" not in scores
    assert "in 100" not in scores


def test_a_child_has_no_score_and_the_rule_speaks(client: FlaskClient) -> None:
    child = replace(on_opioids(), patient={**on_opioids().patient, "birthDate": "2014-01-01"})
    details = [card["detail"] for card in cards(client, child.order_sign())]
    assert any("(RIOSORD): no score (made for adults), rule used" in detail for detail in details)


def test_a_score_without_a_finding_has_no_card(client: FlaskClient) -> None:
    quiet = without_a_statin().taking("855332", "warfarin").ordering(ATORVASTATIN, dose=1, per_day=1)
    assert all("HAS-BLED" not in card["summary"] for card in cards(client, quiet.order_sign()))


def test_the_trace_tells_every_model_with_its_parts(client: FlaskClient) -> None:
    said = models_said(client, without_a_statin().traced().patient_view())
    (ascvd,) = [each for each in said[PREVENT] if each["outcome"] == "ascvd"]
    # The logit link: the result follows from the base value and the parts alone.
    total = fsum([ascvd["intercept"], *ascvd["parts"].values()])
    assert ascvd["result"] == pytest.approx(1 / (1 + exp(-total)), abs=1e-12)
    assert said["prevent-base-30y"][0]["quiet"] == "model is silent"


def test_the_same_call_gives_the_same_answer(client: FlaskClient) -> None:
    first, second = (ask(client, leaving_hospital().encounter_discharge())["cards"] for _ in range(2))
    assert [each["detail"] for each in first] == [each["detail"] for each in second]
