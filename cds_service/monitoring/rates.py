"""Whether a rule speaks up more or less often than it did: a cumulative sum over days.

Each day adds the log likelihood ratio of its calls, other odds of an alert against the odds before (Page, Biometrika
1954;41:100; for yes or no, Steiner et al., Biostatistics 2000;1:441). The sum never falls below 0. A limit of ln N
gives at most one false alarm in N calls on average (Lorden, Ann Math Stat 1971;42:1897).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from math import log

from cds_service.monitoring.intervals import wilson

BASELINE_DAYS = 14
FALSE_ALARM_IN = 1_000_000
ODDS = 2.0
"""Twice the odds, or half of them, is a change worth looking into."""
EPOCH = date(1970, 1, 1)

ByDay = Mapping[int, int]


@dataclass(frozen=True, slots=True)
class Shift:
    """A rule whose alerts became more, or fewer, often. `since` is the day from which on they did, `noticed` the day
    at the end of which that was certain; `before` and `after` are calls with its alert and all calls."""

    rule: str
    more: bool
    since: date
    noticed: date
    before: tuple[int, int]
    after: tuple[int, int]


def find_shifts(alerts: Mapping[str, ByDay], calls: ByDay) -> tuple[Shift, ...]:
    """The rules that changed. `alerts` are calls with an alert of a rule by day, `calls` all that could have one.

    The first `BASELINE_DAYS` days with calls say how it was; without more days nothing can be told.
    """
    days = sorted(calls)
    baseline, watched = days[:BASELINE_DAYS], days[BASELINE_DAYS:]
    shifts = [
        shift
        for rule in sorted(alerts)
        for more in (True, False)
        if (shift := find_shift(rule, more, Rates(alerts[rule], calls), baseline, watched)) is not None
    ]
    return tuple(shifts)


@dataclass(frozen=True, slots=True)
class Rates:
    """Of one rule."""

    alerts: ByDay
    calls: ByDay

    def over(self, days: list[int]) -> tuple[int, int]:
        return sum(self.alerts.get(day, 0) for day in days), sum(self.calls[day] for day in days)


def find_shift(rule: str, more: bool, rates: Rates, baseline: list[int], watched: list[int]) -> Shift | None:
    """The baseline's own uncertainty counts against a change: its upper end for more alerts, its lower for fewer."""
    before = rates.over(baseline)
    low, high = wilson(*before)
    expected = high if more else low
    if not 0 < expected < 1:
        return None
    other = with_odds(expected, ODDS if more else 1 / ODDS)
    weigh_alert, weigh_none = log(other / expected), log((1 - other) / (1 - expected))
    total, began = 0.0, 0
    for place, day in enumerate(watched):
        alerts, calls = rates.over([day])
        if total == 0:
            began = place
        total = max(0.0, total + alerts * weigh_alert + (calls - alerts) * weigh_none)
        if total > log(FALSE_ALARM_IN):
            since = watched[began:]
            return Shift(rule, more, day_of(watched[began]), day_of(day), before, rates.over(since))
    return None


def with_odds(share: float, factor: float) -> float:
    odds = factor * share / (1 - share)
    return odds / (1 + odds)


def day_of(day: int) -> date:
    return EPOCH + timedelta(day)
