"""When a rule speaks up more or less often than before."""

from datetime import date
from math import log

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cds_service.monitoring.rates import BASELINE_DAYS, find_shifts
from cds_service.monitoring.words import show_shift

FIRST = (date(2026, 11, 1) - date(1970, 1, 1)).days
CALLS = 300


def by_day(*alerts: int) -> dict[int, int]:
    return {FIRST + number: count for number, count in enumerate(alerts)}


def calls(days: int) -> dict[int, int]:
    return by_day(*[CALLS] * days)


def test_a_rule_that_speaks_up_as_often_as_before_is_not_named() -> None:
    assert find_shifts({"steady": by_day(*[6, 5, 7] * 20)}, calls(60)) == ()


def test_a_rule_that_speaks_up_three_times_as_often_is_named_with_the_day() -> None:
    days = [6] * 20 + [18] * 10
    (shift,) = find_shifts({"louder": by_day(*days)}, calls(30))
    assert (shift.rule, shift.more, shift.since) == ("louder", True, date(2026, 11, 21))
    assert shift.before == (6 * BASELINE_DAYS, CALLS * BASELINE_DAYS)
    assert shift.after == (180, 3000)
    # By hand: Wilson's upper end of 84 of 4,200 is 0.02469, twice its odds 0.04819, so that a day of 18 of 300 adds
    # 18 ln(0.04819/0.02469) + 282 ln(0.95181/0.97531) = 12.04 - 6.88 = 5.16. ln 1,000,000 = 13.8 takes three.
    assert shift.noticed == date(2026, 11, 23)


def test_a_rule_that_falls_silent_is_named() -> None:
    (shift,) = find_shifts({"silent": by_day(*[6] * 20)}, calls(40))
    assert (shift.more, shift.since, shift.after) == (False, date(2026, 11, 21), (0, 6000))


def test_a_new_rule_is_named_once_it_speaks_up() -> None:
    (shift,) = find_shifts({"new": by_day(*[0] * 20, *[9] * 10)}, calls(30))
    assert (shift.more, shift.before) == (True, (0, CALLS * BASELINE_DAYS))


@pytest.mark.parametrize("days", [0, 1, BASELINE_DAYS])
def test_without_days_after_the_baseline_nothing_can_be_told(days: int) -> None:
    assert find_shifts({"rule": by_day(*[100] * days)}, calls(days)) == ()


def test_a_rule_that_always_speaks_up_has_no_odds_to_double() -> None:
    assert find_shifts({"always": by_day(*[CALLS] * 30)}, calls(30)) == ()


@given(st.lists(st.integers(0, CALLS), min_size=1, max_size=40))
def test_any_course_can_be_judged(alerts: list[int]) -> None:
    for shift in find_shifts({"rule": by_day(*alerts)}, calls(len(alerts))):
        assert shift.since <= shift.noticed
        assert shift.before[1] == CALLS * BASELINE_DAYS
        assert log(1 + shift.after[1]) > 0


def test_a_change_is_told_in_a_sentence_without_small_counts() -> None:
    (shift,) = find_shifts({"louder": by_day(*[6] * 20, *[18] * 10)}, calls(30))
    assert show_shift(shift, 11) == (
        "louder: more since 2026-11-21 (noticed 2026-11-23), 2.0 before, 6.0 after, per 100 calls about orders"
    )
    (silent,) = find_shifts({"silent": by_day(*[6] * 20)}, calls(40))
    assert "fewer since 2026-11-21" in show_shift(silent, 11)
