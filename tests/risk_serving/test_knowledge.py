"""What stands behind a card, with every attribute that the regulation names, and no invented number."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient

from cds_service.app import Application
from cds_service.web.knowledge import describe_knowledge
from tests.risk_serving.patients import without_a_statin
from tests.risk_serving.releases import switched

JSON = {"Accept": "application/json"}


def attributes(document: dict[str, Any]) -> dict[str, Any]:
    return {each["place"]: each for each in document["attributes"]}


def test_a_rule_has_thirteen_and_a_model_thirty_one(client: FlaskClient) -> None:
    # 45 CFR 170.315(b)(11)(iv)(A)(1) to (13); (B)(1) to (9) with 4, 4, 2, 4, 2, 4, 5, 4 and 2 paragraphs.
    rule = client.get("/knowledge/warfarin-nsaid", headers=JSON).json
    model = client.get("/knowledge/readmission-30d", headers=JSON).json
    assert rule is not None
    assert model is not None
    assert list(attributes(rule)) == [f"(A)({number})" for number in range(1, 14)]
    counts = [4, 4, 2, 4, 2, 4, 5, 4, 2]
    roman = ("i", "ii", "iii", "iv", "v")
    assert list(attributes(model)) == [
        f"(B)({number})({part})" for number, count in enumerate(counts, 1) for part in roman[:count]
    ]


def test_every_rule_and_model_can_be_described(application: Application) -> None:
    release = application.release
    for id in (*release.rules, *(bundle.id for bundle in release.models)):
        for each in describe_knowledge(release, id)["attributes"]:
            assert bool(each.get("value")) != bool(each.get("notAvailableBecause")), (id, each)


def test_the_address_on_a_card_leads_to_its_knowledge(client: FlaskClient) -> None:
    card = client.post("/cds-services/medication-patient-view", json=without_a_statin().patient_view()).json["cards"][0]  # type: ignore[index]
    topic = card["source"]["topic"]
    path = f"{topic['system']}/{topic['code']}".removeprefix(card["source"]["url"])
    assert client.get(path, headers=JSON).json["title"] == topic["display"]  # type: ignore[index]


def test_sex_and_age_count_through_what_is_computed_from_them(client: FlaskClient) -> None:
    found = attributes(client.get("/knowledge/kfre-4-north-america", headers=JSON).json)  # type: ignore[arg-type]
    assert "date of birth: used as age; through" in found["(B)(4)(ii)"]["value"]
    assert "race" not in found["(B)(4)(ii)"]["value"]
    assert found["(B)(5)(i)"]["value"].startswith("race, ethnicity and payer are no inputs")


def test_a_published_equation_has_no_number_of_performance(client: FlaskClient) -> None:
    found = attributes(client.get("/knowledge/prevent-base-10y", headers=JSON).json)  # type: ignore[arg-type]
    for place in ("(B)(7)(i)", "(B)(7)(ii)", "(B)(7)(iii)", "(B)(8)(ii)"):
        assert re.search(r"\d\.\d", found[place]["notAvailableBecause"]) is None


def test_a_trained_model_tells_the_numbers_of_its_evaluation(
    monkeypatch: pytest.MonkeyPatch, client: FlaskClient
) -> None:
    evaluation = {
        "cross_validation": {
            "folds": 25,
            "mean": {"this model": {"auroc": 0.66666, "brier": 0.09}},
            "intervals": {"auroc": [0.65, 0.68]},
            "first_repeat": {
                "subgroups": [{"group": "sex", "label": "female", "oe": 1.012}, {"group": "x", "label": "y"}]
            },
        }
    }
    monkeypatch.setattr("cds_service.web.knowledge.read_evaluation", lambda id: evaluation)
    found = attributes(client.get("/knowledge/readmission-30d", headers=JSON).json)  # type: ignore[arg-type]
    assert found["(B)(7)(i)"]["value"] == (
        "cross-validated, 25 test parts: AUROC 0.6667 (0.6500 to 0.6800), Brier 0.0900 (no interval)"
    )
    assert found["(B)(7)(ii)"]["value"] == "observed to expected: sex female: 1.01"


def test_a_person_gets_a_page_that_needs_nothing_else(client: FlaskClient) -> None:
    answer = client.get("/knowledge/tisdale", headers={"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"})
    assert answer.mimetype == "text/html"
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'; style-src 'sha256-")
    assert "not available because: the project states no funding source" in answer.text
    assert "<script" not in answer.text
    assert "http-equiv" not in answer.text


def test_a_model_that_is_off_says_so(application: Application, client_of: Callable[..., FlaskClient]) -> None:
    client = client_of(release=switched(application.release, tisdale={"status": "off"}))
    assert client.get("/knowledge/tisdale", headers=JSON).json["status"] == "off: summer stays"  # type: ignore[index]


def test_unknown_knowledge_is_not_found(client: FlaskClient) -> None:
    answer = client.get("/knowledge/nothing-of-the-kind", headers=JSON)
    assert answer.status_code == 404
    assert answer.json["issue"][0]["diagnostics"] == "no rule and no model has this id"  # type: ignore[index]
