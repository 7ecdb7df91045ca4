"""One line per call, with ids and counts and no value of a patient."""

import json
from collections.abc import Callable
from dataclasses import replace

import pytest
from flask.testing import FlaskClient

from cds_service.reasoning.findings import Finding, Outcome
from cds_service.record.decision import DecisionRecord
from cds_service.web.log import log_decision, start_logging
from tests.presenting.findings import a_spoken_rule
from tests.support.requests import a_patient

SECRET = "Zebedee-4711"


@pytest.fixture
def lines(capfd: pytest.CaptureFixture[str]) -> Callable[[], list[str]]:
    start_logging()
    return lambda: capfd.readouterr().err.splitlines()


def test_an_answer_is_one_line_without_the_patient(
    client_of: Callable[..., FlaskClient], lines: Callable[[], list[str]]
) -> None:
    request = a_patient(SECRET).taking("855332", f"{SECRET} tablets").ordering("197806", SECRET).order_sign()
    answer = client_of(write=log_decision).post("/cds-services/medication-order-sign", json=request)
    assert answer.status_code == 200
    (line,) = lines()
    assert SECRET not in line
    entry = json.loads(line)
    assert entry["event"] == "answered"
    assert (entry["service"], entry["hook"], entry["client"]) == ("medication-order-sign", "order-sign", "loopback")
    assert entry["cards"] == len(json.loads(answer.data)["cards"])
    assert entry["ms"] >= 0
    assert len(entry["decision"]) == 36


def test_a_refusal_and_a_failure_are_one_line_without_the_patient(
    client_of: Callable[..., FlaskClient], lines: Callable[[], list[str]]
) -> None:
    def fail(record: object, milliseconds: float) -> None:
        raise ValueError(SECRET)

    client = client_of(write=fail)
    headers = {"X-Correlation-Id": SECRET}
    answers = [
        client.post("/cds-services/medication-order-sign", json=request, headers=headers)
        for request in ({"hook": SECRET}, a_patient(SECRET).ordering("855332").order_sign())
    ]
    refused, failed = (json.loads(line) for line in lines())
    assert [answer.headers["X-Correlation-Id"] for answer in answers] == [refused["call"], failed["call"]]
    assert (refused["client"], refused["service"]) == ("loopback", "medication-order-sign")
    assert refused["why"] == "hookInstance: found nothing, expected a string"
    assert (failed["client"], failed["service"]) == ("loopback", "medication-order-sign")
    assert (refused["event"], refused["status"], refused["problem"]) == ("refused", 400, "BadRequest")
    assert (failed["event"], failed["status"], failed["problem"]) == ("failed", 500, "ValueError")
    assert failed["at"].startswith("tests.web.test_log:")
    assert SECRET not in json.dumps([refused, failed])


def test_an_address_nobody_serves_is_not_repeated(client: FlaskClient, lines: Callable[[], list[str]]) -> None:
    client.post(f"/cds-services/{SECRET}", json={})
    client.get(f"/{SECRET}")
    assert SECRET not in "".join(lines())


def test_a_crashed_rule_is_a_line_of_its_own(
    client_of: Callable[..., FlaskClient], lines: Callable[[], list[str]]
) -> None:
    crashed = Finding(a_spoken_rule(), Outcome.ERROR, error="stopped with KeyError")

    def write(record: DecisionRecord, milliseconds: float) -> None:
        log_decision(replace(record, findings=(crashed,)), milliseconds)

    client_of(write=write).post("/cds-services/medication-order-sign", json=a_patient().ordering("855332").order_sign())
    error, answered = (json.loads(line) for line in lines())
    assert (error["level"], error["rule"], error["problem"]) == ("error", crashed.rule.id, "stopped with KeyError")
    assert answered["error"] == 1
