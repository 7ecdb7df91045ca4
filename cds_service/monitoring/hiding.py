"""Which counts of a report are hidden: small ones, and those from which a small one would follow in any of its tables.

All tables are of the same calls and alerts, so their counts hang together: each view adds up to the numbers of all
calls, the lines by everything add up to those of each view, and within a line some counts are the sum of others.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from cds_service.monitoring.counts import NUMBERS, Counts, Load
from cds_service.monitoring.small_cells import Sum, hide_more, is_small
from cds_service.monitoring.tally import URGENCY

Key = tuple[str, ...]
Row = tuple[Key, Counts, Load]
Place = tuple[Key, Key, str]
"""Where a count stands: what its line is counted by, the line, and the name of the count."""

ALL: Key = ()
"""What the numbers of all calls are counted by, and their line."""
SETTLED = ("accepted", "overridden", "ignored")
WAITING = ("open", "untold")
"""Alerts that nobody has said anything of tell of nobody: hidden only where a small count follows from them."""
ORDERS = "orders"
PARTS = {"shown": (*SETTLED, *WAITING)}
REMAINDERS = {
    "withheld": ("fired", "shown"),
    "determined": ("evaluated", "undetermined"),
    "not failed": ("evaluated", "failed"),
    "not on orders": ("shown", "on_orders"),
    "not interrupting": ("on_orders", "interrupting"),
    "first time": ("overridden", "repeated"),
}
"""What remains of a whole without a part of it. No table shows it."""
UNGUARDED = {*WAITING, "withheld", "determined", "not failed"}
"""What may be small and follow from other counts: what nobody saw. To guard that too would hide the totals of a whole
hospital for two findings that a limit held back."""
OVERVIEW_PARTS = {
    "calls": ("order_calls", "other_calls"),
    "order_calls": ("uncounted", "counted_calls"),
    "cards": (*URGENCY, "other_cards"),
}
"""How the numbers of all calls add up, beside those of alerts."""


@dataclass(frozen=True, slots=True)
class Counted:
    """The counts of all tables, and which of them are hidden."""

    counts: Mapping[Place, int]
    hidden: AbstractSet[Place]

    def show(self, by: Key, key: Key, name: str) -> int | None:
        """A count, None where it is hidden."""
        place = place_of(by, key, name)
        return None if place in self.hidden else self.counts[place]

    def show_line(self, by: Key, key: Key) -> dict[str, int | None]:
        return {name: self.show(by, key, name) for name in (*NUMBERS, *REMAINDERS, ORDERS)}


def hide_small(
    rolled: Mapping[Key, Sequence[Row]], everything: Key, overview: Mapping[str, int], least: int
) -> Counted:
    """Hide what is small in tables of rows by what they are counted by. `everything` names the finest of them,
    `overview` holds the counts of all calls that add up as `OVERVIEW_PARTS` says."""
    counts = {(ALL, ALL, name): count for name, count in overview.items()}
    for by, rows in rolled.items():
        for key, counted, load in rows:
            counts |= {(by, key, name): count for name, count in count_line(counted).items()}
            counts[place_of(by, key, ORDERS)] = load.orders
    sums = [each for each in list_sums(rolled, everything) if adds_up(each, counts)]
    small = {place for place, count in counts.items() if place[2] not in UNGUARDED and is_small(count, least)}
    kept = {place for place in counts if place[2] == "shown"}
    return Counted(counts, hide_more(counts, sums, small, least, kept))


def count_line(counted: Counts) -> dict[str, int]:
    """The counts of one line, with what remains of some without others."""
    counts = {name: int(getattr(counted, name)) for name in NUMBERS}
    return counts | {rest: counts[whole] - counts[part] for rest, (whole, part) in REMAINDERS.items()}


def place_of(by: Key, key: Key, name: str) -> Place:
    """Where a count stands. Orders are of no rule: the lines of all rules show the same ones."""
    if name != ORDERS:
        return by, key, name
    outer = [(member, value) for member, value in zip(by, key, strict=True) if member not in ("rule", "version")]
    return tuple(member for member, _ in outer), tuple(value for _, value in outer), name


def list_sums(rolled: Mapping[Key, Sequence[Row]], everything: Key) -> Iterator[Sum[Place]]:
    """Every count that is the sum of others: in the overview, within a line, of a view, and of the lines by
    everything."""
    for whole, parts in OVERVIEW_PARTS.items():
        yield Sum((ALL, ALL, whole), tuple((ALL, ALL, part) for part in parts))
    for by, rows in rolled.items():
        keys = [key for key, _, _ in rows]
        for key in keys:
            yield from sum_line(by, key)
        if by not in (ALL, everything):
            yield from sum_lines(ALL, ALL, by, keys)
            for key, finer in group(rolled[everything], everything, by).items():
                yield from sum_lines(by, key, everything, finer)


def sum_line(by: Key, key: Key) -> Iterator[Sum[Place]]:
    for whole, parts in (*PARTS.items(), *((whole, (part, rest)) for rest, (whole, part) in REMAINDERS.items())):
        yield Sum((by, key, whole), tuple((by, key, part) for part in parts))


def sum_lines(coarse: Key, of: Key, fine: Key, keys: Sequence[Key]) -> Iterator[Sum[Place]]:
    """The counts of the line `of`, as sums over finer lines."""
    for name in (*NUMBERS, ORDERS):
        whole = place_of(coarse, of, name)
        parts = dict.fromkeys(place_of(fine, key, name) for key in keys)
        if whole not in parts:
            yield Sum(whole, tuple(parts))


def group(rows: Sequence[Row], fine: Key, coarse: Key) -> Mapping[Key, Sequence[Key]]:
    """The lines of a fine table by the line of a coarse one that they belong to."""
    places = [fine.index(member) for member in coarse]
    found: dict[Key, list[Key]] = defaultdict(list)
    for key, _, _ in rows:
        found[tuple(key[place] for place in places)].append(key)
    return found


def adds_up(each: Sum[Place], counts: Mapping[Place, int]) -> bool:
    """Whether the parts are all there is: of orders without any rule no line by everything tells."""
    return counts[each.whole] == sum(counts[part] for part in each.parts)
