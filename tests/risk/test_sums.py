"""The shapes of terms, by hand."""

import pytest

from cds_service.knowledge.terms import Categories, Factor, Linear, Product, Shape, Sum, Table, Table2, Term
from cds_service.risk.sums import Values, add_terms, most_of, value_of


def a_term(shape: Shape, *predictors: str, unknown: float = 0.0) -> Term:
    return Term("a term", predictors, shape, predictors, unknown)


def test_an_edge_belongs_to_the_interval_above_unless_said_otherwise() -> None:
    above = a_term(Table((2.0, 3.0), (1.0, 2.0, 3.0)), "x")
    below = a_term(Table((2.0, 3.0), (1.0, 2.0, 3.0), "below"), "x")
    assert [value_of(above, {"x": x}) for x in (1.9, 2.0, 3.0)] == [1, 2, 3]
    assert [value_of(below, {"x": x}) for x in (2.0, 2.1, 3.0, 3.1)] == [1, 2, 2, 3]


def test_a_pair_has_one_value_and_another_while_either_is_unknown() -> None:
    pair = a_term(Table2(((65.0,), (7.0, 14.0)), ((0.0, 0.1, 0.2), (0.3, 0.4, 0.5))), "age", "days", unknown=0.25)
    assert value_of(pair, {"age": 64.0, "days": 7.0}) == 0.1
    assert value_of(pair, {"age": 65.0, "days": 20.0}) == 0.5
    assert value_of(pair, {"age": None, "days": 20.0}) == 0.25
    assert value_of(pair, {"age": 70.0, "days": None}) == 0.25
    assert most_of(pair, {"age": 70.0, "days": None}) == 0.25


def test_a_word_that_is_not_listed_is_another_one_or_an_error() -> None:
    words = Categories({"home": 0.0, "died": 1.0})
    assert value_of(a_term(words, "to"), {"to": "died"}) == 1
    assert value_of(a_term(Categories(words.values, other=0.5), "to"), {"to": "hospice"}) == 0.5
    with pytest.raises(KeyError, match="hospice"):
        value_of(a_term(words, "to"), {"to": "hospice"})


def test_the_most_that_an_unknown_item_may_add() -> None:
    unknown: Values = {"x": None}
    assert most_of(a_term(Table((5.0,), (3.0, 1.0)), "x"), unknown) == 3
    assert most_of(a_term(Categories({"a": 1.0, "b": 2.0}), "x"), unknown) == 2
    assert most_of(a_term(Linear(4.0), "x"), unknown) == 4
    assert most_of(a_term(Linear(-4.0), "x"), unknown) == 0
    assert most_of(a_term(Linear(4.0), "x"), {"x": 0.0}) == 0


def test_a_product_with_a_certain_nought_is_nought_whatever_the_rest() -> None:
    both = a_term(Product(1.0, (Factor("male"), Factor("pressure"))), "male", "pressure", unknown=0.7)
    assert value_of(both, {"male": 0.0, "pressure": None}) == 0
    assert most_of(both, {"male": 0.0, "pressure": None}) == 0
    assert value_of(both, {"male": 1.0, "pressure": None}) == 0.7
    assert most_of(both, {"male": 1.0, "pressure": None}) == 1


def test_a_factor_by_hand() -> None:
    def factor(factor: Factor, x: float | str) -> float:
        return value_of(a_term(Product(1.0, (factor,)), "x"), {"x": x})

    assert factor(Factor("x", floor=110, centre=130, scale=20), 100.0) == -1
    assert factor(Factor("x", ceiling=110, centre=110, scale=20), 90.0) == -1
    assert factor(Factor("x", scale=60, power=-1.0), 120.0) == 0.5
    assert factor(Factor("x", log=True, log_centre=1.0), 2.718281828459045) == pytest.approx(0)
    assert [factor(Factor("x", level="current"), word) for word in ("current", "never")] == [1, 0]


def test_terms_come_in_the_order_of_the_model() -> None:
    first, second = a_term(Linear(2.0, 1.0), "x"), a_term(Linear(3.0), "x")
    assert add_terms(Sum(0.0, (first, second)), {"x": 2.0}) == [(first, 2), (second, 6)]
