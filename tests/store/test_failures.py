"""Database away, slow or full: answers go out, health is red, records wait in the spool, and none is lost unseen."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread
from typing import Any

import msgspec
import pytest
from sqlalchemy import event, select, text
from sqlalchemy.exc import OperationalError

from cds_service.errors import NotRecorded
from cds_service.store.audit import Terms
from cds_service.store.inserting import Inserts
from cds_service.store.spool import FILE, Spool
from cds_service.store.spool_file import BEGIN, FRAME
from cds_service.store.store import Duties, Places, Store
from cds_service.store.tables import CHAINS, DECISIONS, LOST
from cds_service.store.verifying import no_anchor, verify
from tests.store.entries import NOON, Clock, Told, a_store, an_entry, decision_id, places_in, who_of

WAIT_S = 20.0


def wait_for(what: Callable[[], bool]) -> None:
    deadline = time.monotonic() + WAIT_S
    while not what():
        assert time.monotonic() < deadline, "did not happen"
        Event().wait(0.02)


@contextmanager
def database_away(store: Store) -> Iterator[None]:
    """No transaction reaches the database: each fails as it does when a server is gone or a disk is full."""

    def fail(connection: Any) -> None:
        raise OperationalError("INSERT", {}, OSError(28, "database or disk is full"))

    event.listen(store.database, "begin", fail)
    try:
        yield
    finally:
        event.remove(store.database, "begin", fail)


def recorded(store: Store) -> list[str]:
    with store.database.connect() as connection:
        return list(connection.execute(select(DECISIONS.c.decision_id).order_by(DECISIONS.c.at)).scalars())


def test_while_the_database_is_away_records_wait_and_then_drain_in_order(places: Places) -> None:
    clock, told = Clock(), Told()
    with a_store(places, clock, told) as store:
        store.write(an_entry(1))
        with database_away(store):
            for number in range(2, 6):
                clock.now = NOON + number
                store.write(an_entry(number))
            health = store.health()
            assert (health.is_well, health.lost) == (False, 0)
            assert health.away == "OSError"
            assert health.spooled > 0
        wait_for(lambda: store.health().is_well)
        assert recorded(store) == [decision_id(number) for number in range(1, 6)]
        assert verify(store.records, no_anchor, Terms(store.ring, NOON, who_of=who_of)).problems == []
        store.write(an_entry(6))
    assert [event for event, _ in told.events] == ["database away", "database back"]


def test_records_that_waited_over_a_restart_drain_at_the_next_start(places: Places) -> None:
    with a_store(places) as store, database_away(store):
        store.write(an_entry(1))
        assert store.commits is not None
        store.commits.close()
    with a_store(places) as store:
        wait_for(lambda: store.health().is_well)
        assert recorded(store) == [decision_id(1)]


def test_a_damaged_record_in_the_spool_keeps_no_other_from_the_database_and_is_told(places: Places) -> None:
    with a_store(places) as store, database_away(store):
        for number in range(1, 6):
            store.write(an_entry(number))
        assert store.commits is not None
        store.commits.close()
    with (places.spool / FILE).open("r+b") as file:
        file.seek(BEGIN + FRAME.size + 100)
        file.write(b"?!")
    told = Told()
    with a_store(places, told=told) as store:
        wait_for(lambda: not store.health().away)
        assert recorded(store) == [decision_id(number) for number in range(2, 6)]
        health = store.health()
        assert (health.is_well, health.lost, health.damaged, health.spooled) == (False, 1, 1, 0)
        (name,) = told.about("spool damaged")
        (places.spool / name).unlink()
        assert (store.health().is_well, store.health().lost) == (True, 1)


def test_a_record_that_was_spooled_before_orders_were_counted_is_still_read(
    places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The spool of an older release holds rows without the member."""
    append = Spool.append

    def append_as_before(self: Spool, records: Sequence[bytes]) -> None:
        rows = [msgspec.msgpack.decode(each) for each in records]
        assert [row["row"].pop("orders") for row in rows] == [None]
        append(self, [msgspec.msgpack.encode(row) for row in rows])

    monkeypatch.setattr(Spool, "append", append_as_before)
    with a_store(places) as store:
        with database_away(store):
            store.write(an_entry(1))
        wait_for(lambda: store.health().is_well)
        assert store.records.envelope(decision_id(1)).row.orders is None
        assert store.read(decision_id(1)) == an_entry(1).payload


