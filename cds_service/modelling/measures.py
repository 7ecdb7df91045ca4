"""How good predicted risks are (METHODS of the evaluation: `docs/models/methods.md`).

Mean calibration: O:E and calibration-in-the-large (intercept with the logit as offset). Weak: calibration slope.
Moderate: the flexible curve of `curve.py` and ICI, E50, E90 from it (Austin and Steyerberg, Stat Med 2019;38:4051).
Discrimination: AUROC, AUPRC. Overall: Brier score, IPA = 1 - Brier / Brier of the prevalence, log loss.
"""

from collections.abc import Mapping

import numpy as np

from cds_service.modelling.additive import log_loss
from cds_service.modelling.curve import fit_curve
from cds_service.modelling.likelihood import expit, fit_logistic, logit
from cds_service.modelling.rows import Floats

NO_PENALTY = np.zeros((1, 1))


def measure(chance: Floats, outcomes: Floats) -> dict[str, float]:
    """Every measure of one set of predictions. Raises `BadData` without events, or with events only."""
    return {**measure_plainly(chance, outcomes), **calibrate_errors(chance, outcomes)}


def measure_plainly(chance: Floats, outcomes: Floats) -> dict[str, float]:
    """All but what the flexible curve gives."""
    intercept, slope = recalibration(chance, outcomes)
    mean = float(outcomes.mean())
    brier = float(np.mean((chance - outcomes) ** 2))
    return {
        "n": float(len(outcomes)),
        "events": float(outcomes.sum()),
        "auroc": auroc(chance, outcomes),
        "auprc": auprc(chance, outcomes),
        "brier": brier,
        "ipa": 1 - brier / (mean * (1 - mean)),
        "log_loss": log_loss(chance, outcomes),
        "oe": mean / float(chance.mean()),
        "citl": in_the_large(chance, outcomes),
        "slope": slope,
        "intercept": intercept,
    }


def auroc(chance: Floats, outcomes: Floats) -> float:
    """The probability that an event has the higher prediction; ties count half (Mann-Whitney)."""
    values, places = np.unique(chance, return_inverse=True)
    events = np.bincount(places, outcomes, minlength=len(values))
    others = np.bincount(places, minlength=len(values)) - events
    below = np.concatenate([[0.0], np.cumsum(others)[:-1]])
    return float(np.sum(events * (below + others / 2)) / (events.sum() * others.sum()))


def auprc(chance: Floats, outcomes: Floats) -> float:
    """Average precision: precision at each threshold, weighted by the recall it adds."""
    values, places = np.unique(-chance, return_inverse=True)
    events = np.bincount(places, outcomes, minlength=len(values))
    flagged = np.cumsum(np.bincount(places, minlength=len(values)))
    return float(np.sum(events * np.cumsum(events) / flagged) / events.sum())


def in_the_large(chance: Floats, outcomes: Floats) -> float:
    """Calibration-in-the-large: by how much the log odds are too low on average."""
    none = np.zeros((len(chance), 0))
    return fit_logistic(none, outcomes, np.zeros((0, 0)), logit(chance)).intercept


def recalibration(chance: Floats, outcomes: Floats) -> tuple[float, float]:
    """Intercept and slope of the outcomes on the logit."""
    fit = fit_logistic(logit(chance)[:, None], outcomes, NO_PENALTY)
    return fit.intercept, float(fit.coefficients[0])


def calibrate_errors(chance: Floats, outcomes: Floats) -> dict[str, float]:
    """ICI, E50, E90 and Emax: mean, median, 90th percentile and greatest distance to the flexible curve."""
    distance = np.abs(fit_curve(chance, outcomes).at(chance) - chance)
    return {
        "ici": float(distance.mean()),
        "e50": float(np.quantile(distance, 0.5)),
        "e90": float(np.quantile(distance, 0.9)),
        "emax": float(distance.max()),
    }


def noise_floor(chance: Floats, draws: int, seed: int) -> dict[str, dict[str, float]]:
    """ICI, E50 and E90 that perfectly calibrated predictions would show: outcomes drawn from the predictions."""
    random = np.random.default_rng(seed)
    found = [calibrate_errors(chance, (random.random(len(chance)) < chance).astype(float)) for _ in range(draws)]
    return {
        name: {
            "mean": float(np.mean([each[name] for each in found])),
            "p95": float(np.quantile([each[name] for each in found], 0.95)),
        }
        for name in ("ici", "e50", "e90")
    }


def net_benefit(chance: Floats, outcomes: Floats, threshold: float) -> float:
    """True positives less false positives at the odds of the threshold, per patient (Vickers and Elkin 2006)."""
    flagged = chance >= threshold
    odds = threshold / (1 - threshold)
    return float((np.sum(outcomes[flagged]) - odds * np.sum(1 - outcomes[flagged])) / len(outcomes))


def treat_all(outcomes: Floats, threshold: float) -> float:
    mean = float(outcomes.mean())
    return mean - (1 - mean) * threshold / (1 - threshold)


def recalibrated(chance: Floats, intercept: float, slope: float = 1.0) -> Floats:
    """The predictions after a logistic step on their log odds."""
    return expit(intercept + slope * logit(chance))


def compare_benefit(
    models: Mapping[str, Floats], outcomes: Floats, thresholds: tuple[float, ...]
) -> dict[str, dict[str, float]]:
    """Net benefit of each model and of treating all, by threshold; treating none is 0."""
    return {
        f"{threshold:g}": {
            **{name: net_benefit(chance, outcomes, threshold) for name, chance in models.items()},
            "treat all": treat_all(outcomes, threshold),
        }
        for threshold in thresholds
    }
