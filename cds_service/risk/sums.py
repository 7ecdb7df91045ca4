"""The value of each term of a model, and what all of them add up to."""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Mapping, Sequence
from math import log
from typing import Any

from cds_service.knowledge.terms import Categories, Factor, Linear, Product, Sum, Table, Table2, Term, Value

Values = Mapping[str, Value | None]


def add_terms(each: Sum, values: Values) -> list[tuple[Term, float]]:
    """Every term with its value."""
    return [(term, value_of(term, values)) for term in each.terms]


def value_of(term: Term, values: Values) -> float:
    """What one term adds; its `unknown` value where a predictor of it is unknown."""
    if len(term.predictors) == 1:
        value = values[term.predictors[0]]
        return term.unknown if value is None else SHAPES[type(term.shape)](term.shape, (value,), values)
    taken = [values[name] for name in term.predictors]
    if None in taken:
        return 0.0 if is_settled(term, values) else term.unknown
    return SHAPES[type(term.shape)](term.shape, taken, values)


def most_of(term: Term, values: Values) -> float:
    """The most that a term of points could add if its unknown predictors were known."""
    if None not in [values[name] for name in term.predictors]:
        return value_of(term, values)
    shape = term.shape
    if isinstance(shape, Table):
        return max(shape.values)
    if isinstance(shape, Categories):
        return max(shape.values.values())
    if is_settled(term, values):
        return 0.0
    return max(shape.coefficient, 0.0) if isinstance(shape, Linear | Product) else term.unknown


def is_settled(term: Term, values: Values) -> bool:
    """Whether a known factor is 0, so that the product is, whatever the unknown ones are."""
    if not isinstance(term.shape, Product):
        return False
    known = [(factor, values[factor.predictor]) for factor in term.shape.factors]
    return any(value is not None and factor_of(factor, value) == 0 for factor, value in known)


def of_table(shape: Table, taken: Sequence[Any], values: Values) -> float:
    find = bisect_right if shape.edges_belong == "above" else bisect_left
    return shape.values[find(shape.edges, taken[0])]


def of_table2(shape: Table2, taken: Sequence[Any], values: Values) -> float:
    row, column = (level_of(edges, value) for edges, value in zip(shape.edges, taken, strict=True))
    return shape.values[row][column]


def level_of(edges: tuple[Any, ...], value: Value) -> int:
    """Which level of a pair a value is. Words are those of the predictor."""
    return edges.index(value) if isinstance(value, str) else bisect_right(edges, value)


def of_categories(shape: Categories, taken: Sequence[Any], values: Values) -> float:
    """Raises KeyError for a word that is neither listed nor covered by `other`; the predictor's words prevent that."""
    if taken[0] in shape.values:
        return shape.values[taken[0]]
    if shape.other is None:
        raise KeyError(taken[0])
    return shape.other


def of_linear(shape: Linear, taken: Sequence[Any], values: Values) -> float:
    return shape.coefficient * (float(taken[0]) - shape.centre)


def of_product(shape: Product, taken: Sequence[Any], values: Values) -> float:
    product = shape.coefficient
    for factor in shape.factors:
        product *= factor_of(factor, values[factor.predictor])
    return product


def factor_of(factor: Factor, value: Any) -> float:
    if factor.level:
        return float(value == factor.level)
    if factor.floor is not None and value < factor.floor:
        value = factor.floor
    if factor.ceiling is not None and value > factor.ceiling:
        value = factor.ceiling
    scaled: float = (value - factor.centre) / factor.scale
    if factor.log:
        return log(scaled) - factor.log_centre
    return scaled if factor.power == 1 else scaled**factor.power


SHAPES: Mapping[type, Callable[[Any, Sequence[Any], Values], float]] = {
    Table: of_table,
    Table2: of_table2,
    Categories: of_categories,
    Linear: of_linear,
    Product: of_product,
}
