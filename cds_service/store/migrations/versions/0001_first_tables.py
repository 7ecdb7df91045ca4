"""The first tables."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    create_decision()
    create_finding()
    create_feedback()
    create_release()
    create_activation()
    create_data_key()
    create_chain()
    create_access()
    create_checkpoint()
    create_lost()


def create_decision() -> None:
    op.create_table(
        "decision",
        sa.Column("decision_id", sa.String(36), nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.Column("tenant", sa.String(200), nullable=False),
        sa.Column("client", sa.String(200), nullable=False),
        sa.Column("service", sa.String(200), nullable=False),
        sa.Column("hook", sa.String(200), nullable=False),
        sa.Column("role", sa.String(200), nullable=False),
        sa.Column("release_digest", sa.String(64), nullable=False),
        sa.Column("code_version", sa.String(200), nullable=False),
        sa.Column("arm", sa.String(200), nullable=False),
        sa.Column("patient_key", sa.String(64), nullable=False),
        sa.Column("user_key", sa.String(64)),
        sa.Column("call_key", sa.String(64), nullable=False),
        sa.Column("index_key", sa.String(40), nullable=False),
        sa.Column("repeat", sa.Boolean(), nullable=False),
        sa.Column("cards", sa.Integer(), nullable=False),
        sa.Column("reached", sa.LargeBinary(), nullable=False),
        sa.Column("data_key", sa.String(40), nullable=False),
        sa.Column("ciphertext", sa.LargeBinary()),
        sa.Column("ciphertext_sha256", sa.String(64), nullable=False),
        sa.Column("writer", sa.String(36), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("chain_hash", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("decision_id"),
    )
    op.create_index("decision_in_chain", "decision", ["writer", "seq"], unique=True)
    op.create_index("decision_in_time", "decision", ["at"])
    op.create_index("decision_of_call", "decision", ["call_key", "at"])
    op.create_index("decision_of_patient", "decision", ["tenant", "patient_key"])


def create_finding() -> None:
    op.create_table(
        "finding",
        sa.Column("decision_id", sa.String(36), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("rule", sa.String(200), nullable=False),
        sa.Column("version", sa.String(200), nullable=False),
        sa.Column("severity", sa.String(200), nullable=False),
        sa.Column("indicator", sa.String(200), nullable=False),
        sa.Column("grade", sa.Integer()),
        sa.Column("outcome", sa.String(200), nullable=False),
        sa.Column("reason", sa.String(200), nullable=False),
        sa.Column("card", sa.String(36)),
        sa.Column("subject_key", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("decision_id", "place"),
    )
    op.create_index("finding_of_card", "finding", ["card"])
    op.create_index("finding_of_rule", "finding", ["rule"])


def create_feedback() -> None:
    op.create_table(
        "feedback",
        sa.Column("feedback_key", sa.String(64), nullable=False),
        sa.Column("received", sa.Double(), nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.Column("tenant", sa.String(200), nullable=False),
        sa.Column("client", sa.String(200), nullable=False),
        sa.Column("service", sa.String(200), nullable=False),
        sa.Column("card", sa.String(64), nullable=False),
        sa.Column("decision_id", sa.String(36)),
        sa.Column("outcome", sa.String(200), nullable=False),
        sa.Column("accepted", sa.Text(), nullable=False),
        sa.Column("reason_code", sa.String(200), nullable=False),
        sa.Column("reason_system", sa.String(200), nullable=False),
        sa.Column("data_key", sa.String(40)),
        sa.Column("comment", sa.LargeBinary()),
        sa.PrimaryKeyConstraint("feedback_key"),
    )
    op.create_index("feedback_in_time", "feedback", ["received"])
    op.create_index("feedback_of_card", "feedback", ["card"])
    op.create_index("feedback_of_decision", "feedback", ["decision_id"])


def create_release() -> None:
    op.create_table(
        "release",
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("made", sa.Double(), nullable=False),
        sa.Column("base", sa.String(64)),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("overlay", sa.Text(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("author", sa.String(200), nullable=False),
        sa.Column("approver", sa.String(200)),
        sa.Column("approved", sa.Double()),
        sa.Column("state", sa.String(200), nullable=False),
        sa.PrimaryKeyConstraint("digest"),
    )


def create_activation() -> None:
    op.create_table(
        "activation",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.Column("control", sa.String(64), nullable=False),
        sa.Column("candidate", sa.String(64)),
        sa.Column("percent", sa.Integer(), nullable=False),
        sa.Column("salt", sa.String(200), nullable=False),
        sa.Column("who", sa.String(200), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("signed_by", sa.String(40), nullable=False),
        sa.Column("signature", sa.String(200), nullable=False),
        sa.PrimaryKeyConstraint("number"),
    )


def create_data_key() -> None:
    op.create_table(
        "data_key",
        sa.Column("data_key", sa.String(40), nullable=False),
        sa.Column("wrap_key", sa.String(40), nullable=False),
        sa.Column("wrapped", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("data_key"),
    )


def create_chain() -> None:
    op.create_table(
        "chain",
        sa.Column("writer", sa.String(36), nullable=False),
        sa.Column("began", sa.Double(), nullable=False),
        sa.Column("length", sa.Integer(), nullable=False),
        sa.Column("head", sa.String(64), nullable=False),
        sa.Column("checkpointed", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("writer"),
    )


def create_access() -> None:
    op.create_table(
        "access",
        sa.Column("access_id", sa.String(36), nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.Column("who", sa.String(200), nullable=False),
        sa.Column("what", sa.String(200), nullable=False),
        sa.Column("of", sa.String(200), nullable=False),
        sa.Column("writer", sa.String(36), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("chain_hash", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("access_id"),
    )
    op.create_index("access_in_chain", "access", ["writer", "seq"], unique=True)


def create_checkpoint() -> None:
    op.create_table(
        "checkpoint",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.Column("line", sa.Text(), nullable=False),
        sa.Column("anchored", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("number"),
    )


def create_lost() -> None:
    op.create_table(
        "lost",
        sa.Column("decision_id", sa.String(36), nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("decision_id"),
    )


def downgrade() -> None:
    op.drop_table("lost")
    op.drop_table("checkpoint")
    op.drop_table("access")
    op.drop_table("chain")
    op.drop_table("data_key")
    op.drop_table("activation")
    op.drop_table("release")
    op.drop_table("feedback")
    op.drop_table("finding")
    op.drop_table("decision")
