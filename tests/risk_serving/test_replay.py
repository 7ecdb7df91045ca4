"""A record decides the same again, predictions included, and without asking any other server."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from cds_service.app import Application
from cds_service.governance.replay import encode, replay_under
from cds_service.inference import RemoteModels
from cds_service.outbound import Answer, NoAnswer, Trouble
from cds_service.record.canonical import canonical_bytes
from cds_service.record.decision import DecisionRecord
from cds_service.record.reading import read_record
from cds_service.trust.callers import local_caller
from tests.risk_serving.calls import SERVICES
from tests.risk_serving.patients import Json, bleeding_risk, leaving_hospital, with_failing_kidneys, without_a_statin
from tests.risk_serving.releases import with_remote
from tests.support.requests import body


def record_of(application: Application, request: Json) -> DecisionRecord:
    kept: list[DecisionRecord] = []
    keeping = replace(application, write=lambda record, milliseconds: kept.append(record))
    services = {service.id: service for service in application.release.services}
    keeping.answer(body(request), services[SERVICES[request["hook"]]], local_caller("test"))
    return kept[0]


@pytest.mark.parametrize(
    "request_of",
    [
        lambda: without_a_statin().patient_view(),
        lambda: with_failing_kidneys().patient_view(),
        lambda: leaving_hospital().encounter_discharge(),
        lambda: bleeding_risk().order_sign(),
    ],
    ids=["PREVENT", "KFRE", "readmission", "HAS-BLED"],
)
def test_a_record_with_predictions_replays_to_the_byte(
    application: Application, request_of: Callable[[], Json]
) -> None:
    record = record_of(application, request_of())
    assert record.scored
    content = canonical_bytes(record)
    assert encode(replay_under(read_record(content), application.release)) == content


@pytest.mark.parametrize("answers", [True, False], ids=["it answered", "it did not"])
def test_what_another_server_said_is_read_from_the_record(application: Application, answers: bool) -> None:
    def post(url: str, body: bytes, deadline: float, most_bytes: int) -> Answer:
        if not answers:
            raise NoAnswer(Trouble.TIMED_OUT)
        return Answer(200, b'{"outputs": [{"name": "readmission", "data": [0.25]}]}')

    release = with_remote(application.release, "https://models.example.org")
    asking = replace(application, release=release, models=RemoteModels(post, lambda: 0.0))
    content = canonical_bytes(record_of(asking, leaving_hospital().encounter_discharge()))
    assert encode(replay_under(read_record(content), release)) == content
    assert (b"About 25 in 100 come back" in content) is answers
