"""Closed by default: only callers on this machine are served."""

import pytest
from flask.testing import FlaskClient

ROUTES = ["/cds-services"]


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize("address", ["127.0.0.1", "127.1.2.3", "::1"])
def test_callers_on_this_machine_are_served(client: FlaskClient, route: str, address: str) -> None:
    assert client.get(route, environ_base={"REMOTE_ADDR": address}).status_code == 200


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize("address", ["10.0.0.4", "2001:db8::1", "", "not an address"])
def test_callers_elsewhere_are_refused(client: FlaskClient, route: str, address: str) -> None:
    response = client.get(route, environ_base={"REMOTE_ADDR": address})
    assert response.status_code == 403
    assert response.json is not None
    assert response.json["issue"][0]["code"] == "forbidden"


def test_whether_the_service_runs_is_said_to_anyone_and_what_it_runs_to_this_machine_only(client: FlaskClient) -> None:
    elsewhere = {"REMOTE_ADDR": "10.0.0.4"}
    assert client.get("/health", environ_base=elsewhere).json == {"status": "ok"}
    assert client.get("/ready", environ_base=elsewhere).json == {"status": "ready"}
    assert client.get("/ready", headers={"X-Forwarded-For": "127.0.0.1"}).json == {"status": "ready"}
    assert "release" in (client.get("/ready").json or {})


@pytest.mark.parametrize("header", ["Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Real-IP", "Via"])
def test_calls_through_a_proxy_are_refused(client: FlaskClient, header: str) -> None:
    assert client.get("/cds-services", headers={header: "127.0.0.1"}).status_code == 403


@pytest.mark.parametrize("host", ["localhost:8000", "127.0.0.1", "[::1]:8000"])
def test_names_of_this_machine_are_served(client: FlaskClient, host: str) -> None:
    assert client.get("/cds-services", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize("host", ["rebound.example", "rebound.example:8000", "[2001:db8::1]:8000"])
def test_a_foreign_host_name_that_resolves_here_is_refused(client: FlaskClient, host: str) -> None:
    assert client.get("/cds-services", headers={"Host": host}).status_code == 403


def test_hook_calls_are_guarded_before_the_body_is_read(client: FlaskClient) -> None:
    response = client.post("/cds-services/medication-order-sign", data=b"{", environ_base={"REMOTE_ADDR": "10.0.0.4"})
    assert response.status_code == 403
