"""What a model predicted out of the records, how it does over time, and the switch to its rule."""

import csv
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from cds_service.app import build_server, open_records, open_terminology, read_folders
from cds_service.cli import app
from cds_service.cli.predicted import name_result
from cds_service.errors import BadRelease
from cds_service.governance.releases import AUTOMATIC, is_genuine, open_release
from cds_service.governance.switching import without_model
from cds_service.modelling.bundles import open_bundle
from cds_service.modelling.watch import reason_to_switch_off, watch
from cds_service.monitoring.predictions import row_of
from cds_service.record.scores import StoredScore
from cds_service.settings import Settings
from cds_service.store.releases import Releases
from cds_service.trust.callers import local_caller
from tests.risk_serving.patients import leaving_hospital
from tests.support.requests import body

MODEL = "readmission-30d"
LIMITS = {"psi": 0.25, "oe_low": 0.8, "oe_high": 1.25}


def cds(*words: object) -> Result:
    return CliRunner().invoke(app, [str(word) for word in words])


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setattr("cds_service.store.writing.COMMIT_WITHIN_S", 20.0)
    monkeypatch.setenv("CDS_HOME", str(tmp_path / "home"))
    return Settings(home=tmp_path / "home")


def predictions(events: int, of: int = 1000) -> list[dict[str, str]]:
    """Predictions of 10 in 100, `events` of which came true."""
    named = {"patient": "p", "date": "2026-01-01", "model": MODEL, "version": "1.0.0", "probability": "0.1"}
    return [{"decision": f"d{number}", **named, "outcome": str(int(number < events))} for number in range(of)]


def write(path: Path, rows: list[dict[str, str]]) -> Path:
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


def without_outcomes(rows: list[dict[str, str]]) -> list[dict[str, str]]:
    return [{name: cell for name, cell in row.items() if name != "outcome"} for row in rows]


@pytest.mark.parametrize(
    ("events", "off"),
    [
        (100, False),
        (135, False),  # O:E 1.35 is beyond 1.25, its interval by hand 1.35 exp(-+0.157) = 1.15 to 1.58 is not
        (160, True),  # 1.60 exp(-0.142) = 1.39
        (70, False),  # 0.70 exp(+0.226) = 0.88
        (60, True),  # 0.60 exp(+0.245) = 0.77
    ],
)
def test_only_outcomes_that_are_surely_beyond_a_limit_switch_a_model_off(events: int, off: bool) -> None:
    (window,) = watch(predictions(events), LIMITS, 1000)
    assert bool(reason_to_switch_off(window, LIMITS)) is off


def test_without_outcomes_only_the_shift_of_risks_is_told_and_nothing_is_switched() -> None:
    rows = without_outcomes(predictions(0, 2000))
    for row in rows[::2]:
        row["probability"] = "0.2"
    moved = [{**row, "date": "2026-02-01", "probability": "0.3"} for row in rows[1000:]]
    first, second = watch([*rows[:1000], *moved], LIMITS, 1000)
    assert (first["alarms"], first["mean"], second["mean"]) == ([], pytest.approx(0.15), pytest.approx(0.3))
    assert second["alarms"][0].startswith("probability has moved")
    assert "oe" not in second
    assert reason_to_switch_off(second, LIMITS) == ""


def test_a_wrong_model_is_switched_off_by_a_signed_release_once(home: Settings, tmp_path: Path) -> None:
    open_records(home, lambda event, about: None).close()
    wrong = write(tmp_path / "wrong.csv", predictions(200))
    told = cds("models", "monitor", MODEL, wrong, "--window", 1000)
    assert told.exit_code == 1
    assert "switched off" not in told.output
    done = cds("models", "monitor", MODEL, wrong, "--window", 1000, "--switch-off")
    assert f"{MODEL} switched off by release" in done.output, done.output
    assert "is off already" in cds("models", "monitor", MODEL, wrong, "--window", 1000, "--switch-off").output
    application = build_server(home, lambda record, milliseconds: None, lambda event, about: None)
    assert application.store is not None
    releases = Releases(application.store.database)
    last = releases.last()
    assert last is not None
    assert (last.who, last.number) == (AUTOMATIC, 2)
    assert is_genuine(releases, application.store.ring, last)
    release = application.arms.control
    assert release.digest == last.control
    assert release.models_off[MODEL].startswith("observed to expected 2.00")
    assert "automatic" in cds("release", "history").output
    application.close()


