"""queue"""

from __future__ import annotations

import json
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

NEVER, AT_ONCE = 253402214400, 0
ROWS_AT_ONCE = 1000
OPEN = sa.text("state != 'closed'")
INDEXES = {
    "ix_case_queue": ["tier", "closes_at", "sort_at", "id"],
    "ix_case_turns": ["turns_at"],
    "ix_case_promised": ["promised_by"],
}
COLUMNS = (
    "waiting_since", "answered_at", "quiet_until", "at_risk", "restricted", "hidden_from", "suggested", "promised_by", "tier",
    "closes_at", "turns_at", "due_at", "sort_at",
)  # fmt: skip


def upgrade() -> None:
    op.create_table(
        "queue_state",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("rules", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_queue_state")),
    )
    op.add_column("staff", sa.Column("here_since", sa.BigInteger(), nullable=True))
    op.add_column("staff", sa.Column("here_before", sa.BigInteger(), nullable=True))
    for name in ("waiting_since", "answered_at", "quiet_until", "due_at"):
        op.add_column("case", sa.Column(name, sa.BigInteger(), nullable=True))
    op.add_column("case", sa.Column("promised_by", sa.Date(), nullable=True))
    for name, kind, usual in (
        ("at_risk", sa.Boolean(), sa.false()),
        # Nobody but a gatekeeper sees a case before it was looked at below.
        ("restricted", sa.Boolean(), sa.true()),
        ("hidden_from", sa.String(), ""),
        ("suggested", sa.String(), "none"),
        ("tier", sa.Integer(), sa.text("1")),
        ("closes_at", sa.BigInteger(), sa.text(str(NEVER))),
        ("turns_at", sa.BigInteger(), sa.text(str(AT_ONCE))),
        ("sort_at", sa.BigInteger(), sa.text("0")),
    ):
        op.add_column("case", sa.Column(name, kind, nullable=False, server_default=usual))
    _fill(op.get_bind())
    with op.batch_alter_table("case") as table:
        for name in ("at_risk", "restricted", "hidden_from", "suggested", "tier", "closes_at", "turns_at", "sort_at"):
            table.alter_column(name, server_default=None)
    for name, columns in INDEXES.items():
        op.create_index(name, "case", columns, sqlite_where=OPEN, postgresql_where=OPEN)


def downgrade() -> None:
    for name in INDEXES:
        op.drop_index(name, table_name="case")
    with op.batch_alter_table("case") as table:
        for name in COLUMNS:
            table.drop_column(name)
    op.drop_column("staff", "here_before")
    op.drop_column("staff", "here_since")
    op.drop_table("queue_state")


def _fill(connection: sa.Connection) -> None:
    """What the guard and the order rest on, of the cases that are there. All else follows with the first pass of the post."""
    case = sa.table(
        "case",
        sa.column("id", sa.LargeBinary()),
        sa.column("state", sa.String()),
        sa.column("facts", sa.JSON()),
        sa.column("received_at", sa.BigInteger()),
        *(
            sa.column(name, kind)
            for name, kind in (
                ("at_risk", sa.Boolean()),
                ("restricted", sa.Boolean()),
                ("hidden_from", sa.String()),
                ("tier", sa.Integer()),
                ("sort_at", sa.BigInteger()),
                ("waiting_since", sa.BigInteger()),
                ("answered_at", sa.BigInteger()),
            )
        ),
    )
    # When a colleague first wrote, as the audit knows.
    first = sa.text(
        "SELECT case_id, min(at) FROM audit WHERE action LIKE 'sent-%' AND case_id IS NOT NULL GROUP BY case_id"
    )
    answered = {bytes(row[0]): row[1] for row in connection.execute(first)}
    change = (
        sa.update(case)
        .where(case.c.id == sa.bindparam("own_id"))
        .values({name: sa.bindparam(f"new_{name}") for name in (
            "at_risk", "restricted", "hidden_from", "tier", "sort_at", "waiting_since", "answered_at",
        )})
    )  # fmt: skip
    found = connection.execute(sa.select(case.c.id, case.c.state, case.c.facts, case.c.received_at)).all()
    for start in range(0, len(found), ROWS_AT_ONCE):
        connection.execute(change, [_row(each, answered) for each in found[start : start + ROWS_AT_ONCE]])


def _row(found: Any, answered: dict[bytes, int]) -> dict[str, Any]:
    facts = json.loads(found.facts) if isinstance(found.facts, str) else found.facts or {}
    at_risk = facts.get("risk") is True
    is_ours = found.state in {"new", "ours"}
    return {
        "own_id": found.id,
        "new_at_risk": at_risk,
        "new_restricted": bool(facts.get("restricted")),
        "new_hidden_from": "".join(f"\n{each}\n" for each in facts.get("hidden_from") or ()),
        "new_tier": (0 if at_risk else 1) if is_ours else 9 if found.state == "quiet" else 2,
        "new_sort_at": found.received_at,
        "new_waiting_since": found.received_at if is_ours and bytes(found.id) not in answered else None,
        "new_answered_at": answered.get(bytes(found.id)),
    }
