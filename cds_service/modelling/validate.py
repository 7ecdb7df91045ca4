"""A model as it is, on patients it was not made from."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from cds_service.errors import BadData
from cds_service.knowledge.bundle import Bundle
from cds_service.knowledge.terms import PROBABILITIES
from cds_service.modelling.make import Tell
from cds_service.modelling.recalibrate import Update, find_update
from cds_service.modelling.recipe import read_recipe
from cds_service.modelling.report import Scored, report_on
from cds_service.modelling.rows import Floats, Row
from cds_service.modelling.sources import read_rows
from cds_service.risk.predict import predict
from cds_service.risk.prediction import Prediction
from cds_service.risk.predictors import read_predictors

THRESHOLDS = (0.1, 0.15, 0.2)


def score_rows(bundle: Bundle, rows: Sequence[Row]) -> Floats:
    """The probability of every row by the code that serves; NaN where the model makes no prediction.

    Raises `BadData` for a model that gives no probability.
    """
    if next(iter(bundle.functions.values())).link not in PROBABILITIES:
        raise BadData(f"{bundle.id} gives no probability, so its calibration cannot be measured")
    chances = np.full(len(rows), np.nan)
    for place, row in enumerate(rows):
        said = predict(bundle, read_predictors(bundle, row.facts))
        if isinstance(said, Prediction) and said.probability is not None:
            chances[place] = said.probability
    return chances


def score_file(bundle: Bundle, data: Path, source: str) -> tuple[Scored, int]:
    """The rows the model predicts for, and how many it refuses."""
    rows = read_rows(source, data, bundle)
    chances = score_rows(bundle, rows)
    kept = np.flatnonzero(~np.isnan(chances))
    if not len(kept):
        raise BadData(
            f"{data.name}: the model refuses all {len(rows)} rows; `cds models show {bundle.id}` says for whom it is"
        )
    chosen = [rows[place] for place in kept]
    names = dict.fromkeys(name for row in chosen for name in row.groups)
    scored = Scored(
        patients=np.array([row.patient for row in chosen], dtype=np.str_),
        outcomes=np.array([float(row.outcome) for row in chosen]),
        chances={bundle.id: chances[kept]},
        groups={name: np.array([row.groups.get(name, "") for row in chosen], dtype=np.str_) for name in names},
    )
    return scored, len(rows) - len(kept)


def validate_model(bundle: Bundle, folder: Path, data: Path, source: str, tell: Tell) -> tuple[dict[str, Any], str]:
    """The fixed report, and a sentence about the data it stands on."""
    tell("predictions")
    scored, refused = score_file(bundle, data, source)
    recipe = folder / "recipe.toml"
    thresholds = read_recipe(recipe).thresholds if recipe.exists() else THRESHOLDS
    report = report_on(scored, thresholds, seed=1, tell=tell)
    about = f"Version {bundle.version} as it is on {data.name}; {refused} rows without a prediction were left out."
    return {**report, "model": bundle.id, "version": bundle.version, "refused": refused}, about


def recalibrate_model(bundle: Bundle, data: Path, source: str) -> Update:
    """What the data of a file call for. Raises `BadData` when they are too few."""
    scored, _ = score_file(bundle, data, source)
    return find_update(scored.chance, scored.outcomes, scored.patients)
