"""Are the releases and the log of what was in force what was written? Each is held to its newest entry."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Engine, Row, Table, select

from cds_service.store.audit import Link
from cds_service.store.raw import find_odd, raw_columns
from cds_service.store.release_log import ACTIVATION, NAMED_BY, RELEASE, WRITER, row_digest
from cds_service.store.tables import ACTIVATIONS, RELEASE_ENTRIES, RELEASES

TABLES: dict[str, Table] = {RELEASE: RELEASES, ACTIVATION: ACTIVATIONS}
Kept = dict[tuple[str, str], Row[Any]]
AS_OF_ONE_MOMENT = {"sqlite": "BEGIN", "postgresql": "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"}
"""A release may be put in force between two questions."""


def release_links(database: Engine, added: list[str]) -> Iterator[Link]:
    """The entries in order, each with what is wrong with the row it is about. `added` takes the rows without one."""
    with database.connect() as connection:
        connection.exec_driver_sql(AS_OF_ONE_MOMENT[database.dialect.name])
        entries = connection.execute(select(*raw_columns(RELEASE_ENTRIES)).order_by(RELEASE_ENTRIES.c.seq)).all()
        kept: Kept = {}
        for kind, table in TABLES.items():
            for row in connection.execute(select(*raw_columns(table))):
                kept[kind, str(row._mapping[NAMED_BY[kind]])] = row
    newest = {(entry.kind, entry.about): entry.seq for entry in entries}
    added += [f"{kind} {name}: no chain knows it: it was added" for kind, name in sorted(kept.keys() - newest.keys())]
    for entry in entries:
        which = (entry.kind, entry.about)
        wrong = find_odd(RELEASE_ENTRIES, entry._mapping)
        if not wrong and newest[which] == entry.seq:
            wrong = tuple(find_changes(entry, kept.get(which)))
        place = (WRITER, entry.seq, entry.at, entry.about, "", entry.content_sha256, entry.chain_hash)
        yield Link(*place, wrong, str(entry.kind))


def find_changes(entry: Row[Any], kept: Row[Any] | None) -> Iterator[str]:
    if kept is None:
        yield "it was deleted"
    elif odd := find_odd(TABLES[entry.kind], kept._mapping):
        yield from odd
    elif row_digest(entry.kind, kept._mapping) != entry.content_sha256:
        yield "it was changed"
