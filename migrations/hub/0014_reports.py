"""reports: quarters that were closed, their figures, and what a supervisor says of them"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "closed_quarter",
        sa.Column("quarter", sa.String(), nullable=False),
        sa.Column("closed_at", sa.BigInteger(), nullable=False),
        sa.Column("sent_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("quarter", name=op.f("pk_closed_quarter")),
    )
    op.create_table(
        "report_figure",
        sa.Column("quarter", sa.String(), nullable=False),
        sa.Column("table", sa.String(), nullable=False),
        sa.Column("row", sa.String(), nullable=False),
        sa.Column("column", sa.String(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["quarter"],
            ["closed_quarter.quarter"],
            name=op.f("fk_report_figure_quarter_closed_quarter"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("quarter", "table", "row", "column", name=op.f("pk_report_figure")),
    )
    op.create_table(
        "report_words",
        sa.Column("period", sa.String(), nullable=False),
        sa.Column("words", sa.String(), nullable=False),
        sa.Column("written_by", sa.String(), nullable=False),
        sa.Column("written_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["written_by"], ["staff.id"], name=op.f("fk_report_words_written_by_staff")),
        sa.PrimaryKeyConstraint("period", name=op.f("pk_report_words")),
    )


def downgrade() -> None:
    for table in ("report_words", "report_figure", "closed_quarter"):
        op.drop_table(table)
