"""A whole database as lines of text and back: the same for either engine, at the version that it has.

The tables are read from the database itself and not from the models, so that what an older release wrote can be filled in as
it was, and then be brought to the newest version.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import Connection, Integer, MetaData, Table, func, insert, inspect, select, text

from app.data.database import Database

VERSION_TABLE = "alembic_version"
ROWS_AT_ONCE = 500
ABOUT_A_PIECE = 256 * 1024

Row = dict[str, Any]


class NotEmpty(Exception):
    """There is something in the database that would be lost."""


class NotWhole(Exception):
    """The lines are not what `lines_of` makes."""


def revision_of(connection: Connection) -> str:
    """The version that a database is at; empty before the first."""
    from alembic.migration import MigrationContext  # only who backs up or moves needs it

    return MigrationContext.configure(connection).get_current_revision() or ""


def rows_of(connection: Connection, *, without: Collection[str] = ()) -> Iterator[tuple[str, list[Row]]]:
    """Every table, parents first, some rows at a time: (name, rows by column). Tables named in `without` are left out."""
    for table in _tables(connection):
        if table.name in without:
            continue
        found = connection.execution_options(stream_results=True).execute(select(table))
        yield table.name, []
        for part in found.mappings().partitions(ROWS_AT_ONCE):
            yield table.name, [dict(row) for row in part]


def fill(
    database: Database, *, migrate: Callable[[str], None], revision: str, rows: Iterator[tuple[str, list[Row]]]
) -> None:
    """Fill an empty database with these rows, all or none, as a database of version `revision`, to which `migrate` brings it.

    Raises NotEmpty, and what `rows` raises; then it holds no row.
    """
    refuse_full(database)
    migrate("base")
    migrate(revision)
    with database.engine.begin() as connection:
        tables = {table.name: table for table in _tables(connection)}
        for name, part in rows:
            if name not in tables:
                raise NotWhole(f"there is no table {name}")
            if part:
                connection.execute(insert(tables[name]), part)
        if not database.is_sqlite:
            _count_on(connection, tables.values())


def refuse_full(database: Database) -> None:
    """Raises NotEmpty when anything but its own id is in the database."""
    with database.engine.connect() as connection:
        names = set(inspect(connection).get_table_names()) - {VERSION_TABLE, "post_state"}
        for table in (each for each in _tables(connection) if each.name in names):
            if connection.execute(select(func.count()).select_from(table)).scalar_one():
                raise NotEmpty(f"the database is not empty: there are rows in {table.name}")


def pieces_of(records: Iterator[Mapping[str, Any]]) -> Iterator[bytes]:
    """Records as pieces of a few hundred kilobytes, each of whole lines."""
    lines: list[bytes] = []
    size = 0
    for record in records:
        line = json.dumps(record, default=packed, separators=(",", ":")).encode("ascii")
        lines.append(line)
        size += len(line)
        if size >= ABOUT_A_PIECE:
            yield b"\n".join(lines)
            lines, size = [], 0
    if lines:
        yield b"\n".join(lines)


def records_of(pieces: Iterator[bytes]) -> Iterator[dict[str, Any]]:
    """What `pieces_of` was given. Raises NotWhole."""
    for piece in pieces:
        for line in piece.split(b"\n"):
            try:
                record = json.loads(line)
            except (ValueError, RecursionError):
                raise NotWhole("a line is not JSON") from None
            if not isinstance(record, dict):
                raise NotWhole("a line is no record")
            yield record


def to_record(table: str, rows: Sequence[Row]) -> dict[str, Any]:
    """Some rows of a table as a record."""
    columns = list(rows[0]) if rows else []
    return {"table": table, "columns": columns, "rows": [[_wrapped(row[name]) for name in columns] for row in rows]}


def from_record(record: Mapping[str, Any]) -> tuple[str, list[Row]]:
    """The rows again. Raises NotWhole."""
    try:
        columns = record["columns"]
        rows = [dict(zip(columns, map(_unwrapped, row), strict=True)) for row in record["rows"]]
        return str(record["table"]), rows
    except (KeyError, TypeError, ValueError):
        raise NotWhole("a record is not one of rows") from None


def _tables(connection: Connection) -> list[Table]:
    found = MetaData()
    found.reflect(bind=connection)
    return [table for table in found.sorted_tables if table.name != VERSION_TABLE]


def _wrapped(value: Any) -> Any:
    """Texts and numbers as they are; all else says what it is."""
    return {"json": value} if isinstance(value, dict | list) else value


def packed(value: Any) -> Any:
    """What JSON has no form for, as an object that says what it is. Raises TypeError."""
    if isinstance(value, bytes | memoryview):
        return {"bytes": base64.b64encode(value).decode("ascii")}
    if isinstance(value, date):
        return {"date": value.isoformat()}
    raise TypeError(type(value).__name__)


def _unwrapped(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    ((kind, inner),) = value.items()
    if kind == "bytes":
        return base64.b64decode(inner, validate=True)
    if kind == "date":
        return date.fromisoformat(inner)
    if kind == "json":
        return inner
    raise ValueError(kind)


def _count_on(connection: Connection, tables: Collection[Table]) -> None:
    """PostgreSQL counts the numbers of rows apart from the rows: let it go on after those that were filled in."""
    quote = connection.dialect.identifier_preparer.quote
    for table in tables:
        for column in table.primary_key.columns:
            if not isinstance(column.type, Integer):
                continue
            counter = connection.execute(
                text("SELECT pg_get_serial_sequence(:table, :column)"),
                {"table": quote(table.name), "column": column.name},
            ).scalar()
            highest = connection.execute(select(func.max(column))).scalar()
            if counter and highest is not None:
                connection.execute(text("SELECT setval(:counter, :highest)"), {"counter": counter, "highest": highest})
