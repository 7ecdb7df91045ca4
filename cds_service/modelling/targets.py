"""Whether a validation meets the targets that were registered before training.

The targets are those of the readmission model, `docs/models/readmission-30d-targets.md`. Another model has its own,
written before its training.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from cds_service.modelling.cross_validate import BOOSTED, MODEL, REGRESSION, SIMPLEST

LEAK = 0.70


@dataclass(frozen=True, slots=True)
class Target:
    """One line of the table: what was asked for, what was found, and whether that is enough."""

    what: str
    asked: str
    found: str
    met: bool


def judge(evaluation: Mapping[str, Any]) -> list[Target]:
    """Every target with what `evaluation` (evaluation.json) shows."""
    return [*judge_inside(evaluation["cross_validation"]), *judge_in_time(evaluation["in_time"])]


def judge_inside(found: Mapping[str, Any]) -> Iterator[Target]:
    means, gaps = found["mean"], found["difference"]
    own, ranges = means[MODEL], found["intervals"]
    yield at_most("AUROC below gradient boosting by", 0.005, -gaps[f"auroc to {BOOSTED}"])
    yield at_most("Brier score above gradient boosting by", 0.0003, gaps[f"brier to {BOOSTED}"], 5)
    yield above("AUROC above logistic regression by", gaps[f"auroc to {REGRESSION}"])
    yield above("Brier score below logistic regression by", -gaps[f"brier to {REGRESSION}"], 5)
    low, high = ranges["slope"]
    inside = 0.95 <= own["slope"] <= 1.05 and low >= 0.85 and high <= 1.15
    yield Target(
        "calibration slope", "0.95 to 1.05, interval inside 0.85 to 1.15",
        f"{own['slope']:.3f} ({low:.3f} to {high:.3f})", inside,
    )  # fmt: skip
    yield at_most("calibration-in-the-large, absolute", 0.05, abs(own["citl"]), 3)
    yield at_most("ICI", 0.006, own["ici"])
    yield at_most("E90", 0.014, own["e90"])
    yield Target("AUROC, stretch goal", "0.680", f"{own['auroc']:.4f}", own["auroc"] >= 0.680)
    yield Target("no sign of a leak: AUROC", f"at most {LEAK}", f"{own['auroc']:.4f}", own["auroc"] <= LEAK)
    for name, gain in found["first_repeat"]["net_benefit"]["gains"].items():
        if name.endswith(("treating all or none", SIMPLEST)):
            yield above(f"net benefit at {name}", gain["value"])


def judge_in_time(found: Mapping[str, Any]) -> Iterator[Target]:
    own, update = found["measures"][MODEL], found["update"]
    yield Target("order of time: AUROC", "at least 0.65", f"{own['auroc']:.4f}", own["auroc"] >= 0.65)
    yield Target("order of time: O:E", "0.8 to 1.25", f"{own['oe']:.3f}", 0.8 <= own["oe"] <= 1.25)
    if "1000" in update["intercept_by_n"]:
        yield at_most("order of time: ICI after an intercept update on 1,000", 0.009, update["intercept_by_n"]["1000"])


def at_most(what: str, limit: float, value: float, digits: int = 4) -> Target:
    return Target(what, f"at most {limit:g}", f"{value:.{digits}f}", value <= limit)


def above(what: str, value: float, digits: int = 4) -> Target:
    return Target(what, "above 0", f"{value:.{digits}f}", value > 0)
