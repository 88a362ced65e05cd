"""Engines and the two units of work: `reading()` cannot write, `writing()` holds the only write lock.

SQLite (WAL, synchronous=FULL) needs nothing installed; PostgreSQL goes through the same code. SQLAlchemy's defaults
lose updates on SQLite, hence the explicit connection settings below.
"""

from __future__ import annotations

import fcntl
import re
import sqlite3
import threading
import time
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import (
    BigInteger,
    Connection,
    Delete,
    Dialect,
    Engine,
    Insert,
    LargeBinary,
    MetaData,
    Select,
    TextClause,
    Update,
    create_engine,
    event,
    inspect,
    text,
)
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError, DisconnectionError, OperationalError
from sqlalchemy.orm import DeclarativeBase, ORMExecuteState, Session
from sqlalchemy.types import TypeDecorator

BUSY_TIMEOUT_MS = 15_000
CONNECTS_WITHIN_SECONDS = 5
LOOKS_EVERY_SECONDS = 0.02
# A connection that was used so shortly ago is taken to be alive, without asking it.
ALIVE_FOR_SECONDS = 1.0
ID_LENGTH = 16
# In the `info` of a session that only reads: what was found once, to be found again without asking.
READS_ONLY = "reads-only"

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class Busy(Exception):
    """Something else is at this just now, and did not end while we waited."""


class NotANote(Exception):
    """Something else than a note was to be written where only notes may be."""


@contextmanager
def told_as_ours(statement: str) -> Iterator[None]:
    """What goes straight to SQLite's driver fails as everything else does: with SQLAlchemyError, and without values.

    Above this module nobody knows of a driver: an error of its own would be taken for a fault of ours, and what somebody typed
    would be lost with it.
    """
    try:
        yield
    except sqlite3.Error as error:
        raise OperationalError(statement, None, error) from error


class Moment(TypeDecorator[datetime]):
    """An instant, kept as whole seconds since 1970 UTC; comes back as an aware UTC datetime."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Any) -> int | None:
        """Turn an aware datetime into whole seconds."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment needs a time zone")
        return int(value.timestamp())

    def process_result_value(self, value: int | None, dialect: Any) -> datetime | None:
        """Turn whole seconds back into an aware UTC datetime."""
        return None if value is None else datetime.fromtimestamp(value, UTC)


class PortalRow(DeclarativeBase):
    """Base of every table in the portal's database."""

    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map = {bytes: LargeBinary, datetime: Moment}  # noqa: RUF012 - SQLAlchemy's own convention


class HubRow(DeclarativeBase):
    """Base of every table in the Hub's database."""

    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map = {bytes: LargeBinary, datetime: Moment}  # noqa: RUF012 - SQLAlchemy's own convention


Statement = Select[Any] | Insert | Update | Delete | TextClause
# What becomes of a value on its way to the driver or back; None: it stays as it is.
Made = Callable[[Any], Any] | None
# A value in the words of PostgreSQL's driver.
NAMED_VALUE = re.compile(r"%\((\w+)\)s")


