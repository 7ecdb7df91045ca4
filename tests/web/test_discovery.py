"""Discovery and health."""

import json

import pytest
from flask.testing import FlaskClient

from tests.support.schemas import problems


def services(client: FlaskClient) -> dict[str, dict[str, object]]:
    return {service["id"]: service for service in json.loads(client.get("/cds-services").data)["services"]}


@pytest.mark.requirement("CH-010")
@pytest.mark.requirement("CH-011")
@pytest.mark.requirement("CH-012")
def test_discovery_answers_a_valid_list_of_services(client: FlaskClient) -> None:
    response = client.get("/cds-services")
    assert response.status_code == 200
    assert response.content_type == "application/json"
    assert problems("discovery-response", response.data) == []


@pytest.mark.requirement("CH-014")
@pytest.mark.requirement("CH-017")
def test_four_services_each_answer_one_hook(client: FlaskClient) -> None:
    assert {id: service["hook"] for id, service in services(client).items()} == {
        "medication-patient-view": "patient-view",
        "medication-order-select": "order-select",
        "medication-order-sign": "order-sign",
        "discharge-risk": "encounter-discharge",
    }
    assert all(service["title"] and service["description"] for service in services(client).values())


def test_prefetch_asks_for_keys_under_the_names_they_keep(client: FlaskClient) -> None:
    prefetch = services(client)["medication-order-sign"]["prefetch"]
    assert isinstance(prefetch, dict)
    assert prefetch["patient"] == "Patient/{{context.patientId}}"
    assert prefetch["medications"] == "MedicationRequest?patient={{context.patientId}}&status=active,on-hold"
    assert set(prefetch) <= {
        "patient", "medications", "statements", "allergies", "conditions", "labs", "vitals", "genomics", "procedures",
        "encounter",
    }  # fmt: skip


@pytest.mark.requirement("CH-024")
@pytest.mark.requirement("CH-025")
def test_the_slash_at_the_end_and_a_second_call_change_nothing(client: FlaskClient) -> None:
    bodies = {client.get(route).data for route in ("/cds-services", "/cds-services/", "/cds-services")}
    assert len(bodies) == 1


@pytest.mark.requirement("CH-024")
def test_head_and_options_are_answered(client: FlaskClient) -> None:
    assert client.head("/cds-services").status_code == 200
    response = client.options("/cds-services")
    assert response.status_code == 200
    assert set(response.headers["Allow"].split(", ")) == {"GET", "HEAD", "OPTIONS"}


@pytest.mark.requirement("CH-002")
@pytest.mark.requirement("CH-003")
def test_nothing_in_discovery_is_null_or_empty(client: FlaskClient) -> None:
    def leaves(value: object) -> list[object]:
        if isinstance(value, dict) and value:
            return [leaf for inner in value.values() for leaf in leaves(inner)]
        if isinstance(value, list) and value:
            return [leaf for inner in value for leaf in leaves(inner)]
        return [value]

    assert not [leaf for leaf in leaves(client.get("/cds-services").json) if leaf in (None, "", [], {})]


@pytest.mark.requirement("CH-016")
def test_every_listed_service_answers_at_its_id(client: FlaskClient) -> None:
    for id in services(client):
        assert client.post(f"/cds-services/{id}", json={}).status_code == 400


def test_health_and_readiness_are_answered(client: FlaskClient) -> None:
    assert client.get("/health").json == {"status": "ok"}
    ready = client.get("/ready").json
    assert ready is not None
    assert ready["status"] == "ready"
    assert len(ready["release"]) == 64
    assert ready["rules"] >= 12


def test_answers_forbid_framing_sniffing_and_keeping(client: FlaskClient) -> None:
    for route in ("/cds-services", "/health", "/nowhere"):
        headers = client.get(route).headers
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Content-Security-Policy"] == "default-src 'none'; frame-ancestors 'none'"
        assert headers["Cache-Control"] == "no-store"
