"""The report on alerts: what each rule said, what became of it, and what it costs in attention.

A report shows counts of calls, cards and answers, never a patient; small ones are hidden (`small_cells`).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlalchemy import Engine

from cds_service.monitoring.intervals import wilson
from cds_service.monitoring.rates import Shift, find_shifts
from cds_service.monitoring.recorded import Span
from cds_service.monitoring.small_cells import LEAST, is_small, show_counts, show_parts
from cds_service.monitoring.tally import Counts, Load, Tally, roll_up, take_tally

VIEWS = {
    "rule": ("rule", "version"),
    "client": ("client",),
    "role": ("role",),
    "week": ("week",),
}
EVERYTHING = ("rule", "version", "client", "role", "week")
COLUMNS = (
    *("evaluated", "undetermined", "failed", "fired", "shown", "accepted", "overridden", "ignored", "open"),
    *("untold", "repeated"),
)
SETTLED = ("accepted", "overridden", "ignored")
SUMS = {"shown": SETTLED}
WAITING = ("open", "untold")
"""Alerts that nobody has said anything of tell of nobody: hidden only where a small count follows from them."""
OFFENDERS = 10


@dataclass(frozen=True, slots=True)
class Rate:
    """A share with its 95 % interval (Wilson)."""

    share: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Line:
    """One row of a view. `counts` are those of `tally.Counts`, None where hidden. `accepted` and `overridden` are
    shares of the alerts whose outcome is known; None where none is, or the counts behind them are hidden. `burden` is
    alerts shown per 100 calls about orders."""

    key: tuple[str, ...]
    counts: Mapping[str, int | None]
    accepted: Rate | None
    overridden: Rate | None
    burden: float | None
    reasons: Mapping[str, int | None] = field(default_factory=dict)
    withheld: Mapping[str, int | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Overview:
    """All calls together. `cards_per_100` are cards per 100 calls about orders, `urgency` the same by indicator (the
    card that says what was not checked has none); `strays` is feedback about cards nobody knows."""

    calls: int | None
    order_calls: int | None
    cards_per_100: float | None
    urgency: Mapping[str, float | None]
    strays: int | None


@dataclass(frozen=True, slots=True)
class Report:
    """`views` by name, each with its lines; `everything` is every line by all of `EVERYTHING`. `offenders` are rules
    and versions that interrupt most for nothing, worst first; `unknowns` calls by what could not be known;
    `shifts` rules that speak up more or less often than in the first two weeks."""

    span: Span
    least: int
    overview: Overview
    views: Mapping[str, tuple[Line, ...]]
    everything: tuple[Line, ...]
    offenders: tuple[Line, ...]
    unknowns: Mapping[str, int | None]
    shifts: tuple[Shift, ...] = ()


def make_report(database: Engine, span: Span, least: int = LEAST) -> Report:
    """The report on what is recorded of a span. Counts from 1 to below `least` are hidden."""
    tally = take_tally(database, span)
    views = {name: make_lines(tally, by, least) for name, by in VIEWS.items()}
    missing = dict(sorted(tally.missing.items(), key=lambda each: (-each[1], each[0])))
    return Report(
        span=span,
        least=least,
        overview=make_overview(tally, least),
        views=views,
        everything=make_lines(tally, EVERYTHING, least),
        offenders=find_offenders(tally, views["rule"]),
        unknowns={cause: None if is_small(count, least) else count for cause, count in missing.items()},
        shifts=find_shifts(tally.alerted, tally.order_calls),
    )


def make_overview(tally: Tally, least: int) -> Overview:
    whole = Load()
    for load in tally.loads.values():
        whole.add(load)
    small = is_small(whole.order_calls, least)
    return Overview(
        calls=hide(whole.calls, least),
        order_calls=hide(whole.order_calls, least),
        cards_per_100=None if small else per_100(whole.order_cards, whole.order_calls, least),
        urgency={name: per_100(count, whole.order_calls, least) for name, count in tally.urgency.items()},
        strays=hide(tally.strays, least),
    )


def make_lines(tally: Tally, by: tuple[str, ...], least: int) -> tuple[Line, ...]:
    rolled = list(roll_up(tally, by))
    hiding = [name for name in COLUMNS if name not in WAITING]
    rows = [{name: getattr(counts, name) for name in hiding} for _, counts, _ in rolled]
    telling = {(place, "fired") for place, row in enumerate(rows) if is_small(row["fired"] - row["shown"], least)}
    shown = show_counts(rows, SUMS, least, telling)
    return tuple(
        make_line(key, counts, load, row, least) for (key, counts, load), row in zip(rolled, shown, strict=True)
    )


def make_line(key: tuple[str, ...], counts: Counts, load: Load, row: Mapping[str, int | None], least: int) -> Line:
    settled = sum(getattr(counts, name) for name in SETTLED)
    telling = row["shown"] is None or is_small(settled, least)
    told = settled > 0 and all(row[name] is not None for name in SETTLED)
    return Line(
        key=key,
        counts={**row, **{name: None if telling else getattr(counts, name) for name in WAITING}},
        accepted=rate_of(counts.accepted, settled) if told else None,
        overridden=rate_of(counts.overridden, settled) if told else None,
        burden=None if row["shown"] is None else per_100(counts.shown_on_orders, load.order_calls, least),
        reasons=show_parts(counts.reasons, least, row["overridden"] is not None),
        withheld=show_parts(counts.withheld, least, row["fired"] is not None),
    )


def rate_of(events: int, of: int) -> Rate:
    return Rate(events / of, *wilson(events, of))


def per_100(events: int, of: int, least: int) -> float | None:
    """Events per 100 calls; None without calls, or where either is small."""
    return None if of == 0 or is_small(events, least) or is_small(of, least) else 100 * events / of


def hide(count: int, least: int) -> int | None:
    return None if is_small(count, least) else count


def find_offenders(tally: Tally, lines: tuple[Line, ...]) -> tuple[Line, ...]:
    """The rules whose alerts cost most for nothing: alerts shown times the share that was overridden or ignored, of
    which the lower end of the interval counts, so that a few unlucky cards make nobody an offender."""
    costs = {key: cost_of(counts) for key, counts, _ in roll_up(tally, VIEWS["rule"])}
    guilty = [line for line in lines if costs[line.key] > 0 and line.counts["shown"] is not None]
    return tuple(sorted(guilty, key=lambda line: (-costs[line.key], line.key))[:OFFENDERS])


def cost_of(counts: Counts) -> float:
    settled = sum(getattr(counts, name) for name in SETTLED)
    low, _ = wilson(counts.overridden + counts.ignored, settled)
    return counts.shown * low
