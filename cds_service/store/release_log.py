"""What was done with releases, in one chain: each time one was kept or approved, and each time one was put in force."""

from collections.abc import Mapping
from hashlib import sha256
from typing import Any

import msgspec
from sqlalchemy import Connection, insert, select, text, update

from cds_service.store.chain import begin, link
from cds_service.store.tables import CHAINS, RELEASE_ENTRIES

WRITER = "releases"
RELEASE, ACTIVATION = "release", "activation"
NAMED_BY = {RELEASE: "digest", ACTIVATION: "number"}
TOLD = {
    RELEASE: (
        *("digest", "made", "base", "content", "overlay", "why", "author"),
        *("state", "approver", "approved", "signed_by", "signature"),
    ),
    ACTIVATION: ("number", "at", "control", "candidate", "percent", "salt", "who", "why", "signed_by", "signature"),
}
"""What the chain covers of a row."""
TIMES = {"made", "approved", "at"}
ONE_AT_A_TIME = text("LOCK TABLE release_entry IN EXCLUSIVE MODE")
"""All processes write this chain. Reading goes on."""


def row_digest(kind: str, row: Mapping[Any, Any]) -> str:
    """What the chain covers of a row of `release` or `activation`.

    SQLite hands back a whole number of seconds as it was written or as a float, so times are made floats first.
    """
    return sha256(msgspec.json.encode([kind, *(plain(name, row[name]) for name in TOLD[kind])])).hexdigest()


def plain(name: str, value: Any) -> Any:
    if isinstance(value, bytes):
        return sha256(value).hexdigest()
    return float(value) if name in TIMES and value is not None else value


def enter(connection: Connection, kind: str, row: Mapping[Any, Any], at: float) -> None:
    """Add an entry for a row as it is now, in the transaction that wrote it."""
    if connection.dialect.name == "postgresql":
        connection.execute(ONE_AT_A_TIME)
    newest = select(RELEASE_ENTRIES.c.seq, RELEASE_ENTRIES.c.chain_hash).order_by(RELEASE_ENTRIES.c.seq.desc()).limit(1)
    last = connection.execute(newest).first()
    seq, before = (1, begin(WRITER)) if last is None else (last.seq + 1, last.chain_hash)
    about, content = str(row[NAMED_BY[kind]]), row_digest(kind, row)
    head = link(before, seq, at, about, "", content)
    entry = {"seq": seq, "at": at, "kind": kind, "about": about, "content_sha256": content, "chain_hash": head}
    connection.execute(insert(RELEASE_ENTRIES), entry)
    moved = update(CHAINS).where(CHAINS.c.writer == WRITER).values(length=seq, head=head)
    if connection.execute(moved).rowcount == 0:
        start = {"writer": WRITER, "began": at, "length": seq, "head": head, "checkpointed": 0}
        connection.execute(insert(CHAINS), start)
