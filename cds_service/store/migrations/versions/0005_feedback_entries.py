"""Feedback in a chain. What was kept before is entered as it is now, and covered from here on."""

from hashlib import sha256
from time import time
from uuid import uuid4

import sqlalchemy as sa
from alembic import op

from cds_service.store.chain import begin, feedback_digest, link

revision = "0005"
down_revision = "0004"

BEGUN = """
INSERT INTO chain (writer, began, length, head, checkpointed) VALUES (:writer, :began, :length, :head, 0)
"""


def upgrade() -> None:
    entries = op.create_table(
        "feedback_entry",
        sa.Column("writer", sa.String(36), nullable=False),
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.Column("feedback_key", sa.String(64), nullable=False),
        sa.Column("content_sha256", sa.String(64), nullable=False),
        sa.Column("words_sha256", sa.String(64), nullable=False),
        sa.Column("chain_hash", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("writer", "seq"),
    )
    op.create_index("entry_of_feedback", "feedback_entry", ["feedback_key"])
    enter_known(op.get_bind(), entries)


def enter_known(connection: sa.Connection, entries: sa.Table) -> None:
    known = connection.execute(sa.text("SELECT * FROM feedback ORDER BY received, feedback_key")).mappings()
    rows = [dict(row) for row in known]
    writer, at = str(uuid4()), time()
    head = begin(writer)
    for seq, row in enumerate(rows, 1):
        words = "" if row["comment"] is None else sha256(row["comment"]).hexdigest()
        content = feedback_digest(row, words)
        head = link(head, seq, at, row["feedback_key"], "", content)
        entry = {"writer": writer, "seq": seq, "at": at, "feedback_key": row["feedback_key"], "chain_hash": head}
        connection.execute(entries.insert(), {**entry, "content_sha256": content, "words_sha256": words})
    if rows:
        chain = {"writer": writer, "began": at, "length": len(rows), "head": head}
        connection.execute(sa.text(BEGUN), chain)


def downgrade() -> None:
    op.execute("DELETE FROM chain WHERE writer IN (SELECT writer FROM feedback_entry)")
    op.drop_table("feedback_entry")
