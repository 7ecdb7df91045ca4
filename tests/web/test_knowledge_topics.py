"""Who follows the topic of any card finds what stands behind it, whatever the dialect of the client."""

from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from flask.testing import FlaskClient

from cds_service.app import Application
from cds_service.presenting.session import Dialect, Session
from cds_service.presenting.topics import find_id, topic_code
from tests.risk_serving.patients import with_failing_kidneys
from tests.support.requests import PatientCase, a_patient, body
from tests.support.tokens import BASE, EHR, NOW, SIGN, VIEW, a_client, a_gate

JSON = {"Accept": "application/json"}
PAGE = {"Accept": "text/html"}
EPIC = Session("P1", None, Dialect.EPIC)
DIALECTS = pytest.mark.parametrize("dialect", ["standard", "epic"])


@pytest.fixture
def ehr(client_of: Callable[..., FlaskClient], tmp_path: Path) -> Callable[..., FlaskClient]:
    """The service with one client that is written to in this dialect, and told one card at most."""

    def serve(dialect: str) -> FlaskClient:
        gate = a_gate(tmp_path, a_client(dialect=dialect, most_cards={"order-sign": 1}))
        return client_of({"public_url": BASE}, gate=gate, clock=lambda: NOW)

    return serve


def cards(client: FlaskClient, url: str, request: dict[str, Any]) -> list[dict[str, Any]]:
    answer = client.post(
        url.removeprefix(BASE),
        data=body(request),
        content_type="application/json",
        headers={"Authorization": EHR.bearer(aud=url)},
    )
    assert answer.status_code == 200, answer.data
    found: list[dict[str, Any]] = answer.json["cards"]  # type: ignore[index]
    return found


def follow(client: FlaskClient, card: dict[str, Any], headers: dict[str, str] = JSON) -> Any:
    """What is found at the address of a card's topic."""
    topic = card["source"]["topic"]
    return client.get(urlsplit(f"{topic['system']}/{topic['code']}").path, headers=headers)


def with_three_problems() -> PatientCase:
    """Nothing is known of allergies; warfarin with ibuprofen, simvastatin with clarithromycin, the ibuprofen twice."""
    return (
        a_patient()
        .without("allergies")
        .taking("855332", "warfarin 5 MG")
        .taking("314231", "simvastatin 10 MG")
        .taking("198013", "naproxen 250 MG")
        .ordering("197806", "ibuprofen 600 MG")
        .ordering("197517", "clarithromycin 500 MG")
    )


@DIALECTS
def test_the_topic_of_every_card_about_orders_leads_to_its_page(ehr: Callable[..., FlaskClient], dialect: str) -> None:
    client = ehr(dialect)
    shown = cards(client, SIGN, with_three_problems().order_sign())
    kinds = []
    for card in shown:
        found = follow(client, card)
        assert (found.status_code, found.json["title"]) == (200, card["source"]["topic"]["display"])
        assert found.json["title"] in follow(client, card, PAGE).text
        kinds.append(found.json["kind"])
    assert set(kinds) == {"rule", "card"}
    assert [card["source"]["topic"]["display"] for card in shown][-2:] == ["More findings", "What could not be checked"]


@DIALECTS
def test_the_topic_of_a_model_leads_to_its_page(ehr: Callable[..., FlaskClient], dialect: str) -> None:
    client = ehr(dialect)
    (card,) = (
        each
        for each in cards(client, VIEW, with_failing_kidneys().patient_view())
        if "kfre" in each["source"]["topic"]["code"]
    )
    assert follow(client, card).json["id"] == "kfre-4-north-america"


def test_a_card_without_a_rule_says_so_in_plain_words(client: FlaskClient) -> None:
    unchecked = client.get("/knowledge/not-checked", headers=JSON).json
    assert unchecked is not None
    assert unchecked["text"].endswith("No rule or model stands behind it.")
    assert "attributes" not in unchecked
    assert "No rule or model stands behind it.</p>" in client.get("/knowledge/notZchecked", headers=PAGE).text


def test_every_id_is_found_by_its_code_in_the_epic_dialect(application: Application) -> None:
    ids = {*application.release.rules, *(bundle.id for bundle in application.release.models)}
    for id in sorted(ids)[::25]:
        assert find_id(topic_code(id, EPIC, ("11289", "5640")), ids) == id
        assert find_id(topic_code(id, EPIC), ids) == id


def test_an_id_with_the_letter_that_parts_the_drugs_is_found_whole() -> None:
    ids = {"dose.X1", "dose"}
    assert find_id(topic_code("dose.X1", EPIC, ("5640",)), ids) == "dose.X1"
    assert find_id(topic_code("dose", EPIC, ("5640",)), ids) == "dose"


def test_a_digest_and_an_unknown_code_stand_for_nothing() -> None:
    long = "a-rule-with-a-name-" + "x" * 90
    assert find_id(topic_code(long, EPIC, ("5640",)), {long}) is None
    assert find_id("warfarinZnsaiX5640", {"warfarin-nsaid"}) is None
