"""The flexible calibration curve: observed risk as a smooth function of predicted risk.

Restricted cubic spline of the logit with five knots at Harrell's percentiles (Regression Modeling Strategies, 2015,
table 2.3), fitted by logistic regression; where predictions take too few values for five knots, a straight line.
"""

from dataclasses import dataclass

import numpy as np

from cds_service.modelling.likelihood import Fit, expit, fit_logistic, logit
from cds_service.modelling.rows import Floats

PERCENTILES = (5.0, 27.5, 50.0, 72.5, 95.0)
FAINT = 1e-8  # keeps the fit unique when a spline column is nearly constant


@dataclass(frozen=True, slots=True)
class Curve:
    """Knots on the logit scale, and the fit of the spline's columns."""

    knots: Floats
    fit: Fit

    def at(self, chance: Floats) -> Floats:
        """Observed risk where the model predicts `chance`."""
        return expit(self.fit.intercept + spline(logit(chance), self.knots) @ self.fit.coefficients)


def fit_curve(chance: Floats, outcomes: Floats) -> Curve:
    """Raises `BadData` without events, or with events only."""
    scale = logit(chance)
    knots = np.unique(np.percentile(scale, PERCENTILES))
    if len(knots) < len(PERCENTILES):
        knots = np.array([])
    design = spline(scale, knots)
    return Curve(knots, fit_logistic(design, outcomes, FAINT * np.eye(design.shape[1])))


def spline(scale: Floats, knots: Floats) -> Floats:
    """Columns of the restricted cubic spline: linear beyond the outer knots."""
    columns = [scale]
    if len(knots):
        last, before = knots[-1], knots[-2]
        width = (last - knots[0]) ** 2
        for knot in knots[:-2]:
            bent = (
                cubed(scale - knot)
                - cubed(scale - before) * (last - knot) / (last - before)
                + cubed(scale - last) * (before - knot) / (last - before)
            )
            columns.append(bent / width)
    return np.stack(columns, axis=1)


def cubed(distance: Floats) -> Floats:
    above: Floats = np.maximum(distance, 0) ** 3
    return above
