"""the audit as chains that only grow, and danger to life

Lines from before are put into one chain, so that from here on they cannot be altered unseen either. What makes the hashes is
written out here and not imported: a migration must do next year what it does today (app/domain/audit.py is the same).

A table that is made anew loses its triggers on SQLite: a later migration that alters `audit` in a batch must call
`_guard` again.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

VERSION = b"audit/v1\0"
AT_ONCE = 1000
REFUSED = "the audit only grows"
# A head may move on, and may be marked as posted or verified; it never goes back and never goes.
HEAD_GOES_BACK = "NEW.count < OLD.count OR NEW.id <> OLD.id OR (NEW.count = OLD.count AND NEW.hash <> OLD.hash)"


def upgrade() -> None:
    op.create_table(
        "audit_chain",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("posted", sa.Integer(), nullable=False),
        sa.Column("verified_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_chain")),
    )
    op.create_index(op.f("ix_audit_chain_day"), "audit_chain", ["day"], unique=False)
    with op.batch_alter_table("audit", schema=None) as batch_op:
        batch_op.add_column(sa.Column("chain", sa.String(), nullable=True))
        batch_op.add_column(sa.Column("sequence", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("salt", sa.LargeBinary(), nullable=True))
        batch_op.add_column(sa.Column("hash", sa.LargeBinary(), nullable=True))
    _seal_what_is_there(op.get_bind())
    with op.batch_alter_table("audit", schema=None) as batch_op:
        batch_op.alter_column("chain", existing_type=sa.String(), nullable=False)
        batch_op.alter_column("sequence", existing_type=sa.Integer(), nullable=False)
        batch_op.alter_column("salt", existing_type=sa.LargeBinary(), nullable=False)
        batch_op.alter_column("hash", existing_type=sa.LargeBinary(), nullable=False)
        batch_op.create_unique_constraint(batch_op.f("uq_audit_chain_sequence"), ["chain", "sequence"])
        batch_op.create_index(batch_op.f("ix_audit_at"), ["at"], unique=False)
    _guard(op.get_bind())
    op.create_table(
        "danger",
        sa.Column("id", sa.LargeBinary(), nullable=False),
        sa.Column("case_id", sa.LargeBinary(), nullable=True),
        sa.Column("quarter", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.Column("asked_by", sa.String(), nullable=False),
        sa.Column("asked_at", sa.BigInteger(), nullable=False),
        sa.Column("opened_by", sa.String(), nullable=True),
        sa.Column("opened_at", sa.BigInteger(), nullable=True),
        sa.Column("alone", sa.Boolean(), nullable=False),
        sa.Column("vote", sa.String(), nullable=True),
        sa.Column("vote_by", sa.String(), nullable=True),
        sa.Column("silent_by_one", sa.String(), nullable=True),
        sa.Column("silent_by_two", sa.String(), nullable=True),
        sa.Column("review_at", sa.BigInteger(), nullable=True),
        sa.Column("told_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_danger_case_id_case"), ondelete="SET NULL"),
        *(
            sa.ForeignKeyConstraint([name], ["staff.id"], name=op.f(f"fk_danger_{name}_staff"))
            for name in ("asked_by", "opened_by", "vote_by", "silent_by_one", "silent_by_two")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_danger")),
    )
    op.create_index(op.f("ix_danger_case_id"), "danger", ["case_id"], unique=False)
    op.create_index(op.f("ix_danger_asked_at"), "danger", ["asked_at"], unique=False)


def downgrade() -> None:
    op.drop_table("danger")
    _let_go(op.get_bind())
    with op.batch_alter_table("audit", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_audit_at"))
        batch_op.drop_constraint(batch_op.f("uq_audit_chain_sequence"), type_="unique")
        for name in ("hash", "salt", "sequence", "chain"):
            batch_op.drop_column(name)
    op.drop_table("audit_chain")


def _seal_what_is_there(connection: sa.Connection) -> None:
    """One chain of all lines so far, in their order, under a name of its own."""
    now = datetime.now(UTC)
    chain = f"{now.date().isoformat()}-{secrets.token_hex(8)}-before"
    last, sequence = hashlib.sha256(VERSION + chain.encode("utf-8")).digest(), 0
    highest = -1
    while True:
        found = connection.execute(
            sa.text(
                "SELECT id, at, staff_id, action, case_id, detail FROM audit WHERE id > :highest ORDER BY id LIMIT :most"
            ),
            {"highest": highest, "most": AT_ONCE},
        ).all()
        if not found:
            break
        sealed: list[dict[str, Any]] = []
        for row in found:
            sequence, salt = sequence + 1, secrets.token_bytes(16)
            case = None if row.case_id is None else bytes(row.case_id).hex()
            fields = [chain, sequence, row.at, row.staff_id, row.action, case, row.detail]
            text = json.dumps(fields, ensure_ascii=True, separators=(",", ":")).encode("ascii")
            last = hashlib.sha256(last + hashlib.sha256(VERSION + salt + text).digest()).digest()
            sealed.append({"id": row.id, "chain": chain, "sequence": sequence, "salt": salt, "hash": last})
        connection.execute(
            sa.text("UPDATE audit SET chain = :chain, sequence = :sequence, salt = :salt, hash = :hash WHERE id = :id"),
            sealed,
        )
        highest = found[-1].id
    if sequence:
        heads = sa.table(
            "audit_chain",
            sa.column("id", sa.String()),
            sa.column("day", sa.Date()),
            sa.column("count", sa.Integer()),
            sa.column("hash", sa.LargeBinary()),
            sa.column("posted", sa.Integer()),
        )
        connection.execute(sa.insert(heads).values(id=chain, day=now.date(), count=sequence, hash=last, posted=0))


def _guard(connection: sa.Connection) -> None:
    """From here on the database refuses to change or delete a line, or to take a head back."""
    if connection.dialect.name == "sqlite":
        for name, what, table, when in (
            ("audit_no_update", "UPDATE", "audit", ""),
            ("audit_no_delete", "DELETE", "audit", ""),
            ("audit_chain_no_way_back", "UPDATE", "audit_chain", f"WHEN {HEAD_GOES_BACK}"),
            ("audit_chain_no_delete", "DELETE", "audit_chain", ""),
        ):
            connection.execute(
                sa.text(
                    f"CREATE TRIGGER {name} BEFORE {what} ON {table} FOR EACH ROW {when} "
                    f"BEGIN SELECT RAISE(ABORT, '{REFUSED}'); END"
                )
            )
        return
    connection.execute(
        sa.text(
            "CREATE FUNCTION audit_refuses() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$ BEGIN RAISE EXCEPTION '{REFUSED}'; END $$"
        )
    )
    for name, what, table, each in (
        ("audit_no_change", "UPDATE OR DELETE", "audit", "FOR EACH ROW"),
        ("audit_no_truncate", "TRUNCATE", "audit", "FOR EACH STATEMENT"),
        ("audit_chain_no_way_back", "UPDATE", "audit_chain", f"FOR EACH ROW WHEN ({HEAD_GOES_BACK})"),
        ("audit_chain_no_delete", "DELETE", "audit_chain", "FOR EACH ROW"),
        ("audit_chain_no_truncate", "TRUNCATE", "audit_chain", "FOR EACH STATEMENT"),
    ):
        connection.execute(
            sa.text(f"CREATE TRIGGER {name} BEFORE {what} ON {table} {each} EXECUTE FUNCTION audit_refuses()")
        )


def _let_go(connection: sa.Connection) -> None:
    if connection.dialect.name == "sqlite":
        for name in ("audit_no_update", "audit_no_delete", "audit_chain_no_way_back", "audit_chain_no_delete"):
            connection.execute(sa.text(f"DROP TRIGGER {name}"))
        return
    connection.execute(sa.text("DROP FUNCTION audit_refuses() CASCADE"))
