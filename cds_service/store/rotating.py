"""Rotation: data keys wrapped anew, keyed hashes made anew, old keys dropped once nothing needs them."""

from collections.abc import Callable
from pathlib import Path

from sqlalchemy import Engine, func, select, update

from cds_service.errors import CdsError
from cds_service.store.entries import Who, hash_who
from cds_service.store.inserting import writing
from cds_service.store.reading import PAGE, Envelope, Records
from cds_service.store.ring import Ring, drop_old_keys
from cds_service.store.spool import FILE as SPOOL_FILE
from cds_service.store.spool import Spool
from cds_service.store.store import Store
from cds_service.store.tables import DATA_KEYS, DECISIONS, FINDINGS

SETTLED_S = 180.0
"""How long workers may go on with the key before: they look at the ring once a minute."""


class TooEarly(CdsError):
    """A rotation was not long enough ago for every worker to know of it."""


def rewrap(database: Engine, ring: Ring) -> int:
    """Wrap every data key under the current wrap key; how many were under another. Records stay as they are."""
    current = ring.wrap[0].id
    with writing(database) as connection:
        old = connection.execute(select(DATA_KEYS).where(DATA_KEYS.c.wrap_key != current)).all()
        for row in old:
            wrap_key, wrapped = ring.wrap_key(ring.unwrap_key(row.wrap_key, bytes(row.wrapped)))
            again = update(DATA_KEYS).where(DATA_KEYS.c.data_key == row.data_key)
            connection.execute(again.values(wrap_key=wrap_key, wrapped=wrapped))
    return len(old)


def rehash(records: Records, ring: Ring, who_of: Callable[[bytes], Who]) -> int:
    """Write the keyed hashes of every record anew under the current index key; how many were under another.

    `who_of` reads a record's bytes. A record that retention removed keeps its old hashes, which nobody can make again
    once that key is dropped.
    """
    old = DECISIONS.c.index_key != ring.index[0].id
    query = select(DECISIONS).where(old, DECISIONS.c.ciphertext.is_not(None)).limit(PAGE)
    count = 0
    while page := list(records.envelopes(query)):
        for envelope in page:
            rehash_one(records.database, envelope, who_of(records.open(envelope)), ring)
        count += len(page)
    return count


def rehash_one(database: Engine, envelope: Envelope, who: Who, ring: Ring) -> None:
    row = envelope.row
    hashes = hash_who(who, row.tenant, [finding.rule for finding in envelope.findings], ring)
    decision = {"patient_key": hashes.patient_key, "user_key": hashes.user_key, "index_key": ring.index[0].id}
    with writing(database) as connection:
        for finding, subject_key in zip(envelope.findings, hashes.subject_keys, strict=True):
            which = (FINDINGS.c.decision_id == row.decision_id) & (FINDINGS.c.place == finding.place)
            connection.execute(update(FINDINGS).where(which).values(subject_key=subject_key))
        connection.execute(update(DECISIONS).where(DECISIONS.c.decision_id == row.decision_id).values(**decision))


def drop_unneeded(store: Store, kind: str, now: float) -> tuple[str, ...]:
    """Delete the older `wrap` or `index` keys when nothing that is kept needs them; their ids.

    Raises `TooEarly` while a worker may still write with one, or when a row or a record in the spool needs one.
    """
    keys = getattr(store.ring, kind)
    if len(keys) > 1 and now - keys[0].created < SETTLED_S:
        raise TooEarly(
            f"{keys[0].id} was made less than {SETTLED_S:.0f} s ago and workers may still use the key before it; the"
            " rest is done, run this again later to drop the old key"
        )
    if waits(store.places.spool):
        raise TooEarly("records wait in the spool that may need the old key; run this again once they have drained")
    column = {"wrap": DATA_KEYS.c.wrap_key, "index": DECISIONS.c.index_key}[kind]
    needed = select(func.count()).where(column != keys[0].id)
    if kind == "index":
        needed = needed.where(DECISIONS.c.ciphertext.is_not(None))
    with store.database.connect() as connection:
        if connection.execute(needed).scalar_one():
            raise TooEarly(f"rows were written under an older {kind} key meanwhile; run this again")
    return drop_old_keys(store.places.ring, kind)


def waits(folder: Path) -> bool:
    """Whether records wait in the spool of `folder`, if there is one."""
    if not (folder / SPOOL_FILE).exists():
        return False
    spool = Spool(folder)
    try:
        return spool.waiting() > 0
    finally:
        spool.close()
