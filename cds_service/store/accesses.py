"""Who looked at records in clear, in chains like the records themselves."""

from collections.abc import Iterator
from uuid import uuid4

import msgspec
from sqlalchemy import Engine, insert, select

from cds_service.store.chain import access_digest, begin, link
from cds_service.store.inserting import writing
from cds_service.store.tables import ACCESSES, CHAINS


class Access(msgspec.Struct, frozen=True):
    """One look at records: when (epoch seconds), by whom, with which command (`show`, `export`), at what."""

    at: float
    who: str
    what: str
    of: str


def record_access(database: Engine, who: str, what: str, of: str, at: float) -> None:
    """Write that `who` looked (`show`, `export`) at `of`, before it is shown. One access is a chain of its own."""
    writer, access_id = str(uuid4()), str(uuid4())
    head = link(begin(writer), 1, at, access_id, "", access_digest(who, what, of))
    row = {"access_id": access_id, "at": at, "who": who, "what": what, "of": of}
    with writing(database) as connection:
        connection.execute(insert(ACCESSES), {**row, "writer": writer, "seq": 1, "chain_hash": head})
        chain = {"writer": writer, "began": at, "length": 1, "head": head, "checkpointed": 0}
        connection.execute(insert(CHAINS), chain)


def list_accesses(database: Engine, since: float, until: float) -> Iterator[Access]:
    """Every look from `since` to before `until`, the oldest first."""
    columns = (ACCESSES.c.at, ACCESSES.c.who, ACCESSES.c.what, ACCESSES.c.of)
    query = select(*columns).where(ACCESSES.c.at >= since, ACCESSES.c.at < until)
    with database.connect() as connection:
        for row in connection.execute(query.order_by(ACCESSES.c.at, ACCESSES.c.access_id)):
            yield Access(*row)
