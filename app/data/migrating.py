"""Bring a database to the newest version, or back; and give it its random id once."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from sqlalchemy import Connection, MetaData

from app.data import hub, portal, versions
from app.data.database import ID_LENGTH, Database, HubRow, PortalRow

if TYPE_CHECKING:
    from alembic.config import Config

# Alembic takes eleven megabytes, and the courier, which never migrates, lives for months: it is loaded where it is used.
FOLDER = Path(__file__).parents[2] / "migrations"
SideName = Literal["portal", "hub"]
MODELS: dict[SideName, MetaData] = {"portal": PortalRow.metadata, "hub": HubRow.metadata}
STATES: dict[SideName, type[Any]] = {"portal": portal.PostState, "hub": hub.PostState}


def configuration(side: SideName, connection: Connection | None = None) -> Config:
    """Alembic's configuration for one side."""
    from alembic.config import Config

    made = Config()
    made.set_main_option("script_location", str(FOLDER))
    made.set_main_option("version_locations", str(FOLDER / side))
    made.set_main_option("path_separator", "os")
    made.attributes["connection"] = connection
    made.attributes["metadata"] = MODELS[side]
    return made


def migrate(database: Database, side: SideName, *, to: str = "head") -> None:
    """Bring the database to a version ("head": the newest; "base": before the first), all of it or nothing."""
    if to != "head" or versions.standing(database, side) is not versions.Standing.SAME:
        _bring(database, side, to)
    if to == "head":
        _give_id(database, side)


def _bring(database: Database, side: SideName, to: str) -> None:
    from alembic import command

    with database.engine.begin() as connection:
        made = configuration(side, connection)
        if to == "base":
            command.downgrade(made, to)
        else:
            command.upgrade(made, to)


def heads(side: SideName) -> list[str]:
    """The newest versions: exactly one, when nothing is wrong."""
    from alembic.script import ScriptDirectory

    return list(ScriptDirectory.from_config(configuration(side)).get_heads())


def database_id(database: Database, side: SideName) -> bytes:
    """The random id of a migrated database."""
    with database.reading() as session:
        return bytes(session.get_one(STATES[side], 1).database_id)


def _give_id(database: Database, side: SideName) -> None:
    table = STATES[side]
    with database.writing() as session:
        if session.get(table, 1) is None:
            session.add(table(id=1, database_id=secrets.token_bytes(ID_LENGTH)))
