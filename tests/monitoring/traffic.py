"""Calls with a story: what was shown to whom, and what became of it, written as the store keeps it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from sqlalchemy import insert

from cds_service.store.entries import Fired
from cds_service.store.store import Store
from cds_service.store.tables import FEEDBACK
from tests.store.entries import NOON, Clock, an_entry, decision_id

DAY = 86_400.0
BLEEDING = Fired("warfarin-nsaid", "1.0.0", "major", "warning", ingredients=("11289", "5640"))
QUIET = Fired("duplicate-nsaid", "1.0.0", "minor", "info", reason="over the cap")


@dataclass
class Traffic:
    """Writes calls into `store`, one second after the other, and what became of their cards."""

    store: Store
    clock: Clock
    number: int = 0
    cards: list[str] = field(default_factory=list)

    def call(self, *fired: Fired, **more: Any) -> str:
        """One call about one order in which these fired, each shown one on a card of its own; the last card's uuid."""
        self.number += 1
        self.clock.now += 1
        card = ""
        placed = []
        for place, each in enumerate(fired):
            if not each.reason:
                card = decision_id(1_000_000 * (place + 1) + self.number)
            placed.append(each if each.reason else Fired(**{**as_dict(each), "card": card}))
        shown = sum(not each.reason for each in fired)
        told = {"reached": {}, "cards": shown, "patient_id": f"patient-{self.number}", "orders": 1, **more}
        self.store.write(an_entry(self.number, fired=tuple(placed), **told))
        return card

    def answer(
        self, card: str, outcome: str, reason: str = "", tenant: str = "general", words: bytes | None = None
    ) -> None:
        """Feedback of a card, a minute after the last call."""
        self.cards.append(card)
        row = {
            "feedback_key": sha256(f"{len(self.cards)}".encode()).hexdigest(),
            **{"received": self.clock.now + 60, "at": self.clock.now + 60, "tenant": tenant, "client": "general"},
            **{"service": "medication-order-sign", "card": card, "decision_id": decision_id(self.number)},
            **{"outcome": outcome, "accepted": "[]", "reason_code": reason, "reason_system": ""},
            "comment": words,
        }
        with self.store.database.begin() as connection:
            connection.execute(insert(FEEDBACK), row)


def as_dict(fired: Fired) -> dict[str, Any]:
    return {name: getattr(fired, name) for name in fired.__slots__}


Begin = Callable[[], Traffic]
START, END = NOON - DAY, NOON + 30 * DAY
