"""`cds models` as it is typed."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cds_service.app import open_records
from cds_service.cli import app
from cds_service.cli.models import let_the_rule_speak
from cds_service.knowledge.bundle import Bundle
from cds_service.settings import Settings
from tests.architecture.source import CHECKOUT
from tests.modelling.invented import rows_for
from tests.modelling.test_additive import write_facts
from tests.modelling.test_watching import labelled_rows

runner = CliRunner()


def cds(*arguments: object, fails: bool = False) -> str:
    result = runner.invoke(app, ["models", *map(str, arguments)])
    assert (result.exit_code != 0) is fails, result.output
    return result.output


@pytest.fixture
def models(tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the models that may be written to."""
    copy = Path(shutil.copytree(folder.parent, tmp_path / "models"))
    monkeypatch.setenv("CDS_MODELS", str(copy))
    return copy


def test_models_are_listed_and_shown() -> None:
    assert "readmission-30d        1.0.0   additive  active   active " in cds("list")
    shown = cds("show", "readmission-30d")
    assert "for whom: for adults" in shown
    assert "days in hospital: 1 to 14 d; unknown: refuse" in shown
    assert "met     ICI" in shown
    assert "not evaluated here" in cds("show", "lace")


def test_the_list_says_what_runs_here_and_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CDS_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("CDS_CONFIG", "")
    config = Path(shutil.copytree(CHECKOUT / "config", tmp_path / "config"))
    with (config / "models.toml").open("a") as file:
        file.write('[readmission-30d]\nstatus = "off"\nreason = "being recalibrated"\nby = "A. Officer"\n')
    said = cds("list", "--config", config).splitlines()
    assert said[0] == "Profile dev, the data folders, as no release was activated."
    place = next(place for place, line in enumerate(said) if line.startswith("readmission-30d"))
    assert "active   off " in said[place]
    assert said[place + 1].strip() == "being recalibrated; its rule speaks"


def test_a_release_in_force_decides_what_runs_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CDS_HOME", str(tmp_path))
    open_records(Settings(home=tmp_path), lambda event, about: None).close()  # a service has run here
    let_the_rule_speak("readmission-30d", "too high in October", None)
    said = cds("list")
    assert ", in force." in said
    assert "too high in October; its rule speaks" in said


def test_a_model_that_is_not_there_is_named() -> None:
    assert "models/nothing/bundle.toml: there is no such model" in cds("show", "nothing", fails=True)


def test_a_validation_writes_a_report_and_a_page(tmp_path: Path, bundle: Bundle) -> None:
    write_facts(tmp_path / "own.csv", bundle, rows_for(bundle, 400))
    cds("validate", "readmission-30d", tmp_path / "own.csv", "--build", tmp_path / "build")
    report = json.loads((tmp_path / "build/readmission-30d/report.json").read_text())
    assert report["n"] == 400
    assert "<svg" in (tmp_path / "build/readmission-30d/report.html").read_text()


def test_two_hundred_stays_are_too_few_to_recalibrate(tmp_path: Path, bundle: Bundle, models: Path) -> None:
    write_facts(tmp_path / "own.csv", bundle, rows_for(bundle, 200))
    said = cds("recalibrate", "readmission-30d", tmp_path / "own.csv", "--approved-by", "Dr A", fails=True)
    assert "too few to recalibrate" in said
    assert not (models / "readmission-30d/recalibrations.json").exists()


def test_a_recalibration_is_written_only_when_someone_answers_for_it_and_can_be_undone(
    tmp_path: Path, bundle: Bundle, models: Path
) -> None:
    write_facts(tmp_path / "own.csv", bundle, rows_for(bundle, 3000))
    tried = cds("recalibrate", "readmission-30d", tmp_path / "own.csv", "--window", "2026-01 to 2026-06")
    assert "nothing written: --approved-by is missing" in tried
    done = cds(
        *("recalibrate", "readmission-30d", tmp_path / "own.csv"),
        *("--window", "2026-01 to 2026-06", "--approved-by", "Dr A"),
    )
    assert "version 1.0.1" in done
    assert "1.0.1" in cds("list")
    assert "back to version 1.0.0" in cds("recalibrate", "readmission-30d", "--undo")


def test_a_recalibration_needs_a_file() -> None:
    assert "a file of patients" in cds("recalibrate", "readmission-30d", fails=True)


def test_labels_and_monitor_work_on_files(tmp_path: Path) -> None:
    predictions, outcomes = tmp_path / "predictions.csv", tmp_path / "outcomes.csv"
    predictions.write_text("decision,patient,date,model,version,probability\nd1,p1,2026-01-01,m,1,0.1\n")
    outcomes.write_text("decision,date,outcome\nd1,2026-01-20,1\n")
    assert "1 labelled, 0 not mature yet" in cds("labels", predictions, outcomes, "--out", tmp_path / "out.csv")
    rows = labelled_rows(1.0)
    lines = [",".join(rows[0]), *(",".join(row.values()) for row in rows)]
    (tmp_path / "labelled.csv").write_text("\n".join(lines) + "\n")
    course = cds("monitor", "readmission-30d", tmp_path / "labelled.csv", "--window", 1000, fails=True)
    assert "ward has moved" in course


def test_a_card_is_written_from_the_evaluation(models: Path) -> None:
    before = (models / "readmission-30d/CARD.md").read_text()
    (models / "readmission-30d/CARD.md").unlink()
    cds("card", "readmission-30d")
    assert (models / "readmission-30d/CARD.md").read_text() == before


def test_without_the_statistics_libraries_a_command_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.modules["cds_service.cli.models"], "find_spec", lambda name: None)
    assert "install cds-service[train]" in cds("card", "readmission-30d", fails=True)
    assert "readmission-30d" in cds("list")


def test_models_are_shown_without_the_statistics_libraries() -> None:
    program = "import sys, cds_service.modelling.show, cds_service.modelling.bundles; print('sklearn' in sys.modules)"
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "False"
