"""One transaction that writes a batch of records and moves the chain on."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from fcntl import LOCK_EX, LOCK_UN, flock
from os import O_CREAT, O_RDWR, close
from os import open as open_file
from typing import Any
from uuid import uuid4

from msgspec.structs import asdict
from sqlalchemy import Connection, Engine, Row, bindparam, exists, insert, select, update
from sqlalchemy.sql import ClauseElement

from cds_service.database import insert_into
from cds_service.store.chain import begin, link
from cds_service.store.entries import Sealed
from cds_service.store.tables import CARDS, CHAINS, DATA_KEYS, DECISIONS, FINDINGS, LOST

REPEATED_WITHIN_S = 60
BEFORE = DECISIONS.alias("before")
WAS_THERE = exists().where(
    BEFORE.c.call_key == bindparam("call_key"),
    BEFORE.c.at.between(bindparam("since"), bindparam("at")),
)
INSERT_DECISION = insert(DECISIONS).values(
    {
        **{name: bindparam(name) for name in DECISIONS.c.keys()},  # noqa: SIM118  # a column collection
        "repeat": WAS_THERE,
        "answered": False,
    }
)
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


class Written:
    """A statement as its database reads it. To have SQLAlchemy do this anew for each record costs more than the
    record."""

    def __init__(self, statement: ClauseElement, database: Engine) -> None:
        compiled = statement.compile(dialect=database.dialect)
        self.text = str(compiled)
        self.order = getattr(compiled, "positiontup", None)
        self.constants = {name: value for name, value in compiled.params.items() if value is not None}

    def values(self, row: Mapping[str, Any]) -> Any:
        """What the driver is given beside the text."""
        named = {**self.constants, **row}
        return named if self.order is None else tuple(named[name] for name in self.order)

    def run(self, cursor: Any, rows: Sequence[Mapping[str, Any]]) -> None:
        """Run it for each of `rows`. Raises the errors of the database's driver."""
        cursor.executemany(self.text, [self.values(row) for row in rows])

    def ask(self, connection: Connection, row: Mapping[str, Any]) -> Sequence[Row[Any]]:
        """The answer to a question. Raises the errors of SQLAlchemy."""
        return connection.exec_driver_sql(self.text, self.values(row)).all()


class Inserts:
    """Writes batches of records to `database`, each in one transaction, all from one thread."""

    def __init__(self, database: Engine) -> None:
        self.database = database
        self.connection: Connection | None = None
        driver = database.dialect.loaded_dbapi
        self.refusals = (driver.DataError, driver.IntegrityError, ValueError, TypeError)
        """Errors of a record, not of the database."""
        self.insert_key = Written(insert_into(DATA_KEYS, database).on_conflict_do_nothing(), database)
        self.insert_chain = Written(insert(CHAINS), database)
        self.insert_decision = Written(INSERT_DECISION, database)
        self.insert_finding = Written(insert(FINDINGS), database)
        self.insert_card = Written(insert(CARDS), database)
        self.move_on = Written(MOVE_ON, database)
        self.insert_lost = insert_into(LOST, database).on_conflict_do_nothing()

    def write(self, chain: Chain, batch: Sequence[Sealed], at: float) -> None:
        """Write records that are new; all of them or none. Raises what the database raises; then give up `chain`."""
        with self._writing() as connection:
            self._write_new(connection, chain, batch, at)

    def write_again(
        self, chain: Chain, batch: Sequence[Sealed], at: float, lost: Iterable[tuple[str, float]] = ()
    ) -> None:
        """As `write`, of records that may be there already, and of the ids of those that were lost."""
        with self._writing() as connection:
            if new := leave_out_known(connection, batch):
                self._write_new(connection, chain, new, at)
            if rows := [{"decision_id": id, "at": when} for id, when in lost]:
                connection.execute(self.insert_lost, rows)

    def close(self) -> None:
        """Give the connection back."""
        if self.connection is not None:
            self.connection.close()
            self.connection = None

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        """A transaction on a connection that stays open for the next, unless there was an error: to take one from the
        pool and to give it back costs as much as what is written."""
        connection, self.connection = self.connection or self.database.connect(), None
        try:
            with turn_to_write(self.database), beginning(connection):
                yield connection
        except BaseException:
            connection.close()
            raise
        self.connection = connection

    def _write_new(self, connection: Connection, chain: Chain, batch: Sequence[Sealed], at: float) -> None:
        cursor = connection.connection.cursor()
        keys = {each.key.data_key: each.key for each in batch if each.key.data_key not in chain.stored_keys}
        if keys:
            self.insert_key.run(cursor, [asdict(key) for key in keys.values()])
        if chain.length == 0:
            start = {"writer": chain.writer, "began": at, "length": 0, "head": chain.head, "checkpointed": 0}
            self.insert_chain.run(cursor, [start])
        length, head = chain.length, chain.head
        rows: list[dict[str, Any]] = []
        for each in batch:
            row = each.row
            length += 1
            head = link(head, length, row.at, row.decision_id, row.release_digest, row.ciphertext_sha256)
            place = {"writer": chain.writer, "seq": length, "chain_hash": head}
            rows.append({**asdict(row), **place, "since": row.at - REPEATED_WITHIN_S})
        self.insert_decision.run(cursor, rows)
        if findings := [asdict(finding) for each in batch for finding in each.findings]:
            self.insert_finding.run(cursor, findings)
        if cards := [asdict(card) for each in batch for card in each.cards]:
            self.insert_card.run(cursor, cards)
        self.move_on.run(cursor, [{"which": chain.writer, "now_long": length, "now_head": head}])
        cursor.close()
        chain.length, chain.head = length, head
        chain.stored_keys |= keys.keys()


@contextmanager
def writing(database: Engine) -> Iterator[Connection]:
    """A transaction that writes."""
    with turn_to_write(database), database.connect() as connection, beginning(connection):
        yield connection


@contextmanager
def turn_to_write(database: Engine) -> Iterator[None]:
    """SQLite lets one process write at a time and makes the others look again now and then, up to a tenth of a second
    later; a lock on a file beside the database lets them in one after the other at once."""
    path = database.url.database
    if database.dialect.name != "sqlite" or path is None:
        yield
        return
    turn = open_file(f"{path}-turn", O_RDWR | O_CREAT, 0o600)
    try:
        flock(turn, LOCK_EX)
        yield
    finally:
        flock(turn, LOCK_UN)
        close(turn)


@contextmanager
def beginning(connection: Connection) -> Iterator[None]:
    """A transaction that ends with the block; on SQLite one that may write from its first statement on."""
    with connection.begin():
        if connection.dialect.name == "sqlite":
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        yield


def leave_out_known(connection: Connection, batch: Sequence[Sealed]) -> list[Sealed]:
    """A record may come again: from the spool, when it was not known whether the database had taken it."""
    ids = [each.row.decision_id for each in batch]
    known = set(connection.execute(select(DECISIONS.c.decision_id).where(DECISIONS.c.decision_id.in_(ids))).scalars())
    fresh: dict[str, Sealed] = {}
    for each in batch:
        if each.row.decision_id not in known:
            fresh.setdefault(each.row.decision_id, each)
    return list(fresh.values())
