"""Which version a database has, beside the one that this release is made for. Without Alembic, which serving has no use of."""

from __future__ import annotations

import re
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Literal

from sqlalchemy import inspect, text

from app.data.database import Database

FOLDER = Path(__file__).parents[2] / "migrations"
_NUMBERED = re.compile(r"(\d{4})_\w+\.py")


class Standing(StrEnum):
    """How a database's version stands to this release."""

    NONE = "none"  # it was never migrated
    OLDER = "older"
    SAME = "same"
    NEWER = "newer"


@cache
def newest(side: Literal["portal", "hub"]) -> str:
    """The version that this release is made for, such as "0008"."""
    return max(found[1] for each in (FOLDER / side).iterdir() if (found := _NUMBERED.fullmatch(each.name)))


def found_in(database: Database) -> str | None:
    """The version that a database has; None when it was never migrated. Raises SQLAlchemyError."""
    with database.snapshot() as connection:
        if not inspect(connection).has_table("alembic_version"):
            return None
        version = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
        return None if version is None else str(version)


def standing(database: Database, side: Literal["portal", "hub"]) -> Standing:
    """How the version of a side's database stands to this release. Raises SQLAlchemyError."""
    found, wanted = found_in(database), newest(side)
    if found is None:
        return Standing.NONE
    return Standing.SAME if found == wanted else Standing.OLDER if found < wanted else Standing.NEWER
