"""The sum of a risk model as values: what is added up, and what turns the sum into the result."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

Value = float | str  # of one predictor: a number, 1.0 or 0.0 for yes or no, or a word
Edges = tuple[float, ...]
Levels = tuple[float | str, ...]  # the edges of a number, or the words of a word


class Link(StrEnum):
    """What turns the sum of the contributions into the result."""

    LOGIT = "logit"  # probability 1 / (1 + exp(-sum))
    CLOGLOG = "cloglog"  # probability 1 - exp(-exp(sum))
    SURVIVAL = "survival"  # probability 1 - baseline_survival ** exp(sum)
    IDENTITY = "identity"  # the sum is the quantity
    EXP = "exp"  # quantity exp(sum)
    POINTS = "points"  # the sum is a count of points, never a probability


PROBABILITIES = frozenset({Link.LOGIT, Link.CLOGLOG, Link.SURVIVAL})


@dataclass(frozen=True, slots=True)
class Factor:
    """One factor of a product term, made of one predictor's value x.

    x is kept within `floor` and `ceiling`, then t = (x - centre) / scale; the factor is ln(t) - log_centre if `log`,
    else t ** power. `floor` and `ceiling` shape the term as published (a hinge, a cap that is part of a score), never
    the input. `level` makes it 1 where the predictor is that word and 0 elsewhere.
    """

    predictor: str
    floor: float | None = None
    ceiling: float | None = None
    centre: float = 0.0
    scale: float = 1.0
    log: bool = False
    log_centre: float = 0.0
    power: float = 1.0
    level: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """A value per interval of one number. With n edges there are n + 1 values; an edge itself belongs to the interval
    above it, with `edges_belong` "below" to the one below it."""

    edges: Edges
    values: tuple[float, ...]
    edges_belong: str = "above"


@dataclass(frozen=True, slots=True)
class Table2:
    """A value per pair of levels: `values[i][j]` for level i of the first predictor and j of the second.

    The levels of a number are the intervals between its edges; those of a word are the words listed.
    """

    edges: tuple[Levels, Levels]
    values: tuple[tuple[float, ...], ...]


@dataclass(frozen=True, slots=True)
class Categories:
    """A value per word; `other` for a word not listed."""

    values: Mapping[str, float]
    other: float | None = None


@dataclass(frozen=True, slots=True)
class Linear:
    coefficient: float
    centre: float = 0.0


@dataclass(frozen=True, slots=True)
class Product:
    """`coefficient` times every factor."""

    coefficient: float
    factors: tuple[Factor, ...]


Shape = Table | Table2 | Categories | Linear | Product


@dataclass(frozen=True, slots=True)
class Term:
    """One summand. `unknown` is its value while any of its predictors is unknown.

    `credited` is who gets the contribution: its one predictor, the pair of them, or of a product the one that the
    model names (with age the other one).
    """

    id: str
    predictors: tuple[str, ...]
    shape: Shape
    credited: tuple[str, ...]
    unknown: float = 0.0


@dataclass(frozen=True, slots=True)
class Sum:
    """An intercept and the terms added to it; `baseline_survival` belongs to `Link.SURVIVAL`."""

    intercept: float
    terms: tuple[Term, ...]
    baseline_survival: float | None = None


@dataclass(frozen=True, slots=True)
class Reported:
    """How a publication reports the sum: rounded half up, and within limits that are part of it."""

    rounded: bool = False
    least: float | None = None
    most: float | None = None


@dataclass(frozen=True, slots=True)
class Function:
    """One outcome's equation. `strata` maps each word of the predictor `by` to its own sum; "" is the only one without.

    `reported` is None where the result is given as it is.
    """

    link: Link
    strata: Mapping[str, Sum]
    by: str = ""
    reported: Reported | None = None
