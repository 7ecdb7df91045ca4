"""How predictions are said."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cds_service.knowledge.bundle import Band
from cds_service.knowledge.rules import Indicator
from cds_service.presenting.risk_words import say_band, say_frequency, say_horizon, say_points, say_rest
from cds_service.risk.prediction import Contribution


@pytest.mark.parametrize(
    ("probabilities", "said"),
    [
        ((0.124,), ("12 in 100",)),
        ((0.125,), ("13 in 100",)),  # halves up
        ((0.03, 0.05), ("3", "5 in 100")),
        ((0.004, 0.02), ("4", "20 in 1,000")),  # both in a thousand where one is below one in a hundred
        ((0.0002,), ("fewer than 1 in 1,000",)),
        ((0.999,), ("more than 99 in 100",)),
    ],
)
def test_probabilities_are_people_out_of_as_many(probabilities: tuple[float, ...], said: tuple[str, ...]) -> None:
    assert say_frequency(*probabilities) == said


@given(st.floats(min_value=1e-12, max_value=1 - 1e-12))
def test_nobody_and_everybody_are_never_certain(probability: float) -> None:
    (said,) = say_frequency(probability)
    assert not said.startswith("0 in")
    assert not said.startswith(("100 in 100", "1000 in"))


@given(st.floats(min_value=0.01, max_value=0.99))
def test_what_is_said_is_within_half_a_person(probability: float) -> None:
    (said,) = say_frequency(probability)
    assert abs(int(said.partition(" in ")[0].removeprefix("more than ")) - 100 * probability) <= 1


@pytest.mark.parametrize(
    ("horizon", "said"), [("P30D", "30 days"), ("P10Y", "10 years"), ("P1Y", "1 year"), ("P6M", "6 months"), ("", "")]
)
def test_horizons_are_said_in_words(horizon: str, said: str) -> None:
    assert say_horizon(horizon) == said


@pytest.mark.parametrize(
    ("start", "end", "said"),
    [
        (0.075, 0.2, "raised (7.5 to 20 in 100)"),
        (0.2, None, "raised (from 20 in 100)"),
        (None, 0.05, "raised (below 5 in 100)"),
        (None, None, "raised"),
    ],
)
def test_the_limits_of_a_band_are_exact(start: float | None, end: float | None, said: str) -> None:
    assert say_band(Band("raised", start, end, Indicator.INFO, "house choice"), points=False) == said


def test_the_band_of_a_score_is_its_name() -> None:
    assert say_band(Band("high", 11, None, Indicator.WARNING, "11 points and more"), points=True) == "high"


@pytest.mark.parametrize(("points", "said"), [(0, "0 points"), (1, "1 point"), (2.5, "2.5 points"), (11, "11 points")])
def test_one_point_is_no_points(points: float, said: str) -> None:
    assert say_points(points) == said


def a_part(contribution: float, *predictors: str) -> Contribution:
    return Contribution(predictors, " and ".join(predictors), 1.0, None, None, contribution, modifiable=True)


def test_what_has_no_line_of_its_own_is_added_up() -> None:
    small, pair = a_part(0.004, "age"), a_part(-0.05, "age", "sex")
    assert say_rest([small]) == "1 other: +0.004"
    assert say_rest([small, small]) == "2 others together: +0.008"
    assert say_rest([small, pair]) == "2 others, pairs among them, together: -0.046"
