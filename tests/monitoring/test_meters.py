"""`/metrics`: what it counts, who may read it, and that no patient stands in it."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from prometheus_client.parser import text_string_to_metric_families

from cds_service.app import Application
from cds_service.fhir.received import KeyResult, Reason
from cds_service.monitoring.laps import Laps
from cds_service.monitoring.meters import Meters, name_state
from cds_service.trust.callers import local_caller
from tests.risk_serving.patients import leaving_hospital
from tests.support.requests import a_patient, body

ORDER_SIGN = "/cds-services/medication-order-sign"
TOKEN = "a-token-of-thirty-characters-1"
ELSEWHERE = {"REMOTE_ADDR": "203.0.113.9"}
SECRET = "Zebedee-4711"


@pytest.fixture
def client(client_of: Callable[..., FlaskClient]) -> FlaskClient:
    return client_of({"scrape_token": TOKEN}, meters=Meters())


def read(client: FlaskClient) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    """Every sample by name and labels."""
    text = client.get("/metrics").get_data(as_text=True)
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def sample(found: dict[tuple[str, frozenset[tuple[str, str]]], float], name: str, **labels: str) -> float:
    return sum(
        value for (each, given), value in found.items() if each == name and labels.items() <= dict(given).items()
    )


def test_a_call_is_counted_with_its_cards_findings_and_stages(client: FlaskClient) -> None:
    answer = client.post(ORDER_SIGN, json=a_patient().taking("855332").ordering("197806").order_sign())
    found = read(client)
    service = "medication-order-sign"
    assert sample(found, "cds_calls_total", tenant="loopback", service=service) == 1
    assert sample(found, "cds_cards_total", service=service) == len(json.loads(answer.data)["cards"])
    assert sample(found, "cds_findings_total", service=service, outcome="fires") >= 1
    assert sample(found, "cds_http_responses_total", service=service, status="200") == 1
    for stage in ("read", "fetch", "turn", "evaluate", "recall", "compose", "record", "all"):
        assert sample(found, "cds_stage_seconds_count", service=service, stage=stage) == 1
    assert sample(found, "cds_prefetch_total", key="medications", state="read") == 1


def test_what_was_not_known_is_counted_by_reason(client: FlaskClient) -> None:
    request = a_patient().taking("855332").ordering("197806").order_sign()
    del request["prefetch"]["labs"]
    client.post(ORDER_SIGN, json=request)
    found = read(client)
    assert sample(found, "cds_unknowns_total", reason="not sent") >= 1
    assert sample(found, "cds_prefetch_total", key="labs", state="not sent") == 1


def test_a_refused_call_counts_as_an_answer_and_not_as_a_call(client: FlaskClient) -> None:
    client.post(ORDER_SIGN, json={"hook": "order-sign"})
    client.post(f"/cds-services/{SECRET}", json={})
    found = read(client)
    assert sample(found, "cds_http_responses_total", service="medication-order-sign", status="400") == 1
    assert sample(found, "cds_http_responses_total", service="", status="404") == 1
    assert sample(found, "cds_calls_total") == 0


def test_no_word_of_a_request_stands_in_a_label(client: FlaskClient) -> None:
    request = a_patient(SECRET).taking("855332", f"{SECRET} tablets").ordering("99999999", SECRET).order_sign()
    assert client.post(ORDER_SIGN, json=request).status_code == 200
    assert SECRET not in client.get("/metrics").get_data(as_text=True)


def test_only_this_machine_and_the_scrape_token_may_read(client: FlaskClient) -> None:
    assert client.get("/metrics").status_code == 200
    assert client.get("/metrics", environ_overrides=ELSEWHERE).status_code == 403
    for shown in (f"Bearer {TOKEN}x", "Bearer ", TOKEN, "Bearer tök"):
        answer = client.get("/metrics", environ_overrides=ELSEWHERE, headers={"Authorization": shown})
        assert answer.status_code == 403
    shown_right = {"Authorization": f"Bearer {TOKEN}"}
    assert client.get("/metrics", environ_overrides=ELSEWHERE, headers=shown_right).status_code == 200
    ready = client.get("/ready", environ_overrides=ELSEWHERE, headers=shown_right)
    assert "release" in json.loads(ready.data)
    assert client.get("/ready", environ_overrides=ELSEWHERE).json == {"status": "ready"}


def test_without_a_scrape_token_nobody_elsewhere_may_read(client_of: Callable[..., FlaskClient]) -> None:
    client = client_of(meters=Meters())
    answer = client.get("/metrics", environ_overrides=ELSEWHERE, headers={"Authorization": "Bearer None"})
    assert answer.status_code == 403


def test_two_tenants_with_the_same_patient_are_counted_apart(application: Application) -> None:
    meters = Meters()
    counting = replace(application, meters=meters)
    service = next(each for each in application.release.services if each.hook == "order-sign")
    request = body(a_patient("same").taking("855332").ordering("197806").order_sign())
    for tenant in ("north", "north", "south"):
        counting.answer(request, service, local_caller(tenant))
    lines = [line for line in meters.text().decode().splitlines() if line.startswith("cds_calls_total{")]
    assert sorted(lines) == [
        'cds_calls_total{service="medication-order-sign",tenant="north"} 2.0',
        'cds_calls_total{service="medication-order-sign",tenant="south"} 1.0',
    ]
    assert "same" not in meters.text().decode()


def test_keys_that_a_fhir_server_was_asked_for_are_counted() -> None:
    meters = Meters()
    missing, whole = KeyResult(reason=Reason.NOT_SENT), KeyResult(complete=True, reason=None)
    before = {"labs": missing, "vitals": missing, "encounter": missing, "patient": whole}
    after = {**before, "labs": whole, "vitals": KeyResult(reason=Reason.REFUSED)}
    meters.count_fetch("north", before, after)
    text = meters.text().decode()
    assert 'cds_fallback_total{outcome="filled",tenant="north"} 1.0' in text
    assert 'cds_fallback_total{outcome="not filled",tenant="north"} 1.0' in text


def test_predicted_probabilities_have_a_distribution(application: Application) -> None:
    meters = Meters()
    counting = replace(application, meters=meters)
    service = next(each for each in application.release.services if each.hook == "encounter-discharge")
    counting.answer(body(leaving_hospital().encounter_discharge()), service, local_caller("north"))
    assert 'cds_score_count{model="readmission-30d"' in meters.text().decode()


def test_stages_add_up_to_the_whole() -> None:
    times = iter([10.0, 10.5, 12.0])
    laps = Laps(lambda: next(times))
    laps.end("read")
    laps.end("evaluate")
    assert laps.stages == {"read": 0.5, "evaluate": 1.5}
    assert laps.last - laps.began == 2


@pytest.mark.parametrize(
    ("state", "named"),
    [
        ("read, 4 items", "read"),
        ("read, none recorded", "read"),
        ("not sent", "not sent"),
        ("3 items, more exist (truncated)", "partly read"),
    ],
)
def test_the_state_of_a_key_keeps_no_numbers(state: str, named: str) -> None:
    assert name_state(state) == named


FORKED = """
import os, sys
from pathlib import Path
from cds_service.monitoring.meters import Meters, forget_process, prepare_folder
prepare_folder(Path(sys.argv[1]))
for tenant in ("north", "south"):
    pid = os.fork()
    if pid == 0:
        Meters().count_feedback(tenant, ["accepted", "overridden", "overridden"])
        os._exit(0)
    os.waitpid(pid, 0)
    forget_process(pid)
print(Meters().text().decode())
"""


def test_one_process_answers_for_all_also_for_those_that_ended(tmp_path: Path) -> None:
    folder = tmp_path / "metrics"
    folder.mkdir()
    (folder / "counter_1.db").write_bytes(b"left behind")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PROMETHEUS")}
    run = subprocess.run(
        [sys.executable, "-c", FORKED, str(folder)], capture_output=True, text=True, check=True, env=environment
    )
    counted = {
        (each.labels["tenant"], each.labels["outcome"]): each.value
        for family in text_string_to_metric_families(run.stdout)
        for each in family.samples
        if each.name == "cds_feedback_total"
    }
    assert counted == {
        ("north", "accepted"): 1,
        ("north", "overridden"): 2,
        ("south", "accepted"): 1,
        ("south", "overridden"): 2,
    }
