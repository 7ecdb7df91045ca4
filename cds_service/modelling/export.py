"""From a fitted model to model.json: one table per predictor and pair, each with a mean of nothing in the data."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from cds_service.modelling.additive import Additive, Placed
from cds_service.modelling.design import Block, columns_of
from cds_service.modelling.levels import UNKNOWN, Levels
from cds_service.modelling.rows import Floats

DIGITS = 8


@dataclass(frozen=True, slots=True)
class Centred:
    """The values of one block after its mean was taken out; `unknown` is that of an unknown predictor."""

    block: Block
    values: Floats
    unknown: float
    mean: float


def write_model(model: Additive, placed: Placed) -> dict[str, Any]:
    """model.json as a document. Every number has 8 significant digits; the document itself is the model."""
    centred = [centre(block, model, placed) for block in model.blocks]
    intercept = model.fit.intercept + sum(each.mean for each in centred)
    return {
        "link": "logit",
        "intercept": significant(intercept),
        "terms": [write_term(each) for each in centred],
    }


def centre(block: Block, model: Additive, placed: Placed) -> Centred:
    """The block's values less their mean over the rows. A row without a column in the block counts as 0."""
    values = model.fit.coefficients[block.start : block.stop]
    columns = columns_of(block, placed.alone_at if len(block.parts) == 1 else placed.paired_at)
    known = columns != UNKNOWN
    mean = float(values[columns[known] - block.start].sum() / len(columns))
    has_own = len(block.parts) == 1 and block.parts[0].unknown_level
    unknown = float(values[-1]) if has_own else 0.0
    return Centred(block, (values[:-1] if has_own else values) - mean, unknown - mean, mean)


def write_term(each: Centred) -> dict[str, Any]:
    """One term in the format of `models/<id>/model.json`."""
    parts = each.block.parts
    values = [significant(value) for value in each.values]
    term: dict[str, Any] = {
        "id": " and ".join(levels.name for levels in parts),
        "predictors": [levels.name for levels in parts],
        "unknown": significant(each.unknown),
    }
    if len(parts) == 2:
        columns = parts[1].count
        rows = [values[start : start + columns] for start in range(0, len(values), columns)]
        return {**term, "shape": "table2", "edges": [list(levels.cuts) for levels in parts], "values": rows}
    if parts[0].is_words:
        return {**term, "shape": "categories", "values": dict(zip(parts[0].cuts, values, strict=True))}
    return {**term, "shape": "table", "edges": list(parts[0].cuts), "values": values}


def significant(value: float) -> float:
    """Rounded to 8 significant digits."""
    return float(f"{value:.{DIGITS - 1}e}")


def add_up(document: Mapping[str, Any], levels: Mapping[str, Levels], inputs: Mapping[str, list[Any]]) -> Floats:
    """The probabilities that model.json gives for columns of inputs, worked out apart from `risk`.

    `levels` are those of the predictors alone; a pair brings its own cuts.
    """
    total = np.full(len(next(iter(inputs.values()))), float(document["intercept"]))
    for term in document["terms"]:
        values, places = lay_flat(term, levels, inputs)
        total += np.append(values, term["unknown"])[places]
    chance: Floats = 1 / (1 + np.exp(-total))
    return chance


def lay_flat(
    term: Mapping[str, Any], levels: Mapping[str, Levels], inputs: Mapping[str, list[Any]]
) -> tuple[Floats, Any]:
    """The values of a term in one row, and the place of each input in it; -1 for unknown."""
    names = term["predictors"]
    if term["shape"] == "table2":
        own = [Levels(name, tuple(cuts), ordered=True) for name, cuts in zip(names, term["edges"], strict=True)]
        first, second = (each.place(inputs[each.name]) for each in own)
        unknown = (first == UNKNOWN) | (second == UNKNOWN)
        return np.array(term["values"]).ravel(), np.where(unknown, UNKNOWN, first * own[1].count + second)
    values = term["values"].values() if term["shape"] == "categories" else term["values"]
    return np.array(list(values)), levels[names[0]].place(inputs[names[0]])


def walk_levels(levels: Mapping[str, Levels]) -> Iterator[tuple[str, int]]:
    """Every level of every predictor, unknown where the model has a value for it."""
    for name, each in levels.items():
        yield from ((name, place) for place in range(each.count))
        if each.unknown_level:
            yield name, UNKNOWN
