"""Databases for one test each, on either engine: migrated once, then copied."""

from __future__ import annotations

import secrets
import shutil
from pathlib import Path
from typing import Literal

from sqlalchemy import delete, text

from app.data import migrating
from app.data.database import Database
from app.data.migrating import STATES, SideName
from tests.harness import run
from tests.harness.postgresql import Server, shared_server

EngineName = Literal["sqlite", "postgresql"]
SIDES: tuple[SideName, ...] = ("portal", "hub")


class Copies:
    """Migrated databases of both sides, in a folder or on the shared server; each must be given back with `drop`."""

    def __init__(self, engine_name: EngineName, data_dir: Path) -> None:
        self._engine_name: EngineName = engine_name
        self._data_dir = data_dir
        self._made: list[str] = []

    def make(self, side: SideName) -> str:
        """The address of a new database: at the newest version, empty, without an id yet (`flask setup` gives it one)."""
        return self._copy_file(side) if self._engine_name == "sqlite" else self._clone(shared_server(), side)

    def drop(self) -> None:
        """Delete what was made. Every connection must be closed."""
        for name in self._made:
            shared_server().do(f'DROP DATABASE "{name}" WITH (FORCE)')
        self._made.clear()

    def _copy_file(self, side: SideName) -> str:
        template = _sqlite_template(side)
        folder = self._data_dir / side
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o700)
        return f"sqlite:///{shutil.copy(template, folder / f'{side}.sqlite3')}"

    def _clone(self, server: Server, side: SideName) -> str:
        template = _postgresql_template(server, side)
        name = f"{side}_{secrets.token_hex(6)}"
        server.do(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        self._made.append(name)
        return server.url(name)


def _sqlite_template(side: SideName) -> Path:
    with run.alone(f"{side}-sqlite") as folder:
        finished = folder / f"{side}.sqlite3"
        if not finished.exists():
            made = folder / f"{side}.making.sqlite3"
            _migrate_without_id(f"sqlite:///{made}", side)
            made.rename(finished)
        return finished


def _postgresql_template(server: Server, side: SideName) -> str:
    name = f"template_{side}"
    with run.alone(f"{side}-postgresql") as folder:
        mark = folder / f"{side}-postgresql.made"
        if not mark.exists():
            server.do(f'DROP DATABASE IF EXISTS "{name}"')
            server.do(f'CREATE DATABASE "{name}"')
            _migrate_without_id(server.url(name), side)
            mark.touch()
    return name


def _migrate_without_id(url: str, side: SideName) -> None:
    """Migrate, then take the random id away again: no two databases may share it."""
    database = Database(url)
    migrating.migrate(database, side)
    with database.writing() as session:
        session.execute(delete(STATES[side]))
    if database.is_sqlite:
        with database.engine.connect() as connection:
            connection.execute(text("ROLLBACK"))  # the checkpoint must run outside of a transaction
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()
