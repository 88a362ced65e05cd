"""first tables"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "aside",
        sa.Column("id", sa.LargeBinary(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("seen_on", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_aside")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "case",
        sa.Column("id", sa.LargeBinary(), nullable=False),
        sa.Column("reference_tag", sa.LargeBinary(), nullable=False),
        sa.Column("number_out", sa.Integer(), nullable=False),
        sa.Column("opened_on", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case")),
        sa.UniqueConstraint("reference_tag", name=op.f("uq_case_reference_tag")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "draft",
        sa.Column("id", sa.LargeBinary(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_draft")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "incoming",
        sa.Column("envelope_id", sa.LargeBinary(), nullable=False),
        sa.Column("database_id", sa.LargeBinary(), nullable=False),
        sa.Column("case_id", sa.LargeBinary(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("answer", sa.LargeBinary(), nullable=False),
        sa.Column("answer_due", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("envelope_id", name=op.f("pk_incoming")),
        sa.UniqueConstraint("database_id", "case_id", "number", name=op.f("uq_incoming_database_id_case_id_number")),
        sqlite_with_rowid=False,
    )
    with op.batch_alter_table("incoming", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_incoming_answer_due"), ["answer_due"], unique=False)

    op.create_table(
        "outgoing",
        sa.Column("envelope_id", sa.LargeBinary(), nullable=False),
        sa.Column("case_id", sa.LargeBinary(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("urgent", sa.Boolean(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("waiting_since", sa.BigInteger(), nullable=True),
        sa.Column("next_attempt_at", sa.BigInteger(), nullable=True),
        sa.Column("created_on", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("envelope_id", name=op.f("pk_outgoing")),
        sqlite_with_rowid=False,
    )
    with op.batch_alter_table("outgoing", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_outgoing_case_id"), ["case_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_outgoing_state"), ["state"], unique=False)

    op.create_table(
        "post_state",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("database_id", sa.LargeBinary(), nullable=False),
        sa.Column("sent", sa.Integer(), nullable=False),
        sa.Column("peer_database_id", sa.LargeBinary(), nullable=True),
        sa.Column("peer_sent", sa.Integer(), nullable=False),
        sa.Column("peer_said_at", sa.BigInteger(), nullable=False),
        sa.Column("last_pass_at", sa.BigInteger(), nullable=True),
        sa.Column("stopped", sa.String(), nullable=True),
        sa.Column("aside_count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_post_state")),
    )
    op.create_table(
        "sent",
        sa.Column("draft_id", sa.LargeBinary(), nullable=False),
        sa.Column("case_id", sa.LargeBinary(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("draft_id", name=op.f("pk_sent")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "item",
        sa.Column("envelope_id", sa.LargeBinary(), nullable=False),
        sa.Column("case_id", sa.LargeBinary(), nullable=False),
        sa.Column("direction", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_item_case_id_case"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("envelope_id", name=op.f("pk_item")),
        sa.UniqueConstraint("case_id", "direction", "number", name=op.f("uq_item_case_id_direction_number")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "number_wrap",
        sa.Column("case_id", sa.LargeBinary(), nullable=False),
        sa.Column("wrap", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_number_wrap_case_id_case"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("case_id", name=op.f("pk_number_wrap")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "visit",
        sa.Column("id", sa.LargeBinary(), nullable=False),
        sa.Column("case_id", sa.LargeBinary(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_visit_case_id_case"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_visit")),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    op.drop_table("visit")
    op.drop_table("number_wrap")
    op.drop_table("item")
    op.drop_table("sent")
    op.drop_table("post_state")
    with op.batch_alter_table("outgoing", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_outgoing_state"))
        batch_op.drop_index(batch_op.f("ix_outgoing_case_id"))

    op.drop_table("outgoing")
    with op.batch_alter_table("incoming", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_incoming_answer_due"))

    op.drop_table("incoming")
    op.drop_table("draft")
    op.drop_table("case")
    op.drop_table("aside")
