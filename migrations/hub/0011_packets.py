"""packets for services, and signposting"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("handover", sa.Column("needs", sa.JSON(), nullable=True))
    op.create_table(
        "packet",
        sa.Column("handover_id", sa.LargeBinary(), nullable=False),
        sa.Column("case_id", sa.LargeBinary(), nullable=False),
        sa.Column("reference", sa.String(), nullable=False),
        sa.Column("pressed", sa.LargeBinary(), nullable=False),
        sa.Column("copy", sa.LargeBinary(), nullable=False),
        sa.Column("wrapped", sa.LargeBinary(), nullable=True),
        sa.Column("sent_at", sa.BigInteger(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=True),
        sa.Column("code_route", sa.String(), nullable=True),
        sa.Column("code_taken", sa.LargeBinary(), nullable=True),
        sa.Column("mailed_at", sa.BigInteger(), nullable=True),
        sa.Column("opened_at", sa.BigInteger(), nullable=True),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("answer", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_packet_case_id_case"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["handover_id"], ["handover.id"], name=op.f("fk_packet_handover_id_handover"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("handover_id", name=op.f("pk_packet")),
        sa.UniqueConstraint("reference", name=op.f("uq_packet_reference")),
    )
    op.create_index(op.f("ix_packet_case_id"), "packet", ["case_id"])
    op.create_index(op.f("ix_packet_until"), "packet", ["until"])
    op.create_table(
        "signpost",
        sa.Column("id", sa.LargeBinary(), nullable=False),
        sa.Column("case_id", sa.LargeBinary(), nullable=False),
        sa.Column("service", sa.String(), nullable=False),
        sa.Column("how", sa.String(), nullable=False),
        sa.Column("need", sa.String(), nullable=True),
        sa.Column("staff_id", sa.String(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_signpost_case_id_case"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_signpost_staff_id_staff")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_signpost")),
    )
    op.create_index(op.f("ix_signpost_case_id"), "signpost", ["case_id"])
    op.create_index(op.f("ix_signpost_at"), "signpost", ["at"])


def downgrade() -> None:
    op.drop_index(op.f("ix_signpost_at"), table_name="signpost")
    op.drop_index(op.f("ix_signpost_case_id"), table_name="signpost")
    op.drop_table("signpost")
    op.drop_index(op.f("ix_packet_until"), table_name="packet")
    op.drop_index(op.f("ix_packet_case_id"), table_name="packet")
    op.drop_table("packet")
    op.drop_column("handover", "needs")
