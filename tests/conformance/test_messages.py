"""Every message the service emits: answers of all services to many kinds of calls, and every kind of error."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from cds_service.app import Application
from cds_service.web.routes import make_flask
from tests.contract.bodies import (
    AMOXICILLIN,
    CLARITHROMYCIN,
    METFORMIN,
    NAPROXEN,
    SIMVASTATIN,
    WARFARIN,
    requests_of,
)
from tests.support.requests import Json, PatientCase, a_patient, bundle, outcome
from tests.support.schemas import problems

NOW = "2026-11-20"
CASES: dict[str, PatientCase] = {
    "nothing": a_patient(),
    "bleeding": a_patient().taking(WARFARIN, "warfarin 5 MG", dose=1, per_day=1).ordering(NAPROXEN, dose=1, per_day=2),
    "allergy": a_patient().allergic_to("7984", "penicillin V").ordering(AMOXICILLIN),
    "kidney": a_patient(birthDate="1950-01-01", gender="male")
    .with_lab("2160-0", 4.0, "mg/dL", "2026-11-10")
    .ordering(METFORMIN, "metformin hydrochloride 1000 MG Oral Tablet"),
    "statin": a_patient().taking(SIMVASTATIN).ordering(CLARITHROMYCIN),
    "unread": a_patient().without("medications").key("allergies", outcome()).ordering("", "St John's tea"),
    "traced": a_patient().taking(WARFARIN).ordering(NAPROXEN).traced(),
}
ERRORS: list[tuple[str, str, bytes]] = [
    ("POST", "/cds-services/medication-order-sign", b"{"),
    ("POST", "/cds-services/medication-order-sign", b"{}"),
    ("POST", "/cds-services/medication-order-sign", json.dumps(a_patient().patient_view()).encode()),
    ("POST", "/cds-services/nobody", b"{}"),
    ("POST", "/cds-services/medication-order-sign/feedback", b"[]"),
    ("GET", "/cds-services/medication-order-sign", b""),
    ("GET", "/nowhere", b""),
]
MAY_BE_EMPTY = {"$.services", "$.cards"}
TRACE = "$.extension.org.cds-service."
STANDARD_HOOKS = {
    *("patient-view", "order-select", "order-sign", "order-dispatch", "encounter-start", "encounter-discharge"),
    *("appointment-book", "problem-list-item-create", "allergyintolerance-create", "medication-refill"),
}


@pytest.fixture(scope="module")
def answers(application: Application) -> list[TestResponse]:
    """The answers with status 200 to every case at every service."""
    client = make_flask(application).test_client()
    calls = [(id, request) for case in CASES.values() for id, request in requests_of(case.as_of(NOW)).items()]
    answers = [client.post(f"/cds-services/{id}", json=request) for id, request in calls]
    assert {answer.status_code for answer in answers} == {200}
    return answers


@pytest.fixture(scope="module")
def cards(answers: list[TestResponse]) -> list[Json]:
    found = [card for answer in answers for card in json.loads(answer.data)["cards"]]
    assert {card["indicator"] for card in found} == {"info", "warning", "critical"}
    return found


def leaves(value: Any, path: str = "$") -> Iterator[tuple[str, Any]]:
    """Every value that holds no other, with its path; an empty array or object is one."""
    inner = value.items() if isinstance(value, dict) else list(enumerate(value)) if isinstance(value, list) else []
    for name, each in inner:
        yield from leaves(each, f"{path}.{name}")
    if not inner:
        yield path, value


def members(value: Any, name: str) -> Iterator[Any]:
    """Every member called `name`, wherever it is."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if key == name:
                yield inner
            yield from members(inner, name)
    elif isinstance(value, list):
        for inner in value:
            yield from members(inner, name)


@pytest.mark.requirement("CH-001", "CH-005", "CH-100")
def test_every_answer_is_strict_json_of_a_valid_form(answers: list[TestResponse]) -> None:
    for answer in answers:
        assert answer.content_type == "application/json"
        assert problems("response", answer.data) == []


@pytest.mark.requirement("CH-001", "CH-005", "CH-102")
@pytest.mark.parametrize(("method", "route", "data"), ERRORS)
def test_every_error_is_json_and_an_operation_outcome(
    client: FlaskClient, method: str, route: str, data: bytes
) -> None:
    answer = client.open(route, method=method, data=data, content_type="application/json")
    assert answer.status_code >= 400
    assert answer.content_type == "application/json"
    assert json.loads(answer.data)["resourceType"] == "OperationOutcome"


@pytest.mark.requirement("CH-002", "CH-003", "CH-004")
def test_nothing_emitted_is_null_or_empty(answers: list[TestResponse]) -> None:
    """But in the trace that an operator asked for: there an empty list is one that was read."""
    wrong = [
        (path, value)
        for answer in answers
        for path, value in leaves(json.loads(answer.data))
        if value in (None, "", [], {}) and path not in MAY_BE_EMPTY and not path.startswith(TRACE)
    ]
    assert wrong == []


@pytest.mark.requirement("CH-145", "CH-146")
def test_no_action_is_ever_taken_past_the_user(answers: list[TestResponse]) -> None:
    assert not any("systemActions" in json.loads(answer.data) for answer in answers)


@pytest.mark.requirement("CH-205", "CH-206")
def test_every_extension_is_an_object_with_reverse_domain_names(answers: list[TestResponse]) -> None:
    extensions = [each for answer in answers for each in members(json.loads(answer.data), "extension")]
    assert extensions
    for extension in extensions:
        assert isinstance(extension, dict)
        assert all(re.fullmatch(r"[a-z]+(\.[a-z-]+)+", name) for name in extension)


