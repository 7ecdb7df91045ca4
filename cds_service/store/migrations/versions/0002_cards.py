"""Every card with its decision: those of models and of what was not checked have no finding."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

KNOWN = """
INSERT INTO card (card, decision_id, topic)
SELECT card, MIN(decision_id), MIN(rule) FROM finding WHERE card IS NOT NULL GROUP BY card
"""


def upgrade() -> None:
    op.create_table(
        "card",
        sa.Column("card", sa.String(36), nullable=False),
        sa.Column("decision_id", sa.String(36), nullable=False),
        sa.Column("topic", sa.String(200), nullable=False),
        sa.PrimaryKeyConstraint("card"),
    )
    op.create_index("card_of_decision", "card", ["decision_id"])
    op.execute(KNOWN)


def downgrade() -> None:
    op.drop_table("card")