@dataclass(frozen=True, slots=True)
class Compiled:
    """A statement in the words of one driver, with what makes of each value what the driver takes, and of what it finds values
    of Python."""

    text: str
    values: tuple[tuple[str, Made], ...]
    fixed: Mapping[str, Any]
    is_positional: bool
    readers: tuple[Made, ...]

    @classmethod
    def of(cls, statement: Statement, dialect: Dialect) -> Compiled:
        """Compile a statement. Its values are those of its bindparams; an insert has one for each column of its table.

        What stands in the statement itself (`fixed`), such as the 1 that is added to a count, nobody needs to give.
        """
        compiled = statement.compile(dialect=dialect)
        names = compiled.positiontup or list(compiled.binds)
        kinds = [compiled.binds[name].type.dialect_impl(dialect) for name in names]
        columns = statement.selected_columns if isinstance(statement, Select) else ()
        readers = [column.type.dialect_impl(dialect).result_processor(dialect, None) for column in columns]
        return cls(
            text=str(compiled),
            values=tuple((name, kind.bind_processor(dialect)) for name, kind in zip(names, kinds, strict=True)),
            fixed={name: bind.effective_value for name, bind in compiled.binds.items() if not bind.required},
            is_positional=compiled.positiontup is not None,
            readers=tuple(readers),
        )

    def on(self, connection: Any, values: Mapping[str, Any]) -> Any:
        """Run it on a driver's connection; returns its cursor. Raises the driver's errors."""
        given = {**self.fixed, **values} if self.fixed else values
        if self.is_positional:
            made = [given[name] if make is None else make(given[name]) for name, make in self.values]
            return connection.execute(self.text, made)
        named = {name: given[name] if make is None else make(given[name]) for name, make in self.values}
        return connection.execute(self.text, named)

    def read(self, row: Sequence[Any]) -> tuple[Any, ...]:
        """What was found, as values of Python."""
        return tuple(value if read is None else read(value) for value, read in zip(row, self.readers, strict=True))

    @classmethod
    def together(cls, parts: Sequence[Compiled]) -> Compiled:
        """Several that write, as one statement of PostgreSQL's; it finds one row: how many rows each part wrote."""
        names = [f"part_{place}" for place in range(len(parts))]
        steps = ", ".join(
            own + " AS (" + NAMED_VALUE.sub(rf"%({own}_\1)s", part.text) + " RETURNING 1)"
            for own, part in zip(names, parts, strict=True)
        )
        # Names of our own, and statements that were compiled: no value is ever in the text.
        counts = ", ".join(f"(SELECT count(*) FROM {own})" for own in names)  # noqa: S608  # nosec B608
        return cls(
            text=f"WITH {steps} SELECT {counts}",
            values=tuple(
                (f"{own}_{name}", make) for own, part in zip(names, parts, strict=True) for name, make in part.values
            ),
            fixed={
                f"{own}_{name}": value
                for own, part in zip(names, parts, strict=True)
                for name, value in part.fixed.items()
            },
            is_positional=False,
            readers=(),
        )


class Hand:
    """A unit of work without a session: statements that were compiled once go straight to the driver."""

    def __init__(
        self,
        connection: Any,
        compiled: Callable[[Statement], Compiled],
        together: Callable[[tuple[Statement, ...]], Compiled] | None,
    ) -> None:
        self._connection = connection
        self._compiled = compiled
        self._together = together

    def run(self, statement: Statement, values: Mapping[str, Any]) -> int:
        """Run a statement that writes; returns how many rows it wrote."""
        return int(self._compiled(statement).on(self._connection, values).rowcount)

    def run_together(self, *steps: tuple[Statement, Mapping[str, Any]]) -> list[int]:
        """Run statements that write, of which none hangs on what another one does; returns how many rows each wrote.

        PostgreSQL gets them as one statement: what it waits for is the way there and back.
        """
        if self._together is None:
            return [self.run(statement, values) for statement, values in steps]
        compiled = self._together(tuple(statement for statement, _ in steps))
        values = {
            f"part_{place}_{name}": value for place, (_, given) in enumerate(steps) for name, value in given.items()
        }
        return [int(count) for count in compiled.on(self._connection, values).fetchone()]


