"""The levels of a predictor: intervals of a number, words, or yes and no; an unknown value has no level."""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from cds_service.knowledge.bundle import Bundle, IfMissing, Predictor
from cds_service.knowledge.terms import Value
from cds_service.modelling.rows import Floats, Ints

UNKNOWN = -1
YES_OR_NO = (0.5,)


@dataclass(frozen=True, slots=True)
class Levels:
    """How one predictor is cut. `cuts` are the edges of a number, or the words of a word.

    `ordered`: neighbouring levels are neighbours in meaning. `unknown_level`: the model has a value for unknown.
    """

    name: str
    cuts: tuple[float | str, ...]
    ordered: bool
    unknown_level: bool = False

    @property
    def is_words(self) -> bool:
        return bool(self.cuts) and isinstance(self.cuts[0], str)

    @property
    def count(self) -> int:
        return len(self.cuts) if self.is_words else len(self.cuts) + 1

    def place(self, values: Sequence[Value | None]) -> Ints:
        """The level of each value; UNKNOWN for None."""
        at = {value: self.level_of(value) for value in set(values)}
        return np.array([at[value] for value in values], dtype=np.int64)

    def level_of(self, value: Value | None) -> int:
        if value is None:
            return UNKNOWN
        if isinstance(value, str):
            return self.cuts.index(value)
        return bisect_right([float(cut) for cut in self.cuts], value)


def cut_predictors(bundle: Bundle, edges: Mapping[str, tuple[float, ...]]) -> dict[str, Levels]:
    """The levels of every predictor; `edges` are those of the numbers. Raises KeyError for a number without edges."""
    return {predictor.name: cut(predictor, edges) for predictor in bundle.predictors}


def cut(predictor: Predictor, edges: Mapping[str, tuple[float, ...]]) -> Levels:
    unknown = predictor.if_missing is IfMissing.UNKNOWN_LEVEL
    if predictor.words:
        return Levels(predictor.name, predictor.words, ordered=False, unknown_level=unknown)
    if predictor.unit is None:
        return Levels(predictor.name, YES_OR_NO, ordered=False, unknown_level=unknown)
    return Levels(predictor.name, edges[predictor.name], ordered=True, unknown_level=unknown)


def weights_of(places: Ints, count: int) -> Floats:
    """How many rows stand at each level; the unknown ones last."""
    return np.bincount(np.where(places == UNKNOWN, count, places), minlength=count + 1).astype(np.float64)
