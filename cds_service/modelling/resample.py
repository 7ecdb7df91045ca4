"""Intervals by drawing patients with replacement."""

from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np
import numpy.typing as npt

from cds_service.modelling.rows import Ints

DRAWS = 200
Interval = tuple[float, float]


def draw_patients(patients: npt.NDArray[np.str_], draws: int, seed: int) -> Iterator[Ints]:
    """Row numbers of as many patients as there are, drawn with replacement, each with all rows."""
    names, rows = np.unique(patients, return_inverse=True)
    random = np.random.default_rng(seed)
    for _ in range(draws):
        often = np.bincount(random.integers(0, len(names), len(names)), minlength=len(names))
        yield np.repeat(np.arange(len(rows)), often[rows])


def interval(values: Sequence[float]) -> Interval:
    """The middle 95 %."""
    low, high = np.quantile(np.asarray(values), [0.025, 0.975])
    return float(low), float(high)


def intervals(
    patients: npt.NDArray[np.str_],
    measure: Callable[[int, Ints], Mapping[str, float]],
    draws: int,
    seed: int,
    told: Callable[[], None] = lambda: None,
) -> dict[str, Interval]:
    """The interval of everything that `measure` gives for the number of a draw and its rows."""
    found: dict[str, list[float]] = {}
    for number, rows in enumerate(draw_patients(patients, draws, seed)):
        for name, value in measure(number, rows).items():
            found.setdefault(name, []).append(value)
        told()
    return {name: interval(values) for name, values in found.items()}
