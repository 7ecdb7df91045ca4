"""Whatever a client sends, none of it is logged: every text of a full call is replaced by a marker, one at a time."""

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient

from cds_service.web.log import log_decision, start_logging
from tests.contract.bodies import FULL, Path, paths, requests_of
from tests.support.requests import Json

MARKER = "Zebedee-4711"
TOKEN = f"eyJ{MARKER}.payload.signature"
AUTHORIZATION = {
    "access_token": MARKER,
    "token_type": "Bearer",
    "expires_in": 60,
    "scope": "user/*.read",
    "subject": "cds",
}
FEEDBACK: Json = {
    "feedback": [
        {
            "card": "c",
            "outcome": "overridden",
            "outcomeTimestamp": "2026-11-20T09:30:00Z",
            "acceptedSuggestions": [{"id": "s"}],
            "overrideReason": {"reason": {"code": "c", "system": "s", "display": "d"}, "userComment": "x"},
        }
    ]
}


@pytest.fixture
def logged(capfd: pytest.CaptureFixture[str]) -> Callable[[], str]:
    start_logging()

    def everything() -> str:
        captured = capfd.readouterr()
        return captured.out + captured.err

    return everything


def marked(request: Json, path: Path) -> Json:
    """The request with the marker at `path`."""
    changed = copy.deepcopy(request)
    holder: Any = changed
    for name in path[:-1]:
        holder = holder[name]
    holder[path[-1]] = MARKER
    return changed


def post(client: FlaskClient, url: str, request: Any) -> int:
    headers = {"Authorization": f"Bearer {TOKEN}", "X-Request-Id": MARKER, "Cookie": f"session={MARKER}"}
    return client.post(url, data=json.dumps(request), content_type="application/json", headers=headers).status_code


@pytest.mark.requirement("CH-089", "CH-195")
def test_no_text_of_a_call_is_logged(client_of: Callable[..., FlaskClient], logged: Callable[[], str]) -> None:
    client = client_of(write=log_decision)
    statuses = set()
    for service, request in requests_of(FULL.as_of("2026-11-20")).items():
        whole = {**request, "fhirServer": "https://ehr.example.org/fhir", "fhirAuthorization": AUTHORIZATION}
        places = list(paths(whole)) if service == "medication-order-sign" else list(paths({**whole, "prefetch": {}}))
        for path in places:
            statuses.add(post(client, f"/cds-services/{service}", marked(whole, path)))
    said = logged()
    assert statuses == {200, 400}
    assert said.count("\n") > 300
    assert MARKER not in said


def test_no_text_of_feedback_is_logged(client: FlaskClient, logged: Callable[[], str]) -> None:
    for path in paths(FEEDBACK):
        post(client, "/cds-services/medication-order-sign/feedback", marked(FEEDBACK, path))
    said = logged()
    assert "feedback" in said
    assert MARKER not in said


def test_no_address_query_or_failure_is_logged_with_its_text(
    client_of: Callable[..., FlaskClient], logged: Callable[[], str]
) -> None:
    def fail(record: object, milliseconds: float) -> None:
        raise KeyError(MARKER)

    client = client_of(write=fail)
    assert post(client, "/cds-services/medication-order-sign", requests_of(FULL)["medication-order-sign"]) == 500
    assert post(client, f"/cds-services/{MARKER}?patient={MARKER}", {}) == 404
    assert post(client, f"/{MARKER}", {}) == 404
    assert client.get(f"/cds-services?{MARKER}={MARKER}", headers={"Host": MARKER}).status_code == 403
    said = logged()
    assert said.count('"event"') == 4
    assert MARKER not in said
