"""Parts of the data that share no patient."""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from cds_service.modelling.rows import Ints

Mask = npt.NDArray[np.bool_]


def deal_patients(patients: npt.NDArray[np.str_], parts: int, seed: int) -> Ints:
    """A part, 0 to `parts` - 1, for every row, the same for all rows of a patient. Equal seeds deal equally."""
    names, rows = np.unique(patients, return_inverse=True)
    dealt = np.random.default_rng(seed).permutation(len(names)) % parts
    return np.asarray(dealt[rows], dtype=np.int64)


def split_repeatedly(patients: npt.NDArray[np.str_], parts: int, seeds: range) -> Iterator[tuple[int, int, Mask]]:
    """Seed, part and test rows of repeated cross-validation by patient."""
    for seed in seeds:
        dealt = deal_patients(patients, parts, seed)
        for part in range(parts):
            yield seed, part, dealt == part


def first_patients(patients: npt.NDArray[np.str_], order: npt.NDArray[np.str_], share: float) -> Mask:
    """The rows of the patients whose first row comes within the first `share` of all first rows."""
    names, rows = np.unique(patients, return_inverse=True)
    places = np.empty(len(order), dtype=np.int64)
    places[np.argsort(order, kind="stable")] = np.arange(len(order))
    first = np.full(len(names), len(order), dtype=np.int64)
    np.minimum.at(first, rows, places)
    early = np.argsort(np.argsort(first, kind="stable"), kind="stable") < share * len(names)
    return np.asarray(early[rows], dtype=np.bool_)
