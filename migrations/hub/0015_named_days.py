"""named days: each day that was named for news, and when there was news"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "named_day",
        sa.Column("id", sa.LargeBinary(), nullable=False),
        sa.Column("case_id", sa.LargeBinary(), nullable=True),
        sa.Column("by", sa.Date(), nullable=False),
        sa.Column("kept_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_named_day_case_id_case"), ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_named_day")),
        sa.UniqueConstraint("case_id", "by", name=op.f("uq_named_day_case_id_by")),
    )
    op.create_index(op.f("ix_named_day_by"), "named_day", ["by"])


def downgrade() -> None:
    op.drop_table("named_day")
