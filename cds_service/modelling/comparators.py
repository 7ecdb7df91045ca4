"""What the shipped model is compared with, on the same inputs and the same folds."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from threadpoolctl import threadpool_limits

from cds_service.knowledge.bundle import Bundle
from cds_service.modelling.additive import INNER_PARTS, log_loss
from cds_service.modelling.folds import Mask, deal_patients
from cds_service.modelling.levels import UNKNOWN, Levels
from cds_service.modelling.recipe import Recipe
from cds_service.modelling.rows import Floats, Ints, Table

BOOSTING: tuple[Mapping[str, Any], ...] = (
    {"learning_rate": 0.05, "max_iter": 300, "max_leaf_nodes": 8, "min_samples_leaf": 100},
    {"learning_rate": 0.05, "max_iter": 200, "max_leaf_nodes": 15, "min_samples_leaf": 100, "l2_regularization": 1.0},
    {"learning_rate": 0.03, "max_iter": 300, "max_leaf_nodes": 31, "min_samples_leaf": 200, "l2_regularization": 5.0},
)


def plain_columns(bundle: Bundle, table: Table) -> tuple[Floats, list[bool]]:
    """Every predictor as one column: numbers as they are, words by their place; NaN where unknown."""
    columns, words = [], []
    for predictor in bundle.predictors:
        values = table.values[predictor.name]
        at = {word: float(place) for place, word in enumerate(predictor.words)}
        columns.append(
            [np.nan if value is None else at[value] if isinstance(value, str) else value for value in values]
        )
        words.append(bool(predictor.words))
    return np.array(columns, dtype=np.float64).T, words


def boost(columns: Floats, words: list[bool], train: Mask, test: Mask, table: Table, seed: int) -> Floats:
    """Gradient boosting, its setting chosen inside the training rows as the shipped model's is."""
    inner = train & (deal_patients(table.patients[train], INNER_PARTS, seed) == 0)[np.cumsum(train) - 1]
    rest = train & ~inner
    losses = []
    for setting in BOOSTING:
        chance = fit_boosting(columns, words, rest, table, setting).predict_proba(columns[inner])[:, 1]
        losses.append(log_loss(chance, table.outcomes[inner]))
    best = BOOSTING[int(np.argmin(losses))]
    chance = fit_boosting(columns, words, train, table, best).predict_proba(columns[test])[:, 1]
    return np.asarray(chance, dtype=np.float64)


def fit_boosting(columns: Floats, words: list[bool], rows: Mask, table: Table, setting: Mapping[str, Any]) -> Any:
    model = HistGradientBoostingClassifier(categorical_features=words, early_stopping=False, random_state=0, **setting)
    with threadpool_limits(1):  # threads that wait for each other cost more than they bring on a busy machine
        return model.fit(columns[rows], table.outcomes[rows])


def regress(columns: Floats, train: Mask, test: Mask, table: Table) -> Floats:
    """Plain logistic regression on standardised columns."""
    spread = columns[train].std(axis=0)
    scaled = (columns - columns[train].mean(axis=0)) / np.where(spread > 0, spread, 1)
    model = LogisticRegression(max_iter=1000).fit(scaled[train], table.outcomes[train])
    return np.asarray(model.predict_proba(scaled[test])[:, 1], dtype=np.float64)


def linear_columns(
    bundle: Bundle, recipe: Recipe, levels: Mapping[str, Levels], places: Mapping[str, Ints], table: Table
) -> Floats:
    """One column per number, counts by their logarithm; one 0/1 column per word, and one for unknown."""
    columns: list[Floats] = []
    for predictor in bundle.predictors:
        name = predictor.name
        if levels[name].ordered:
            values = np.array([np.nan if value is None else value for value in table.values[name]], dtype=np.float64)
            values = np.where(np.isnan(values), np.nanmean(values), values)
            columns.append(np.log1p(values) if name in recipe.logarithms else values)
        else:
            columns.extend((places[name] == place).astype(np.float64) for place in range(levels[name].count))
            columns.append((places[name] == UNKNOWN).astype(np.float64))
    return np.stack(columns, axis=1)


def regress_simplest(recipe: Recipe, train: Mask, test: Mask, table: Table) -> Floats:
    """Logistic regression on one predictor alone."""
    values = np.array([np.nan if value is None else value for value in table.values[recipe.simplest]], dtype=np.float64)
    column = np.where(np.isnan(values), np.nanmean(values), values)[:, None]
    return regress(column, train, test, table)
