"""Is the feedback what was written? Each event is held to the newest entry of its chain."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Engine, Row, Select, func, select

from cds_service.store.chain import feedback_digest
from cds_service.store.feedback_chain import words_digest
from cds_service.store.raw import find_odd, raw_columns
from cds_service.store.tables import DATA_KEYS, FEEDBACK, FEEDBACK_ENTRIES

E = FEEDBACK_ENTRIES.c
AT_ONCE = 1000
IS_NEWEST = func.row_number().over(partition_by=E.feedback_key, order_by=(E.at.desc(), E.seq.desc())) == 1
KEPT = "kept_"
ENTRIES: Select[Any] = (
    select(
        *raw_columns(FEEDBACK_ENTRIES),
        *(IS_NEWEST.label("is_newest"), DATA_KEYS.c.data_key.label("known_key")),
        *raw_columns(FEEDBACK, KEPT),
    )
    .join(FEEDBACK, FEEDBACK.c.feedback_key == E.feedback_key, isouter=True)
    .join(DATA_KEYS, DATA_KEYS.c.data_key == FEEDBACK.c.data_key, isouter=True)
    .order_by(E.writer, E.seq)
)
WITHOUT_ENTRY = (
    select(FEEDBACK.c.feedback_key)
    .join(FEEDBACK_ENTRIES, E.feedback_key == FEEDBACK.c.feedback_key, isouter=True)
    .where(E.writer.is_(None))
    .order_by(FEEDBACK.c.feedback_key)
)


def feedback_entries(database: Engine, keep_from: float | None) -> Iterator[tuple[Row[Any], tuple[str, ...]]]:
    """The entries, chain by chain, each with what is wrong with the event it is about. What people typed is removed
    after a while where `keep_from` says so (epoch seconds)."""
    with database.connect() as connection:
        for row in connection.execute(ENTRIES, execution_options={"yield_per": AT_ONCE}):
            odd = find_odd(FEEDBACK_ENTRIES, row._mapping)
            yield row, odd or (tuple(find_changes(row, keep_from)) if row.is_newest else ())


def find_changes(entry: Row[Any], keep_from: float | None) -> Iterator[str]:
    if entry.kept_feedback_key is None:
        yield "it was deleted"
        return
    if odd := find_odd(FEEDBACK, entry._mapping, KEPT):
        yield from odd
        return
    kept = {column.name: getattr(entry, f"{KEPT}{column.name}") for column in FEEDBACK.c}
    if feedback_digest(kept, entry.words_sha256) != entry.content_sha256:
        yield "it was changed"
    elif kept["comment"] is not None and words_digest(bytes(kept["comment"])) != entry.words_sha256:
        yield "what was typed was changed"
    elif kept["comment"] is not None and entry.known_key is None:
        yield "the key of what was typed was changed, or is gone"
    elif kept["comment"] is None and entry.words_sha256 and (keep_from is None or kept["received"] >= keep_from):
        yield "what was typed was removed before its time"


def find_added(database: Engine) -> list[str]:
    """The keys of events that no chain knows."""
    with database.connect() as connection:
        return list(connection.execute(WITHOUT_ENTRY).scalars())
