"""`cds try`: the same answer as HTTP, without a server."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from cds_service.app import Application
from cds_service.cli import app
from tests.support.requests import a_patient, body
from tests.support.schemas import problems

WARFARIN, IBUPROFEN = "855332", "197806"
AS_OF = ("--as-of", "2026-11-01")


@pytest.fixture(autouse=True)
def elsewhere(application: Application, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """In an empty folder. The rules, the same for every command, are not read anew each time."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("cds_service.app.find_release", lambda settings, terminology: application.release)


def cds(*arguments: str, stdin: bytes | None = None) -> Result:
    return CliRunner().invoke(app, arguments, input=stdin)


def bleeding(**members: Any) -> bytes:
    return body(a_patient().taking(WARFARIN, "warfarin").ordering(IBUPROFEN, "ibuprofen").order_sign(**members))


def test_a_request_on_standard_input_is_answered_as_http_would() -> None:
    result = cds("try", "-", "--json", *AS_OF, stdin=bleeding())
    assert result.exit_code == 0
    assert problems("response", result.stdout_bytes) == []
    assert json.loads(result.stdout)["cards"]


def test_the_same_request_on_the_same_day_gives_the_same_bytes() -> None:
    first, second = (cds("try", "-", "--json", *AS_OF, stdin=bleeding()).stdout for _ in range(2))
    later = cds("try", "-", "--json", "--as-of", "2026-11-02", stdin=bleeding()).stdout
    assert first == second
    assert first != later  # another day, another decision id


def test_cards_are_drawn_with_the_indicator_as_a_word() -> None:
    result = cds("try", "-", *AS_OF, stdin=bleeding())
    assert result.exit_code == 0
    assert "WARNING" in result.stdout or "CRITICAL" in result.stdout
    assert "1 card" in result.stdout or " cards" in result.stdout


def test_many_files_give_one_json_line_each(tmp_path: Path) -> None:
    for name in ("one.json", "two.json"):
        (tmp_path / name).write_bytes(bleeding())
    lines = cds("try", "one.json", "two.json", *AS_OF).stdout.splitlines()
    assert len(lines) == 2
    assert all(json.loads(line)["cards"] for line in lines)


def test_one_bad_file_among_many_is_reported_and_the_rest_answered(tmp_path: Path) -> None:
    (tmp_path / "good.json").write_bytes(bleeding())
    (tmp_path / "bad.json").write_bytes(bleeding(context={"userId": "Practitioner/1"}))
    result = cds("try", "bad.json", "good.json", *AS_OF)
    assert result.exit_code == 1
    refused, answered = (json.loads(line) for line in result.stdout.splitlines())
    assert refused["resourceType"] == "OperationOutcome"
    assert answered["cards"]
    assert "bad.json: context.patientId" in result.stderr


def test_the_trace_is_added_when_asked() -> None:
    plain = json.loads(cds("try", "-", "--json", *AS_OF, stdin=bleeding()).stdout)
    traced = json.loads(cds("try", "-", "--json", "--trace", *AS_OF, stdin=bleeding()).stdout)
    assert "extension" not in plain
    assert traced["extension"]["org.cds-service"]["outcomes"]
    assert traced["cards"] == plain["cards"]


def test_the_service_can_be_named() -> None:
    result = cds("try", "-", "--json", "--service", "medication-order-sign", *AS_OF, stdin=bleeding())
    assert result.exit_code == 0


@pytest.mark.parametrize(
    ("arguments", "stdin", "message"),
    [
        (("--service", "medication-order-sing"), bleeding(), "no CDS service has this id"),
        (("--service", "medication-patient-view"), bleeding(), "hook: found"),
        (
            (),
            bleeding(hook="order-dispatch"),
            "hook: found no hook served here, expected one of encounter-discharge, order-select",
        ),
        ((), b"{", "found nothing, expected one of"),
        (("--as-of", "yesterday"), bleeding(), "expected a date such as 2021-02-19"),
    ],
)
def test_a_mistake_is_a_sentence_and_no_traceback(arguments: tuple[str, ...], stdin: bytes, message: str) -> None:
    result = cds("try", "-", *arguments, stdin=stdin)
    assert result.exit_code != 0
    assert message in " ".join(result.stderr.replace("│", " ").split())
    assert "Traceback" not in result.output


def test_a_missing_file_is_a_sentence() -> None:
    result = cds("try", "nowhere.json")
    assert result.exit_code == 1
    assert "nowhere.json: No such file or directory" in result.stderr


def test_an_unknown_setting_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CDS_PROT", "8000")
    result = cds("try", "-", stdin=bleeding())
    assert result.exit_code == 1
    assert "did you mean CDS_PORT?" in result.stderr