def test_a_slow_commit_does_not_hold_up_the_answer_and_the_record_is_kept_once(
    places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cds_service.store.writing.COMMIT_WITHIN_S", 0.08)
    go_on = Event()
    write = Inserts.write

    def write_slowly(self: Inserts, *given: Any) -> None:
        go_on.wait(WAIT_S)
        write(self, *given)

    monkeypatch.setattr(Inserts, "write", write_slowly)
    with a_store(places) as store:
        started = time.monotonic()
        store.write(an_entry(1))
        store.write(an_entry(2))
        assert time.monotonic() - started < WAIT_S / 2  # the commit itself ends with `go_on` only
        assert store.health().spooled > 0
        go_on.set()
        wait_for(lambda: store.health().is_well)
        assert sorted(recorded(store)) == [decision_id(1), decision_id(2)]


def full(self: Spool, records: Sequence[bytes]) -> None:
    raise OSError(28, "No space left on device")


@pytest.mark.parametrize("refuse", [False, True])
def test_when_both_fail_the_decision_is_counted_and_named(
    places: Places, monkeypatch: pytest.MonkeyPatch, refuse: bool
) -> None:
    told = Told()
    with a_store(places, told=told, duties=Duties(refuse=refuse)) as store:
        with database_away(store), monkeypatch.context() as patch:
            patch.setattr(Spool, "append", full)
            for number in range(3):
                if refuse:
                    with pytest.raises(NotRecorded, match="could not be recorded"):
                        store.write(an_entry(number))
                else:
                    store.write(an_entry(number))
            assert store.health().lost == 3
        wait_for(lambda: store.health().is_well)
        assert store.health().lost == 3
    assert told.about("record lost") == [decision_id(number) for number in range(3)]
    with a_store(places) as later, later.database.connect() as connection:
        assert later.health().lost == 3
        assert sorted(connection.execute(select(LOST.c.decision_id)).scalars()) == [decision_id(n) for n in range(3)]


def test_a_full_spool_loses_only_what_came_after(places: Places, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cds_service.store.store.Spool", lambda folder, **more: Spool(folder, 16 * 1024, **more))
    told = Told()
    with a_store(places, told=told) as store:
        with database_away(store):
            for number in range(20):
                store.write(an_entry(number, payload=bytes(range(256)) * 8))
            lost = store.health().lost
            assert 0 < lost < 20
        wait_for(lambda: not store.health().away)
        assert len(recorded(store)) == 20 - lost
        assert set(recorded(store)).isdisjoint(told.about("record lost"))


def test_after_an_error_a_new_chain_begins_and_both_are_whole(places: Places) -> None:
    with a_store(places) as store:
        store.write(an_entry(1))
        with database_away(store):
            store.write(an_entry(2))
        wait_for(lambda: store.health().is_well)
        with store.database.connect() as connection:
            assert connection.execute(select(CHAINS.c.length)).scalars().all() == [1, 1]


def test_a_disk_that_is_really_full_is_as_good_as_away(tmp_path: Path) -> None:
    places = places_in(tmp_path)
    with a_store(places) as store:
        store.write(an_entry(1))
        with store.database.connect() as connection:
            pages = connection.execute(text("PRAGMA page_count")).scalar_one()
        event.listen(store.database, "begin", lambda link: link.exec_driver_sql(f"PRAGMA max_page_count = {pages}"))
        for number in range(2, 40):
            store.write(an_entry(number, payload=bytes(number) * 20_000))
        assert store.health().away == "OperationalError"
        assert store.health().lost == 0
    with a_store(places) as store:
        wait_for(lambda: store.health().is_well)
        assert len(recorded(store)) == 39


def test_many_threads_at_once_lose_nothing_while_the_database_comes_and_goes(places: Places) -> None:
    told = Told()
    with a_store(places, told=told) as store:

        def write(first: int) -> None:
            for number in range(first, first + 20):
                store.write(an_entry(number))

        threads = [Thread(target=write, args=(100 * each,)) for each in range(8)]
        for thread in threads:
            thread.start()
        with database_away(store):
            Event().wait(0.1)
        for thread in threads:
            thread.join()
        wait_for(lambda: store.health().is_well)
        numbers = [100 * each + number for each in range(8) for number in range(20)]
        assert sorted(recorded(store)) == sorted(decision_id(number) for number in numbers)
        assert verify(store.records, no_anchor, Terms(store.ring, NOON, who_of=who_of)).problems == []


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)  # a file drops no connections
def test_a_server_that_drops_its_connections_is_reached_again(places: Places) -> None:
    with a_store(places) as store:
        store.write(an_entry(1))
        with store.database.connect() as connection:
            connection.execute(
                text(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )
            )
        store.write(an_entry(2))
        wait_for(lambda: store.health().is_well)
        assert sorted(recorded(store)) == [decision_id(1), decision_id(2)]


def test_a_record_that_the_database_never_takes_holds_up_no_other(
    places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = Told()
    write_new = Inserts._write_new

    def refuse_one(self: Inserts, connection: Any, chain: Any, batch: Sequence[Any], at: float) -> None:
        if any(each.row.decision_id == decision_id(2) for each in batch):
            raise ValueError("a value that no column takes")
        write_new(self, connection, chain, batch, at)

    monkeypatch.setattr(Inserts, "_write_new", refuse_one)
    with a_store(places, told=told) as store:
        with database_away(store):
            for number in (1, 2, 3):
                store.write(an_entry(number))
        wait_for(lambda: store.health().is_well)
        assert sorted(recorded(store)) == [decision_id(1), decision_id(3)]
    (name,) = told.about("record refused")
    assert (places.spool / name).stat().st_size > 0
