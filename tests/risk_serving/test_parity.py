"""Training rows, batches and hook calls see the same predictors and give the same bits."""

import csv
import json
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from typer.testing import CliRunner

from cds_service.app import Application
from cds_service.cli import app
from cds_service.knowledge.bundle import Bundle
from cds_service.modelling.fact_table import read_fact_table
from cds_service.modelling.rows import tabulate
from cds_service.population.score import COLUMNS
from cds_service.risk.predict import predict
from cds_service.risk.prediction import Prediction, Predictors
from tests.risk_serving.calls import models_said
from tests.risk_serving.patients import Json, bleeding_risk, leaving_hospital, with_failing_kidneys, without_a_statin

MODEL = "readmission-30d"
CASES = {f"discharge-{stays}.json": leaving_hospital(stays).traced().encounter_discharge() for stays in range(4)} | {
    "statin.json": without_a_statin().traced().patient_view(),
    "kidneys.json": with_failing_kidneys().traced().patient_view(),
    "warfarin.json": bleeding_risk().traced().order_sign(),
}


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("patients")
    for name, request in CASES.items():
        (folder / name).write_text(json.dumps(request), "utf-8")
    return [folder / name for name in CASES]


@pytest.fixture(scope="module")
def batch(files: list[Path]) -> list[Json]:
    """The rows of `cds score`."""
    result = CliRunner().invoke(app, ["score", *map(str, files)])
    assert result.exit_code == 0, result.output
    return [json.loads(line) for line in result.stdout.splitlines()]


def model_of(application: Application, id: str) -> Bundle:
    return next(bundle for bundle in application.release.models if bundle.id == id)


def test_a_batch_gives_the_bits_of_the_hook_call(client: FlaskClient, batch: list[Json]) -> None:
    for name, request in CASES.items():
        said = models_said(client, request)
        rows = [row for row in batch if Path(row["file"]).name == name]
        assert {row["model"] for row in rows} == set(said)
        for row in rows:
            hook = next(each for each in said[row["model"]] if each.get("outcome", "") == row["outcome"])
            assert (row["result"], row["parts"]) == (hook.get("result"), hook.get("parts", {}))
            assert list(row["reasons"]) == list(hook.get("reasons", ()))


def test_a_training_row_gives_the_bits_of_the_hook_call(
    application: Application, client: FlaskClient, batch: list[Json], tmp_path: Path
) -> None:
    bundle = model_of(application, MODEL)
    rows = [row for row in batch if row["model"] == MODEL and row["result"] is not None]
    assert len(rows) == 4
    written = tmp_path / "facts.csv"
    with written.open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow(["patient", "outcome", *(each.fact for each in bundle.predictors)])
        for number, row in enumerate(rows):
            cells = [row["inputs"][each.name] for each in bundle.predictors]
            table.writerow([number, 0, *map(as_cell, cells, bundle.predictors)])
    trained_on = tabulate(bundle, read_fact_table(written, bundle))
    for number, row in enumerate(rows):
        values = {name: column[number] for name, column in trained_on.values.items()}
        assert values == row["inputs"]
        prediction = predict(bundle, Predictors(values))
        assert isinstance(prediction, Prediction)
        (hook,) = models_said(client, CASES[Path(row["file"]).name])[MODEL]
        assert prediction.result == hook["result"]
        assert {" with ".join(part.predictors): part.contribution for part in prediction.contributions} == hook["parts"]


def as_cell(value: object, predictor: object) -> str:
    """A predictor as a table of facts holds it."""
    if value is None:
        return ""
    is_truth = getattr(predictor, "unit", None) is None and not isinstance(value, str)
    return ("true" if value else "false") if is_truth else (value if isinstance(value, str) else repr(value))


def test_a_table_holds_every_digit(files: list[Path], batch: list[Json]) -> None:
    result = CliRunner().invoke(app, ["score", "--csv", "--model", MODEL, *map(str, files)])
    rows = list(csv.DictReader(result.stdout.splitlines()))
    assert tuple(rows[0]) == COLUMNS
    assert [float(row["result"]) for row in rows] == [row["result"] for row in batch if row["model"] == MODEL]


def test_coverage_counts_the_files_in_which_a_predictor_is_known(files: list[Path]) -> None:
    result = CliRunner().invoke(app, ["score", "--coverage", "--model", "prevent-base-10y", *map(str, files)])
    known = {line.split()[1]: line.split()[2:5] for line in result.stdout.splitlines()}
    assert known["age"] == ["2", "of", "2"]
    assert known["total_cholesterol"] == ["1", "of", "2"]


def test_a_file_nobody_can_read_is_named_and_the_others_are_scored(files: list[Path], tmp_path: Path) -> None:
    broken = tmp_path / "broken.json"
    broken.write_text("{}", "utf-8")
    result = CliRunner().invoke(app, ["score", str(broken), str(files[0])])
    assert result.exit_code == 1
    assert "broken.json" in result.stderr
    assert json.loads(result.stdout.splitlines()[0])["file"] == str(files[0])
