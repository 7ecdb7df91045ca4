"""The report on alerts: what each rule said, what became of it, and what it costs in attention.

A report shows counts of calls, cards and answers, never a patient; small ones are hidden (`hiding`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from sqlalchemy import Engine

from cds_service.monitoring.counts import NUMBERS, Counts, Load
from cds_service.monitoring.hiding import ALL, ORDERS, SETTLED, Counted, Key, Row, hide_small
from cds_service.monitoring.intervals import wilson
from cds_service.monitoring.rates import Shift, day_of, find_shifts
from cds_service.monitoring.recorded import Span
from cds_service.monitoring.small_cells import LEAST, is_small, show_parts
from cds_service.monitoring.tally import URGENCY, RulesOf, Tally, roll_up, take_tally

VIEWS = {
    "rule": ("rule", "version"),
    "client": ("client",),
    "role": ("role",),
    "service": ("service",),
    "week": ("week",),
}
EVERYTHING = ("rule", "version", "client", "role", "service", "week")
HALF = 0.5
MOST = 10
"""How many rules are named as offenders, and as helpful."""


@dataclass(frozen=True, slots=True)
class Rate:
    """A share with its 95 % interval (Wilson)."""

    share: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Line:
    """One row of a view. `counts` are those of `tally.Counts`, None where hidden. `accepted`, `overridden` and
    `ignored` are shares of the alerts whose outcome is known; None where none is, or the counts behind them are hidden.

    `orders` is how many orders there were: of the row's client, role, service and week, whatever the rule; None where
    they were not counted. `burden` is alerts shown per 100 of them, `interruptions` only warnings and critical ones.
    Calls whose orders were not counted are in neither."""

    key: tuple[str, ...]
    counts: Mapping[str, int | None]
    accepted: Rate | None
    overridden: Rate | None
    ignored: Rate | None
    orders: int | None
    burden: float | None
    interruptions: float | None
    reasons: Mapping[str, int | None] = field(default_factory=dict)
    withheld: Mapping[str, int | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Overview:
    """All calls together. `uncounted` are calls about orders of which nobody knows how many orders they were about: all
    were before orders were counted, from the day `counted_from` on, and are left out of what is per 100 orders.

    `cards_per_100` are cards per 100 orders, `urgency` the same by indicator (the card that says what was not checked
    has none). `alerts` is all lines together, `strays` feedback about cards nobody knows."""

    calls: int | None
    order_calls: int | None
    uncounted: int | None
    counted_from: date | None
    cards_per_100: float | None
    urgency: Mapping[str, float | None]
    alerts: Line
    strays: int | None


@dataclass(frozen=True, slots=True)
class Report:
    """`views` by name, each with its lines, the rules worst first; `everything` is every line by all of `EVERYTHING`.
    `offenders` are rules and versions of whose alerts certainly fewer than half were accepted, as far as it is known
    what became of them, worst first, without those whose alerts are too few to be shown; `helpful` those that are
    accepted more often than all together, best first; `unknowns` calls by what could not be known; `shifts` rules that
    speak up more or less often than in the first two weeks."""

    span: Span
    least: int
    overview: Overview
    views: Mapping[str, tuple[Line, ...]]
    everything: tuple[Line, ...]
    offenders: tuple[Line, ...]
    helpful: tuple[Line, ...]
    unknowns: Mapping[str, int | None]
    shifts: tuple[Shift, ...] = ()


def know_no_release(digest: str) -> Mapping[str, str]:
    return {}


def make_report(database: Engine, span: Span, least: int = LEAST, rules_of: RulesOf = know_no_release) -> Report:
    """The report on what is recorded of a span. Counts from 1 to below `least` are hidden. `rules_of` gives the version
    of each rule of a release; without it that of a rule is known where it fired."""
    tally = take_tally(database, span, rules_of)
    rolled = {by: list(roll_up(tally, by)) for by in (*VIEWS.values(), EVERYTHING)}
    rules = rolled[VIEWS["rule"]]
    rolled[ALL] = [sum_up(tally, rules)]
    counted = hide_small(rolled, EVERYTHING, count_overview(tally, rolled[ALL][0][2]), least)
    lines = {by: tuple(make_line(by, row, counted, least) for row in rows) for by, rows in rolled.items()}
    weights = {key: weigh(counts) for key, counts, _ in rules}
    ranked = rank(lines[VIEWS["rule"]], weights)
    worst = {key for key, counts, _ in rules if comes_to_nothing(counts)}
    (alerts,) = lines[ALL]
    missing = dict(sorted(tally.missing.items(), key=lambda each: (-each[1], each[0])))
    return Report(
        span=span,
        least=least,
        overview=make_overview(tally, counted, alerts),
        views={"rule": ranked, **{name: lines[by] for name, by in VIEWS.items() if name != "rule"}},
        everything=lines[EVERYTHING],
        offenders=tuple(line for line in ranked if line.key in worst and line.counts["shown"] is not None)[:MOST],
        helpful=find_helpful(ranked, alerts),
        unknowns={cause: hide(count, least) for cause, count in missing.items()},
        shifts=find_shifts(tally.alerted, tally.order_calls),
    )


def sum_up(tally: Tally, rules: Sequence[Row]) -> Row:
    """The line of all calls."""
    load, counts = Load(), Counts()
    for each in tally.loads.values():
        load.add(each)
    for _, counted, _ in rules:
        counts.add(counted)
    return ALL, counts, load


def count_overview(tally: Tally, load: Load) -> dict[str, int]:
    """The counts of all calls, as `hiding.OVERVIEW_PARTS` adds them up."""
    return {
        "calls": load.calls,
        "order_calls": load.order_calls,
        "other_calls": load.calls - load.order_calls,
        "uncounted": load.uncounted,
        "counted_calls": load.order_calls - load.uncounted,
        "cards": load.cards,
        **tally.urgency,
        "other_cards": load.cards - sum(tally.urgency.values()),
        "strays": tally.strays,
    }


def make_overview(tally: Tally, counted: Counted, alerts: Line) -> Overview:
    def show(name: str) -> int | None:
        return counted.show(ALL, ALL, name)

    return Overview(
        calls=show("calls"),
        order_calls=show("order_calls"),
        uncounted=show("uncounted"),
        counted_from=None if tally.counted_from is None else day_of(tally.counted_from),
        cards_per_100=per_100(show("cards"), alerts.orders),
        urgency={name: per_100(show(name), alerts.orders) for name in URGENCY},
        alerts=alerts,
        strays=show("strays"),
    )


def make_line(by: Key, row: Row, counted: Counted, least: int) -> Line:
    key, counts, load = row
    shown = counted.show_line(by, key)
    settled = sum(getattr(counts, name) for name in SETTLED)
    told = settled > 0 and all(shown[name] is not None for name in SETTLED)
    orders = shown[ORDERS] if load.is_counted else None
    return Line(
        key=key,
        counts={name: shown[name] for name in NUMBERS},
        **{name: rate_of(getattr(counts, name), settled) if told else None for name in SETTLED},
        orders=orders,
        burden=per_100(shown["on_orders"], orders),
        interruptions=per_100(shown["interrupting"], orders),
        reasons=show_parts(counts.reasons, least, shown["overridden"] is not None),
        withheld=show_parts(counts.withheld, least, shown["withheld"] is not None),
    )


def rate_of(events: int, of: int) -> Rate:
    return Rate(events / of, *wilson(events, of))


def per_100(events: int | None, of: int | None) -> float | None:
    """Events per 100; None where there is nothing to divide by, or either is hidden."""
    return None if events is None or not of else 100 * events / of


def shift_rates(shift: Shift, least: int) -> tuple[float | None, float | None]:
    """Before and after, in calls with an alert per 100 calls about orders."""
    before, after = (per_100(*(hide(count, least) for count in counted)) for counted in (shift.before, shift.after))
    return before, after


def hide(count: int, least: int) -> int | None:
    return None if is_small(count, least) else count


Weights = Mapping[tuple[str, ...], float]


def weigh(counts: Counts) -> float:
    """What the alerts of a rule cost for nothing: alerts shown times the share that was overridden or ignored, of which
    the lower end of the interval counts, so that a few unlucky cards weigh little."""
    dismissed = counts.overridden + counts.ignored
    low, _ = wilson(dismissed, dismissed + counts.accepted)
    return counts.shown * low


def rank(lines: tuple[Line, ...], weights: Weights) -> tuple[Line, ...]:
    """The worst first; of those that weigh the same, those with most alerts."""
    return tuple(sorted(lines, key=lambda line: (-weights[line.key], -(line.counts["shown"] or 0), line.key)))


def comes_to_nothing(counts: Counts) -> bool:
    """Whether certainly fewer than half of the alerts of a rule were accepted, of those whose outcome is known."""
    _, high = wilson(counts.accepted, sum(getattr(counts, name) for name in SETTLED))
    return high < HALF


def find_helpful(lines: tuple[Line, ...], all_of_them: Line) -> tuple[Line, ...]:
    """The rules that are certainly accepted more often than all alerts together, the highest lower end first."""
    usual = all_of_them.accepted
    lows = {line.key: line.accepted.low for line in lines if line.accepted is not None}
    helpful = [line for line in lines if usual is not None and lows.get(line.key, 0) > usual.share]
    return tuple(sorted(helpful, key=lambda line: (-lows[line.key], line.key))[:MOST])