def test_a_model_that_does_well_stays(home: Settings, tmp_path: Path) -> None:
    right = write(tmp_path / "right.csv", predictions(100))
    result = cds("models", "monitor", MODEL, right, "--window", 1000, "--switch-off")
    assert result.exit_code == 0, result.output
    assert not (home.home / "store.sqlite").exists()


def test_a_release_without_a_model_is_another_release_for_every_tenant(home: Settings) -> None:
    application = build_server(home, lambda record, milliseconds: None, lambda event, about: None)
    less = without_model(application.release, MODEL, "measured")
    assert less.digest != application.release.digest
    assert less.models_off == {MODEL: "measured"}
    assert not any(each.id == MODEL and each.status == "active" for each in less.models)
    for wrong in ((less, MODEL), (less, "no-such-model")):
        with pytest.raises(BadRelease):
            without_model(*wrong, "again")
    assert application.store is not None
    kept = Releases(application.store.database)
    assert open_release(kept, application.release.digest, open_terminology()).models_off == {}
    application.close()


def test_predictions_come_out_of_the_records_with_or_without_the_patient(home: Settings, tmp_path: Path) -> None:
    application = build_server(home, lambda record, milliseconds: None, lambda event, about: None)
    application.start()
    service = next(each for each in application.release.services if each.hook == "encounter-discharge")
    request = leaving_hospital().encounter_discharge()
    answer = application.answer(body(request), service, local_caller("loopback"), trace=True)
    application.close()
    assert answer.extension is not None
    (said,) = [each for each in answer.extension["org.cds-service"]["models"] if each["model"] == MODEL]
    out = tmp_path / "predictions.csv"
    for words, patient in (((), None), (("--patient-ids",), request["context"]["patientId"])):
        told = cds("models", "predictions", MODEL, "--out", out, "--since", "1d", *words)
        assert "1 predictions" in told.output, told.output
        (row,) = csv.DictReader(out.read_text().splitlines())
        assert float(row["probability"]) == said["result"]
        assert row["decision"] == answer.extension["org.cds-service"]["decision"]
        assert row["patient"] == patient if patient else len(row["patient"]) == 64
        assert set(said["parts"]) <= set(row)
    assert out.stat().st_mode & 0o077 == 0
    assert "0 predictions" in cds("models", "predictions", "tisdale", "--out", out, "--since", "1d").output


def test_predictions_of_a_model_that_nobody_knows_are_refused_before_anything_is_written(
    home: Settings, tmp_path: Path
) -> None:
    out = tmp_path / "predictions.csv"
    for words in (("predictions", "nope", "--out", out), ("arms", "nope")):
        told = cds("models", *words)
        assert (told.exit_code, told.stdout) == (1, "")
        assert told.stderr == "cds: models/nope/bundle.toml: there is no such model\n"
    assert not out.exists()


@pytest.mark.parametrize(("id", "name"), [(MODEL, "probability"), ("has-bled", "points")])
def test_the_result_of_a_model_stands_under_what_it_is(id: str, name: str) -> None:
    assert name_result(open_bundle(read_folders(), open_terminology(), id)) == name


def test_a_row_of_a_score_holds_points() -> None:
    score = StoredScore("has-bled", "1.0.0", "bleeding", 2.0, parts={"age": 1.0})
    assert row_of("d", "p", "2026-11-20", score, "points")["points"] == "2.0"
