"""What only shows with more than one worker, or when the database comes back at an awkward moment."""

import sqlite3
from copy import copy, deepcopy
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

import msgspec
import pytest
from sqlalchemy import select

from cds_service.errors import NotKept
from cds_service.store.entries import Sealed, seal_entry
from cds_service.store.feedback import Reported, Reporter, keep_feedback
from cds_service.store.inserting import Inserts
from cds_service.store.store import FILE, Places, Store
from cds_service.store.tables import FEEDBACK
from tests.store.entries import NOON, a_store, an_entry, decision_id, places_in
from tests.store.test_failures import database_away, recorded, wait_for

WARD = Reporter("general", "general", "medication-order-sign")


def an_event(number: int) -> Reported:
    return Reported(str(uuid5(UUID(int=0), str(number))), "overridden", NOON + number)


def forked(store: Store) -> Store:
    """The store as a fork has it: what the master made, and nothing that another worker does to it later."""
    own = copy(store)
    own.feedback = copy(store.feedback)
    own.feedback.chain = deepcopy(store.feedback.chain)
    return own


def test_each_worker_keeps_feedback_in_a_chain_of_its_own(places: Places) -> None:
    """gunicorn forks its workers after the store was opened, and forks another when one has died."""
    with a_store(places) as opened:
        workers = [forked(opened) for _ in range(3)]
        for number, worker in enumerate(workers):
            worker.start()
            keep_feedback(worker, WARD, [an_event(number)])
            keep_feedback(worker, WARD, [an_event(10 + number)])
        with opened.database.connect() as connection:
            assert len(connection.execute(select(FEEDBACK.c.feedback_key)).all()) == 6
        for worker in workers:
            worker.close()


def test_a_record_that_reaches_the_spool_as_the_database_comes_back_does_not_stay_there(
    places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A call that saw the database away may put its record aside after the last look into the spool."""
    write_again = Inserts.write_again
    late: list[Sealed] = []

    def write_while_another_comes(self: Inserts, chain: Any, records: Any, *more: Any) -> None:
        write_again(self, chain, records, *more)
        if not records and late and store.spool is not None:
            store.spool.append([msgspec.msgpack.encode(late.pop())])

    monkeypatch.setattr(Inserts, "write_again", write_while_another_comes)
    with a_store(places) as store:
        late.append(seal_entry(an_entry(2), NOON, store.ring, store.seals))
        with database_away(store):
            store.write(an_entry(1))
        wait_for(lambda: sorted(recorded(store)) == [decision_id(1), decision_id(2)])
        wait_for(lambda: store.health().is_well)


def test_feedback_is_refused_and_not_lost_unsaid_while_another_process_holds_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cds_service.database.WAIT_S", 0)
    places = places_in(tmp_path)
    with a_store(places) as store:
        keep_feedback(store, WARD, [an_event(1)])
        holder = sqlite3.connect(places.home / FILE, isolation_level=None)
        holder.execute("BEGIN EXCLUSIVE")
        with pytest.raises(NotKept):
            keep_feedback(store, WARD, [an_event(2)])
        holder.execute("ROLLBACK")
        holder.close()
        assert keep_feedback(store, WARD, [an_event(2)]).stored == 1
