"""sessions that are checked again, leave cover, what waits for a second colleague, and the page to whoever is on call"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Whoever is signed in signs in again: nothing says when their session began.
    op.execute("DELETE FROM opening")
    op.execute("DELETE FROM staff_session")
    for name in ("begun_at", "checked_at", "check_due_at"):
        op.add_column("staff_session", sa.Column(name, sa.BigInteger(), nullable=False, server_default="0"))
    op.add_column("staff_session", sa.Column("sealed", sa.LargeBinary(), nullable=True))
    op.create_table(
        "staff_leave",
        sa.Column("id", sa.LargeBinary(), nullable=False),
        sa.Column("staff_id", sa.String(), nullable=False),
        sa.Column("cover_id", sa.String(), nullable=False),
        sa.Column("from_on", sa.Date(), nullable=False),
        sa.Column("until_on", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_staff_leave_staff_id_staff")),
        sa.ForeignKeyConstraint(["cover_id"], ["staff.id"], name=op.f("fk_staff_leave_cover_id_staff")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff_leave")),
    )
    op.create_index(op.f("ix_staff_leave_until_on"), "staff_leave", ["until_on"])
    op.create_table(
        "second_look",
        sa.Column("id", sa.LargeBinary(), nullable=False),
        sa.Column("case_id", sa.LargeBinary(), nullable=False),
        sa.Column("act", sa.String(), nullable=False),
        sa.Column("detail", sa.String(), nullable=False),
        sa.Column("asked_by", sa.String(), nullable=False),
        sa.Column("asked_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("agreed_by", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_second_look_case_id_case"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["asked_by"], ["staff.id"], name=op.f("fk_second_look_asked_by_staff")),
        sa.ForeignKeyConstraint(["agreed_by"], ["staff.id"], name=op.f("fk_second_look_agreed_by_staff")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_second_look")),
        sa.UniqueConstraint("case_id", "act", name=op.f("uq_second_look_case_id_act")),
    )
    op.create_table(
        "on_call",
        sa.Column("case_id", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("notice_id", sa.LargeBinary(), nullable=True),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_on_call_case_id_case"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("case_id", name=op.f("pk_on_call")),
    )
    op.create_index(op.f("ix_on_call_state"), "on_call", ["state"])


def downgrade() -> None:
    op.drop_table("on_call")
    op.drop_table("second_look")
    op.drop_table("staff_leave")
    for name in ("sealed", "check_due_at", "checked_at", "begun_at"):
        op.drop_column("staff_session", name)
