"""The whole way from data to the files of a model's folder."""

import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from cds_service.knowledge.bundle import Bundle
from cds_service.modelling.additive import Additive, choose_and_fit, place_rows
from cds_service.modelling.cross_validate import PARTS, SEEDS, cross_validate, fingerprint, prepare
from cds_service.modelling.evaluation import EVALUATION
from cds_service.modelling.export import write_model
from cds_service.modelling.golden import write_golden
from cds_service.modelling.internal import sum_up, validate_in_time
from cds_service.modelling.recipe import Recipe, read_recipe
from cds_service.modelling.rows import Table, tabulate
from cds_service.modelling.sources import read_rows
from cds_service.modelling.targets import judge
from cds_service.modelling.versions import write_json

FIT_SEED = 1
FOLDS = len(SEEDS) * PARTS

Tell = Callable[[str], None]


def read_training(folder: Path, bundle: Bundle, data: Path) -> tuple[Recipe, Table]:
    """The recipe of a model and its data as the inputs of the model."""
    recipe = read_recipe(folder / "recipe.toml")
    return recipe, tabulate(bundle, read_rows(recipe.source, data, bundle))


def fit_model(folder: Path, bundle: Bundle, data: Path, tell: Tell) -> Additive:
    """Fit on all rows and write model.json and golden.csv."""
    tell("reading the data")
    recipe, table = read_training(folder, bundle, data)
    placed = place_rows(bundle, recipe, table)
    tell("choosing and fitting")
    model = choose_and_fit(recipe, placed, table, FIT_SEED)
    document = write_model(model, placed)
    (folder / "model.json").write_text(json.dumps(document, indent=1) + "\n", "utf-8")
    (folder / "golden.csv").write_text(write_golden(bundle, document, placed.alone), "utf-8")
    return model


def evaluate_model(folder: Path, bundle: Bundle, data: Path, build: Path, tell: Tell) -> dict[str, Any]:
    """Validate inside and in time and write evaluation.json; what is done already is kept below `build`."""
    tell("reading the data")
    recipe, table = read_training(folder, bundle, data)
    prepared = prepare(bundle, recipe, table)
    kept = build / bundle.id / fingerprint(bundle, folder / "recipe.toml", data)
    folds = cross_validate(prepared, kept, tell)
    evaluation: dict[str, Any] = {
        "model": bundle.id,
        "version": bundle.version,
        "data": {"source": recipe.source, "n": len(table), "events": int(table.outcomes.sum())},
        "cross_validation": sum_up(prepared, folds, tell),
        "in_time": validate_in_time(prepared, tell),
    }
    evaluation["targets"] = [asdict(target) for target in judge(evaluation)]
    write_json(folder / EVALUATION, evaluation)
    return evaluation
