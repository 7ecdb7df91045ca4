"""From the sum of a model to its result, and the calibration after it."""

from bisect import bisect_right
from math import exp, floor, log

from cds_service.knowledge.bundle import Calibration
from cds_service.knowledge.terms import Link, Reported

MOST_EXPONENT = 700.0  # exp of more overflows


def probability_of(link: Link, total: float, baseline_survival: float | None) -> float:
    """The probability that a linear predictor stands for, of a link that gives one."""
    if link is Link.LOGIT:
        return expit(total)
    hazard = exp(min(total, MOST_EXPONENT))
    if link is Link.SURVIVAL and baseline_survival is not None:
        return 1 - float(baseline_survival**hazard)
    return 1 - exp(-hazard)


def quantity_of(link: Link, total: float) -> float:
    return exp(min(total, MOST_EXPONENT)) if link is Link.EXP else total


def report(total: float, reported: Reported | None) -> float:
    """The sum as the publication reports it: rounded half up, then within its limits."""
    if reported is None:
        return total
    value = float(floor(total + 0.5)) if reported.rounded else total
    if reported.least is not None:
        value = max(value, reported.least)
    return value if reported.most is None else min(value, reported.most)


def calibrate(calibration: Calibration, probability: float) -> float:
    """The probability after the calibration step."""
    if calibration.kind == "logistic":
        return expit(calibration.intercept + calibration.slope * logit(probability))
    if calibration.kind == "isotonic":
        return interpolate(calibration.x, calibration.y, probability)
    return probability


def interpolate(x: tuple[float, ...], y: tuple[float, ...], at: float) -> float:
    """On straight lines between the points; level before the first and after the last."""
    if at <= x[0]:
        return y[0]
    if at >= x[-1]:
        return y[-1]
    after = bisect_right(x, at)
    share = (at - x[after - 1]) / (x[after] - x[after - 1])
    return y[after - 1] + share * (y[after] - y[after - 1])


def expit(total: float) -> float:
    if total >= 0:
        return 1 / (1 + exp(-total))
    return exp(total) / (1 + exp(total))


def logit(probability: float) -> float:
    """Log odds; of a certainty that of a probability just short of it."""
    inside = min(max(probability, 1e-15), 1 - 1e-15)
    return log(inside / (1 - inside))
