"""limits: how much was taken from each client's bucket, for minutes"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "taken",
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("bucket", sa.Integer(), nullable=False),
        sa.Column("full_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("kind", "bucket", name=op.f("pk_taken")),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    op.drop_table("taken")
