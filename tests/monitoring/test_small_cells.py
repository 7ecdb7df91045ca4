"""Which counts are hidden, and that none of them can be worked out."""

from hypothesis import given
from hypothesis import strategies as st

from cds_service.monitoring.intervals import wilson
from cds_service.monitoring.small_cells import show_counts, show_parts

SUMS = {"shown": ("accepted", "overridden", "ignored")}


def a_row(accepted: int, overridden: int, ignored: int) -> dict[str, int]:
    parts = {"accepted": accepted, "overridden": overridden, "ignored": ignored}
    return {"shown": sum(parts.values()), **parts}


def test_counts_from_one_to_ten_are_hidden_and_none_is_not() -> None:
    rows = show_counts([{"a": 0}, {"a": 1}, {"a": 10}, {"a": 11}], {})
    assert [row["a"] for row in rows] == [0, None, None, 11]


def test_what_is_hidden_alone_in_a_row_takes_the_next_smallest_with_it() -> None:
    assert show_counts([a_row(5, 50, 100)], SUMS) == [
        {"shown": 155, "accepted": None, "overridden": None, "ignored": 100}
    ]


def test_what_is_hidden_alone_in_a_column_takes_the_next_smallest_with_it() -> None:
    assert [row["a"] for row in show_counts([{"a": 3}, {"a": 40}, {"a": 30}], {})] == [None, 40, None]


def test_the_parts_of_a_known_sum() -> None:
    assert show_parts({"other": 4, "monitored": 20, "tolerated": 30}) == {
        "other": None,
        "monitored": None,
        "tolerated": 30,
    }
    assert show_parts({}) == {}
    assert show_parts({"other": 40}, sum_is_shown=False) == {"other": None}


def test_who_may_see_everything_hides_nothing() -> None:
    assert show_counts([a_row(1, 2, 3)], SUMS, least=1) == [a_row(1, 2, 3)]


counts = st.integers(0, 40)


@given(st.lists(st.builds(a_row, counts, counts, counts), min_size=1, max_size=6))
def test_no_line_that_adds_up_has_exactly_one_hidden_count(rows: list[dict[str, int]]) -> None:
    shown = show_counts(rows, SUMS)
    for before, after in zip(rows, shown, strict=True):
        assert all(after[name] in (None, count) for name, count in before.items())
        assert all(after[name] is None for name, count in before.items() if 0 < count < 11)
        if after["shown"] is not None:
            assert_not_alone([(before[name], after[name]) for name in SUMS["shown"]])
    for name in rows[0]:
        assert_not_alone([(before[name], after[name]) for before, after in zip(rows, shown, strict=True)])


def assert_not_alone(line: list[tuple[int, int | None]]) -> None:
    """A single hidden count could be worked out, unless all beside it are 0, and then there is nothing to hide with."""
    hidden = [before for before, after in line if after is None]
    assert len(hidden) != 1 or not any(after for _, after in line)


@given(st.integers(0, 500), st.integers(0, 500))
def test_wilsons_interval_holds_the_share_and_lies_between_0_and_1(events: int, others: int) -> None:
    low, high = wilson(events, events + others)
    assert 0 <= low <= high <= 1
    if events + others:
        assert low <= events / (events + others) <= high


def test_wilsons_interval_of_a_published_example() -> None:
    """Newcombe, Stat Med 1998;17:857, table I, method 3: 81 of 263, 15 of 148, 0 of 20, 1 of 29."""
    published = {
        (81, 263): (0.2553, 0.3662),
        (15, 148): (0.0624, 0.1605),
        (0, 20): (0, 0.1611),
        (1, 29): (0.0061, 0.1718),
    }
    for (events, of), interval in published.items():
        assert tuple(round(each, 4) for each in wilson(events, of)) == interval
