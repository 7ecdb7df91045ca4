"""Counting: every call and every finding of a span, by rule, version, client, role, service and week."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from sqlalchemy import Engine

from cds_service.monitoring.counts import Cell, Counts, CountsByCell, Load
from cds_service.monitoring.rates import day_of
from cds_service.monitoring.recorded import (
    DAY_S,
    OVERRIDDEN,
    Answer,
    Asked,
    Calls,
    Fired,
    Span,
    count_calls,
    count_strays,
    read_answers,
    read_fired,
    tenants_heard,
    unpack,
)

ORDER_HOOKS = frozenset({"order-select", "order-sign"})
OTHER_ARM = "other arm"
"""Findings of a release that did not answer: recorded, and nobody's alert."""
OPEN_FOR_S = DAY_S
"""A card that nobody said anything about counts as ignored a day after it was shown, not before."""
NO_REASON = "no reason given"
URGENCY = ("critical", "warning", "info")
INTERRUPTING = frozenset({"critical", "warning"})


@dataclass(frozen=True, slots=True)
class Tally:
    """Everything a report says, counted. `missing` counts calls by what kept a rule of them undetermined
    (`value inr: not sent`); `urgency` cards on counted orders by their indicator; `strays` feedback about unknown
    cards.

    `order_calls` are calls about orders by day, `alerted` those that showed an alert of a rule; days count from 1970.
    `counted_from` is the day of the first call whose orders were counted, None where none was.
    """

    span: Span
    counts: Mapping[Cell, Counts]
    loads: Mapping[Cell, Load]
    missing: Mapping[str, int]
    urgency: Mapping[str, int]
    strays: int
    order_calls: Mapping[int, int]
    alerted: Mapping[str, Mapping[int, int]]
    counted_from: int | None = None


RulesOf = Callable[[str], Mapping[str, str]]
"""The version of each rule of a release, by id; empty where the release is not kept."""


def take_tally(database: Engine, span: Span, rules_of: RulesOf) -> Tally:
    """Count what is recorded of a span."""
    with database.connect() as connection:
        fired = [each for each in read_fired(connection, span) if each.reason != OTHER_ARM]
        calls = count_calls(connection, span, rules_by_decision(fired))
        answers = read_answers(connection, span)
        heard = tenants_heard(connection, span)
        strays = count_strays(connection, span)
    counts: CountsByCell = defaultdict(Counts)
    missing: Counter[str] = Counter()
    count_reached(calls, versions_of(calls, fired, rules_of), counts, missing)
    count_fired(fired, counts)
    count_outcomes(fired, Answers(answers, heard, span.until), counts)
    days = (order_calls_by_day(calls), alerted_by_day(fired))
    counted_from = min((asked.day for asked in calls if asked.counted), default=None)
    return Tally(span, counts, loads_of(calls), missing, urgency_of(fired), strays, *days, counted_from)


Versions = Mapping[str, Mapping[str, str]]


def versions_of(calls: Iterable[Asked], fired: Iterable[Fired], rules_of: RulesOf) -> Versions:
    """The versions of rules by release: as its content says, and where that is not kept, as they fired."""
    found = {release: dict(rules_of(release)) for release in {asked.release for asked in calls}}
    for each in fired:
        found[each.release].setdefault(each.rule, each.version)
    return found


