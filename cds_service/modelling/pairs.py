"""Which pairs of predictors say more together than apart."""

from collections.abc import Mapping
from itertools import combinations

import numpy as np

from cds_service.modelling.design import Pair
from cds_service.modelling.levels import UNKNOWN, Levels
from cds_service.modelling.rows import Floats, Ints


def rank_pairs(
    paired: Mapping[str, Levels], places: Mapping[str, Ints], residuals: Floats, weights: Floats, halves: Ints
) -> list[Pair]:
    """Every pair, the most promising first, by what one half of the patients learns of the other's residuals.

    A cell's effect is one Newton step from the additive model, shrunk by `SHRINK`; its gain is that effect times the
    residuals of the other half. A pair that only fits noise gains nothing. `residuals` and `weights` are those of the
    additive model, `halves` 0 or 1 per row.
    """
    gains = {
        (first, second): gain_of(paired[first], paired[second], places, residuals, weights, halves)
        for first, second in combinations(paired, 2)
    }
    return sorted(gains, key=lambda pair: (-gains[pair], pair))


SHRINK = 10.0


def gain_of(
    one: Levels, other: Levels, places: Mapping[str, Ints], residuals: Floats, weights: Floats, halves: Ints
) -> float:
    first, second = places[one.name], places[other.name]
    known = (first != UNKNOWN) & (second != UNKNOWN)
    cells = np.where(known, first * other.count + second, 0)
    size = one.count * other.count
    sums, spreads = [], []
    for half in (0, 1):
        chosen = known & (halves == half)
        sums.append(np.bincount(cells[chosen], residuals[chosen], minlength=size))
        spreads.append(np.bincount(cells[chosen], weights[chosen], minlength=size))
    shrunk = 1 / (spreads[0] + SHRINK) + 1 / (spreads[1] + SHRINK)
    return float(np.sum(sums[0] * sums[1] * shrunk) / 2)
