"""Penalised logistic regression: the one maximum of the penalised likelihood, by Newton's method."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from cds_service.errors import BadData
from cds_service.modelling.rows import Floats

MOST_STEPS = 50
SMALL_STEP = 1e-11
ROUNDING = 1e-12  # how far sums of likelihoods are exact
MOST_LOGIT = 700.0  # exp of more overflows


@dataclass(frozen=True, slots=True)
class Fit:
    """`intercept` and one coefficient per column of the design."""

    intercept: float
    coefficients: Floats


def expit(total: Floats) -> Floats:
    probability: Floats = 1 / (1 + np.exp(-np.clip(total, -MOST_LOGIT, MOST_LOGIT)))
    return probability


def logit(probability: Floats) -> Floats:
    inside = np.clip(probability, 1e-12, 1 - 1e-12)
    odds: Floats = np.log(inside / (1 - inside))
    return odds


def fit_logistic(design: Any, outcomes: Floats, penalty: Floats, offset: Floats | None = None) -> Fit:
    """Maximise log likelihood - coefficients' penalty coefficients / 2. The intercept is not penalised.

    `design` is a scipy sparse or numpy matrix, rows by columns; `penalty` columns by columns, positive semidefinite.
    The problem is convex, so the result does not depend on where it starts. Raises `BadData` when there are no events
    or only events.
    """
    mean = float(outcomes.mean())
    if not 0 < mean < 1:
        raise BadData("a model cannot be fitted to data with no events or only events")
    known = np.zeros(len(outcomes)) if offset is None else offset
    intercept = float(np.log(mean / (1 - mean))) if offset is None else 0.0
    fit = Fit(intercept, np.zeros(design.shape[1]))
    total = known + intercept
    reached = objective(total, outcomes, fit.coefficients, penalty)
    for _ in range(MOST_STEPS):
        chance = expit(total)
        step = newton_step(design, outcomes - chance, chance * (1 - chance), penalty, fit.coefficients)
        while True:
            tried = Fit(fit.intercept + float(step[0]), fit.coefficients + step[1:])
            total = known + tried.intercept + design @ tried.coefficients
            gained = objective(total, outcomes, tried.coefficients, penalty) - reached
            if gained >= -ROUNDING * abs(reached) or np.abs(step).max() < SMALL_STEP:
                break
            step = step / 2  # Newton's step went beyond the maximum
        fit, reached = tried, reached + gained
        if np.abs(step).max() < SMALL_STEP:
            break
    return fit


def objective(total: Floats, outcomes: Floats, coefficients: Floats, penalty: Floats) -> float:
    """The penalised log likelihood of the linear predictors `total`."""
    likelihood = np.sum(outcomes * total - np.logaddexp(0.0, total))
    return float(likelihood - coefficients @ penalty @ coefficients / 2)


def newton_step(design: Any, residuals: Floats, weights: Floats, penalty: Floats, at: Floats) -> Floats:
    """The step for intercept and coefficients: gradient over curvature."""
    gradient = np.concatenate([[residuals.sum()], design.T @ residuals - penalty @ at])
    size = len(gradient)
    curvature = np.empty((size, size))
    curvature[0, 0] = weights.sum()
    curvature[0, 1:] = curvature[1:, 0] = design.T @ weights
    curvature[1:, 1:] = crossed(design, weights) + penalty
    step: Floats = np.linalg.solve(curvature, gradient)
    return step


def crossed(design: Any, weights: Floats) -> Floats:
    """design' diag(weights) design, dense."""
    if isinstance(design, np.ndarray):
        dense: Floats = design.T @ (design * weights[:, None])
        return dense
    product: Floats = (design.T @ design.multiply(weights[:, None]).tocsr()).toarray()
    return product
