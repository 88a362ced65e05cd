"""Statements compiled once for all the databases that one process makes.

An engine keeps what it has compiled, and a site has its engines for months. A test's site lives for a second, and compiling would
be a quarter of it. So engines of one kind share what they compiled; each still has its own connections, to its own database.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Engine, event
from sqlalchemy.engine import Dialect

from app.data.database import Database

# What stands in each is the same for every database of that kind: its engines differ only in where they connect to.
ENGINES = ("_reader", "_single", "_writer")

Kind = tuple[str, str]
_SHARED: dict[Kind, tuple[Dialect, dict[Any, Any]]] = {}


def share() -> None:
    """From now on every new Database of this process shares what it compiles. Only the process of the tests does so."""
    make = Database.__init__

    def make_and_share(database: Database, *arguments: Any, **options: Any) -> None:
        make(database, *arguments, **options)
        for name in ENGINES:
            engine: Engine = getattr(database, name)
            _join((engine.dialect.name, name), engine)

    Database.__init__ = make_and_share  # type: ignore[method-assign, assignment]


def _join(kind: Kind, engine: Engine) -> None:
    """Let an engine use what others of its kind compiled, or be the first, once it knows what its server can do."""
    if kind in _SHARED:
        engine.dialect, compiled = _SHARED[kind]
        engine.update_execution_options(compiled_cache=compiled)
        return
    mine: dict[Any, Any] = {}
    engine.update_execution_options(compiled_cache=mine)

    @event.listens_for(engine, "engine_connect")
    def is_ready(_connection: Connection) -> None:
        _SHARED.setdefault(kind, (engine.dialect, mine))
