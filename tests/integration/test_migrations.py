"""Migrations of both sides: up, down and up again with rows in place, one head each, and exactly what the models say."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect, text

from app.data import migrating
from app.data.database import Database
from app.data.migrating import MODELS, SideName
from tests.harness.databases import Copies, EngineName

SIDES: tuple[SideName, ...] = ("portal", "hub")
ROOT = Path(__file__).parents[2]


@pytest.fixture
def database(engine_name: EngineName, side: SideName, tmp_path: Path) -> Database:
    """A migrated database of one side."""
    return Database(Copies(engine_name, tmp_path).make(side))


@pytest.mark.parametrize("side", SIDES)
def test_there_is_one_newest_version(side: SideName) -> None:
    assert len(migrating.heads(side)) == 1


@pytest.mark.parametrize("side", SIDES)
def test_the_tables_are_what_the_models_say(database: Database, side: SideName) -> None:
    with database.engine.connect() as connection:
        differences = compare_metadata(MigrationContext.configure(connection), MODELS[side])
    assert differences == []
    database.close()


@pytest.mark.parametrize("side", SIDES)
def test_down_and_up_again_with_rows_in_place(database: Database, side: SideName) -> None:
    migrating.migrate(database, side)
    before = migrating.database_id(database, side)
    migrating.migrate(database, side)
    assert migrating.database_id(database, side) == before, "migrating again changes nothing"
    migrating.migrate(database, side, to="base")
    with database.engine.connect() as connection:
        assert set(inspect(connection).get_table_names()) <= {"alembic_version"}
    migrating.migrate(database, side)
    assert migrating.database_id(database, side) != before, "a new database has a new id"
    database.close()


@pytest.mark.parametrize("side", SIDES)
def test_the_questionnaire_comes_and_goes_and_touches_nothing_else(database: Database, side: SideName) -> None:
    """From the first version with a row to the second, rows of its own into that, and back: the first row is still there."""
    kept = {"portal": "draft", "hub": "staff"}[side]
    own = {"portal": ("offer", "pool"), "hub": ("survey",)}[side]
    filled = {
        "draft": "INSERT INTO draft (id, revision, sealed, expires_at) VALUES (:id, 1, :id, 1)",
        "staff": "INSERT INTO staff (id, name, shown_name, roles) VALUES ('x', 'X', 'X', '[]')",
        "offer": "",  # belongs to a case
        "pool": "INSERT INTO pool (id, body, attempts) VALUES (:id, :id, 0)",
        "survey": "INSERT INTO survey (id, month, answers) VALUES (:id, '2026-03', '{}')",
    }

    def go(to: str, *tables: str) -> None:
        with database.engine.begin() as connection:
            configuration = migrating.configuration(side, connection)
            (command.downgrade if to == "0001" else command.upgrade)(configuration, to)
            for table in tables:
                if filled[table]:
                    connection.execute(text(filled[table]), {"id": b"1"} if ":id" in filled[table] else {})
            assert set(own) <= set(inspect(connection).get_table_names()) or to == "0001"
            assert not set(own) & set(inspect(connection).get_table_names()) or to != "0001"

    go("0001", kept)
    go("0002", *own)
    go("0001")
    go("0002")
    with database.engine.connect() as connection:
        assert connection.execute(text(f"SELECT count(*) FROM {kept}")).scalar_one() == 1
        assert connection.execute(text(f"SELECT count(*) FROM {own[-1]}")).scalar_one() == 0
    database.close()


@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
@pytest.mark.parametrize("side", SIDES)
def test_feedback_comes_and_goes_and_touches_nothing_else(database: Database, side: SideName) -> None:
    def go(to: str, statement: str = "") -> None:
        with database.engine.begin() as connection:
            configuration = migrating.configuration(side, connection)
            (command.downgrade if to == "0004" else command.upgrade)(configuration, to)
            if statement:
                connection.execute(text(statement), {"id": b"1"})

    go("0005")
    go("0004", "INSERT INTO aside (id, reason, body, seen_on) VALUES (:id, 'x', :id, '2026-03-10')")
    own = {
        "portal": "body, attempts) VALUES (:id, :id, 0)",
        "hub": "came_on, language, wrapped, sealed) VALUES (:id, '2026-03-10', 'en', :id, :id)",
    }
    go("0005", f"INSERT INTO feedback (id, {own[side]}")
    go("0004")
    go("0005")
    with database.engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM aside")).scalar_one() == 1
        assert connection.execute(text("SELECT count(*) FROM feedback")).scalar_one() == 0
    database.close()


@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
@pytest.mark.parametrize("side", ["portal"])
def test_tables_that_hold_people_have_no_row_order(database: Database, side: SideName) -> None:
    """SQLite keeps rows of such tables by their random id, not by when they came."""
    with database.engine.connect() as connection:
        for table in (
            "case",
            "number_wrap",
            "item",
            "draft",
            "sent",
            "visit",
            "outgoing",
            "incoming",
            "offer",
            "pool",
            "feedback",
            "packet",
            "packet_answer",
        ):
            made = connection.execute(
                text("SELECT sql FROM sqlite_master WHERE name = :name"), {"name": table}
            ).scalar_one()
            assert "WITHOUT ROWID" in made, f"{side}.{table}"
    database.close()


KILLS = 3
# Migrates as `flask database migrate` does, slowly enough that a kill meets it at work.
MIGRATES = """
import sys, time
from sqlalchemy import event
from app.data import migrating
from app.data.database import Database

database = Database(sys.argv[1])

def slowly(*_about):
    print("at work", flush=True)
    time.sleep(0.005)

event.listen(database.engine, "before_cursor_execute", slowly)
migrating.migrate(database, sys.argv[2])
print("done", flush=True)
"""


@pytest.mark.parametrize("side", ["portal", pytest.param("hub", marks=pytest.mark.audit)])
def test_a_migration_that_is_killed_leaves_what_was_there_and_is_run_again(
    engine_name: EngineName, side: SideName, tmp_path: Path
) -> None:
    """From the oldest version with a row in it; killed with SIGKILL after more and more statements, then left to end."""
    copies = Copies(engine_name, tmp_path)
    url = copies.make(side)
    database = Database(url)
    kept = {
        "portal": "INSERT INTO draft (id, revision, sealed, expires_at) VALUES (:id, 1, :id, 1)",
        "hub": "INSERT INTO staff (id, name, shown_name, roles) VALUES ('x', 'X', 'X', '[]')",
    }[side]
    table = {"portal": "draft", "hub": "staff"}[side]
    migrating.migrate(database, side)
    with database.engine.begin() as connection:
        command.downgrade(migrating.configuration(side, connection), "0001")
        connection.execute(text(kept), {"id": b"1"} if ":id" in kept else {})
    for place in range(KILLS):
        working = subprocess.Popen(
            [sys.executable, "-c", MIGRATES, url, side], cwd=ROOT, stdout=subprocess.PIPE, text=True
        )
        assert working.stdout is not None
        for _ in range(1 + place * 6):
            assert working.stdout.readline() == "at work\n"
        working.kill()
        working.communicate()
        with database.engine.connect() as connection:
            version = connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one()
            rows = connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one()
        assert (version, rows) == ("0001", 1), "all of it or nothing"
    migrating.migrate(database, side)
    with database.engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), MODELS[side]) == []
        assert connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one() == 1
    database.close()
    copies.drop()
