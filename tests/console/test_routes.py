"""The console over HTTP: its pages, what it answers, who is refused, and what it may load."""

import hashlib
import json
import re
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient

from smart_app.console.routes import STATIC
from tests.support.requests import a_patient, body

TRACED = {"Content-Type": "application/json"}


@pytest.mark.parametrize("path", ["/console/", "/console/request", "/console/patients/warfarin"])
def test_pages_hold_nothing_inline_and_load_only_their_own_files(client: FlaskClient, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 200
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    page = answer.get_data(as_text=True)
    assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\bstyle=|\bon\w+=", page)
    assert set(re.findall(r'(?:href|src)="([^"#]*)', page)) == {
        each for each in re.findall(r'(?:href|src)="([^"#]*)', page) if each.startswith("/console/") or not each
    }


def test_no_file_of_the_console_names_another_host_but_in_a_comment_or_a_name_space() -> None:
    named = {
        address for path in STATIC.glob("*.*") for address in re.findall(r"https?://[\w.]+", path.read_text("utf-8"))
    }
    assert named == {"http://www.nlm.nih.gov", "http://www.w3.org"}


def test_vendored_files_are_unchanged_and_their_licence_is_beside_them() -> None:
    rows = re.findall(
        r"\| `([\w.]+)` \|.*\| MIT, `([\w.]+)` \| ([0-9a-f]{64}) \|", (STATIC / "vendor/README.md").read_text()
    )
    assert {name for name, _, _ in rows} == {path.name for path in (STATIC / "vendor").glob("*.css")}
    for name, licence, digest in rows:
        assert hashlib.sha256((STATIC / "vendor" / name).read_bytes()).hexdigest() == digest
        assert "Permission is hereby granted" in (STATIC / "vendor" / licence).read_text("utf-8")


def test_prefetch_is_what_the_templates_of_the_service_ask_for(client: FlaskClient) -> None:
    (sign,) = [each for each in client.get("/cds-services").json["services"] if each["hook"] == "order-sign"]
    known = client.get(f"/console/patients/kidney/prefetch/{sign['id']}").json
    assert known["asOf"] == "2025-03-05"
    assert set(known["prefetch"]) <= set(sign["prefetch"])
    assert known["prefetch"]["patient"]["id"] == known["patientId"]


@pytest.mark.parametrize(
    "path",
    ["/console/patients/nobody", "/console/patients/kidney/prefetch/none", "/console/static/../routes.py"],
)
def test_what_does_not_exist_is_not_found(client: FlaskClient, path: str) -> None:
    assert client.get(path).status_code == 404


def test_drugs_are_found_by_typing_products_only(client: FlaskClient) -> None:
    found = client.get("/console/drugs?typed=ibup+600").json
    assert found[0] == {
        "rxcui": "197806",
        "name": "ibuprofen 600 MG Oral Tablet",
        "ingredients": ["ibuprofen"],
        "form": "Oral Tablet",
        "brand": "",
    }
    assert all("MG" in drug["name"] for drug in client.get("/console/drugs?typed=clarithromycin").json)
    assert client.get("/console/drugs?typed=").json == []
    assert client.get("/console/drugs").json == []


def test_the_trace_of_an_answer_becomes_the_chart_and_why_panels(client: FlaskClient) -> None:
    request = json.loads(body(a_patient().taking("855332").ordering("197806").order_sign()))
    request.setdefault("extension", {})["org.cds-service"] = {"trace": True}
    answer = client.post("/cds-services/medication-order-sign", json=request)
    trace = answer.json["extension"]["org.cds-service"]
    page = client.post("/console/reading", json=trace).get_data(as_text=True)
    assert '<div id="chart">' in page
    assert "Warfarin with an NSAID" in page
    assert "not yet reviewed by a pharmacist" in page


def test_text_of_a_chart_never_becomes_markup(client: FlaskClient) -> None:
    request = json.loads(body(a_patient().taking("855332").ordering("197806").order_sign()))
    request.setdefault("extension", {})["org.cds-service"] = {"trace": True}
    trace = client.post("/cds-services/medication-order-sign", json=request).json["extension"]["org.cds-service"]
    trace["chart"]["medications"]["items"][0]["name"] = "<script>alert(1)</script>"
    assert "<script>" not in client.post("/console/reading", json=trace).get_data(as_text=True)


@pytest.mark.parametrize("sent", [b"", b"{", b"[]", b"{}", b'{"now": "soon", "chart": {"values": {}}}'])
def test_anything_but_a_trace_is_refused_in_words(client: FlaskClient, sent: bytes) -> None:
    answer = client.post("/console/reading", data=sent, headers=TRACED)
    assert answer.status_code == 400
    assert "expected the trace extension" in answer.json["issue"][0]["diagnostics"]


def test_only_this_machine_sees_the_console(client: FlaskClient) -> None:
    assert client.get("/console/", environ_base={"REMOTE_ADDR": "192.0.2.7"}).status_code == 403


def test_production_has_no_console(client_of: Callable[..., FlaskClient]) -> None:
    assert client_of({"profile": "production"}).get("/console/").status_code == 404
