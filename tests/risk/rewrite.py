"""Writes golden.csv of every published model from the second derivation: `python -m tests.risk.rewrite`.

The inputs are spread over the ranges each model states, its edges included, the same ones every time.
"""

import csv
import random
from pathlib import Path

from cds_service.knowledge.bundle import Bundle, Predictor
from tests.risk.bundles import read_shipped
from tests.risk.second import DERIVATIONS

MODELS = Path(__file__).resolve().parents[2] / "models"
ROWS = 24
WHOLE = frozenset({"a", "{count}", "{score}", "d", "/min", "%", "mm[Hg]"})  # units that are counted in whole numbers


def spread(bundle: Bundle) -> list[dict[str, float | str]]:
    """Inputs of a model: both ends of every range once, then a fixed draw."""
    draw = random.Random(bundle.id)
    rows = [{each.name: pick(each, draw, row) for each in bundle.predictors} for row in range(ROWS)]
    return [consistent(row) for row in rows]


def pick(predictor: Predictor, draw: random.Random, row: int) -> float | str:
    if predictor.words:
        return draw.choice(predictor.words)
    assert predictor.within is not None
    low, high = predictor.within
    if row < 2:
        return (low, high)[row]
    if (low, high) == (0.0, 1.0):
        return float(draw.random() < 0.5)
    # Most ranges are far wider than what is usual: a square draw stays nearer to the low end.
    value = low + (high - low) * draw.random() ** 2
    return float(round(value)) if predictor.unit in WHOLE else round(value, 2)


def consistent(row: dict[str, float | str]) -> dict[str, float | str]:
    """A second thing needs a first one."""
    for first, more in (("one_qt_drug", "two_qt_drugs"), ("one_episode", "three_episodes")):
        if row.get(more) == 1.0:
            row[first] = 1.0
    return row


def write_golden(bundle: Bundle) -> None:
    names = [predictor.name for predictor in bundle.predictors]
    with (MODELS / bundle.id / "golden.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["outcome", *names, "expected"])
        for inputs in spread(bundle):
            for outcome, derive in DERIVATIONS[bundle.id].items():
                writer.writerow([outcome, *(inputs[name] for name in names), repr(float(derive(inputs)))])


if __name__ == "__main__":
    for bundle in read_shipped():
        if bundle.id in DERIVATIONS:
            write_golden(bundle)
