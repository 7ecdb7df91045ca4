"""The model that is shipped: additive tables of predictors and pairs, chosen and fitted inside the training part."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from cds_service.knowledge.bundle import Bundle
from cds_service.modelling.design import Block, Pair, build_design, build_penalty, lay_out
from cds_service.modelling.folds import Mask, deal_patients
from cds_service.modelling.levels import Levels, cut_predictors
from cds_service.modelling.likelihood import Fit, expit, fit_logistic
from cds_service.modelling.pairs import rank_pairs
from cds_service.modelling.recipe import Candidate, Recipe
from cds_service.modelling.rows import Floats, Ints, Table

INNER_PARTS = 5

# With fewer rows an unknown predictor gets no value of its own, but the mean of the known ones.
FEWEST_UNKNOWN = 100


@dataclass(frozen=True, slots=True)
class Additive:
    """A fitted model: its columns, and a value for each."""

    blocks: tuple[Block, ...]
    fit: Fit
    candidate: Candidate
    losses: tuple[float, ...] = ()  # of the candidates on the inner test part, in their order


@dataclass(frozen=True, slots=True)
class Placed:
    """The rows at the levels of the recipe, alone and in pairs; made once for all fits."""

    alone: dict[str, Levels]
    paired: dict[str, Levels]
    alone_at: dict[str, Ints]
    paired_at: dict[str, Ints]

    def take(self, rows: Mask) -> "Placed":
        return Placed(
            self.alone,
            self.paired,
            {name: places[rows] for name, places in self.alone_at.items()},
            {name: places[rows] for name, places in self.paired_at.items()},
        )


def place_rows(bundle: Bundle, recipe: Recipe, table: Table) -> Placed:
    alone = {
        name: replace(levels, unknown_level=levels.unknown_level and table.values[name].count(None) >= FEWEST_UNKNOWN)
        for name, levels in cut_predictors(bundle, recipe.edges).items()
    }
    paired = cut_predictors(bundle, recipe.pair_edges)
    return Placed(
        alone,
        paired,
        {name: levels.place(table.values[name]) for name, levels in alone.items()},
        {name: levels.place(table.values[name]) for name, levels in paired.items()},
    )


def choose_and_fit(recipe: Recipe, placed: Placed, table: Table, seed: int) -> Additive:
    """Choose among the recipe's candidates on a fifth of the patients by log loss, then fit to all rows given."""
    inner = deal_patients(table.patients, INNER_PARTS, seed) == 0
    losses = []
    ranked = find_pairs(recipe, placed.take(~inner), table.take(~inner), seed)
    for candidate in recipe.candidates:
        model = fit_candidate(recipe, candidate, ranked, placed.take(~inner), table.outcomes[~inner])
        losses.append(log_loss(predict_rows(model, placed.take(inner)), table.outcomes[inner]))
    best = recipe.candidates[int(np.argmin(losses))]
    pairs = find_pairs(recipe, placed, table, seed)
    model = fit_candidate(recipe, best, pairs, placed, table.outcomes)
    return Additive(model.blocks, model.fit, best, tuple(losses))


def find_pairs(recipe: Recipe, placed: Placed, table: Table, seed: int) -> list[Pair]:
    """The pairs in order of promise beside the additive model of these rows."""
    plain = fit_candidate(recipe, Candidate(0, 1.0), (), placed, table.outcomes)
    chance = predict_rows(plain, placed)
    halves = deal_patients(table.patients, 2, seed)
    return rank_pairs(placed.paired, placed.paired_at, table.outcomes - chance, chance * (1 - chance), halves)


def fit_candidate(
    recipe: Recipe, candidate: Candidate, ranked: Sequence[Pair], placed: Placed, outcomes: Floats
) -> Additive:
    blocks = lay_out(placed.alone, placed.paired, ranked[: candidate.pairs])
    penalty = build_penalty(blocks, recipe.smoothness, recipe.shrinkage, candidate.pair_penalty)
    design = build_design(blocks, placed.alone_at, placed.paired_at)
    return Additive(blocks, settle(blocks, fit_logistic(design, outcomes, penalty), design), candidate)


def settle(blocks: Sequence[Block], fit: Fit, design: Any) -> Fit:
    """The same fit with a mean of 0 in each predictor that has no value for unknown, so that unknown is average."""
    rows = np.asarray(design.sum(axis=0), dtype=np.float64).ravel()
    intercept, coefficients = fit.intercept, fit.coefficients.copy()
    for block in blocks:
        if len(block.parts) == 1 and not block.parts[0].unknown_level:
            own = slice(block.start, block.stop)
            mean = float(rows[own] @ coefficients[own] / rows[own].sum())
            coefficients[own] -= mean
            intercept += mean
    return Fit(intercept, coefficients)


def predict_rows(model: Additive, placed: Placed) -> Floats:
    design = build_design(model.blocks, placed.alone_at, placed.paired_at)
    return expit(model.fit.intercept + design @ model.fit.coefficients)


def log_loss(chance: Floats, outcomes: Floats) -> float:
    inside = np.clip(chance, 1e-12, 1 - 1e-12)
    return float(-np.mean(outcomes * np.log(inside) + (1 - outcomes) * np.log(1 - inside)))
