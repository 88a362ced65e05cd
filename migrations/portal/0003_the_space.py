"""the space: what it remembers, what the person keeps, codes for a new number"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("case", sa.Column("leaf", sa.LargeBinary(), nullable=True))
    op.create_table(
        "own",
        sa.Column("id", sa.LargeBinary(), nullable=False),
        sa.Column("case_id", sa.LargeBinary(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_own_case_id_case"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_own")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_own_case_id"), "own", ["case_id"])
    op.create_table(
        "collection",
        sa.Column("case_id", sa.LargeBinary(), nullable=False),
        sa.Column("wrap", sa.LargeBinary(), nullable=False),
        sa.Column("tries_left", sa.Integer(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_collection_case_id_case"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("case_id", name=op.f("pk_collection")),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    op.drop_table("collection")
    op.drop_table("own")
    # Not in batch mode: that would make the table anew, with a row order.
    op.drop_column("case", "leaf")
