"""The end of a stay: a new hook is one context class and one entry in `config/services.toml`."""

from flask.testing import FlaskClient

from tests.support.requests import a_patient
from tests.support.schemas import problems

ROUTE = "/cds-services/discharge-risk"
WARFARIN = "855332"


def summaries(client: FlaskClient, request: object) -> list[str]:
    answer = client.post(ROUTE, json=request)
    assert answer.status_code == 200
    assert problems("response", answer.data) == []
    return [card["summary"] for card in answer.json["cards"]]  # type: ignore[index]


def test_discovery_asks_for_earlier_stays(client: FlaskClient) -> None:
    services = {service["id"]: service for service in client.get("/cds-services").json["services"]}  # type: ignore[index]
    assert services["discharge-risk"]["hook"] == "encounter-discharge"
    asked = services["discharge-risk"]["prefetch"]
    assert asked["encounters"] == "Encounter?patient={{context.patientId}}&_sort=-date&_count=100"
    assert "encounters" not in services["medication-order-sign"]["prefetch"]


def test_a_discharge_no_rule_speaks_to_is_answered_without_cards(client: FlaskClient) -> None:
    assert summaries(client, a_patient().taking(WARFARIN).encounter_discharge()) == []


def test_a_discharge_without_the_medication_list_says_so(client: FlaskClient) -> None:
    (summary,) = summaries(client, a_patient().without("medications", "statements").encounter_discharge())
    assert summary == "Not checked: the medication list was not sent"


def test_a_discharge_without_its_encounter_is_refused(client: FlaskClient) -> None:
    request = a_patient().encounter_discharge()
    del request["context"]["encounterId"]
    answer = client.post(ROUTE, json=request)
    assert answer.status_code == 400
    assert answer.json is not None
    assert answer.json["issue"][0]["expression"] == ["context.encounterId"]
