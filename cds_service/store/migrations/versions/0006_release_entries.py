"""Releases and activations in a chain, and approvals signed. What was kept before is entered as it is now, and covered
from here on; an approval from before has no signature."""

from time import time

import sqlalchemy as sa
from alembic import op

from cds_service.store.release_log import ACTIVATION, RELEASE, enter

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.add_column("release", sa.Column("signed_by", sa.String(40), nullable=False, server_default=""))
    op.add_column("release", sa.Column("signature", sa.String(200), nullable=False, server_default=""))
    op.create_table(
        "release_entry",
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.Column("kind", sa.String(200), nullable=False),
        sa.Column("about", sa.String(64), nullable=False),
        sa.Column("content_sha256", sa.String(64), nullable=False),
        sa.Column("chain_hash", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("seq"),
    )
    connection, at = op.get_bind(), time()
    for kind, query in (
        (RELEASE, "SELECT * FROM release ORDER BY made, digest"),
        (ACTIVATION, "SELECT * FROM activation ORDER BY number"),
    ):
        for row in connection.execute(sa.text(query)).mappings().all():
            enter(connection, kind, row, at)


def downgrade() -> None:
    op.execute("DELETE FROM chain WHERE writer = 'releases'")
    op.drop_table("release_entry")
    op.drop_column("release", "signature")
    op.drop_column("release", "signed_by")
