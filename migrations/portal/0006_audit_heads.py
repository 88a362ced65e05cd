"""how far the portal has seen the Hub's audit"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "audit_head",
        sa.Column("chain", sa.String(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("restored", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("chain", name=op.f("pk_audit_head")),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    op.drop_table("audit_head")
