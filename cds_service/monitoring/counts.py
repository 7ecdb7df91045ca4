"""What a report counts, and by what."""

from collections import Counter, defaultdict
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Cell:
    """What counts are kept by. `client` is a tenant: a client, or client and tenant of it. `rule` and `version` are
    empty for counts of calls; a version is empty where nobody knows which one was reached."""

    client: str
    role: str
    service: str
    week: str
    rule: str = ""
    version: str = ""


@dataclass(slots=True)
class Counts:
    """Counts of one cell.

    `evaluated`: calls that reached the rule; `undetermined` and `failed`: of those, where something was missing, or
    the rule crashed. `fired`: findings; `shown`: on cards, of which `accepted`, `overridden`, `ignored`, `open` (no
    answer yet, and shown less than a day before the end) and `untold` (the client reports nothing of any card).
    `repeated`: overridden again for the same patient and drugs. `on_orders`: shown in calls whose orders were counted;
    `interrupting`: of these, warnings and critical ones.
    """

    evaluated: int = 0
    undetermined: int = 0
    failed: int = 0
    fired: int = 0
    shown: int = 0
    accepted: int = 0
    overridden: int = 0
    ignored: int = 0
    open: int = 0
    untold: int = 0
    repeated: int = 0
    on_orders: int = 0
    interrupting: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    withheld: Counter[str] = field(default_factory=Counter)

    def add(self, other: "Counts") -> None:
        for name in NUMBERS:
            if number := getattr(other, name):
                setattr(self, name, getattr(self, name) + number)
        for mine, others in ((self.reasons, other.reasons), (self.withheld, other.withheld)):
            if others:
                mine.update(others)


NUMBERS = tuple(name for name in Counts.__slots__ if name not in ("reasons", "withheld"))


@dataclass(slots=True)
class Load:
    """Calls of one cell without a rule: all, those about orders, and of these the `uncounted` ones, of which nobody
    knows how many orders they were about. `orders` and `cards` are those of the other calls about orders."""

    calls: int = 0
    order_calls: int = 0
    uncounted: int = 0
    orders: int = 0
    cards: int = 0

    @property
    def is_counted(self) -> bool:
        """Whether 0 orders means that there were none."""
        return self.orders > 0 or self.uncounted == 0

    def add(self, other: "Load") -> None:
        for name in Load.__slots__:
            setattr(self, name, getattr(self, name) + getattr(other, name))


CountsByCell = defaultdict[Cell, Counts]
