"""Signed checkpoints: how long each chain is and its last hash, so that nobody can shorten or rewrite it unseen.

A checkpoint names the chains that grew since the one before, holds the digest of that one, and is worth as much as the
place it goes to (`anchors`) is out of reach of whoever could change the database.
"""

from collections.abc import Callable
from hashlib import sha256

import msgspec
from sqlalchemy import Connection, Engine, insert, select, text, update

from cds_service.store.inserting import writing
from cds_service.store.ring import Ring
from cds_service.store.tables import CHAINS, CHECKPOINTS

FIRST = ""
"""What the first checkpoint has in place of a digest."""


ONE_AT_A_TIME = text("LOCK TABLE checkpoint IN EXCLUSIVE MODE")
"""Workers may sign at the same moment, and numbers are given once. Reading goes on."""


class Checkpoint(msgspec.Struct, frozen=True):
    """`chains` gives length and last hash by writer; `before` is the digest of the line before; `at` is in epoch
    seconds."""

    number: int
    at: float
    before: str
    chains: dict[str, tuple[int, str]]
    signed_by: str = ""
    signature: str = ""


ENCODER = msgspec.json.Encoder(order="deterministic")
DECODER = msgspec.json.Decoder(Checkpoint)


def sign_checkpoint(checkpoint: Checkpoint, ring: Ring) -> str:
    """The line that goes to the anchor."""
    signed_by, signature = ring.sign_text(signed_part(checkpoint))
    return ENCODER.encode(msgspec.structs.replace(checkpoint, signed_by=signed_by, signature=signature)).decode()


def signed_part(checkpoint: Checkpoint) -> bytes:
    return ENCODER.encode(msgspec.structs.replace(checkpoint, signed_by="", signature=""))


def is_genuine(checkpoint: Checkpoint, ring: Ring) -> bool:
    """Whether a key of this ring signed the checkpoint as it is."""
    return ring.is_signed(signed_part(checkpoint), checkpoint.signed_by, checkpoint.signature)


def read_line(line: str) -> Checkpoint | None:
    """The checkpoint of a line; what stands before it, as syslog writes, does not count. None if there is none."""
    start = line.find("{")
    if start < 0:
        return None
    try:
        return DECODER.decode(line[start:].strip())
    except msgspec.DecodeError:
        return None


def line_digest(line: str) -> str:
    return sha256(line.encode()).hexdigest()


def make_checkpoint(database: Engine, ring: Ring, at: float) -> bool:
    """Sign what the chains are now, if any grew; whether there was anything to sign."""
    with writing(database) as connection:
        if database.dialect.name == "postgresql":
            connection.execute(ONE_AT_A_TIME)
        grown = connection.execute(
            select(CHAINS.c.writer, CHAINS.c.length, CHAINS.c.head).where(CHAINS.c.length != CHAINS.c.checkpointed)
        ).all()
        if not grown:
            return False
        number, before = find_last(connection)
        chains = {writer: (length, head) for writer, length, head in grown}
        line = sign_checkpoint(Checkpoint(number + 1, at, before, chains), ring)
        row = {"number": number + 1, "at": at, "line": line, "anchored": False}
        connection.execute(insert(CHECKPOINTS), row)
        for writer, length, _ in grown:
            connection.execute(update(CHAINS).where(CHAINS.c.writer == writer).values(checkpointed=length))
    return True


def find_last(connection: Connection) -> tuple[int, str]:
    """Number and digest of the last checkpoint."""
    newest = select(CHECKPOINTS.c.number, CHECKPOINTS.c.line).order_by(CHECKPOINTS.c.number.desc()).limit(1)
    last = connection.execute(newest).first()
    return (0, FIRST) if last is None else (last.number, line_digest(last.line))


def deliver(database: Engine, anchor: Callable[[str], None]) -> None:
    """Hand the checkpoints that the anchor has not taken yet to it, oldest first. Raises what the anchor raises."""
    waiting = (
        select(CHECKPOINTS.c.number, CHECKPOINTS.c.line)
        .where(CHECKPOINTS.c.anchored.is_(False))
        .order_by(CHECKPOINTS.c.number)
    )
    with database.connect() as connection:
        lines = connection.execute(waiting).all()
    for number, line in lines:
        anchor(line)
        with writing(database) as connection:
            connection.execute(update(CHECKPOINTS).where(CHECKPOINTS.c.number == number).values(anchored=True))
