"""what a backup holds, and whether a database was filled from one"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("incoming", sa.Column("kept", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("post_state", sa.Column("restored_id", sa.LargeBinary(), nullable=True))
    op.add_column("post_state", sa.Column("peer_restored_id", sa.LargeBinary(), nullable=True))


def downgrade() -> None:
    # Not in batch mode: that would make the tables anew, with a row order.
    op.drop_column("post_state", "peer_restored_id")
    op.drop_column("post_state", "restored_id")
    op.drop_column("incoming", "kept")
