"""Who looked at records in clear, in chains like the records themselves."""

from uuid import uuid4

from sqlalchemy import Engine, insert

from cds_service.store.chain import access_digest, begin, link
from cds_service.store.inserting import writing
from cds_service.store.tables import ACCESSES, CHAINS


def record_access(database: Engine, who: str, what: str, of: str, at: float) -> None:
    """Write that `who` looked (`show`, `export`) at `of`, before it is shown. One access is a chain of its own."""
    writer, access_id = str(uuid4()), str(uuid4())
    head = link(begin(writer), 1, at, access_id, "", access_digest(who, what, of))
    row = {"access_id": access_id, "at": at, "who": who, "what": what, "of": of}
    with writing(database) as connection:
        connection.execute(insert(ACCESSES), {**row, "writer": writer, "seq": 1, "chain_hash": head})
        chain = {"writer": writer, "began": at, "length": 1, "head": head, "checkpointed": 0}
        connection.execute(insert(CHAINS), chain)
