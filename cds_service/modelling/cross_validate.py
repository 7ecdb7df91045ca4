"""Repeated cross-validation by patient of the shipped model and its comparators, one fold at a time.

Each fold's predictions are kept in a folder, so a run that was stopped goes on where it was.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from cds_service.knowledge.bundle import Bundle
from cds_service.modelling.additive import Placed, choose_and_fit, place_rows, predict_rows
from cds_service.modelling.comparators import boost, linear_columns, plain_columns, regress, regress_simplest
from cds_service.modelling.folds import Mask, split_repeatedly
from cds_service.modelling.recipe import Recipe
from cds_service.modelling.rows import Floats, Table

MODEL = "this model"
BOOSTED = "gradient boosting"
REGRESSION = "logistic regression"
SIMPLEST = "simplest"
NAMES = (MODEL, BOOSTED, REGRESSION, SIMPLEST)
PARTS = 5
SEEDS = range(1, 6)

Told = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Prepared:
    """Everything about the data that all folds share."""

    recipe: Recipe
    table: Table
    placed: Placed
    plain: Floats
    words: list[bool]
    linear: Floats


@dataclass(frozen=True, slots=True)
class Fold:
    """The test rows of one fold and what each model predicts for them."""

    seed: int
    part: int
    rows: Mask
    chances: dict[str, Floats]
    pairs: int


def prepare(bundle: Bundle, recipe: Recipe, table: Table) -> Prepared:
    placed = place_rows(bundle, recipe, table)
    plain, words = plain_columns(bundle, table)
    linear = linear_columns(bundle, recipe, placed.alone, placed.alone_at, table)
    return Prepared(recipe, table, placed, plain, words, linear)


def cross_validate(data: Prepared, kept: Path, told: Told, seeds: range = SEEDS, parts: int = PARTS) -> list[Fold]:
    """All folds; `kept` is the folder of what is already done, `told` hears of each fold."""
    kept.mkdir(parents=True, exist_ok=True)
    folds = []
    for seed, part, test in split_repeatedly(data.table.patients, parts, seeds):
        file = kept / f"fold-{seed}-{part}.npz"
        if not file.exists():
            chances, pairs = predict_apart(data, ~test, test, seed)
            kept_arrays: dict[str, Any] = {name.replace(" ", "_"): each for name, each in chances.items()}
            np.savez_compressed(file, pairs=pairs, **kept_arrays)
        with np.load(file) as stored:
            chances = {name: stored[name.replace(" ", "_")] for name in NAMES}
            folds.append(Fold(seed, part, test, chances, int(stored["pairs"])))
        told(f"repeat {seed}, part {part + 1}")
    return folds


def predict_apart(data: Prepared, train: Mask, test: Mask, seed: int) -> tuple[dict[str, Floats], int]:
    """Fit every model on one part, predict the other; and how many pairs were chosen."""
    model = choose_and_fit(data.recipe, data.placed.take(train), data.table.take(train), seed)
    chances = {
        MODEL: predict_rows(model, data.placed.take(test)),
        BOOSTED: boost(data.plain, data.words, train, test, data.table, seed),
        REGRESSION: regress(data.linear, train, test, data.table),
        SIMPLEST: regress_simplest(data.recipe, train, test, data.table),
    }
    return chances, model.candidate.pairs


def fingerprint(bundle: Bundle, *files: Path) -> str:
    """Of the predictors and files that decide a validation: folds kept under another one are not taken up."""
    inputs = [(each.name, each.fact, each.within, each.words, each.if_missing.value) for each in bundle.predictors]
    whole = hashlib.sha256(repr(inputs).encode())
    for file in files:
        whole.update(hashlib.sha256(file.read_bytes()).digest())
    return whole.hexdigest()[:12]
