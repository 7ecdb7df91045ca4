"""The feedback endpoint: what it answers, and what it does not log."""

import json
from typing import Any

import pytest
from flask.testing import FlaskClient

from cds_service.web.log import start_logging

CARD = "4e0a3a1e-3283-4575-ab82-028d55fe2719"
ROUTE = "/cds-services/medication-order-sign/feedback"
SECRET = "Zebedee-4711"
OVERRIDDEN = {"card": CARD, "outcome": "overridden", "outcomeTimestamp": "2026-11-20T09:30:00Z"}


@pytest.mark.requirement("CH-160", "CH-161", "CH-174")
def test_every_service_takes_feedback_and_says_so_where_nothing_is_kept(client: FlaskClient) -> None:
    for service in client.get("/cds-services").json["services"]:  # type: ignore[index]
        answer = client.post(f"/cds-services/{service['id']}/feedback", json={"feedback": [OVERRIDDEN]})
        assert (answer.status_code, answer.json) == (200, {"received": 1, "stored": 0})


@pytest.mark.requirement("CH-161")
def test_feedback_on_an_unknown_service_is_404(client: FlaskClient) -> None:
    assert client.post("/cds-services/nobody/feedback", json={"feedback": [OVERRIDDEN]}).status_code == 404
    assert client.get(ROUTE).status_code == 405


@pytest.mark.requirement("CH-162", "CH-164")
@pytest.mark.parametrize("sent", [[OVERRIDDEN], {"feedback": [{**OVERRIDDEN, "outcome": "ignored"}]}])
def test_a_report_nobody_can_read_is_400(client: FlaskClient, sent: Any) -> None:
    answer = client.post(ROUTE, json=sent)
    assert answer.status_code == 400
    assert answer.json is not None
    assert answer.json["resourceType"] == "OperationOutcome"


@pytest.mark.requirement("CH-170")
def test_the_good_part_of_a_report_is_taken_and_the_bad_part_is_named(client: FlaskClient) -> None:
    answer = client.post(ROUTE, json={"feedback": [OVERRIDDEN, {**OVERRIDDEN, "card": 7}, OVERRIDDEN]})
    assert answer.status_code == 200
    assert answer.json == {
        "received": 2,
        "stored": 0,
        "refused": ["feedback[1].card: found a number, expected a string"],
    }


def test_what_a_person_typed_is_not_logged(client: FlaskClient, capfd: pytest.CaptureFixture[str]) -> None:
    start_logging()
    reason = {"reason": {"code": SECRET, "system": SECRET, "display": SECRET}, "userComment": SECRET}
    client.post(ROUTE, json={"feedback": [{**OVERRIDDEN, "card": SECRET, "overrideReason": reason}]})
    (line,) = capfd.readouterr().err.splitlines()
    assert SECRET not in line
    entry = json.loads(line)
    assert (entry["event"], entry["service"], entry["overridden"]) == ("feedback", "medication-order-sign", 1)
