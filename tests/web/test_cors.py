"""Calls from browsers."""

import pytest
from flask.testing import FlaskClient

from cds_service.web.cors import is_allowed

SERVICE = "/cds-services/medication-order-sign"
PREFLIGHT = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization,content-type"}


@pytest.mark.requirement("CH-198")
@pytest.mark.parametrize("route", ["/cds-services", SERVICE])
def test_a_preflight_from_a_listed_origin_is_answered_without_authentication(client: FlaskClient, route: str) -> None:
    response = client.options(route, headers={"Origin": "https://ehr.example.org", **PREFLIGHT})
    assert response.status_code == 204
    assert response.headers["Access-Control-Allow-Origin"] == "https://ehr.example.org"
    assert set(response.headers["Access-Control-Allow-Headers"].split(", ")) == {
        "Authorization",
        "Content-Type",
        "Accept",
    }
    assert set(response.headers["Access-Control-Allow-Methods"].split(", ")) == {"GET", "POST", "OPTIONS"}
    assert "Access-Control-Allow-Credentials" not in response.headers


@pytest.mark.requirement("CH-198")
def test_a_preflight_from_any_other_origin_gets_no_permission(client: FlaskClient) -> None:
    response = client.options(SERVICE, headers={"Origin": "https://evil.example", **PREFLIGHT})
    assert "Access-Control-Allow-Origin" not in response.headers


@pytest.mark.requirement("CH-198")
@pytest.mark.parametrize(
    ("method", "route", "status"),
    [("GET", "/cds-services", 200), ("POST", SERVICE, 415), ("POST", "/cds-services/none", 404), ("GET", SERVICE, 405)],
)
def test_every_answer_carries_the_permission_errors_too(
    client: FlaskClient, method: str, route: str, status: int
) -> None:
    response = client.open(route, method=method, headers={"Origin": "http://localhost:8080"})
    assert response.status_code == status
    assert response.headers["Access-Control-Allow-Origin"] == "http://localhost:8080"
    assert "Origin" in response.headers["Vary"]


@pytest.mark.parametrize(
    ("origin", "expected"),
    [
        ("http://localhost:3000", True),
        ("http://localhost:", False),
        ("http://localhost", False),
        ("https://localhost:3000", False),
        ("http://localhost:80.evil.example", False),
        ("http://localhost.evil.example:80", False),
        ("https://ehr.example.org", True),
        ("https://ehr.example.org:444", False),
        ("null", False),
        ("", False),
    ],
)
def test_an_origin_must_be_listed_to_the_letter_or_by_any_port(origin: str, expected: bool) -> None:
    assert is_allowed(origin, ("http://localhost:*", "https://ehr.example.org")) is expected
