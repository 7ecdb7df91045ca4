"""A model over time: calibration per window of labelled predictions, and how far inputs have moved.

The population stability index compares shares of levels with those of the first window, or of a baseline; below 0.1
stable, 0.1 to 0.25 watch, above 0.25 look into it. It tells of data quality and of another patient mix, not of harm.
"""

from collections.abc import Mapping, Sequence
from math import exp, sqrt
from typing import Any

import numpy as np

from cds_service.errors import BadData
from cds_service.modelling.labels import PREDICTION_COLUMNS
from cds_service.modelling.measures import measure
from cds_service.modelling.report import FEWEST_IN_GROUP
from cds_service.modelling.rows import Floats

WINDOW = 500  # labelled predictions: fewer than this say little about calibration
ALARM = 0.25
BINS = 10
FEWEST_SHARE = 1e-4
MOST_LEVELS = 20
Z = 1.96


def watch(rows: Sequence[Mapping[str, str]], limits: Mapping[str, float], size: int = WINDOW) -> list[dict[str, Any]]:
    """One entry per window of at least `size` predictions in order of date, the oldest first.

    Predictions without outcomes show only how risks and inputs have moved. `limits` are the bundle's (`psi`, `oe_low`,
    `oe_high`); what is beyond them stands in `alarms`. Raises `BadData` for fewer predictions than one window or for a
    probability that is none.
    """
    ordered = sorted(rows, key=lambda row: row["date"])
    if len(ordered) < size:
        labelled = "labelled " * any("outcome" in row for row in ordered)
        raise BadData(f"{len(ordered)} {labelled}predictions: at least {size} make a window")
    count = len(ordered) // size
    windows = [
        ordered[len(ordered) * number // count : len(ordered) * (number + 1) // count] for number in range(count)
    ]
    inputs = [name for name in ordered[0] if name not in (*PREDICTION_COLUMNS, "outcome")]
    return [look(window, windows[0], inputs, limits) for window in windows]


def look(
    window: Sequence[Mapping[str, str]],
    first: Sequence[Mapping[str, str]],
    inputs: Sequence[str],
    limits: Mapping[str, float],
) -> dict[str, Any]:
    """The measures of one window and what of them is beyond the limits."""
    chance = np.array([read_probability(row) for row in window])
    entry: dict[str, Any] = {
        "from": window[0]["date"],
        "to": window[-1]["date"],
        "n": len(window),
        "mean": float(chance.mean()),
        "psi": {name: stability([row[name] for row in first], [row[name] for row in window]) for name in inputs},
    }
    entry["psi"]["probability"] = stability_of_numbers(np.array([read_probability(row) for row in first]), chance)
    if "outcome" in window[0]:
        entry |= hold_against(chance, np.array([float(row["outcome"]) for row in window]))
    return {**entry, "alarms": alarms_of(entry, limits)}


def hold_against(chance: Floats, outcomes: Floats) -> dict[str, Any]:
    """How the predictions of a window compare with what happened; only counts where there are too few events."""
    events = int(outcomes.sum())
    if min(events, len(outcomes) - events) < FEWEST_IN_GROUP:
        return {"events": events}
    found = measure(chance, outcomes)
    spread = Z * sqrt((1 - events / len(outcomes)) / events)
    interval = (found["oe"] * exp(-spread), found["oe"] * exp(spread))
    return {"events": events, "oe_interval": interval} | {
        name: found[name] for name in ("oe", "citl", "slope", "ici", "auroc")
    }


def reason_to_switch_off(entry: Mapping[str, Any], limits: Mapping[str, float]) -> str:
    """Why a model should not speak after this window; empty where it may.

    Only outcomes decide, and only when the whole 95 % interval of observed to expected (its logarithm has the variance
    (1 - risk) / events: Debray et al., BMJ 2017;356:i6460) is beyond a limit: an index of stability tells of data.
    """
    if "oe_interval" not in entry:
        return ""
    low, high = entry["oe_interval"]
    if high >= limits.get("oe_low", 0.0) and low <= limits.get("oe_high", float("inf")):
        return ""
    span = f"{entry['from'][:10]} to {entry['to'][:10]}"
    return f"observed to expected {entry['oe']:.2f} ({low:.2f} to {high:.2f}) in {entry['n']} predictions, {span}"


def alarms_of(entry: Mapping[str, Any], limits: Mapping[str, float]) -> list[str]:
    """What is beyond the limits of the model, in words."""
    found = [
        f"{name} has moved: PSI {value:.2f}" for name, value in entry["psi"].items() if value > limits.get("psi", ALARM)
    ]
    ratio = entry.get("oe")
    if ratio is not None and not limits.get("oe_low", 0.0) <= ratio <= limits.get("oe_high", float("inf")):
        found.append(f"observed to expected is {ratio:.2f}")
    return found


def stability(before: Sequence[str], now: Sequence[str]) -> float:
    """The PSI of one column: of numbers by tenths of `before`, of words by word."""
    try:
        return stability_of_numbers(np.array([float(cell or "nan") for cell in before]), to_numbers(now))
    except ValueError:
        words = sorted({*before, *now})
        return divergence(
            np.array([before.count(word) for word in words], dtype=np.float64),
            np.array([now.count(word) for word in words], dtype=np.float64),
        )


def to_numbers(cells: Sequence[str]) -> Floats:
    return np.array([float(cell or "nan") for cell in cells])


def stability_of_numbers(before: Floats, now: Floats) -> float:
    """By the tenths of `before`, unknown (NaN) as a level of its own; few different values are levels themselves."""
    known = before[~np.isnan(before)]
    values = np.unique(known)
    edges = values[1:] if len(values) <= MOST_LEVELS else np.unique(np.quantile(known, np.arange(1, BINS) / BINS))
    return divergence(count_levels(before, edges), count_levels(now, edges))


def count_levels(values: Floats, edges: Floats) -> Floats:
    known = values[~np.isnan(values)]
    counts = np.bincount(np.searchsorted(edges, known, side="right"), minlength=len(edges) + 1)
    return np.append(counts, np.isnan(values).sum()).astype(np.float64)


def divergence(before: Floats, now: Floats) -> float:
    """Sum of (now - before) ln(now / before) over the shares of the levels; an empty level counts as 1 in 10,000."""
    one = np.maximum(before / before.sum(), FEWEST_SHARE)
    other = np.maximum(now / now.sum(), FEWEST_SHARE)
    used = (before > 0) | (now > 0)
    return float(np.sum((other - one)[used] * np.log(other / one)[used]))


def read_probability(row: Mapping[str, str]) -> float:
    try:
        value = float(row["probability"])
    except ValueError:
        value = float("nan")
    if not 0 <= value <= 1:
        raise BadData(f"decision {row['decision']}: probability: found {row['probability']!r}, expected 0 to 1")
    return value
