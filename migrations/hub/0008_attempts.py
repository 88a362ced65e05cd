"""attempts to reach somebody, decisions about recording, texts at the translation desk"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("opening", sa.Column("shown", sa.JSON(), nullable=True))
    op.create_table(
        "attempt",
        sa.Column("id", sa.LargeBinary(), nullable=False),
        sa.Column("case_id", sa.LargeBinary(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("staff_id", sa.String(), nullable=False),
        sa.Column("way", sa.String(), nullable=False),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("within_plan", sa.Boolean(), nullable=False),
        sa.Column("note", sa.LargeBinary(), nullable=True),
        sa.Column("ruling", sa.String(), nullable=True),
        sa.Column("ruled_by", sa.String(), nullable=True),
        sa.Column("ruled_at", sa.BigInteger(), nullable=True),
        sa.Column("reason", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_attempt_case_id_case"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_attempt_staff_id_staff")),
        sa.ForeignKeyConstraint(["ruled_by"], ["staff.id"], name=op.f("fk_attempt_ruled_by_staff")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attempt")),
    )
    op.create_index(op.f("ix_attempt_case_id"), "attempt", ["case_id"])
    op.create_table(
        "recording",
        sa.Column("id", sa.LargeBinary(), nullable=False),
        sa.Column("case_id", sa.LargeBinary(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("staff_id", sa.String(), nullable=False),
        sa.Column("decision", sa.String(), nullable=False),
        sa.Column("told", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_recording_case_id_case"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_recording_staff_id_staff")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recording")),
    )
    op.create_index(op.f("ix_recording_case_id"), "recording", ["case_id"])
    op.create_table(
        "translation",
        sa.Column("id", sa.LargeBinary(), nullable=False),
        sa.Column("case_id", sa.LargeBinary(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("language_from", sa.String(), nullable=False),
        sa.Column("language_to", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("asked_by", sa.String(), nullable=False),
        sa.Column("asked_at", sa.BigInteger(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("done_by", sa.String(), nullable=True),
        sa.Column("done_on", sa.Date(), nullable=True),
        sa.Column("returned_by", sa.String(), nullable=True),
        sa.Column("returned_at", sa.BigInteger(), nullable=True),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_translation_case_id_case"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["asked_by"], ["staff.id"], name=op.f("fk_translation_asked_by_staff")),
        sa.ForeignKeyConstraint(["returned_by"], ["staff.id"], name=op.f("fk_translation_returned_by_staff")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_translation")),
    )
    op.create_index(op.f("ix_translation_case_id"), "translation", ["case_id"])
    op.create_index(op.f("ix_translation_state"), "translation", ["state"])


def downgrade() -> None:
    op.drop_table("translation")
    op.drop_table("recording")
    op.drop_table("attempt")
    # Not in batch mode: that would make the table anew.
    op.drop_column("opening", "shown")
