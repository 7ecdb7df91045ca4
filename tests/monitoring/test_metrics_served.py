"""`/metrics` and `/ready` of a service that runs with several workers, or is not well."""

import json
import os
import signal
import time
from collections.abc import Callable
from dataclasses import replace
from http.client import HTTPConnection
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from prometheus_client.parser import text_string_to_metric_families

from cds_service.app import Application
from cds_service.governance.activate import InForce
from cds_service.governance.switching import without_model
from cds_service.monitoring.meters import Meters
from tests.cli.test_serve import serving
from tests.support.requests import a_patient, body

CALLS = 8


def fetch(port: int, method: str, path: str, content: bytes | None = None) -> tuple[int, str]:
    connection = HTTPConnection("localhost", port, timeout=30)
    connection.request(method, path, content, {"Content-Type": "application/json"})
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    return answer.status, text


def calls_counted(port: int) -> float:
    """Over all workers, as any of them tells."""
    families = text_string_to_metric_families(fetch(port, "GET", "/metrics")[1])
    return sum(each.value for family in families for each in family.samples if each.name == "cds_calls_total")


def test_any_worker_counts_for_all_and_what_a_dead_one_counted_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CDS_WORKERS", "2")
    request = body(a_patient().taking("855332").ordering("197806").order_sign())
    with serving(tmp_path) as port:
        for _ in range(CALLS):
            assert fetch(port, "POST", "/cds-services/medication-order-sign", request)[0] == 200
        assert calls_counted(port) == CALLS
        (worker, *_) = [int(file.stem.partition("_")[2]) for file in tmp_path.glob("var/metrics/counter_*.db")]
        os.kill(worker, signal.SIGKILL)
        until = time.monotonic() + 20
        while time.monotonic() < until:
            try:
                assert calls_counted(port) == CALLS
                break
            except OSError:  # a connection that the killed worker had not taken yet
                continue


def test_what_is_not_well_is_told_to_operators(application: Application, client_of: Callable[..., FlaskClient]) -> None:
    less = replace(application.arms, control=without_model(application.release, "readmission-30d", "measured"))
    stuck = InForce(None, None, None, None, None, less, trouble="release abc cannot run here")  # type: ignore[arg-type]
    client = client_of(in_force=stuck, meters=Meters())
    assert client.get("/health").json == {"status": "degraded"}
    told = json.loads(client.get("/ready").data)
    assert told["release_not_taken"] == "release abc cannot run here"
    assert told["models"]["off"] == {"readmission-30d": "measured"}
    text = client.get("/metrics").get_data(as_text=True)
    assert "\ncds_release_not_taken 1\n" in text
    assert "\ncds_models_off 1\n" in text
