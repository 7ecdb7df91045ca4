"""Bodies a client packed."""

import gzip
import json
import zlib
from collections.abc import Callable
from io import BytesIO
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.support.requests import a_patient, body

SIGN = "/cds-services/medication-order-sign"
REQUEST = body(a_patient().taking("855332").ordering("197806").as_of("2026-11-20").order_sign())


def post(client: FlaskClient, data: bytes, encoding: str = "gzip") -> TestResponse:
    return client.post(SIGN, data=data, content_type="application/json", headers={"Content-Encoding": encoding})


def summaries(response: TestResponse) -> list[str]:
    assert response.status_code == 200
    return [card["summary"] for card in json.loads(response.data)["cards"]]


@pytest.mark.parametrize("encoding", ["gzip", "GZIP", "x-gzip"])
def test_a_packed_body_is_answered_as_the_plain_one(client: FlaskClient, encoding: str) -> None:
    plain = summaries(client.post(SIGN, data=REQUEST, content_type="application/json"))
    assert plain
    assert summaries(post(client, gzip.compress(REQUEST), encoding)) == plain
    assert summaries(post(client, REQUEST, "identity")) == plain


@pytest.mark.parametrize("data", [REQUEST, b"", gzip.compress(REQUEST)[:-9], gzip.compress(REQUEST) * 2])
def test_a_body_that_is_not_one_whole_gzip_stream_is_400(client: FlaskClient, data: bytes) -> None:
    response = post(client, data)
    assert response.status_code == 400
    assert response.json is not None
    assert response.json["issue"][0]["expression"] == ["body"]
    assert "gzip" in response.json["issue"][0]["diagnostics"]


def test_a_small_body_that_grows_beyond_the_limit_is_413(client_of: Callable[..., FlaskClient]) -> None:
    bomb = gzip.compress(b" " * 50_000_000)
    assert len(bomb) < 100_000
    assert post(client_of({"body_limit": 100_000}), bomb).status_code == 413


def test_a_body_of_exactly_the_limit_is_read(client_of: Callable[..., FlaskClient]) -> None:
    client = client_of({"body_limit": len(REQUEST)})
    assert post(client, gzip.compress(REQUEST)).status_code == 200
    assert post(client, gzip.compress(REQUEST + b" ")).status_code == 413


def test_a_body_in_chunks_beyond_the_limit_is_413_and_not_cut_off(client_of: Callable[..., FlaskClient]) -> None:
    client = client_of({"body_limit": len(REQUEST) + 10})
    chunked: dict[str, Any] = {"content_type": "application/json", "environ_overrides": {"wsgi.input_terminated": True}}
    for padding, status in ((b"", 200), (b" " * 100, 413)):
        answer = client.post(SIGN, input_stream=BytesIO(REQUEST + padding), **chunked)
        assert answer.status_code == status


@pytest.mark.parametrize(
    ("encoding", "data"), [("deflate", zlib.compress(REQUEST)), ("br", b"x"), ("gzip, gzip", b"x")]
)
def test_another_encoding_is_415_and_says_which_is_read(client: FlaskClient, encoding: str, data: bytes) -> None:
    response = post(client, data, encoding)
    assert response.status_code == 415
    assert response.json is not None
    assert "gzip" in response.json["issue"][0]["diagnostics"]
