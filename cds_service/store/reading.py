"""What was recorded, read back."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import starmap
from operator import itemgetter
from typing import Any

from msgspec.structs import replace
from sqlalchemy import Connection, Engine, Select, select
from sqlalchemy import Row as FoundRow

from cds_service.errors import CdsError
from cds_service.store.entries import FindingRow, Row, bind
from cds_service.store.raw import find_odd, raw_columns
from cds_service.store.sealing import Seals, Unopened, WrappedKey
from cds_service.store.tables import DATA_KEYS, DECISIONS, FINDINGS
from cds_service.store.tenants import is_of

PAGE = 200


def taker_of(*names: str) -> Callable[[FoundRow[Any]], tuple[Any, ...]]:
    """What takes these columns out of a row of `decision`."""
    columns = [column.name for column in DECISIONS.columns]
    return itemgetter(*map(columns.index, names))


take_row = taker_of(*Row.__struct_fields__)
take_place = taker_of("repeat", "writer", "seq", "chain_hash")


@dataclass(unsafe_hash=True)
class NoSuchRecord(CdsError):
    """There is no record of this decision, or retention has removed what was in it."""

    decision_id: str
    why: str

    def __str__(self) -> str:
        return f"decision {self.decision_id}: {self.why}"


@dataclass(frozen=True, slots=True)
class Envelope:
    """What stands in clear of one decision (`store.tables.DECISIONS`), and its findings that fired."""

    row: Row
    repeat: bool
    writer: str
    seq: int
    chain_hash: str
    findings: tuple[FindingRow, ...]

    @property
    def is_removed(self) -> bool:
        """Whether retention has removed the record itself."""
        return not self.row.ciphertext


class Records:
    """Reads records of `database` and opens them with `seals`."""

    def __init__(self, database: Engine, seals: Seals) -> None:
        self.database = database
        self.seals = seals
        self.keys: dict[str, WrappedKey] = {}

    def envelope(self, decision_id: str) -> Envelope:
        """Raises `NoSuchRecord`."""
        found = next(self.envelopes(select(DECISIONS).where(DECISIONS.c.decision_id == decision_id)), None)
        if found is None:
            raise NoSuchRecord(decision_id, "there is no record of it")
        return found

    def since(self, since: float, until: float | None = None, tenant: str | None = None) -> Iterator[Envelope]:
        """The decisions recorded from `since` to before `until` (epoch seconds), oldest first."""
        query = select(DECISIONS).where(DECISIONS.c.at >= since).order_by(DECISIONS.c.at, DECISIONS.c.decision_id)
        if until is not None:
            query = query.where(DECISIONS.c.at < until)
        if tenant is not None:
            query = query.where(is_of(DECISIONS.c.tenant, tenant))
        return self.envelopes(query)

    def envelopes(self, query: Select[tuple[object, ...]]) -> Iterator[Envelope]:
        """The envelopes that a query over the columns of `decision` finds."""
        with self.database.connect() as connection:
            for page in connection.execute(query, execution_options={"yield_per": PAGE}).partitions():
                findings = read_findings(connection, [row.decision_id for row in page])
                for row in page:
                    yield as_envelope(row, findings.get(row.decision_id, ()))

    def open(self, envelope: Envelope) -> bytes:
        """The record's canonical bytes. Raises `NoSuchRecord` when retention removed them, `Unopened` when any part of
        the record was changed."""
        row = envelope.row
        if envelope.is_removed:
            raise NoSuchRecord(row.decision_id, "it is older than records are kept")
        key = self._key(row.data_key)
        if key is None:
            raise NoSuchRecord(row.decision_id, f"its data key {row.data_key} is not in the database")
        try:
            return self.seals.open(key, row.ciphertext, bind(row, envelope.findings))
        except (Unopened, TypeError, ValueError):  # a column may hold what it was not made for
            raise Unopened(f"decision {row.decision_id}") from None

    def _key(self, data_key: str) -> WrappedKey | None:
        if data_key not in self.keys:
            with self.database.connect() as connection:
                query = select(*raw_columns(DATA_KEYS)).where(DATA_KEYS.c.data_key == data_key)
                found = connection.execute(query).first()
            if found is None or find_odd(DATA_KEYS, found._mapping):
                return None
            self.keys[data_key] = WrappedKey(found.data_key, found.wrap_key, found.wrapped)
        return self.keys[data_key]


def read_findings(connection: Connection, ids: list[str]) -> dict[str, tuple[FindingRow, ...]]:
    """The findings of these decisions, each decision's in order."""
    columns = [FINDINGS.c[name] for name in FindingRow.__struct_fields__]
    query = select(*columns).where(FINDINGS.c.decision_id.in_(ids)).order_by(FINDINGS.c.decision_id, FINDINGS.c.place)
    found: dict[str, list[FindingRow]] = {}
    for row in starmap(FindingRow, connection.execute(query)):
        found.setdefault(row.decision_id, []).append(row)
    return {id: tuple(rows) for id, rows in found.items()}


def as_envelope(found: FoundRow[tuple[object, ...]], findings: tuple[FindingRow, ...]) -> Envelope:
    row = Row(*take_row(found))
    if row.ciphertext is None:  # removed by retention
        row = replace(row, ciphertext=b"")
    repeat, writer, seq, chain_hash = take_place(found)
    return Envelope(row, repeat, writer, seq, chain_hash, findings)
