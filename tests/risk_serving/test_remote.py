"""A model that another server computes: asked in time or not at all, its answers facts of the chart."""

import json
import threading
from collections.abc import Callable, Iterator

import pytest
from flask.testing import FlaskClient

from cds_service.app import Application
from cds_service.inference import OPENS_AFTER, STAYS_OPEN_S, RemoteModels
from cds_service.outbound import Answer, NoAnswer, Outbound, Trouble
from tests.risk_serving.calls import card_of, cards
from tests.risk_serving.fake_model import FakeModel, fake_model
from tests.risk_serving.patients import leaving_hospital
from tests.risk_serving.releases import with_remote

RULE, MODEL = "readmission-earlier-stays", "remote-30d"
REQUEST = leaving_hospital().encounter_discharge()

Clients = Callable[..., FlaskClient]


class Clock:
    """A clock that the test moves."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def server() -> Iterator[FakeModel]:
    with fake_model() as model:
        yield model


@pytest.fixture
def asking(application: Application, client_of: Clients, server: FakeModel) -> FlaskClient:
    outbound = Outbound()
    models = RemoteModels(outbound.post_json, outbound.clock)
    return client_of(release=with_remote(application.release, server.url), models=models)


def test_the_answer_of_another_server_becomes_a_card(asking: FlaskClient, server: FakeModel) -> None:
    card = card_of(asking, REQUEST, MODEL)
    assert card is not None
    assert card["summary"] == "About 17 in 100 come back"
    assert "Computed by another server, which does not tell the parts." in card["detail"]
    assert card_of(asking, REQUEST, RULE) is None


def test_only_predictors_travel(asking: FlaskClient, server: FakeModel) -> None:
    cards(asking, REQUEST)
    path, question = server.asked[0]
    assert path == "/v2/models/readmission/infer"
    assert {"name": "inpatient_stays_year", "shape": [1], "datatype": "FP64", "data": [3.0]} in question["inputs"]
    assert {"name": "sex", "shape": [1], "datatype": "BYTES", "data": ["female"]} in question["inputs"]
    assert question["outputs"] == [{"name": "readmission"}]
    assert "P1" not in json.dumps(question)


def test_the_answer_stands_in_the_chart_that_a_record_keeps(asking: FlaskClient) -> None:
    traced = asking.post("/cds-services/discharge-risk", json=leaving_hospital().traced().encounter_discharge())
    values = traced.json["extension"]["org.cds-service"]["chart"]["values"]  # type: ignore[index]
    assert values["remote-30d:readmission"] == {"value": 0.17, "sources": ["remote-30d 7"]}


@pytest.mark.parametrize(
    ("status", "body", "said"),
    [
        (503, b"{}", "the model's server answered 503"),
        (200, b"<html>", "the model's server sent no probability"),
        (200, b'{"outputs": []}', "the model's server sent no probability"),
        (200, b'{"outputs": [{"name": "readmission", "data": [1.7]}]}', "the model's server sent no probability"),
        (200, b'{"outputs": [{"name": "readmission", "data": "x"}]}', "the model's server sent no probability"),
        (200, b" " * 70_000, "the model's server sent more than is accepted"),
    ],
    ids=["503", "no JSON", "no output", "no probability", "no number", "too long"],
)
def test_an_answer_nobody_understands_leaves_the_rule_to_speak(
    asking: FlaskClient, server: FakeModel, status: int, body: bytes, said: str
) -> None:
    server.status, server.body = status, body
    (card,) = cards(asking, REQUEST)
    assert card["source"]["topic"]["code"] == RULE
    assert f"no answer: {said}; rule used" in card["detail"]


def test_a_server_that_takes_too_long_is_not_waited_for(
    application: Application, client_of: Clients, server: FakeModel
) -> None:
    server.wait = threading.Event()
    outbound = Outbound()
    release = with_remote(application.release, server.url, within_ms=20)
    client = client_of(release=release, models=RemoteModels(outbound.post_json, outbound.clock))
    (card,) = cards(client, REQUEST)
    assert card["source"]["topic"]["code"] == RULE
    assert "did not answer in time; rule used" in card["detail"]


def test_a_server_that_keeps_failing_is_left_alone_and_tried_again(
    application: Application, client_of: Clients
) -> None:
    clock, calls, broken = Clock(), [], True

    def post(url: str, body: bytes, deadline: float, most_bytes: int) -> Answer:
        calls.append(clock.now)
        if broken:
            raise NoAnswer(Trouble.UNREACHABLE)
        return Answer(200, b'{"outputs": [{"name": "readmission", "data": [0.2]}]}')

    models = RemoteModels(post, clock)
    client = client_of(release=with_remote(application.release, "https://models.example.org"), models=models)
    for _ in range(OPENS_AFTER + 2):
        assert card_of(client, REQUEST, RULE) is not None
    assert len(calls) == OPENS_AFTER
    assert client.get("/ready").json["models"]["not_asked"] == [MODEL]  # type: ignore[index]
    assert client.get("/health").json == {"status": "degraded"}
    assert "failed several times and is not asked for a while; rule used" in cards(client, REQUEST)[0]["detail"]

    clock.now += STAYS_OPEN_S
    broken = False
    assert card_of(client, REQUEST, MODEL) is not None
    assert client.get("/ready").json["models"]["not_asked"] == []  # type: ignore[index]
    assert client.get("/health").json == {"status": "ok"}


def test_one_call_tries_again_while_the_others_wait(application: Application, client_of: Clients) -> None:
    clock, calls = Clock(), []

    def post(url: str, body: bytes, deadline: float, most_bytes: int) -> Answer:
        calls.append(clock.now)
        raise NoAnswer(Trouble.TIMED_OUT)

    release = with_remote(application.release, "https://models.example.org")
    client = client_of(release=release, models=RemoteModels(post, clock))
    for _ in range(OPENS_AFTER):
        cards(client, REQUEST)
    clock.now += STAYS_OPEN_S
    cards(client, REQUEST)
    cards(client, REQUEST)
    assert len(calls) == OPENS_AFTER + 1


def test_without_a_way_out_the_rule_speaks(application: Application, client_of: Clients) -> None:
    client = client_of(release=with_remote(application.release, "https://models.example.org"))
    (card,) = cards(client, REQUEST)
    assert card["source"]["topic"]["code"] == RULE
