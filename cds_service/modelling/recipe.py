"""How a model is made: a bundle's recipe.toml."""

import tomllib
from dataclasses import dataclass
from pathlib import Path

import msgspec

from cds_service.errors import BadData


@dataclass(frozen=True, slots=True)
class Candidate:
    """One setting that the choice inside the training part is made from: so many pairs, and the penalty on them."""

    pairs: int
    pair_penalty: float


@dataclass(frozen=True, slots=True)
class Recipe:
    """`source` names the reader of the data; `edges` cut the numbers alone, `pair_edges` coarser ones in pairs.

    `smoothness` is the penalty on the difference between neighbouring intervals, `shrinkage` on each word.
    `simplest` is the predictor that alone makes the simplest comparator. `logarithms` are the counts that logistic
    regression, the other comparator, takes by their logarithm.
    """

    source: str
    edges: dict[str, tuple[float, ...]]
    pair_edges: dict[str, tuple[float, ...]]
    candidates: tuple[Candidate, ...]
    smoothness: float
    shrinkage: float
    simplest: str
    logarithms: tuple[str, ...] = ()
    thresholds: tuple[float, ...] = (0.1, 0.15, 0.2)


def read_recipe(path: Path) -> Recipe:
    """Raises `BadData` for a file that is no recipe."""
    try:
        return msgspec.convert(tomllib.loads(path.read_text("utf-8")), Recipe)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise BadData(f"{path.name}: {error}") from None
