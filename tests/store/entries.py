"""Entries for the store, one call each, and stores to put them in."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from cds_service.store.entries import Entry, Fired, Who
from cds_service.store.ring import complete_ring
from cds_service.store.store import Duties, Places, Store, open_store

NO_DUTIES = Duties()
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC).timestamp()
MAIDEN = "Wilhelmina Testperson"
"""A name that is nobody's, planted where it must not be found in clear."""


def decision_id(number: int) -> str:
    return str(UUID(int=number, version=4))


def an_entry(number: int = 1, **more: Any) -> Entry:
    """The entry of decision `number`: one finding shown, one withheld."""
    entry = Entry(
        decision_id=decision_id(number),
        tenant="general",
        client="general",
        service="medication-order-sign",
        hook="order-sign",
        hook_instance=f"instance-{number}",
        body_sha256=f"{number:064x}",
        patient_id="patient-4711",
        user_id="Practitioner/0815",
        role="Practitioner",
        release_digest="a" * 64,
        code_version="0.1.0",
        payload=f'{{"number":{number},"name":"{MAIDEN}"}}'.encode(),
        cards=1,
        fired=(
            Fired("warfarin-nsaid", "1.0.0", "major", "warning", card=decision_id(900 + number), ingredients=("5640",)),
            Fired("duplicate-nsaid", "1.0.0", "minor", "info", reason="over the cap"),
        ),
        topics={decision_id(900 + number): "warfarin-nsaid"},
        reached={"silent": ("metformin-egfr",), "undetermined": ("digoxin-potassium",)},
    )
    return replace(entry, **more)


@dataclass
class Clock:
    """Time that passes when told to."""

    now: float = NOON

    def __call__(self) -> float:
        return self.now


@dataclass
class Told:
    """What the store said went wrong."""

    events: list[tuple[str, str]] = field(default_factory=list)

    def __call__(self, event: str, about: str) -> None:
        self.events.append((event, about))

    def about(self, event: str) -> list[str]:
        return [about for name, about in self.events if name == event]


def places_in(folder: Path, url: str | None = None) -> Places:
    return Places(url, folder / "home", folder / "ring", folder / "spool")


@contextmanager
def a_store(
    places: Places, clock: Clock | None = None, told: Told | None = None, duties: Duties = NO_DUTIES
) -> Iterator[Store]:
    """A store that runs, on the database at the places' address; its tables and keys are made."""
    complete_ring(places.ring, datetime.fromtimestamp(NOON, UTC))
    store = open_store(places, clock or Clock(), told or Told(), duties)
    store.start()
    try:
        yield store
    finally:
        store.close()


def who_of(payload: bytes) -> Who:
    """Whom the record of `an_entry` is about."""
    number = json.loads(payload)["number"]
    entry = an_entry(number)
    ingredients = tuple(fired.ingredients for fired in entry.fired)
    return Who(entry.patient_id, entry.user_id, ingredients, tuple(entry.topics))


def topics_of(payload: bytes) -> dict[str, str]:
    """What the cards of the record of `an_entry` are about."""
    return dict(an_entry(json.loads(payload)["number"]).topics)