def rules_by_decision(fired: Iterable[Fired]) -> Mapping[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    for each in fired:
        found.setdefault(each.decision, set()).add(each.rule)
    return {decision: frozenset(rules) for decision, rules in found.items()}


def count_reached(
    calls: Mapping[Asked, Calls], versions: Versions, counts: CountsByCell, missing: Counter[str]
) -> None:
    """Count for each rule the calls that reached it, once each, whatever it said of the several drugs of a call."""
    for asked, kind in calls.items():
        week = week_of(asked.day)
        reached = unpack(asked)
        missing.update(dict.fromkeys(reached.get("missing", ()), kind.number))
        undetermined, failed = set(reached.get("undetermined", ())), set(reached.get("error", ()))
        for rule in {*reached.get("silent", ()), *undetermined, *failed, *asked.fired}:
            version = versions[asked.release].get(rule, "")
            found = counts[Cell(asked.tenant, asked.role, asked.service, week, rule, version)]
            found.evaluated += kind.number
            found.undetermined += kind.number * (rule in undetermined)
            found.failed += kind.number * (rule in failed)


def count_fired(fired: Iterable[Fired], counts: CountsByCell) -> None:
    for each in fired:
        found = counts[cell_of(each)]
        found.fired += 1
        if each.reason:
            found.withheld[each.reason] += 1
        else:
            found.shown += 1
            found.on_orders += each.orders is not None
            found.interrupting += each.orders is not None and each.indicator in INTERRUPTING


@dataclass(frozen=True, slots=True)
class Answers:
    """What was reported of cards, from which tenants anything was, and when the span ends."""

    by_card: Mapping[str, Answer]
    heard: frozenset[str]
    until: float

    def outcome(self, fired: Fired) -> str:
        """What became of a finding that was shown, in the words of `Counts`."""
        answer = self.by_card.get(fired.card or "")
        if answer is not None:
            return answer.outcome
        if fired.tenant not in self.heard:
            return "untold"
        return "open" if fired.at > self.until - OPEN_FOR_S else "ignored"


def count_outcomes(fired: Iterable[Fired], answers: Answers, counts: CountsByCell) -> None:
    overridden: set[tuple[str, str, str]] = set()
    for each in fired:
        if each.reason:
            continue
        outcome = answers.outcome(each)
        found = counts[cell_of(each)]
        setattr(found, outcome, getattr(found, outcome) + 1)
        if outcome == OVERRIDDEN:
            found.reasons.update(answers.by_card[each.card or ""].reasons or (NO_REASON,))
            same = (each.tenant, each.patient, each.subject)
            found.repeated += same in overridden
            overridden.add(same)


def loads_of(calls: Mapping[Asked, Calls]) -> Mapping[Cell, Load]:
    loads: dict[Cell, Load] = {}
    for asked, kind in calls.items():
        load = loads.setdefault(Cell(asked.tenant, asked.role, asked.service, week_of(asked.day)), Load())
        order_calls = kind.number * (asked.hook in ORDER_HOOKS)
        if asked.counted:
            load.add(Load(kind.number, order_calls, orders=kind.orders, cards=kind.cards))
        else:
            load.add(Load(kind.number, order_calls, uncounted=order_calls))
    return loads


def order_calls_by_day(calls: Mapping[Asked, Calls]) -> Mapping[int, int]:
    days: Counter[int] = Counter()
    for asked, kind in calls.items():
        if asked.hook in ORDER_HOOKS:
            days[asked.day] += kind.number
    return days


def alerted_by_day(fired: Iterable[Fired]) -> Mapping[str, Mapping[int, int]]:
    found = {(each.rule, each.decision): each for each in fired if not each.reason and each.hook in ORDER_HOOKS}
    alerted: dict[str, Counter[int]] = {}
    for each in found.values():
        alerted.setdefault(each.rule, Counter())[int(each.at // DAY_S)] += 1
    return alerted


def urgency_of(fired: Iterable[Fired]) -> Mapping[str, int]:
    """Cards on counted orders, each by the most urgent finding on it."""
    cards: dict[str, int] = {}
    for each in fired:
        if each.card and not each.reason and each.orders is not None:
            cards[each.card] = min(cards.get(each.card, len(URGENCY) - 1), place_of(each.indicator))
    counted = Counter(URGENCY[place] for place in cards.values())
    return {indicator: counted[indicator] for indicator in URGENCY}


def place_of(indicator: str) -> int:
    return URGENCY.index(indicator) if indicator in URGENCY else len(URGENCY) - 1


def cell_of(fired: Fired) -> Cell:
    return Cell(fired.tenant, fired.role, fired.service, week_of(int(fired.at // DAY_S)), fired.rule, fired.version)


def week_of(day: int) -> str:
    """The ISO week of a day counted from 1970: `2026-W47`."""
    year, week, _ = day_of(day).isocalendar()
    return f"{year}-W{week:02}"


def roll_up(tally: Tally, by: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Counts, Load]]:
    """Counts and load by some members of `Cell`, in order; the load is that of the cells without regard to rules."""
    counts: dict[tuple[str, ...], Counts] = defaultdict(Counts)
    for cell, counted in tally.counts.items():
        counts[key_of(cell, by)].add(counted)
    outer = tuple(name for name in by if name not in ("rule", "version"))
    loads: dict[tuple[str, ...], Load] = defaultdict(Load)
    for cell, load in tally.loads.items():
        loads[key_of(cell, outer)].add(load)
        if outer == by:
            counts.setdefault(key_of(cell, by), Counts())
    for key in sorted(counts):
        place = tuple(value for name, value in zip(by, key, strict=True) if name in outer)
        yield key, counts[key], loads.get(place, Load())


def key_of(cell: Cell, by: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(str(getattr(cell, name)) for name in by)
