"""How many orders each call was about: what alerts are counted by."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.add_column("decision", sa.Column("orders", sa.Integer()))


def downgrade() -> None:
    op.drop_column("decision", "orders")
