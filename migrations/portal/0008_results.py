"""results: how the promises were kept in closed quarters"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "quarter_result",
        sa.Column("quarter", sa.String(), nullable=False),
        sa.Column("promise", sa.String(), nullable=False),
        sa.Column("figure", sa.String(), nullable=False),
        sa.Column("kept", sa.Integer(), nullable=False),
        sa.Column("of", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("quarter", "promise", "figure", name=op.f("pk_quarter_result")),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    op.drop_table("quarter_result")