class Database:
    """One side's database: hands out units of work."""

    def __init__(self, url: str, *, answers_within_seconds: float | None = None) -> None:
        """`answers_within_seconds` is for processes that people wait for: a PostgreSQL that hangs fails each statement then."""
        self.url = make_url(url)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        self._compiled: dict[Statement | tuple[Statement, ...], Compiled] = {}
        self._turn = threading.Lock()
        if self.is_sqlite:
            self._reader = self._single = _sqlite_engine(url, begin="BEGIN", query_only=True)
            self._writer = _sqlite_engine(url, begin="BEGIN IMMEDIATE", query_only=False)
        else:
            self._writer = _postgresql_engine(url, answers_within=answers_within_seconds)
            self._reader = self._writer.execution_options(postgresql_readonly=True)
            self._single = _postgresql_engine_of_single_queries(url, answers_within=answers_within_seconds)

    @property
    def engine(self) -> Engine:
        """The writing engine, for migrations."""
        return self._writer

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A unit of work that cannot write: the database itself refuses (query_only, or READ ONLY)."""
        held: list[object] = []
        with Session(self._reader, expire_on_commit=False, autoflush=False) as session, session.begin():
            # A session forgets what nobody holds, and asks again. Nothing changes while this one lasts.
            event.listen(session, "loaded_as_persistent", lambda _session, found: held.append(found))
            session.info[READS_ONLY] = {}
            yield session

    @contextmanager
    def snapshot(self) -> Iterator[Connection]:
        """The whole database as it is at one moment, however long the reading takes and whatever others write meanwhile."""
        if self.is_sqlite:
            with self._reader.connect() as connection:
                yield connection
        else:
            with self._writer.connect() as connection:
                yield connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)

    @contextmanager
    def frozen(self) -> Iterator[Connection]:
        """The whole database, to read, while nobody else can write to it: others wait, and are refused after their time-out."""
        with self._writer.connect() as connection, connection.begin():  # on SQLite this takes the only lock for writing
            if not self.is_sqlite:
                quote = self._writer.dialect.identifier_preparer.quote
                for name in inspect(connection).get_table_names():
                    connection.execute(text(f"LOCK TABLE {quote(name)} IN SHARE MODE"))
            yield connection

    def first(self, query: Select[Any], **values: Any) -> tuple[Any, ...] | None:
        """The first row that a query finds, read as `reading()` reads, or None. For the one row that every page needs.

        A session keeps track of objects, which costs ten times the query itself. One SELECT is a transaction of its own, so it
        goes straight to the driver of a connection that refuses to write; `query` is compiled once. Raises SQLAlchemyError.
        """
        compiled = self._compile(query)
        with self._plainly(self._single) as connection:
            row = compiled.on(connection, values).fetchone()
        return None if row is None else compiled.read(row)

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """A unit of work that commits at its end or not at all. Nothing slow belongs in it."""
        with self._in_turn(), Session(self._writer, expire_on_commit=False) as session, session.begin():
            yield session

    @contextmanager
    def writing_by_hand(self) -> Iterator[Hand]:
        """`writing()` for the few units of work that many people wait for: without a session, which costs more than all else
        that they do. It takes the same lock and commits alike, at its end or not at all. Raises SQLAlchemyError.
        """
        with self._in_turn(), self._plainly(self._writer) as connection:
            if self.is_sqlite:
                connection.execute("BEGIN IMMEDIATE")
            yield Hand(connection, self._compile, None if self.is_sqlite else self._compile_together)
            connection.commit()

    @contextmanager
    def noting(self, *tables: type[Any]) -> Iterator[Session]:
        """A unit of work that may add to these tables and change nothing else: the one that a GET may use, to write down that
        somebody reads.

        Of what is there already only the heads of the audit's chains move on. Raises NotANote when something else is added,
        or anything is deleted or written by a statement.
        """

        def refuse_others(session: Session, *_about: Any) -> None:
            if session.deleted or not all(isinstance(each, tables) for each in (*session.new, *session.dirty)):
                raise NotANote

        def refuse_statements(state: ORMExecuteState) -> None:
            if not state.is_select:
                raise NotANote

        with self._in_turn(), Session(self._writer, expire_on_commit=False) as session, session.begin():
            event.listen(session, "before_flush", refuse_others)
            event.listen(session, "do_orm_execute", refuse_statements)
            yield session

    @contextmanager
    def alone(self, what: str, *, wait_seconds: float) -> Iterator[None]:
        """While this lasts nobody else is at `what`, in no process and no thread; a process that is killed lets go by itself.

        No unit of work: it may last, and others read and write meanwhile. On SQLite a lock on a file beside the database, on
        PostgreSQL one of the server's own. Raises Busy after `wait_seconds`.
        """
        with self._lock_file(what) if self.is_sqlite else self._server_lock(what) as take:
            for _ in range(max(1, round(wait_seconds / LOOKS_EVERY_SECONDS))):  # counted: a clock may be set
                if take():
                    break
                time.sleep(LOOKS_EVERY_SECONDS)
            else:
                raise Busy(what)
            yield

    @contextmanager
    def _lock_file(self, what: str) -> Iterator[Callable[[], bool]]:
        path = Path(f"{self.url.database}.{what}.lock")
        with path.open("w") as held:
            path.chmod(0o600)

            def take() -> bool:
                try:
                    fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    return False
                return True

            yield take  # closing the file lets go

    @contextmanager
    def _server_lock(self, what: str) -> Iterator[Callable[[], bool]]:
        key = {"key": zlib.crc32(what.encode("ascii"))}
        with self._writer.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            taken = False

            def take() -> bool:
                nonlocal taken
                taken = bool(connection.execute(text("SELECT pg_try_advisory_lock(:key)"), key).scalar_one())
                return taken

            try:
                yield take
            finally:
                if taken:
                    connection.execute(text("SELECT pg_advisory_unlock(:key)"), key)

    def answers(self) -> bool:
        """True when the database can be read just now (for /readyz). Raises nothing but SQLAlchemy's own errors."""
        with self.reading() as session:
            return bool(session.execute(text("SELECT 1")).scalar_one() == 1)

    def forget_deleted(self, *tables: str) -> None:
        """Leave nothing of what was just deleted in the files beside the database. To be called after the commit.

        SQLite overwrites deleted rows (secure_delete), but its write-ahead log still holds them until it is written back and
        emptied. While others read, it is emptied as far as can be, and wholly the next time. PostgreSQL gives the space of
        deleted rows free for others when it vacuums: at once for `tables`, names out of the models, else by itself.
        """
        if self.is_sqlite:
            with self._writer.connect() as connection:
                raw = connection.connection.cursor()
                with told_as_ours("PRAGMA wal_checkpoint(TRUNCATE)"):
                    raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")
                raw.close()
        elif tables:
            quote = self._writer.dialect.identifier_preparer.quote
            with self._writer.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                connection.execute(text("VACUUM " + ", ".join(quote(name) for name in tables)))

    def close(self) -> None:
        """Let go of every connection."""
        self._reader.dispose()
        self._single.dispose()
        self._writer.dispose()

    def _compile(self, statement: Statement) -> Compiled:
        """A statement as its driver takes it. Statements are made with their module, so there are few."""
        compiled = self._compiled.get(statement)
        if compiled is None:
            compiled = self._compiled[statement] = Compiled.of(statement, self._writer.dialect)
        return compiled

    def _compile_together(self, statements: tuple[Statement, ...]) -> Compiled:
        """Several statements as one."""
        compiled = self._compiled.get(statements)
        if compiled is None:
            compiled = self._compiled[statements] = Compiled.together([self._compile(each) for each in statements])
        return compiled

    @contextmanager
    def _in_turn(self) -> Iterator[None]:
        """On SQLite one writes at a time. The threads of a process hand over to each other at once; only between processes does
        SQLite itself wait, and it looks again only now and then. Raises OperationalError, as it does when that takes too long.
        """
        if not self.is_sqlite:
            yield
            return
        if not self._turn.acquire(timeout=BUSY_TIMEOUT_MS / 1000):
            raise OperationalError("BEGIN IMMEDIATE", None, sqlite3.OperationalError("database is locked"))
        try:
            yield
        finally:
            self._turn.release()

    @contextmanager
    def _plainly(self, engine: Engine) -> Iterator[Any]:
        """A driver's own connection; its errors are told as SQLAlchemy tells them, without the values.

        What was not committed is taken back as the connection goes back to its pool.
        """
        errors = engine.dialect.loaded_dbapi.Error
        pooled = None
        try:
            pooled = engine.raw_connection()  # which fails in the driver's words too, when the server takes nobody
            yield pooled.driver_connection
        except errors as error:
            if pooled is not None and engine.dialect.is_disconnect(error, pooled.dbapi_connection, None):
                # The server has gone, and with it every connection that waits in a pool.
                pooled.invalidate(error)
                self._writer.dispose()
                self._single.dispose()
            raise DBAPIError.instance(
                None, None, error, errors, hide_parameters=True, dialect=engine.dialect
            ) from error
        finally:
            if pooled is not None:
                pooled.close()


