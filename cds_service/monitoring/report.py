"""The report on alerts: what each rule said, what became of it, and what it costs in attention.

A report shows counts of calls, cards and answers, never a patient; small ones are hidden (`small_cells`).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from sqlalchemy import Engine

from cds_service.monitoring.counts import Counts, Load
from cds_service.monitoring.intervals import wilson
from cds_service.monitoring.rates import Shift, day_of, find_shifts
from cds_service.monitoring.recorded import Span
from cds_service.monitoring.small_cells import LEAST, is_small, show_counts, show_parts
from cds_service.monitoring.tally import RulesOf, Tally, roll_up, take_tally

VIEWS = {
    "rule": ("rule", "version"),
    "client": ("client",),
    "role": ("role",),
    "service": ("service",),
    "week": ("week",),
}
EVERYTHING = ("rule", "version", "client", "role", "service", "week")
COLUMNS = (
    *("evaluated", "undetermined", "failed", "fired", "shown", "accepted", "overridden", "ignored", "open"),
    *("untold", "repeated", "on_orders", "interrupting"),
)
SETTLED = ("accepted", "overridden", "ignored")
SUMS = {"shown": SETTLED}
REMAINDERS = (
    ("fired", "shown", "fired"),
    ("shown", "on_orders", "on_orders"),
    ("on_orders", "interrupting", "interrupting"),
)
"""A whole, a part of it, and which of the two to hide where what remains is small."""
WAITING = ("open", "untold")
"""Alerts that nobody has said anything of tell of nobody: hidden only where a small count follows from them."""
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
    `offenders` are rules and versions whose alerts are dismissed most, worst first, `helpful` those that are accepted
    more often than all together, best first; `unknowns` calls by what could not be known; `shifts` rules that speak up
    more or less often than in the first two weeks."""

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
    rules = list(roll_up(tally, VIEWS["rule"]))
    weights = {key: weigh(counts) for key, counts, _ in rules}
    views = {name: make_lines(tally, by, least) for name, by in VIEWS.items() if name != "rule"}
    ranked = rank(draw_lines(rules, least), weights)
    overview = make_overview(tally, [counts for _, counts, _ in rules], least)
    missing = dict(sorted(tally.missing.items(), key=lambda each: (-each[1], each[0])))
    return Report(
        span=span,
        least=least,
        overview=overview,
        views={"rule": ranked, **views},
        everything=make_lines(tally, EVERYTHING, least),
        offenders=find_offenders(ranked, weights),
        helpful=find_helpful(ranked, overview.alerts),
        unknowns={cause: None if is_small(count, least) else count for cause, count in missing.items()},
        shifts=find_shifts(tally.alerted, tally.order_calls),
    )


def make_overview(tally: Tally, rules: Iterable[Counts], least: int) -> Overview:
    load, counts = Load(), Counts()
    for each in tally.loads.values():
        load.add(each)
    for counted in rules:
        counts.add(counted)
    (alerts,) = draw_lines([((), counts, load)], least)
    return Overview(
        calls=hide(load.calls, least),
        order_calls=hide(load.order_calls, least),
        uncounted=hide(load.uncounted, least),
        counted_from=None if tally.counted_from is None else day_of(tally.counted_from),
        cards_per_100=per_100(hide(load.cards, least), alerts.orders),
        urgency={name: per_100(hide(count, least), alerts.orders) for name, count in tally.urgency.items()},
        alerts=alerts,
        strays=hide(tally.strays, least),
    )


def make_lines(tally: Tally, by: tuple[str, ...], least: int) -> tuple[Line, ...]:
    return draw_lines(list(roll_up(tally, by)), least)


def draw_lines(rolled: Sequence[tuple[tuple[str, ...], Counts, Load]], least: int) -> tuple[Line, ...]:
    """The lines of one view, without what is small, and without what would tell it."""
    names = [name for name in COLUMNS if name not in WAITING]
    rows = [{**{name: getattr(counts, name) for name in names}, "orders": load.orders} for _, counts, load in rolled]
    telling = {
        (place, kept)
        for place, row in enumerate(rows)
        for whole, part, kept in REMAINDERS
        if is_small(row[whole] - row[part], least)
    }
    shown = show_counts(rows, SUMS, least, telling)
    return tuple(
        make_line(key, counts, row if load.is_counted else {**row, "orders": None}, least)
        for (key, counts, load), row in zip(rolled, shown, strict=True)
    )


def make_line(key: tuple[str, ...], counts: Counts, row: Mapping[str, int | None], least: int) -> Line:
    settled = sum(getattr(counts, name) for name in SETTLED)
    telling = row["shown"] is None or is_small(settled, least)
    told = settled > 0 and all(row[name] is not None for name in SETTLED)
    shares = {name: rate_of(getattr(counts, name), settled) if told else None for name in SETTLED}
    waiting = {name: None if telling else getattr(counts, name) for name in WAITING}
    return Line(
        key=key,
        counts={name: {**row, **waiting}[name] for name in COLUMNS},
        **shares,
        orders=row["orders"],
        burden=per_100(row["on_orders"], row["orders"]),
        interruptions=per_100(row["interrupting"], row["orders"]),
        reasons=show_parts(counts.reasons, least, row["overridden"] is not None),
        withheld=show_parts(counts.withheld, least, row["fired"] is not None),
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


def find_offenders(ranked: tuple[Line, ...], weights: Weights) -> tuple[Line, ...]:
    """The worst, without those whose alerts are too few to be shown."""
    return tuple(line for line in ranked if weights[line.key] > 0 and line.counts["shown"] is not None)[:MOST]


def find_helpful(lines: tuple[Line, ...], all_of_them: Line) -> tuple[Line, ...]:
    """The rules that are certainly accepted more often than all alerts together, the highest lower end first."""
    usual = all_of_them.accepted
    lows = {line.key: line.accepted.low for line in lines if line.accepted is not None}
    helpful = [line for line in lines if usual is not None and lows.get(line.key, 0) > usual.share]
    return tuple(sorted(helpful, key=lambda line: (-lows[line.key], line.key))[:MOST])
