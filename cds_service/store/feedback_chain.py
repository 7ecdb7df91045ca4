"""What was kept of feedback, in a chain like the records: one entry for each time an event was written."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from hashlib import sha256
from threading import Lock
from typing import Any

from sqlalchemy import Connection, Engine, insert, update

from cds_service.store.chain import feedback_digest, link
from cds_service.store.inserting import Chain, writing
from cds_service.store.tables import CHAINS, FEEDBACK_ENTRIES


class FeedbackChain:
    """The chain that one process writes. Its threads write one after the other."""

    def __init__(self) -> None:
        self.turn = Lock()
        self.chain = Chain()

    @contextmanager
    def writing(self, database: Engine) -> Iterator[Connection]:
        """A transaction that may `extend` the chain. Whether one that failed was written is not known, so a new chain
        begins then."""
        with self.turn:
            try:
                with writing(database) as connection:
                    yield connection
            except BaseException:
                self.chain = Chain()
                raise

    def extend(self, connection: Connection, rows: Sequence[Mapping[str, Any]], at: float) -> None:
        """Add an entry for each of these rows of `feedback` as they are now."""
        if not rows:
            return
        chain = self.chain
        if chain.length == 0:
            start = {"writer": chain.writer, "began": at, "length": 0, "head": chain.head, "checkpointed": 0}
            connection.execute(insert(CHAINS), start)
        entries = []
        for row in rows:
            words = words_digest(row["comment"])
            content = feedback_digest(row, words)
            chain.length += 1
            chain.head = link(chain.head, chain.length, at, row["feedback_key"], "", content)
            place = {"writer": chain.writer, "seq": chain.length, "chain_hash": chain.head}
            key = {"feedback_key": row["feedback_key"], "at": at}
            entries.append({**key, "content_sha256": content, "words_sha256": words, **place})
        connection.execute(insert(FEEDBACK_ENTRIES), entries)
        moved = update(CHAINS).where(CHAINS.c.writer == chain.writer)
        connection.execute(moved.values(length=chain.length, head=chain.head))


def words_digest(comment: bytes | None) -> str:
    """The digest of an encrypted comment; empty where there is none."""
    return "" if comment is None else sha256(comment).hexdigest()
