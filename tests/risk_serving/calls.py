"""Calls over HTTP, and what is looked for in their answers."""

from typing import Any

from flask.testing import FlaskClient

from tests.risk_serving.patients import Json
from tests.support.schemas import problems

SERVICES = {
    "patient-view": "medication-patient-view",
    "order-sign": "medication-order-sign",
    "encounter-discharge": "discharge-risk",
}


def ask(client: FlaskClient, request: Json) -> Any:
    """The answer to a call, held against the schema."""
    answer = client.post(f"/cds-services/{SERVICES[request['hook']]}", json=request)
    assert answer.status_code == 200, answer.data
    assert problems("response", answer.data) == []
    return answer.json


def cards(client: FlaskClient, request: Json) -> list[Json]:
    found: list[Json] = ask(client, request)["cards"]
    return found


def card_of(client: FlaskClient, request: Json, id: str) -> Json | None:
    """The card of a rule or model."""
    return next((card for card in cards(client, request) if card["source"]["topic"]["code"] == id), None)


def models_said(client: FlaskClient, request: Json) -> dict[str, list[Json]]:
    """What the trace tells of every model, by its id."""
    said: dict[str, list[Json]] = {}
    for each in ask(client, request)["extension"]["org.cds-service"].get("models", []):
        said.setdefault(each["model"], []).append(each)
    return said
