"""Every error is an OperationOutcome that names the element and repeats nothing of the patient."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from cds_service.record.decision import DecisionRecord
from tests.support.requests import a_patient, body

SIGN = "/cds-services/medication-order-sign"
SECRET = "Zebedee-4711"


def post(client: FlaskClient, data: bytes | dict[str, Any], route: str = SIGN) -> TestResponse:
    return client.post(route, data=data if isinstance(data, bytes) else body(data), content_type="application/json")


def issue(response: TestResponse) -> dict[str, Any]:
    assert response.content_type == "application/json"
    outcome = json.loads(response.data)
    assert outcome["resourceType"] == "OperationOutcome"
    (found,) = outcome["issue"]
    assert found["severity"] == "error"
    return dict(found)


@pytest.mark.requirement("CH-102")
@pytest.mark.parametrize("element", ["hook", "hookInstance", "context"])
def test_a_missing_member_is_named(client: FlaskClient, element: str) -> None:
    request = a_patient(SECRET).ordering("855332").order_sign()
    del request[element]
    response = post(client, request)
    assert response.status_code == 400
    assert issue(response)["expression"] == [element]
    assert SECRET.encode() not in response.data


@pytest.mark.parametrize(
    "data",
    [b"", b"{", b"[]", b'"text"', b"null", b"\xff\xfe{}", b"{" * 100_000, b'{"a":' * 100_000, b'{"hook":NaN}'],
    ids=["empty", "cut", "array", "string", "null", "not UTF-8", "braces", "deep", "NaN"],
)
def test_a_body_that_is_no_json_object_is_400(client: FlaskClient, data: bytes) -> None:
    response = post(client, data)
    assert response.status_code == 400
    assert issue(response)["code"] == "invalid"


def test_a_byte_order_mark_is_no_error(client: FlaskClient) -> None:
    request = a_patient().ordering("855332").order_sign()
    assert post(client, b"\xef\xbb\xbf" + body(request)).status_code == 200


@pytest.mark.requirement("CH-031")
def test_another_services_hook_is_400_never_404(client: FlaskClient) -> None:
    response = post(client, a_patient().patient_view())
    assert response.status_code == 400
    assert issue(response)["expression"] == ["hook"]


@pytest.mark.requirement("CH-077")
def test_nothing_to_work_with_is_412(client: FlaskClient) -> None:
    request = a_patient().patient_view()
    del request["prefetch"]
    response = post(client, request, "/cds-services/medication-patient-view")
    assert response.status_code == 412
    assert issue(response)["code"] == "incomplete"


def test_an_unknown_service_is_404_and_lists_the_known(client: FlaskClient) -> None:
    response = post(client, b"{}", "/cds-services/medication-order-sing")
    assert response.status_code == 404
    assert "medication-order-sign" in issue(response)["diagnostics"]


@pytest.mark.parametrize("route", ["/", "/cds-services/medication-order-sign/analytics/1", "/admin"])
def test_an_address_nothing_is_served_at_is_404(client: FlaskClient, route: str) -> None:
    response = client.post(route)
    assert response.status_code == 404
    assert issue(response)["code"] == "not-found"


@pytest.mark.requirement("CH-010")
@pytest.mark.requirement("CH-030")
@pytest.mark.parametrize(
    ("method", "route", "allowed"),
    [
        ("POST", "/cds-services", {"GET", "HEAD", "OPTIONS"}),
        ("GET", SIGN, {"POST", "OPTIONS"}),
        ("PUT", SIGN, {"POST", "OPTIONS"}),
    ],
)
def test_a_wrong_method_is_405_and_says_which_is_right(
    client: FlaskClient, method: str, route: str, allowed: set[str]
) -> None:
    response = client.open(route, method=method)
    assert response.status_code == 405
    assert set(response.headers["Allow"].split(", ")) == allowed
    assert issue(response)["code"] == "not-supported"


def test_a_body_over_the_limit_is_413(client_of: Callable[..., FlaskClient]) -> None:
    response = post(client_of({"body_limit": 100}), b" " * 101)
    assert response.status_code == 413
    assert issue(response)["code"] == "too-long"


@pytest.mark.requirement("CH-030")
@pytest.mark.parametrize("media_type", ["text/plain", "application/x-www-form-urlencoded", "", "application/xml"])
def test_a_body_of_another_media_type_is_415(client: FlaskClient, media_type: str) -> None:
    response = client.post(SIGN, data=b"{}", content_type=media_type)
    assert response.status_code == 415
    assert "application/json" in issue(response)["diagnostics"]


@pytest.mark.requirement("CH-030")
def test_a_charset_after_the_media_type_is_no_error(client: FlaskClient) -> None:
    request = body(a_patient().ordering("855332").order_sign())
    assert client.post(SIGN, data=request, content_type="application/json; charset=utf-8").status_code == 200


def test_a_failure_of_ours_is_500_without_stack_or_values(client_of: Callable[..., FlaskClient]) -> None:
    def fail(record: DecisionRecord, milliseconds: float) -> None:
        raise ValueError(f"disk full while writing {SECRET}")

    response = post(client_of(write=fail), a_patient(SECRET).ordering("855332").order_sign())
    assert response.status_code == 500
    assert issue(response)["diagnostics"] == "the service failed on this call; nothing was checked"
    assert SECRET.encode() not in response.data
    assert b"Traceback" not in response.data
