"""Which decisions feedback came to: what is remembered of a patient is looked for among these only."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

TOLD = """
UPDATE decision SET answered = TRUE WHERE decision_id IN (SELECT decision_id FROM feedback)
"""


def upgrade() -> None:
    op.add_column("decision", sa.Column("answered", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.execute(TOLD)
    op.drop_index("decision_of_patient", "decision")
    op.create_index("decision_of_patient", "decision", ["tenant", "patient_key", "at"])
    op.create_index(
        "decision_answered",
        "decision",
        ["tenant", "patient_key", "at"],
        sqlite_where=sa.text("answered = 1"),
        postgresql_where=sa.text("answered"),
    )


def downgrade() -> None:
    op.drop_index("decision_answered", "decision")
    op.drop_index("decision_of_patient", "decision")
    op.create_index("decision_of_patient", "decision", ["tenant", "patient_key"])
    op.drop_column("decision", "answered")
