"""A service that answers and records calls, and a release in which a pharmacist changed one rule."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, tzinfo
from typing import Any

import pytest

from cds_service.app import Application, read_folders
from cds_service.governance.activate import InForce
from cds_service.governance.arms import Arms, arms_of
from cds_service.governance.releases import Word, open_release
from cds_service.knowledge.compile import compile_release, index_running
from cds_service.knowledge.release import Release
from cds_service.record.decision import DecisionRecord
from cds_service.recording import entry_of
from cds_service.store.releases import Releases
from cds_service.store.store import Places, Store
from cds_service.trust.callers import local_caller
from tests.store.conftest import patient, places
from tests.store.entries import NOON, Clock, a_store, decision_id
from tests.support.requests import PatientCase, a_patient, body

__all__ = ["patient", "places"]

RULE = "warfarin-nsaid"
QUIETER = """
[[change]]
rule = "warfarin-nsaid"
reason = "seen by the anticoagulation clinic"
by = "Ann Author"
status = "silent"
"""
LAST_DAY = date(2026, 11, 20)
ENDING = QUIETER + f"until = {LAST_DAY}\n"
LESSER = QUIETER.replace('status = "silent"', 'thresholds = { "grade[2].when" = 5 }')
NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
SERVICE = "medication-order-sign"


def bleeding(patient_id: str = "p1") -> PatientCase:
    """Ibuprofen for somebody on warfarin: `warfarin-nsaid` fires."""
    return a_patient(patient_id).taking("855332", "warfarin 5 MG").ordering("197806", "ibuprofen 600 MG")


def overdosed(patient_id: str = "p1") -> PatientCase:
    """The same with an INR of 4.8: critical as shipped."""
    return bleeding(patient_id).with_lab("6301-6", 4.8, "{INR}", "2026-11-18")


def changed(application: Application, overlay: str, today: date = LAST_DAY) -> Release:
    return compile_release(read_folders().with_layer(overlay), application.release.terminology, today)


def small(release: Release) -> Release:
    """The release with a few of its rules and no model, so that it is kept and opened in no time."""
    rules = {id: rule for id, rule in release.rules.items() if id == RULE or id.startswith("duplicate-therapy.")}
    then = small(release.then) if release.then else None
    return replace(release, rules=rules, index=index_running(rules), models=(), then=then)


@pytest.fixture(scope="session")
def shipped(application: Application) -> Release:
    """A few rules as they are shipped."""
    return small(application.release)


@pytest.fixture(scope="session")
def quieter(application: Application) -> Release:
    """The shipped rules with `warfarin-nsaid` silent."""
    return small(changed(application, QUIETER))


@pytest.fixture(scope="session")
def lesser(application: Application) -> Release:
    """The shipped rules with `warfarin-nsaid` critical above an INR of 5 instead of 4."""
    return small(changed(application, LESSER))


@pytest.fixture(scope="session")
def ending(application: Application) -> Release:
    """The shipped rules with `warfarin-nsaid` silent until 20 November 2026."""
    return small(changed(application, ENDING))


@dataclass
class Ward:
    """A service whose calls are recorded, one second after the other."""

    application: Application
    store: Store
    clock: Clock
    records: list[DecisionRecord] = field(default_factory=list)

    @property
    def shipped(self) -> Release:
        return self.application.release

    @property
    def releases(self) -> Releases:
        return Releases(self.store.database)

    def follow(self, told: list[tuple[str, str]] | None = None, zone: tzinfo = UTC) -> InForce:
        """What a worker does to know what is in force."""

        def tell(event: str, about: str) -> None:
            (told if told is not None else []).append((event, about))

        def load(digest: str) -> Release:
            return open_release(self.releases, digest, self.shipped.terminology)

        def clock() -> datetime:
            return datetime.fromtimestamp(self.clock.now, zone)

        return InForce(self.releases, lambda: self.store.ring, load, clock, tell, arms_of(self.shipped))

    def sign(self, case: PatientCase, arms: Arms | None = None, tenant: str = "ward") -> DecisionRecord:
        """The record of an order-sign call about the orders of this patient, by what is in force or these arms."""
        return self.ask(case.order_sign(), SERVICE, arms, tenant)

    def ask(
        self, request: dict[str, Any], service_id: str, arms: Arms | None = None, tenant: str = "ward"
    ) -> DecisionRecord:
        """The record of a call, by what is in force or these arms."""
        in_force = self.follow()
        in_force.look()
        if arms is not None:
            in_force.arms = arms

        def keep(record: DecisionRecord, milliseconds: float) -> None:
            self.records.append(record)
            self.store.write(entry_of(record))

        self.clock.now += 1
        answering = replace(self.application, in_force=in_force, clock=lambda: NOW, write=keep)
        answering.answer(body(request), in_force.arms.services[service_id], local_caller(tenant))
        return self.records[-1]

    def word(self, who: str = "Ann Author", why: str = "a reason") -> Word:
        return Word(who, why, self.clock.now)


@pytest.fixture
def ward(application: Application, shipped: Release, places: Places) -> Iterator[Ward]:
    clock = Clock()
    named = replace(application, release=shipped, name_decision=lambda body, now: decision_id(int(clock.now - NOON)))
    with a_store(places, clock) as store:
        yield Ward(named, store, clock)
