"""A record that was written can be read, found and counted, and nothing of the patient stands in clear."""

from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import select, update

from cds_service.store.entries import unpack_reached
from cds_service.store.reading import NoSuchRecord
from cds_service.store.sealing import Unopened
from cds_service.store.store import FILE, Places
from cds_service.store.tables import CHAINS, DECISIONS, FINDINGS
from tests.store.entries import NOON, Clock, a_store, an_entry, decision_id, places_in


def test_what_was_written_is_read_by_another_process(places: Places) -> None:
    entry = an_entry()
    with a_store(places) as store:
        store.write(entry)
    with a_store(places) as other:
        assert other.read(entry.decision_id) == entry.payload
        envelope = other.records.envelope(entry.decision_id)
    assert (envelope.row.at, envelope.row.cards, envelope.repeat) == (NOON, 1, False)
    assert unpack_reached(envelope.row.reached) == dict(entry.reached)
    shown, withheld = envelope.findings
    assert (shown.outcome, shown.card, withheld.outcome, withheld.reason) == (
        "shown",
        decision_id(901),
        "withheld",
        "over the cap",
    )


def test_a_decision_that_was_not_recorded_is_named(places: Places) -> None:
    with a_store(places) as store, pytest.raises(NoSuchRecord, match="there is no record of it"):
        store.read(decision_id(7))


def test_decisions_are_listed_in_time_and_by_tenant(places: Places) -> None:
    clock = Clock()
    with a_store(places, clock) as store:
        for number in range(5):
            clock.now = NOON + number
            store.write(an_entry(number, tenant="a" if number % 2 else "b"))
        listed = [envelope.row.decision_id for envelope in store.list_since(NOON + 1, NOON + 4)]
        assert listed == [decision_id(1), decision_id(2), decision_id(3)]
        assert [each.row.decision_id for each in store.list_since(0, tenant="a")] == [decision_id(1), decision_id(3)]


def test_the_same_call_within_a_minute_is_a_repeat(places: Places) -> None:
    clock = Clock()
    with a_store(places, clock) as store:
        first = an_entry(1, topics={})
        for number, seconds in ((1, 0), (2, 59), (3, 130)):
            clock.now = NOON + seconds
            store.write(replace(first, decision_id=decision_id(number)))
        clock.now = NOON + 131
        store.write(replace(first, decision_id=decision_id(4), client="other", tenant="other"))
        repeats = [envelope.repeat for envelope in store.list_since(0)]
    assert repeats == [False, True, False, False]


def test_two_tenants_with_the_same_patient_have_nothing_in_common(places: Places) -> None:
    with a_store(places) as store:
        store.write(an_entry(1, tenant="north"))
        store.write(an_entry(2, tenant="south"))
        north, south = store.records.envelope(decision_id(1)), store.records.envelope(decision_id(2))
        assert store.patient_keys("north", "patient-4711") == (north.row.patient_key,)
        assert store.patient_keys("south", "patient-4711") == (south.row.patient_key,)
    assert north.row.patient_key != south.row.patient_key
    assert north.row.user_key != south.row.user_key
    assert north.row.call_key != south.row.call_key
    assert north.findings[0].subject_key != south.findings[0].subject_key


@pytest.mark.parametrize(
    "change",
    [
        update(DECISIONS).values(tenant="other"),
        update(DECISIONS).values(cards=0),
        update(DECISIONS).values(orders=1),
        update(DECISIONS).values(orders=None),
        update(DECISIONS).values(at=NOON - 1),
        update(FINDINGS).values(outcome="shown"),
        FINDINGS.delete().where(FINDINGS.c.place == 1),
    ],
    ids=["tenant", "cards", "orders", "no orders", "time", "outcome", "finding"],
)
def test_a_record_does_not_open_once_what_stands_beside_it_was_changed(places: Places, change: object) -> None:
    with a_store(places) as store:
        store.write(an_entry(orders=2))
        with store.database.begin() as connection:
            connection.execute(change)  # type: ignore[call-overload]
        with pytest.raises(Unopened, match=decision_id(1)):
            store.read(decision_id(1))


def test_each_process_writes_a_chain_of_its_own(places: Places) -> None:
    for run in range(2):
        with a_store(places) as store:
            for number in range(3):
                store.write(an_entry(10 * run + number))
    with a_store(places) as store, store.database.connect() as connection:
        chains = connection.execute(select(CHAINS.c.writer, CHAINS.c.length, CHAINS.c.head)).all()
        rows = connection.execute(select(DECISIONS.c.writer, DECISIONS.c.seq, DECISIONS.c.chain_hash)).all()
    assert sorted(length for _, length, _ in chains) == [3, 3]
    assert {tuple(row) for row in rows} >= {tuple(chain) for chain in chains}


def test_only_its_owner_may_read_what_is_recorded(tmp_path: Path) -> None:
    places = places_in(tmp_path)  # a server's files are the server's
    with a_store(places) as store:
        store.write(an_entry(1))
        modes = {path.name: path.stat().st_mode & 0o777 for path in places.home.iterdir()}
    assert modes == dict.fromkeys((FILE, f"{FILE}-wal", f"{FILE}-shm", f"{FILE}-turn"), 384)
    assert places.home.stat().st_mode & 0o777 == 0o700
