"""Which counts are hidden, and that none of them can be worked out."""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from cds_service.monitoring.counts import Cell, Counts, Load
from cds_service.monitoring.hiding import ALL, adds_up, hide_small, list_sums
from cds_service.monitoring.intervals import wilson
from cds_service.monitoring.recorded import Span
from cds_service.monitoring.report import EVERYTHING, VIEWS, count_overview, sum_up
from cds_service.monitoring.small_cells import Sum, hide_more, show_parts
from cds_service.monitoring.tally import Tally, roll_up

A_SUM = [Sum("all", ("a", "b", "c"))]


def hidden_of(small: set[str], **parts: int) -> set[str]:
    return set(hide_more({**parts, "all": sum(parts.values())}, A_SUM, small))


def test_what_is_hidden_alone_takes_the_next_smallest_with_it() -> None:
    assert hidden_of({"a"}, a=5, b=100, c=50) == {"a", "c"}


def test_what_is_hidden_together_must_not_be_a_small_count_either() -> None:
    """By hand: 4 and 3 are 7 together, which all but 20 of 27 tells."""
    assert hidden_of({"a", "b"}, a=4, b=3, c=20) == {"a", "b", "c"}
    assert hidden_of({"a", "b"}, a=6, b=5, c=20) == {"a", "b"}


def test_where_no_other_part_is_left_to_hide_the_sum_is_hidden() -> None:
    assert hidden_of({"a"}, a=20, b=0, c=0) == {"a", "all"}
    assert hidden_of({"a", "b"}, a=4, b=3, c=0) == {"a", "b", "all"}


def test_a_sum_that_is_hidden_does_not_follow_from_its_parts() -> None:
    assert hidden_of({"all"}, a=20, b=30, c=0) == {"all", "a"}


def test_counts_that_do_not_add_up_hide_what_they_can() -> None:
    assert hide_more({"a": 5, "b": 0, "c": 0, "all": 0}, A_SUM, {"a"}) == {"a"}


def test_the_parts_of_a_known_sum() -> None:
    assert show_parts({"other": 4, "monitored": 20, "tolerated": 30}) == {
        "other": None,
        "monitored": None,
        "tolerated": 30,
    }
    assert show_parts({}) == {}
    assert show_parts({"other": 40}, sum_is_shown=False) == {"other": None}


def test_who_may_see_everything_hides_nothing() -> None:
    assert show_parts({"other": 1, "monitored": 2}, least=1) == {"other": 1, "monitored": 2}


small_or_not = st.integers(0, 40)
A_COUNT = st.builds(
    lambda accepted, overridden, ignored, waiting, withheld, elsewhere: Counts(
        evaluated=accepted + overridden + ignored + waiting + withheld + elsewhere,
        undetermined=elsewhere,
        fired=accepted + overridden + ignored + waiting + withheld,
        shown=accepted + overridden + ignored + waiting,
        accepted=accepted,
        overridden=overridden,
        ignored=ignored,
        open=waiting,
        on_orders=accepted + overridden,
        interrupting=overridden,
    ),
    *[small_or_not] * 6,
)
A_CELL = st.builds(
    Cell,
    *[st.sampled_from(("north", "south"))],
    st.just("nurse"),
    st.just("sign"),
    st.just("W47"),
    st.sampled_from(("one", "two", "three")),
    st.just("1"),
)


@given(st.dictionaries(A_CELL, A_COUNT, min_size=1), small_or_not)
def test_nothing_hidden_follows_from_any_table_by_subtraction(counts: dict[Cell, Counts], calls: int) -> None:
    """Whoever knows how all tables add up, and takes what is shown from every sum again and again, learns no more."""
    clients = sorted({cell.client for cell in counts})
    loads = {Cell(client, "nurse", "sign", "W47"): Load(calls, calls, orders=calls) for client in clients}
    tally = Tally(Span(0, 1), counts, loads, {}, {"critical": 0, "warning": 0, "info": 0}, 0, {}, {})
    rolled = {by: list(roll_up(tally, by)) for by in (*VIEWS.values(), EVERYTHING)}
    rolled[ALL] = [sum_up(tally, rolled[VIEWS["rule"]])]
    found = hide_small(rolled, EVERYTHING, count_overview(tally, rolled[ALL][0][2]), 11)
    assert all(place in found.hidden for place, count in found.counts.items() if place[2] == "shown" and 0 < count < 11)
    assert all(found.counts[place] for place in found.hidden)
    sums = [each for each in list_sums(rolled, EVERYTHING) if adds_up(each, found.counts)]
    assert learn(sums, found.hidden) == set()
    for each in sums:
        together = [found.counts[part] for part in each.parts if part in found.hidden]
        assert not together or each.whole in found.hidden or sum(together) >= 11


def learn(sums: Sequence[Sum[Any]], hidden: AbstractSet[Any]) -> set[Any]:
    """What of `hidden` can be worked out from sums in which one count is missing."""
    unknown = set(hidden)
    while alone := {
        missing[0] for each in sums if len(missing := [place for place in each.places if place in unknown]) == 1
    }:
        unknown -= alone
    return set(hidden) - unknown


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
