"""`cds release`, `cds replay` and `cds simulate`: one change from its draft to its end, on a recorded call."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from cds_service.app import Application, open_records
from cds_service.cli import app
from cds_service.governance.releases import keep_shipped
from cds_service.recording import entry_of
from cds_service.settings import Settings
from cds_service.store.releases import Releases
from cds_service.trust.callers import local_caller
from tests.governance.conftest import QUIETER, RULE, bleeding
from tests.support.requests import body


def run(*words: str) -> Result:
    return CliRunner().invoke(app, words)


@pytest.fixture(scope="module")
def home(application: Application, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home in which one call was recorded under the shipped release."""
    folder = tmp_path_factory.mktemp("home")
    store = open_records(Settings(home=folder), lambda event, about: None)
    store.start()
    recording = replace(application, write=lambda record, _: store.write(entry_of(record)))
    service = recording.arms.services["medication-order-sign"]
    recording.answer(body(bleeding().order_sign()), service, local_caller("ward"))
    keep_shipped(Releases(store.database), store.ring, application.release, 0.0)
    store.close()
    (folder / "quieter.toml").write_text(QUIETER)
    return folder


@pytest.fixture(autouse=True)
def at_home(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CDS_HOME", str(home))
    monkeypatch.setattr("cds_service.store.writing.COMMIT_WITHIN_S", 20.0)


def test_a_change_goes_from_draft_to_what_answers_and_is_taken_back(home: Path) -> None:
    drafted = run("release", "draft", "--overlay", str(home / "quieter.toml"), "--why", "clinic", "--by", "Ann")
    assert drafted.exit_code == 0, drafted.output
    digest = drafted.stdout.split()[1]
    assert f"changed: {RULE} (Warfarin with an NSAID)" in drafted.stdout
    because = "  because: status: silent instead of active; workbench/changes.toml: seen by the anticoagulation clinic"
    assert because in drafted.stdout
    refused = run("release", "activate", digest, "--why", "now", "--by", "Bo")
    assert (refused.exit_code, "`cds release approve` comes first" in refused.stderr) == (1, True)
    for author in ("Ann", "ann author"):  # who drafted it, and who wrote the change
        refused = run("release", "approve", digest[:12], "--by", author)
        assert (refused.exit_code, "somebody else must approve it" in refused.stderr) == (1, True)
    assert run("release", "approve", digest[:12], "--by", "Bo").exit_code == 0
    assert run("release", "check", digest[:12]).exit_code == 0
    entered = run("release", "activate", digest[:12], "--percent", "10", "--why", "canary", "--by", "Bo")
    assert f"beside it {digest[:12]} for 10 % of the patients" in entered.stdout
    assert f"in force: {digest[:12]} for everybody" in run("release", "activate", digest, "--why", "all").stdout
    assert "nothing: both answer alike" in run("release", "diff", digest).stdout
    assert "10 % of the patients" in run("release", "rollback", "--by", "Bo").stdout
    listed = run("release", "history").stdout
    assert f"{digest[:12]}  approved by Bo\n" in listed
    assert " UTC by Ann: clinic\n" in listed
    assert [line.split()[0] for line in listed.split("In force")[1].splitlines()[1::2]] == ["1.", "2.", "3.", "4."]
    assert "NOT SIGNED" not in listed


def test_a_file_with_a_mistake_is_no_draft(home: Path) -> None:
    (home / "wrong.toml").write_text(QUIETER.replace(RULE, "warfarin-nsaids"))
    refused = run("release", "draft", "--overlay", str(home / "wrong.toml"), "--why", "x", "--by", "Ann")
    assert refused.exit_code == 1
    assert "there is no rule 'warfarin-nsaids'" in refused.stderr
    assert "nothing was changed" in refused.stderr


def test_a_simulation_says_what_the_change_does_to_the_recorded_call(home: Path) -> None:
    overlay = str(home / "quieter.toml")
    found = json.loads(run("simulate", "--overlay", overlay, "--processes", "1", "--json").stdout)
    assert (found["decisions"], found["touched"]) == (1, 1)
    assert (found["rules"][RULE]["removed"], found["rules"][RULE]["added"]) == (1, 0)
    told = run("simulate", "--overlay", overlay, "--processes", "1").stdout
    assert "1 decision showed" in told
    assert f"removed: {RULE}" in told


def test_a_recorded_call_replays_and_says_what_a_change_would_do(home: Path) -> None:
    store = open_records(Settings(home=home), lambda event, about: None)
    (decision,) = [each.row.decision_id for each in store.list_since(0.0)]
    store.close()
    assert run("replay", decision).stdout.splitlines()[-1] == "equal to the byte"
    assert run("replay", "--since", "1d").stdout == "1 of 1 equal to the byte\n"
    other = run("replay", decision, "--overlay", str(home / "quieter.toml"))
    assert other.exit_code == 0
    assert "was warning, shown; now warning, withheld (rule is silent)" in other.stdout


@pytest.mark.parametrize("words", [("replay",), ("replay", "x", "--since", "1d"), ("simulate",)])
def test_half_a_question_is_refused(words: tuple[str, ...]) -> None:
    assert run(*words).exit_code == 2
