"""A release's migrations only add, so that the release before goes on working on them, or say that they take something away."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MIGRATIONS = sorted((ROOT / "migrations").glob("*/[0-9]*.py"))
# Before the first release nobody had to go back: these may do as they like.
BEFORE_THE_FIRST_RELEASE = {"portal": "0008", "hub": "0015"}
ADDS = {"create_table", "create_index", "add_column", "create_unique_constraint", "create_foreign_key", "f", "get_bind"}
NEEDS_A_DEFAULT = {"add_column"}


def too_much(source: str) -> list[str]:
    """What an upgrade does besides adding, and what it adds that an older release would trip over."""
    tree = ast.parse(source)
    if any(isinstance(node, ast.Assign) and ast.unparse(node) == "CONTRACTS = True" for node in tree.body):
        return []
    upgrade = next(node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == "upgrade")
    found = []
    for node in ast.walk(upgrade):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
            continue
        name, owner = node.func.attr, ast.unparse(node.func.value)
        if owner in {"op", "batch", "batch_op", "table"} and name not in ADDS | {"batch_alter_table"}:
            found.append(f"{owner}.{name}")
        if name in NEEDS_A_DEFAULT:
            column = next((each for each in node.args if isinstance(each, ast.Call)), None)
            given = {each.arg: ast.unparse(each.value) for each in column.keywords} if column else {}
            if given.get("nullable") == "False" and "server_default" not in given:
                found.append(f"{owner}.{name} without a default of the server's own")
    return found


def test_a_migration_only_adds_or_says_that_it_contracts() -> None:
    later = [path for path in MIGRATIONS if path.name[:4] > BEFORE_THE_FIRST_RELEASE[path.parent.name]]
    assert {str(path): too_much(path.read_text("utf-8")) for path in later} == {str(path): [] for path in later}


@pytest.mark.parametrize(
    ("does", "found"),
    [
        ('op.create_table("a", sa.Column("id", sa.Integer(), nullable=False))', []),
        ('op.add_column("a", sa.Column("b", sa.Text(), nullable=True))', []),
        ('op.add_column("a", sa.Column("b", sa.Text(), nullable=False, server_default=""))', []),
        (
            'op.add_column("a", sa.Column("b", sa.Text(), nullable=False))',
            ["op.add_column without a default of the server's own"],
        ),
        ('op.drop_column("a", "b")', ["op.drop_column"]),
        ('op.execute("DELETE FROM a")', ["op.execute"]),
        (
            'with op.batch_alter_table("a") as batch:\n        batch.alter_column("b", new_column_name="c")',
            ["batch.alter_column"],
        ),
    ],
)
def test_the_look_tells_adding_from_taking_away(does: str, found: list[str]) -> None:
    source = f"def upgrade() -> None:\n    {does}\n"
    assert too_much(source) == found
    assert too_much(f"CONTRACTS = True\n{source}") == []
