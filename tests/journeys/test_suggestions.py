"""Suggestions over HTTP: taken by an EHR, they answer the card; what would hurt is not offered."""

import json
from typing import Any

import pytest
from flask.testing import FlaskClient

from cds_service.governance.valid_orders import problems as invalid
from tests.support.requests import SNOMED, PatientCase, a_patient
from tests.support.schemas import problems

ROUTE = "/cds-services/medication-order-sign"
WARFARIN, IBUPROFEN, SIMVASTATIN, CLARITHROMYCIN = "855332", "197806", "312961", "197517"
DABIGATRAN, ACETAMINOPHEN = "1037045", "161"
CREATININE, WEIGHT = "2160-0", "29463-7"
AS_OF = "2026-11-20"

Json = dict[str, Any]


def cards(client: FlaskClient, request: Json) -> list[Json]:
    answer = client.post(ROUTE, json=request)
    assert answer.status_code == 200
    assert problems("response", answer.data) == []
    return answer.json["cards"]  # type: ignore[index, no-any-return]


def bleeding_card(client: FlaskClient, request: Json) -> Json:
    """The card about ibuprofen with warfarin."""
    found = [card for card in cards(client, request) if "with warfarin" in card["summary"]]
    (card,) = [card for card in found if "ibuprofen" in card["summary"]]
    return card


def labels(card: Json) -> list[str]:
    return [suggestion["label"] for suggestion in card.get("suggestions", ())]


def take(request: Json, suggestion: Json) -> Json:
    """The request of the next call: the actions carried out on the drafts as a FHIR transaction would."""
    entries = request["context"]["draftOrders"]["entry"]
    for number, action in enumerate(suggestion["actions"]):
        if action["type"] == "delete":
            type_, _, id = action["resourceId"].partition("/")
            kept = [
                each for each in entries if (each["resource"]["resourceType"], each["resource"]["id"]) != (type_, id)
            ]
            assert len(kept) == len(entries) - 1
            entries = kept
        elif action["type"] == "create":
            assert invalid(action["resource"]) == []
            entries = [*entries, {"resource": {**action["resource"], "id": f"created-{number}"}}]
        else:
            same = action["resource"]["id"]
            entries = [{"resource": action["resource"]} if e["resource"]["id"] == same else e for e in entries]
    bundle = {**request["context"]["draftOrders"], "entry": entries}
    return {**request, "context": {**request["context"], "draftOrders": bundle}}


def warfarin_patient() -> PatientCase:
    """On warfarin, about to get ibuprofen."""
    return a_patient().taking(WARFARIN, per_day=1).ordering(IBUPROFEN, per_day=3).as_of(AS_OF)


def test_a_safer_order_taken_with_one_click_answers_the_card(client: FlaskClient) -> None:
    request = warfarin_patient().order_sign()
    card = bleeding_card(client, request)
    assert labels(card)[0] == "Use acetaminophen 500 mg instead of ibuprofen 600 mg"
    assert card["suggestions"][0]["isRecommended"] is True
    assert card["selectionBehavior"] == "at-most-one"
    after = cards(client, take(request, card["suggestions"][0]))
    assert [each["summary"] for each in after if each["indicator"] != "info"] == []


def test_every_suggestion_answers_the_card_or_is_a_test_that_is_then_no_longer_offered(client: FlaskClient) -> None:
    request = warfarin_patient().order_sign()
    card = bleeding_card(client, request)
    for suggestion in card["suggestions"]:
        after = cards(client, take(request, suggestion))
        gone = not any(each["summary"] == card["summary"] for each in after)
        assert gone or suggestion["label"] not in labels(after[0])


def test_the_same_call_offers_the_same_suggestions_under_other_uuids(client: FlaskClient) -> None:
    """A card's uuid follows from the decision, which is new with each call."""
    request = warfarin_patient().order_sign()
    first, second = bleeding_card(client, request), bleeding_card(client, request)
    assert labels(first) == labels(second)
    assert {s["uuid"] for s in first["suggestions"]}.isdisjoint(s["uuid"] for s in second["suggestions"])


def test_an_allergy_to_the_alternative_takes_it_away(client: FlaskClient) -> None:
    card = bleeding_card(client, warfarin_patient().allergic_to(ACETAMINOPHEN, "acetaminophen").order_sign())
    assert not any("acetaminophen" in label for label in labels(card))
    assert "Stop ibuprofen 600 mg" in labels(card)


def test_a_second_acetaminophen_product_takes_it_away(client: FlaskClient) -> None:
    card = bleeding_card(client, warfarin_patient().taking("313782", per_day=4).order_sign())
    assert not any("acetaminophen" in label for label in labels(card))


@pytest.mark.parametrize(("creatinine", "offered"), [(3.0, True), (1.0, False)])
def test_a_renal_dose_is_offered_to_the_kidneys_it_is_for(
    client: FlaskClient, creatinine: float, offered: bool
) -> None:
    """Woman of 76, 70 kg: (140 - 76) × 70 × 0.85 / (72 × 3.0) = 17.6 mL/min; with 1.0 mg/dL 52.9."""
    request = (
        a_patient()
        .with_condition("49436004", "Atrial fibrillation", SNOMED)
        .with_lab(CREATININE, creatinine, "mg/dL", "2026-11-18")
        .with_vital(WEIGHT, 70, "kg", "2026-11-18")
        .ordering(DABIGATRAN, dose=1, per_day=2)
        .as_of(AS_OF)
        .order_sign()
    )
    found = [label for card in cards(client, request) for label in labels(card)]
    assert ("Change to dabigatran etexilate 75 mg twice a day" in found) is offered


def test_a_draft_without_an_id_gets_advice_instead_of_a_button(client: FlaskClient) -> None:
    request = warfarin_patient().order_sign()
    del request["context"]["draftOrders"]["entry"][0]["resource"]["id"]
    card = bleeding_card(client, request)
    assert not any(action["type"] == "delete" for each in card.get("suggestions", ()) for action in each["actions"])
    assert "By hand: Use acetaminophen 500 mg" in card["detail"]


def test_a_drafted_test_is_not_offered_again(client: FlaskClient) -> None:
    request = warfarin_patient().order_sign()
    card = bleeding_card(client, request)
    check = next(each for each in card["suggestions"] if each["label"] == "Check the INR")
    again = bleeding_card(client, take(request, check))
    assert "Check the INR" not in labels(again)


def test_orders_keep_what_the_ehr_put_in_them(client: FlaskClient) -> None:
    """The draft that stays is not touched: nothing is updated where a delete and a create do."""
    request = json.loads(json.dumps(warfarin_patient().order_sign()))
    card = bleeding_card(client, request)
    assert all(action["type"] != "update" for each in card["suggestions"] for action in each["actions"])
