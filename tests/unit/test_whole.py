"""A whole database as text and back, with every kind of value, and also at an older version."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import text

from app.data import migrating, whole
from app.data.database import Database

OLDER = "0003"


def database(path: Path) -> Database:
    return Database(f"sqlite:///{path}")


def copied(source: Database, *, to: Database) -> None:
    """Write everything down, read it again, and fill it in at the version that it had."""
    with source.snapshot() as connection:
        revision = whole.revision_of(connection)
        lines = b"\n".join(whole.pieces_of(whole.to_record(*each) for each in whole.rows_of(connection)))
    rows = (whole.from_record(record) for record in whole.records_of(iter([lines])))
    whole.fill(to, migrate=lambda version: migrating.migrate(to, "hub", to=version), revision=revision, rows=rows)


def test_what_an_older_release_wrote_is_filled_in_and_brought_up_to_date(tmp_path: Path) -> None:
    old, new = database(tmp_path / "old"), database(tmp_path / "new")
    migrating.migrate(old, "hub", to=OLDER)
    with old.engine.begin() as connection:
        connection.execute(text("INSERT INTO staff VALUES ('x', 'Żaneta', 'Z', '[\"supervisor\"]')"))
        connection.execute(text("INSERT INTO tombstone VALUES (x'00ff', '2026-03-10')"))
    copied(old, to=new)
    migrating.migrate(new, "hub")
    with new.snapshot() as connection:
        found = {name: rows for name, rows in whole.rows_of(connection) if rows}
    assert found["staff"] == [
        {
            "id": "x", "name": "Żaneta", "shown_name": "Z", "roles": ["supervisor"],
            "here_since": None, "here_before": None,
        }
    ]  # fmt: skip
    assert found["tombstone"] == [{"case_id": b"\x00\xff", "erased_on": date(2026, 3, 10)}]
    with pytest.raises(whole.NotEmpty):
        copied(old, to=new)
    old.close()
    new.close()


@pytest.mark.parametrize("piece", [b"{", b"[]", b"[" * 100_000, b"\xff"])
def test_lines_that_are_none_are_noticed(piece: bytes) -> None:
    with pytest.raises(whole.NotWhole):
        list(whole.records_of(iter([piece])))


@pytest.mark.parametrize(
    "record",
    [
        {},
        {"table": "staff", "columns": ["id"], "rows": [[1, 2]]},
        {"table": "staff", "columns": ["id"], "rows": [[{"x": 1}]]},
    ],
)
def test_a_record_that_is_not_one_of_rows_is_noticed(record: dict[str, object]) -> None:
    with pytest.raises(whole.NotWhole):
        whole.from_record(record)