def _postgresql_engine(url: str, *, answers_within: float | None, **options: Any) -> Engine:
    """Connections that are asked whether they are still alive when they were idle for a while: a restarted server is noticed."""
    arguments = {"connect_timeout": CONNECTS_WITHIN_SECONDS}
    engine = create_engine(url, pool_size=10, max_overflow=10, connect_args=arguments, **options)
    used_at = "used_at"

    if answers_within is not None:
        from app.data.hanging import connection_class  # which needs the driver

        impatient = connection_class(answers_within)

        @event.listens_for(engine, "do_connect")
        def connect(_dialect: Any, _record: Any, given: Any, named: Any) -> Any:
            return impatient.connect(*given, **named)

    @event.listens_for(engine, "checkout")
    def look(connection: Any, record: Any, _proxy: Any) -> None:
        if time.monotonic() - record.info.get(used_at, 0.0) > ALIVE_FOR_SECONDS:
            try:
                engine.dialect.do_ping(connection)
            except engine.dialect.loaded_dbapi.Error as error:
                raise DisconnectionError from error  # the pool gives a new one, and drops those that are older

    @event.listens_for(engine, "connect")
    def wait_no_longer(connection: Any, _record: Any) -> None:
        # As long as on SQLite: a page that waits for a lock says "not now" in the end, and frees its thread.
        connection.execute(f"SET lock_timeout = {BUSY_TIMEOUT_MS}")
        connection.commit()

    @event.listens_for(engine, "checkin")
    def note(_connection: Any, record: Any) -> None:
        record.info[used_at] = time.monotonic()

    return engine


