"""One transaction that writes a batch of records and moves the chain on."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from fcntl import LOCK_EX, LOCK_UN, flock
from os import O_CREAT, O_RDWR, close
from os import open as open_file
from typing import Any
from uuid import uuid4

from msgspec.structs import asdict
from sqlalchemy import Connection, Engine, bindparam, insert, select, update

from cds_service.database import insert_into
from cds_service.store.chain import begin, link
from cds_service.store.entries import Sealed
from cds_service.store.tables import CHAINS, DATA_KEYS, DECISIONS, FINDINGS, LOST

REPEATED_WITHIN_S = 60
INSERT_DECISIONS = insert(DECISIONS)
INSERT_FINDINGS = insert(FINDINGS)
MOVE_ON = (
    update(CHAINS)
    .where(CHAINS.c.writer == bindparam("which"))
    .values(length=bindparam("now_long"), head=bindparam("now_head"))
)


@dataclass(slots=True)
class Chain:
    """A chain that this process writes. After any error its state in the database is not known: begin another."""

    writer: str = field(default_factory=lambda: str(uuid4()))
    length: int = 0
    head: str = ""
    stored_keys: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.head = begin(self.writer)


class Inserts:
    """Writes batches of records to `database`, each in one transaction."""

    def __init__(self, database: Engine) -> None:
        self.database = database
        self.insert_key = insert_into(DATA_KEYS, database).on_conflict_do_nothing()
        self.insert_lost = insert_into(LOST, database).on_conflict_do_nothing()

    def write(self, chain: Chain, batch: Sequence[Sealed], at: float, lost: Iterable[tuple[str, float]] = ()) -> None:
        """Write what is not there yet; all of it or nothing. Raises SQLAlchemy's errors; then give up `chain`."""
        with writing(self.database) as connection:
            new = leave_out_known(connection, batch)
            if new:
                self._write_new(connection, chain, new, at)
            rows = [{"decision_id": id, "at": when} for id, when in lost]
            if rows:
                connection.execute(self.insert_lost, rows)

    def _write_new(self, connection: Connection, chain: Chain, batch: Sequence[Sealed], at: float) -> None:
        keys = {each.key.data_key: each.key for each in batch if each.key.data_key not in chain.stored_keys}
        if keys:
            connection.execute(self.insert_key, [asdict(key) for key in keys.values()])
        if chain.length == 0:
            start = {"writer": chain.writer, "began": at, "length": 0, "head": chain.head, "checkpointed": 0}
            connection.execute(insert(CHAINS), start)
        repeated = find_repeats(connection, batch)
        length, head = chain.length, chain.head
        rows: list[dict[str, Any]] = []
        for each in batch:
            row = each.row
            length += 1
            head = link(head, length, row.at, row.decision_id, row.release_digest, row.ciphertext_sha256)
            place = {"writer": chain.writer, "seq": length, "chain_hash": head}
            rows.append({**asdict(row), **place, "repeat": row.decision_id in repeated})
        connection.execute(INSERT_DECISIONS, rows)
        if findings := [asdict(finding) for each in batch for finding in each.findings]:
            connection.execute(INSERT_FINDINGS, findings)
        connection.execute(MOVE_ON, {"which": chain.writer, "now_long": length, "now_head": head})
        chain.length, chain.head = length, head
        chain.stored_keys |= keys.keys()


@contextmanager
def writing(database: Engine) -> Iterator[Connection]:
    """A transaction that writes.

    SQLite lets one process write at a time and makes the others look again now and then, up to a tenth of a second
    later; a lock on a file beside the database lets them in one after the other at once.
    """
    path = database.url.database
    if database.dialect.name != "sqlite" or path is None:
        with database.begin() as connection:
            yield connection
        return
    turn = open_file(f"{path}-turn", O_RDWR | O_CREAT, 0o600)
    try:
        flock(turn, LOCK_EX)
        with database.begin() as connection:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
            yield connection
    finally:
        flock(turn, LOCK_UN)
        close(turn)


def leave_out_known(connection: Connection, batch: Sequence[Sealed]) -> list[Sealed]:
    """A record may come again: from the spool, when it was not known whether the database had taken it."""
    ids = [each.row.decision_id for each in batch]
    known = set(connection.execute(select(DECISIONS.c.decision_id).where(DECISIONS.c.decision_id.in_(ids))).scalars())
    fresh: dict[str, Sealed] = {}
    for each in batch:
        if each.row.decision_id not in known:
            fresh.setdefault(each.row.decision_id, each)
    return list(fresh.values())


def find_repeats(connection: Connection, batch: Sequence[Sealed]) -> set[str]:
    """The decisions of this batch on a call that came before, less than a minute earlier (DESIGN 6)."""
    keys = {each.row.call_key for each in batch}
    since = min(each.row.at for each in batch) - REPEATED_WITHIN_S
    query = select(DECISIONS.c.call_key, DECISIONS.c.at).where(DECISIONS.c.call_key.in_(keys), DECISIONS.c.at >= since)
    before: dict[str, list[float]] = {}
    for key, at in connection.execute(query):
        before.setdefault(key, []).append(at)
    repeated = set()
    for each in batch:
        row = each.row
        times = before.setdefault(row.call_key, [])
        if any(0 <= row.at - at <= REPEATED_WITHIN_S for at in times):
            repeated.add(row.decision_id)
        times.append(row.at)
    return repeated
