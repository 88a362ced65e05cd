"""taken drafts, and cases that are joined"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "taken_draft",
        sa.Column("id", sa.LargeBinary(), nullable=False),
        sa.Column("staff_id", sa.String(), nullable=False),
        sa.Column("begun_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("is_sent", sa.Boolean(), nullable=False),
        sa.Column("wrapped", sa.LargeBinary(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_taken_draft_staff_id_staff")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_taken_draft")),
    )
    op.create_index(op.f("ix_taken_draft_staff_id"), "taken_draft", ["staff_id"])
    op.create_index(op.f("ix_taken_draft_expires_at"), "taken_draft", ["expires_at"])
    op.create_table(
        "joined",
        sa.Column("first_id", sa.LargeBinary(), nullable=False),
        sa.Column("second_id", sa.LargeBinary(), nullable=False),
        sa.Column("tie", sa.String(), nullable=False),
        sa.Column("joined_by", sa.String(), nullable=False),
        sa.Column("joined_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("first_id < second_id", name=op.f("ck_joined_in_order")),
        sa.ForeignKeyConstraint(["first_id"], ["case.id"], name=op.f("fk_joined_first_id_case"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["second_id"], ["case.id"], name=op.f("fk_joined_second_id_case"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["joined_by"], ["staff.id"], name=op.f("fk_joined_joined_by_staff")),
        sa.PrimaryKeyConstraint("first_id", "second_id", name=op.f("pk_joined")),
    )
    op.create_index(op.f("ix_joined_second_id"), "joined", ["second_id"])


def downgrade() -> None:
    op.drop_index(op.f("ix_joined_second_id"), table_name="joined")
    op.drop_table("joined")
    op.drop_index(op.f("ix_taken_draft_expires_at"), table_name="taken_draft")
    op.drop_index(op.f("ix_taken_draft_staff_id"), table_name="taken_draft")
    op.drop_table("taken_draft")