def _postgresql_engine_of_single_queries(url: str, *, answers_within: float | None) -> Engine:
    """Connections on which every query is a transaction of its own that cannot write: one way there and back, not four."""
    engine = _postgresql_engine(url, answers_within=answers_within, isolation_level="AUTOCOMMIT")

    @event.listens_for(engine, "connect")
    def set_up(connection: Any, _record: Any) -> None:
        was_autocommit, connection.autocommit = connection.autocommit, True
        connection.execute("SET default_transaction_read_only = on")
        connection.autocommit = was_autocommit

    return engine


def _sqlite_engine(url: str, *, begin: str, query_only: bool) -> Engine:
    path = make_url(url).database
    if path:
        Path(path).parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    engine = create_engine(url, connect_args={"timeout": BUSY_TIMEOUT_MS / 1000, "check_same_thread": False})

    @event.listens_for(engine, "connect")
    def set_up(connection: sqlite3.Connection, _record: Any) -> None:
        connection.isolation_level = None  # we say BEGIN ourselves
        for pragma in (
            f"busy_timeout={BUSY_TIMEOUT_MS}",
            "journal_mode=WAL",
            "synchronous=FULL",
            "foreign_keys=ON",
            "secure_delete=ON",
            "temp_store=MEMORY",
            f"query_only={'ON' if query_only else 'OFF'}",
        ):
            with told_as_ours(pragma):
                connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def start(connection: Connection) -> None:
        # Straight to the driver: there is nothing to compile, and every unit of work begins here.
        own = connection.connection.driver_connection
        assert own is not None
        with told_as_ours(begin):
            own.execute(begin)

    return engine
