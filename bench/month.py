"""A month of simulated traffic: orders of the shared patients, answered and recorded, with what became of the cards.

    python -m bench.month FOLDER [ORDERS]

FOLDER becomes a home as `CDS_HOME` names one, so `cds replay`, `cds simulate` and `cds report` can be tried on it.
`CDS_DATABASE_URL` puts the records elsewhere, as always. The same traffic comes out each time.
"""

import json
import os
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any
from uuid import UUID

from cds_service.app import Application, build_server
from cds_service.hooks.response import Card
from cds_service.settings import Settings
from cds_service.store.feedback import Reported, Reporter, keep_feedback
from cds_service.trust.callers import local_caller
from tests.support.shared import SHARED
from tests.support.synthea import draft, hook_request, read_bundle

PATIENTS = SHARED / "data" / "patients" / "synthea"
ORDERS, MONTH_S = 10_000, 30 * 86_400
RISKY = (
    ("197517", "clarithromycin 500 MG Oral Tablet"),
    ("197806", "ibuprofen 600 MG Oral Tablet"),
    ("197591", "diazepam 5 MG Oral Tablet"),
    ("617311", "atorvastatin 40 MG Oral Tablet"),
    ("855332", "warfarin sodium 5 MG Oral Tablet"),
)
"""Every fifth order is one of these; the others are what these patients were prescribed at some time."""
OVERRIDDEN, ACCEPTED = 0.45, 0.1
"""Shares of the cards; nobody says what became of the others."""


@dataclass
class Clock:
    """Time of the simulated month."""

    now: float

    def __call__(self) -> float:
        return self.now


@dataclass
class Month:
    """The traffic of one month into one application."""

    application: Application
    clock: Clock
    chance: Random = field(default_factory=lambda: Random(7))
    events: list[tuple[str, Reported]] = field(default_factory=list)

    def run(self, orders: int) -> int:
        """Make so many calls; how many cards were shown."""
        people = list(read_patients())
        pool = sorted({drug for _, bundle in people for drug in prescribed(bundle)})
        service = next(each for each in self.application.release.services if each.hook == "order-sign")
        begun, shown = self.clock.now, 0
        for number in range(orders):
            patient, bundle = self.chance.choice(people)
            rxcui, name = self.chance.choice(RISKY if number % 5 == 0 else pool)
            ordered = draft(number, rxcui, name, patient["patient_id"], 1, self.chance.choice((1, 2)))
            request = hook_request(bundle, "order-sign", dict(service.prefetch), patient["last_encounter"], (ordered,))
            request["hookInstance"] = str(UUID(int=self.chance.getrandbits(128), version=4))
            request["context"]["userId"] = f"Practitioner/{number % 40}"
            self.clock.now = begun + MONTH_S * number / orders
            answer = self.application.answer(json.dumps(request).encode(), service, local_caller("month"))
            shown += len(answer.cards)
            for card in answer.cards:
                self.react(card, service.id)
        self.keep_feedback()
        return shown

    def react(self, card: Card, service: str) -> None:
        """What somebody does about a card, some minutes later."""
        told = (card.extension or {})["org.cds-service"]
        drawn = self.chance.random()
        outcome = "overridden" if drawn < OVERRIDDEN else "accepted"
        if "findings" not in told or drawn >= OVERRIDDEN + ACCEPTED or (outcome == "accepted" and not card.suggestions):
            return
        reason = card.override_reasons[0] if outcome == "overridden" and card.override_reasons else None
        at = self.clock.now + 300
        taken = tuple(each.uuid for each in card.suggestions[:1]) if outcome == "accepted" else ()
        code, system = (reason.code, reason.system) if reason else ("", "")
        self.events.append((service, Reported(card.uuid, outcome, at, taken, code, system)))

    def keep_feedback(self) -> None:
        """Report everything, each event when it happened."""
        store = self.application.store
        assert store is not None
        for service, event in self.events:
            self.clock.now = event.at
            keep_feedback(store, Reporter("month", "month", service), [event])


def read_patients() -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Index entry and bundle of every shared synthetic patient."""
    for patient in json.loads((PATIENTS / "index.json").read_text()):
        yield patient, read_bundle(PATIENTS / patient["file"])


def prescribed(bundle: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Code and display of every prescription that says its drug itself."""
    for entry in bundle["entry"]:
        for coding in entry["resource"].get("medicationCodeableConcept", {}).get("coding", ()):
            yield coding["code"], coding.get("display", "")


def make_month(home: Path, orders: int, database_url: str | None = None) -> tuple[int, float]:
    """Fill a home; how many cards were shown, and how many seconds it took."""
    settings = Settings(profile="dev", home=home, database_url=database_url)
    application = build_server(settings, lambda record, milliseconds: None, lambda event, about: None)
    clock = Clock(datetime.now(UTC).timestamp() - MONTH_S)
    assert application.store is not None
    application.store.clock = clock
    ids = Random(11)
    named = replace(application, name_decision=lambda body, now: str(UUID(int=ids.getrandbits(128), version=4)))
    named.start()
    began = time.monotonic()
    try:
        shown = Month(named, clock).run(orders)
    finally:
        named.close()
    return shown, time.monotonic() - began


if __name__ == "__main__":
    asked = int(sys.argv[2]) if len(sys.argv) > 2 else ORDERS
    cards, seconds = make_month(Path(sys.argv[1]), asked, os.environ.get("CDS_DATABASE_URL"))
    print(f"{asked} orders, {cards} cards, {seconds:.0f} s")
