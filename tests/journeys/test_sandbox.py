"""The public CDS Hooks Sandbox as it calls: a browser, preflights, version 1 scopes, prefetch that drops what failed.

Its signed tokens are the matter of `tests/web/test_client_calls.py`; here it calls the dev profile on this machine.
"""

import json
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.support.requests import Json, a_patient, coded
from tests.support.schemas import problems

ORIGIN = "http://localhost:8080"
FHIR_SERVER = "https://launch.example.org/v/r4/fhir"
NAPROXEN, WARFARIN = "849574", "855332"
CASE = a_patient("smart-1288992", name=[{"text": "Adams, Daniel"}]).taking(WARFARIN, "warfarin 5 MG")
# What the Sandbox writes for a drug picked from its list: no intent, a category that is no array, a pill as a unit
# without text and the dose of an earlier FHIR version.
DRAFT: Json = {
    "resourceType": "MedicationRequest",
    "id": "request-123",
    "status": "draft",
    "authoredOn": "2026-11-20",
    "category": coded("http://terminology.hl7.org/CodeSystem/medicationrequest-category", "outpatient"),
    "subject": {"reference": "Patient/smart-1288992"},
    "dosageInstruction": [
        {
            "doseQuantity": {"value": 1, "system": "http://unitsofmeasure.org", "code": "{pill}"},
            "timing": {"repeat": {"frequency": 2, "period": 1, "periodUnit": "d"}},
        }
    ],
    "medicationCodeableConcept": {
        "text": "Naproxen sodium 220 MG Oral Tablet",
        "coding": [{**coded("http://www.nlm.nih.gov/research/umls/rxnorm", NAPROXEN)["coding"][0]}],
    },
}
CONTEXTS: dict[str, Json] = {
    "patient-view": {},
    "order-select": {
        "selections": ["MedicationRequest/request-123"],
        "draftOrders": {"resourceType": "Bundle", "entry": [{"resource": DRAFT}]},
    },
    "order-sign": {"draftOrders": {"resourceType": "Bundle", "entry": [{"resource": DRAFT}]}},
}
REASONS = [
    {"reason": {"code": "benefit-outweighs-risk", "system": "https://cds-service.example/override"}},
    {"reason": {"code": "benefit-outweighs-risk"}, "userComment": "discussed with the patient"},
    {"userComment": "discussed"},
]


def call(client: FlaskClient, method: str, path: str, body: Any = None) -> TestResponse:
    """As a browser does: it asks whether it may, and then calls."""
    asked = {"Access-Control-Request-Method": method, "Access-Control-Request-Headers": "authorization,content-type"}
    preflight = client.options(path, headers={"Origin": ORIGIN, **asked})
    assert preflight.status_code == 204
    assert preflight.headers["Access-Control-Allow-Origin"] == ORIGIN
    assert method in preflight.headers["Access-Control-Allow-Methods"]
    allowed = preflight.headers["Access-Control-Allow-Headers"].lower()
    assert "authorization" in allowed
    assert "content-type" in allowed
    answer = client.open(
        path,
        method=method,
        headers={"Origin": ORIGIN, "Accept": "application/json", "Authorization": "Bearer of-the-sandbox"},
        data=None if body is None else json.dumps(body),
        content_type=None if body is None else "application/json;charset=UTF-8",
    )
    assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN
    return answer


def sandbox_request(hook: str, asked: Json) -> Json:
    """It sends a read or search that answered; one that failed or whose token it does not know is left out."""
    arrived = {key: value for key, value in CASE.prefetch.items() if key in asked and key != "statements"}
    assert "encounter" not in arrived
    return {
        "hookInstance": "3d2d4f20-9e09-4b26-a1f1-9f1d8c4a2a11",
        "hook": hook,
        "fhirServer": FHIR_SERVER,
        "context": {"patientId": CASE.id, "userId": "Practitioner/COREPRACTITIONER1", **CONTEXTS[hook]},
        "fhirAuthorization": {
            "access_token": "opaque",
            "token_type": "Bearer",
            "scope": "patient/*.* user/*.* launch openid profile online_access",
            "subject": "sandbox-client",
        },
        "prefetch": arrived,
    }


@pytest.mark.requirement("CH-030", "CH-085", "CH-198")
@pytest.mark.parametrize("hook", CONTEXTS)
def test_the_sandbox_finds_the_service_of_a_hook_and_is_answered(client: FlaskClient, hook: str) -> None:
    services = call(client, "GET", "/cds-services").json["services"]  # type: ignore[index]
    assert services, "the Sandbox takes an empty list for a failure"
    (service,) = [each for each in services if each["hook"] == hook]
    answer = call(client, "POST", f"/cds-services/{service['id']}", sandbox_request(hook, service["prefetch"]))
    assert answer.status_code == 200
    assert problems("response", answer.data) == []
    summaries = [card["summary"] for card in answer.json["cards"]]  # type: ignore[index]
    if hook != "patient-view":
        assert "bleeding" in summaries[0]
        assert "aproxen" in summaries[0]


@pytest.mark.requirement("CH-160", "CH-167")
@pytest.mark.parametrize("reason", REASONS)
def test_what_the_user_did_with_a_card_is_taken(client: FlaskClient, reason: Json) -> None:
    service = "medication-order-sign"
    asked = dict.fromkeys(CASE.prefetch, "")
    shown = call(client, "POST", f"/cds-services/{service}", sandbox_request("order-sign", asked)).json["cards"]  # type: ignore[index]
    moment = "2026-11-20T09:30:00.123Z"
    dismissed = {
        "card": shown[0]["uuid"],
        "outcome": "overridden",
        "overrideReason": reason,
        "outcomeTimestamp": moment,
    }
    answer = call(client, "POST", f"/cds-services/{service}/feedback", {"feedback": [dismissed]})
    assert (answer.status_code, answer.json) == (200, {"received": 1, "stored": 0})
    taken = {
        **{"card": shown[0]["uuid"], "outcome": "accepted", "outcomeTimestamp": moment},
        "acceptedSuggestions": [{"id": "e56e1945-20b3-4393-8503-a1a20fd73152"}],
    }
    assert call(client, "POST", f"/cds-services/{service}/feedback", {"feedback": [taken]}).status_code == 200
