"""Fitting a model's predictions to local data: the least change that the data call for.

Closed testing (Vergouwe et al., Stat Med 2017;36:4529) among keeping the model, a new intercept, and intercept with
slope, by likelihood-ratio tests at 5 %. Re-estimating the terms is a new model: `cds models fit`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.stats import chi2

from cds_service.errors import BadData
from cds_service.knowledge.bundle import Calibration
from cds_service.modelling.additive import log_loss
from cds_service.modelling.folds import deal_patients
from cds_service.modelling.measures import in_the_large, measure, recalibrated, recalibration
from cds_service.modelling.rows import Floats

# With fewer an intercept update made predictions worse or no better: 200 gave a mean ICI of 0.017 against 0.015
# without, 500 still 0.010, 1,000 under 0.009 (docs/models/readmission-30d.md).
FEWEST = 1000
FEWEST_EVENTS = 90
ALPHA = 0.05


@dataclass(frozen=True, slots=True)
class Step:
    """logit p' = intercept + slope * logit p. `kind` is "keep", "intercept" or "intercept and slope"."""

    kind: str
    intercept: float = 0.0
    slope: float = 1.0

    def apply(self, chance: Floats) -> Floats:
        return recalibrated(chance, self.intercept, self.slope)


@dataclass(frozen=True, slots=True)
class Update:
    """What the data call for. `before` and `after` are measures on the half of the patients that was not used to fit
    the step they show; `p_values` those of the tests."""

    step: Step
    n: int
    events: int
    p_values: Mapping[str, float]
    before: Mapping[str, float]
    after: Mapping[str, float]


def find_update(chance: Floats, outcomes: Floats, patients: npt.NDArray[np.str_], seed: int = 1) -> Update:
    """The step chosen and fitted on all rows. Raises `BadData` when they are too few to do more good than harm."""
    check_size(outcomes)
    step, p_values = choose_step(chance, outcomes)
    half = deal_patients(patients, 2, seed) == 0
    trial, _ = choose_step(chance[half], outcomes[half])
    before = measure(chance[~half], outcomes[~half])
    after = measure(trial.apply(chance[~half]), outcomes[~half])
    return Update(step, len(outcomes), int(outcomes.sum()), p_values, before, after)


def check_size(outcomes: Floats) -> None:
    events = int(outcomes.sum())
    if len(outcomes) < FEWEST or events < FEWEST_EVENTS:
        raise BadData(
            f"{len(outcomes)} encounters with {events} events are too few to recalibrate: at least {FEWEST} with "
            f"{FEWEST_EVENTS} events are needed, with fewer an update does more harm than good"
        )


def choose_step(chance: Floats, outcomes: Floats) -> tuple[Step, dict[str, float]]:
    """The least change that the tests do not reject in favour of intercept and slope."""
    shift = in_the_large(chance, outcomes)
    intercept, slope = recalibration(chance, outcomes)
    full = Step("intercept and slope", intercept, slope)
    moved = Step("intercept", shift)
    rows = len(outcomes)
    best = log_loss(full.apply(chance), outcomes)
    against_keep = chance_of(2 * rows * (log_loss(chance, outcomes) - best), 2)
    against_moved = chance_of(2 * rows * (log_loss(moved.apply(chance), outcomes) - best), 1)
    p_values = {"keep": against_keep, "intercept": against_moved}
    if against_keep >= ALPHA:
        return Step("keep"), p_values
    return (moved if against_moved >= ALPHA else full), p_values


def chance_of(statistic: float, freedom: int) -> float:
    return float(chi2.sf(max(statistic, 0.0), freedom))


def join_steps(before: Calibration, step: Step) -> dict[str, Any]:
    """The calibration step of the model followed by the new one, as calibration.json writes it.

    Raises `BadData` for an isotonic one, which a straight step cannot be joined to.
    """
    if before.kind == "isotonic":
        raise BadData("the model has an isotonic calibration; take it back before a new step is fitted")
    return {
        "kind": "logistic",
        "intercept": step.intercept + step.slope * before.intercept,
        "slope": step.slope * before.slope,
    }
