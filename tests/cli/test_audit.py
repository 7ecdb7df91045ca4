"""`cds audit`, `cds keys` and `cds store` on the records of a service that ran."""

import json
from pathlib import Path

import pytest
from click.testing import Result
from fhirclient.models.auditevent import AuditEvent
from sqlalchemy import delete, select
from typer.testing import CliRunner

from cds_service.app import open_records
from cds_service.cli import app
from cds_service.settings import Settings
from cds_service.store.migrate import NEWEST
from cds_service.store.tables import ACCESSES, DECISIONS
from tests.store.entries import MAIDEN, an_entry, decision_id


def run(*words: str) -> Result:
    return CliRunner().invoke(app, words)


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Settings of a home in which three decisions were recorded, with an anchor beside it."""
    monkeypatch.setattr("cds_service.store.writing.COMMIT_WITHIN_S", 20.0)
    settings = Settings(home=tmp_path / "home", audit_anchor=str(tmp_path / "anchor"))
    store = open_records(settings, lambda event, about: None)
    store.start()
    for number in range(1, 4):
        store.write(an_entry(number, payload=a_record(number)))
    store.close()
    monkeypatch.setenv("CDS_HOME", str(settings.home))
    monkeypatch.setenv("CDS_AUDIT_ANCHOR", str(settings.audit_anchor))
    return settings


def a_record(number: int) -> bytes:
    """As much of a record as rotation and audit read, and a name."""
    findings = [
        {"outcome": "fires", "bindings": {"a": {"drug": "MedicationRequest/1", "ingredient": "5640"}}},
        {"outcome": "fires"},
    ]
    who = {"session": {"patient_id": "patient-4711"}, "user_id": "Practitioner/0815", "findings": findings}
    cards = [{"uuid": decision_id(900 + number), "source": {"topic": {"code": "warfarin-nsaid"}}}]
    return json.dumps({**who, "cards": cards, "name": MAIDEN, "number": number}).encode()


def change(settings: Settings, statement: object) -> None:
    store = open_records(settings, lambda event, about: None)
    with store.database.begin() as connection:
        connection.execute(statement)  # type: ignore[call-overload]
    store.close()


def test_an_audit_of_unchanged_records_has_nothing_to_say(settings: Settings) -> None:
    result = run("audit", "verify")
    assert (result.exit_code, result.stdout) == (0, "3 decisions checked; 1 checkpoints; 0 problems\n")


def test_an_audit_names_what_was_deleted(settings: Settings) -> None:
    change(settings, delete(DECISIONS).where(DECISIONS.c.decision_id == decision_id(2)))
    result = run("audit", "verify")
    assert result.exit_code == 1
    assert f"no. 2 was deleted, before record {decision_id(3)}" in result.stdout


def test_without_an_anchor_an_audit_says_what_it_cannot_see(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CDS_AUDIT_ANCHOR")
    result = run("audit", "verify")
    assert result.exit_code == 0
    assert "it cannot be seen whether the end was cut off" in result.stdout
    assert "cannot be seen" not in run("audit", "verify", "--anchor", str(settings.audit_anchor)).stdout


def test_an_anchor_that_is_gone_is_a_problem_and_one_not_made_yet_is_none(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    Path(str(settings.audit_anchor)).unlink()
    gone = run("audit", "verify")
    assert (gone.exit_code, "checkpoint 1" in gone.stdout) == (1, True)
    monkeypatch.setenv("CDS_HOME", str(tmp_path / "new"))
    open_records(Settings(home=tmp_path / "new"), lambda event, about: None).close()
    first = run("audit", "verify")
    assert (first.exit_code, first.stdout) == (0, "0 decisions checked; 0 checkpoints; 0 problems\n")


def test_a_record_is_shown_in_clear_and_that_is_recorded(settings: Settings) -> None:
    result = run("audit", "show", decision_id(2))
    assert json.loads(result.stdout)["name"] == MAIDEN
    store = open_records(settings, lambda event, about: None)
    with store.database.connect() as connection:
        (access,) = connection.execute(select(ACCESSES)).all()
    assert (access.what, access.of) == ("show", decision_id(2))
    store.close()
    again = run("audit", "verify")
    assert again.exit_code == 0
    assert "not covered by a checkpoint yet: 1 records" in again.stdout


def test_a_decision_that_is_not_there_is_named(settings: Settings) -> None:
    result = run("audit", "show", decision_id(9))
    assert (result.exit_code, result.stderr) == (1, f"cds: decision {decision_id(9)}: there is no record of it\n")


def test_an_export_names_no_patient_and_keeps_the_order(settings: Settings) -> None:
    result = run("audit", "export", "--since", "1h")
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    assert [line["decision"] for line in lines] == [decision_id(number) for number in (1, 2, 3)]
    assert lines[0]["fired"][0]["rule"] == "warfarin-nsaid"
    assert lines[0]["reached"]["silent"] == ["metformin-egfr"]
    for planted in ("4711", "0815", MAIDEN):
        assert planted not in result.stdout
    assert run("audit", "export", "--since", "2020-01-01", "--until", "2020-01-02").stdout == ""
    assert run("audit", "export", "--since", "1h", "--tenant", "other").stdout == ""


def test_an_export_as_fhir_holds_valid_audit_events(settings: Settings) -> None:
    result = run("audit", "export", "--since", "1h", "--form", "fhir")
    events = [AuditEvent(json.loads(line)) for line in result.stdout.splitlines()]
    assert [event.id for event in events] == [decision_id(number) for number in (1, 2, 3)]
    assert [agent.requestor for agent in events[0].agent] == [True, False]


def test_where_no_service_ran_nothing_is_audited(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # An empty store that the command itself had made would have no problems either.
    monkeypatch.setenv("CDS_HOME", str(tmp_path / "elsewhere"))
    result = run("audit", "verify")
    assert result.exit_code == 1
    assert "no decision was ever recorded here" in result.stderr
    assert not (tmp_path / "elsewhere").exists()


def test_a_moment_that_is_none_is_refused(settings: Settings) -> None:
    result = run("audit", "export", "--since", "soon")
    assert result.exit_code == 2
    assert "expected a date" in result.stderr


def test_the_ring_is_shown_and_rotated(settings: Settings) -> None:
    assert "index-first" in run("keys", "ring").stdout
    for kind in ("wrap", "index", "sign"):
        assert "is current" in run("keys", "rotate", kind).stdout
    early = run("keys", "rehash")
    assert early.stdout.startswith("3 records hashed anew")
    assert "was made less than 180 s ago" in early.stderr
    assert run("audit", "verify").exit_code == 0


def test_the_tables_are_brought_up_to_date_by_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CDS_HOME", str(tmp_path))
    assert run("store", "upgrade").stdout == f"tables: none before, {NEWEST} now\n"
    assert run("store", "upgrade").stdout == f"tables: {NEWEST} before, {NEWEST} now\n"