@pytest.mark.requirement("CH-110")
def test_no_two_cards_share_a_uuid(cards: list[Json]) -> None:
    uuids = [card["uuid"] for card in cards]
    assert len(set(uuids)) == len(uuids)


@pytest.mark.requirement("CH-040")
def test_the_same_call_twice_gives_the_same_cards_under_new_uuids(client: FlaskClient) -> None:
    request = CASES["bleeding"].as_of(NOW).order_sign()
    first, second = (client.post("/cds-services/medication-order-sign", json=request).json["cards"] for _ in "12")  # type: ignore[index]
    assert [card["summary"] for card in first] == [card["summary"] for card in second]
    assert {card["uuid"] for card in first}.isdisjoint(card["uuid"] for card in second)


@pytest.mark.requirement("CH-208")
def test_every_hook_served_is_of_the_standard_library(client: FlaskClient) -> None:
    served = {service["hook"] for service in client.get("/cds-services").json["services"]}  # type: ignore[index]
    assert served <= STANDARD_HOOKS


@pytest.mark.requirement("CH-016")
def test_ids_are_unique_and_need_no_escaping(client: FlaskClient) -> None:
    ids = [service["id"] for service in client.get("/cds-services").json["services"]]  # type: ignore[index]
    assert len(set(ids)) == len(ids)
    assert all(re.fullmatch(r"[a-z][a-z-]*[a-z]", id) for id in ids)


@pytest.mark.requirement("CH-052", "CH-058", "CH-059", "CH-064", "CH-066")
def test_published_templates_use_r4_searches_with_systems_and_nothing_of_version_3(client: FlaskClient) -> None:
    services = client.get("/cds-services").json["services"]  # type: ignore[index]
    templates = {template for service in services for template in service["prefetch"].values()}
    for template in templates:
        assert not re.search(r"%|today\(|resolve\(|ofType\(|\||_include|_has|:not|_summary|_elements", strip(template))
        for code in re.findall(r"[?&]code=([^&]+)", template):
            assert all(re.fullmatch(r"https?://[^|]+\|[\w.-]+", each) for each in code.split(","))


def strip(template: str) -> str:
    """The template without the bars between system and code."""
    return re.sub(r"(https?://[^|,]+)\|", r"\1 ", template)


NASTY = "<img src=x onerror=alert(1)> [link](https://evil.example) **bold** ![x](y)\n# heading 🧪e\u0301\u202eevil"


@pytest.mark.requirement("CH-111", "CH-112")
def test_text_of_the_client_is_no_markup_and_no_summary_is_long(client: FlaskClient) -> None:
    case = (
        a_patient(name=[{"text": NASTY}])
        .taking("", NASTY)
        .taking(WARFARIN, NASTY * 3)
        .allergic_to("1", NASTY, system="urn:local")
        .ordering("", NASTY * 9, id="order1")
        .ordering(NAPROXEN, NASTY)
        .as_of(NOW)
    )
    shown = client.post("/cds-services/medication-order-sign", json=case.order_sign()).json["cards"]  # type: ignore[index]
    assert len(shown) > 1
    for card in shown:
        assert len(card["summary"]) < 140
        assert "\n" not in card["summary"]
        detail = card.get("detail", "")
        assert "<" not in detail
        assert "](https://evil" not in detail
        assert "\n# heading" not in detail
        assert "**bold**" not in detail


STATES: dict[str, Any] = {
    "null": None,
    "empty": bundle(),
    "outcome": outcome("timeout"),
    "outcome entry": bundle(outcome("forbidden")),
    "more pages": bundle(link=[{"relation": "next", "url": "https://ehr.example.org/fhir/next"}]),
    "another patient's": bundle({"resourceType": "Condition", "id": "x", "subject": {"reference": "Patient/other"}}),
    "another type": bundle({"resourceType": "Binary", "id": "x"}),
    "HTML": "<html>502</html>",
    "number": 7,
    "array": [],
    "object": {},
    "wrapped": {"response": {"status": "200"}, "resource": bundle()},
    "wrapped nothing": {"response": {"status": "404"}, "resource": None},
}


@pytest.mark.requirement("CH-070", "CH-073", "CH-074", "CH-078")
@pytest.mark.parametrize("state", STATES)
def test_every_state_of_every_key_is_answered_at_every_service(client: FlaskClient, state: str) -> None:
    for service in client.get("/cds-services").json["services"]:  # type: ignore[index]
        for key in service["prefetch"]:
            request = requests_of(CASES["bleeding"].key(key, STATES[state]))[service["id"]]
            answer = client.post(f"/cds-services/{service['id']}", json=request)
            assert answer.status_code == 200, (service["id"], key, answer.data)
            assert problems("response", answer.data) == []


def test_selections_that_point_nowhere_and_empty_drafts_are_answered(client: FlaskClient) -> None:
    nowhere = CASES["bleeding"].order_select("MedicationRequest/none")
    answer = client.post("/cds-services/medication-order-select", json=nowhere)
    assert answer.status_code == 200
    assert answer.json is not None
    (card,) = answer.json["cards"]
    assert "MedicationRequest/none, selected but not sent" in card["summary"]
    answer = client.post("/cds-services/medication-order-sign", json=a_patient().order_sign())
    assert (answer.status_code, answer.json) == (200, {"cards": []})
