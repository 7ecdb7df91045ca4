"""The fixed report on predictions and outcomes: one document, for any model and any data."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from cds_service.errors import BadData
from cds_service.modelling.curve import fit_curve
from cds_service.modelling.measures import (
    compare_benefit,
    in_the_large,
    measure,
    measure_plainly,
    noise_floor,
)
from cds_service.modelling.resample import DRAWS, draw_patients, intervals
from cds_service.modelling.rows import Floats, Ints

FLOOR_DRAWS = 100
CURVE_DRAWS = 100
CURVE_POINTS = 41
FEWEST_IN_GROUP = 20  # events and non-events below which a group's calibration is not measured
TELLING_EVENTS = 100  # events from which a group's O:E is held against its target

Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Scored:
    """Predictions with what happened. `chances` holds the model first, then what it is compared with."""

    patients: npt.NDArray[np.str_]
    outcomes: Floats
    chances: Mapping[str, Floats]
    groups: Mapping[str, npt.NDArray[np.str_]]

    @property
    def chance(self) -> Floats:
        """The predictions of the model itself."""
        return next(iter(self.chances.values()))


def report_on(scored: Scored, thresholds: Sequence[float], seed: int, tell: Tell, draws: int = DRAWS) -> dict[str, Any]:
    """Measures with intervals, noise floor, curve with band, net benefit and subgroups. Raises `BadData` without
    events."""
    events = int(scored.outcomes.sum())
    if not 0 < events < len(scored.outcomes):
        raise BadData(f"{events} events in {len(scored.outcomes)} rows: calibration needs both, events and others")
    chance, outcomes = scored.chance, scored.outcomes
    tell("measures")
    found = {name: measure(each, outcomes) for name, each in scored.chances.items()}
    tell("intervals")
    ranges = intervals(scored.patients, lambda _, rows: measure(chance[rows], outcomes[rows]), draws, seed)
    tell("noise floor")
    floor = noise_floor(chance, FLOOR_DRAWS, seed)
    tell("curve")
    return {
        "n": len(outcomes),
        "events": events,
        "patients": len(np.unique(scored.patients)),
        "measures": found,
        "intervals": ranges,
        "noise_floor": floor,
        "curve": draw_curve(scored, seed),
        "distribution": histogram(chance),
        "net_benefit": benefit_on(scored, thresholds, seed, draws),
        "decision_curve": decision_curve(scored, thresholds),
        "subgroups": measure_groups(chance, outcomes, scored.groups),
    }


def draw_curve(scored: Scored, seed: int, draws: int = CURVE_DRAWS) -> list[dict[str, float]]:
    """Points of the flexible curve from the 1st to the 99th percentile, each with a 95 % band over patients."""
    chance, outcomes = scored.chance, scored.outcomes
    low, high = np.quantile(chance, [0.01, 0.99])
    at = np.linspace(low, high, CURVE_POINTS)
    drawn = [fit_curve(chance[rows], outcomes[rows]).at(at) for rows in draw_patients(scored.patients, draws, seed)]
    lower, upper = np.quantile(np.stack(drawn), [0.025, 0.975], axis=0)
    points = zip(at, fit_curve(chance, outcomes).at(at), lower, upper, strict=True)
    return [
        {"predicted": float(x), "observed": float(y), "low": float(below), "high": float(above)}
        for x, y, below, above in points
    ]


def histogram(chance: Floats, bins: int = 40) -> dict[str, Any]:
    """How the predictions are spread."""
    counts, edges = np.histogram(chance, bins=bins, range=(0.0, float(chance.max())))
    return {"edges": [float(edge) for edge in edges], "counts": [int(count) for count in counts]}


def benefit_on(scored: Scored, thresholds: Sequence[float], seed: int, draws: int) -> dict[str, Any]:
    """Net benefit by threshold, and by how much the model is above the better of treating all and none, and above each
    comparator, with intervals."""
    outcomes = scored.outcomes

    def gains(rows: Ints | slice) -> dict[str, float]:
        chances = {name: each[rows] for name, each in scored.chances.items()}
        return gains_of(chances, outcomes[rows], tuple(thresholds))

    ranges = intervals(scored.patients, lambda _, rows: gains(rows), draws, seed)
    return {
        "by_threshold": compare_benefit(scored.chances, outcomes, tuple(thresholds)),
        "gains": {name: {"value": value, "interval": ranges[name]} for name, value in gains(slice(None)).items()},
    }


def gains_of(chances: Mapping[str, Floats], outcomes: Floats, thresholds: tuple[float, ...]) -> dict[str, float]:
    model, *others = chances
    found: dict[str, float] = {}
    for threshold, benefits in compare_benefit(chances, outcomes, thresholds).items():
        found[f"{threshold} over treating all or none"] = benefits[model] - max(benefits["treat all"], 0.0)
        found.update({f"{threshold} over {other}": benefits[model] - benefits[other] for other in others})
    return found


def decision_curve(scored: Scored, thresholds: Sequence[float]) -> dict[str, dict[str, float]]:
    """Net benefit over the whole range around the stated thresholds, for the plot."""
    steps = np.linspace(min(thresholds) / 2, max(thresholds) * 1.25, 31)
    return compare_benefit(scored.chances, scored.outcomes, tuple(float(f"{step:.4f}") for step in steps))


def measure_groups(
    chance: Floats, outcomes: Floats, groups: Mapping[str, npt.NDArray[np.str_]]
) -> list[dict[str, Any]]:
    """Each label of each grouping with its measures, as far as its events allow, and the error of its CITL."""
    found = []
    for grouping, labels in groups.items():
        for label in np.unique(labels):
            rows = labels == label
            events = int(outcomes[rows].sum())
            entry: dict[str, Any] = {"group": grouping, "label": str(label), "n": int(rows.sum()), "events": events}
            if min(events, entry["n"] - events) >= FEWEST_IN_GROUP:
                plain = measure_plainly(chance[rows], outcomes[rows])
                entry |= {name: plain[name] for name in ("auroc", "brier", "oe", "slope")}
                entry["citl"] = in_the_large(chance[rows], outcomes[rows])
                entry["citl_se"] = float(1 / np.sqrt(np.sum(chance[rows] * (1 - chance[rows]))))
            found.append(entry)
    return found


def find_outliers(subgroups: Sequence[Mapping[str, Any]], tolerance: float = 0.10) -> list[str]:
    """Subgroups with enough events whose O:E is off by more than the tolerance, in words for the card."""
    return [
        f"{each['group']} {each['label']}: observed to expected {each['oe']:.2f} ({each['events']} events)"
        for each in subgroups
        if each["events"] >= TELLING_EVENTS and abs(each["oe"] - 1) > tolerance
    ]
