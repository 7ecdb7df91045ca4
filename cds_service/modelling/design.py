"""From levels to the columns of a regression: one per level of a predictor, one per cell of a pair."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse

from cds_service.modelling.levels import UNKNOWN, Levels
from cds_service.modelling.rows import Floats, Ints

Pair = tuple[str, str]

# Keeps the maximum unique where a level and the intercept could trade places. Too small to move a probability.
FAINT = 0.1


@dataclass(frozen=True, slots=True)
class Block:
    """The columns of one predictor, or of one pair: `size` of them from `start` on.

    Alone, a predictor with `unknown_level` has a last column for unknown. A pair has no column where one is unknown.
    """

    parts: tuple[Levels, ...]
    start: int
    size: int

    @property
    def stop(self) -> int:
        return self.start + self.size


def lay_out(alone: Mapping[str, Levels], paired: Mapping[str, Levels], pairs: Sequence[Pair]) -> tuple[Block, ...]:
    """The blocks in order: every predictor, then the pairs."""
    blocks: list[Block] = []
    start = 0
    for levels in alone.values():
        blocks.append(Block((levels,), start, levels.count + levels.unknown_level))
        start = blocks[-1].stop
    for first, second in pairs:
        one, other = paired[first], paired[second]
        blocks.append(Block((one, other), start, one.count * other.count))
        start = blocks[-1].stop
    return tuple(blocks)


def columns_of(block: Block, places: Mapping[str, Ints]) -> Ints:
    """The column of every row in this block; UNKNOWN where it has none. `places` are by name, in the block's levels."""
    own = [places[levels.name] for levels in block.parts]
    if len(own) == 1:
        last = block.parts[0].count if block.parts[0].unknown_level else UNKNOWN - block.start
        return np.where(own[0] == UNKNOWN, last, own[0]) + block.start
    cell = own[0] * block.parts[1].count + own[1] + block.start
    return np.where((own[0] == UNKNOWN) | (own[1] == UNKNOWN), UNKNOWN, cell)


def build_design(blocks: Sequence[Block], alone: Mapping[str, Ints], paired: Mapping[str, Ints]) -> Any:
    """The 0/1 matrix, rows by columns, as scipy CSR."""
    columns = np.stack([columns_of(block, alone if len(block.parts) == 1 else paired) for block in blocks], axis=1)
    known = columns != UNKNOWN
    ends = np.concatenate([[0], np.cumsum(known.sum(axis=1))])
    shape = (len(columns), blocks[-1].stop)
    return scipy.sparse.csr_matrix((np.ones(int(known.sum())), columns[known], ends), shape=shape)


def build_penalty(blocks: Sequence[Block], smoothness: float, shrinkage: float, pair_penalty: float) -> Floats:
    """Neighbouring intervals are drawn together, words and cells of pairs towards nothing."""
    penalty = np.zeros((blocks[-1].stop, blocks[-1].stop))
    for block in blocks:
        own = slice(block.start, block.stop)
        if len(block.parts) == 2:
            penalty[own, own] = pair_penalty * np.eye(block.size)
        elif block.parts[0].ordered:
            penalty[own, own] = FAINT * np.eye(block.size)
            inner = slice(block.start, block.start + block.parts[0].count)
            steps = np.diff(np.eye(block.parts[0].count), axis=0)
            penalty[inner, inner] += smoothness * steps.T @ steps
        else:
            penalty[own, own] = shrinkage * np.eye(block.size)
    return penalty
