"""A database that does not keep what it is given: the person is told, keeps what they typed, and nothing half-sent remains."""

from __future__ import annotations

import resource
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from sqlalchemy import event, func, select, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError

from app.data import hub as hub_rows
from app.data import portal as portal_rows
from app.data.database import BUSY_TIMEOUT_MS, Database
from tests.harness.databases import EngineName
from tests.harness.pages import Page
from tests.harness.people import Colleague, Person
from tests.harness.postgresql import shared_server
from tests.harness.sides import Sides
from tests.stories import PARENT

AskedBy = Callable[..., Person]
Breaks = Callable[[Database], Any]
ONLY_READS = """
DO $$ BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'only_reads') THEN CREATE ROLE only_reads; END IF;
END $$;
GRANT SELECT ON ALL TABLES IN SCHEMA public TO only_reads
"""
TYPED = "Words that somebody typed, and must not lose."


@contextmanager
def anew(database: Database, *pragmas: str) -> Iterator[None]:
    """Every connection of an SQLite database opened anew, with these pragmas; and again without them."""
    engines = (database._reader, database._writer)

    def say(connection: Any, _record: Any) -> None:
        for pragma in pragmas:
            connection.execute(f"PRAGMA {pragma}")

    database.close()
    for engine in engines:
        event.listen(engine, "connect", say)
    try:
        yield
    finally:
        for engine in engines:
            event.remove(engine, "connect", say)
        database.close()


@contextmanager
def full(database: Database) -> Iterator[None]:
    """No file of this process grows any more, as on a disk that is full (RLIMIT_FSIZE: the write itself fails)."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@contextmanager
def read_only(database: Database) -> Iterator[None]:
    """The server, or SQLite, takes nothing that changes anything."""
    if database.is_sqlite:
        with anew(database, "query_only=ON"):
            yield
        return
    name = make_url(database.url).database
    with Database(database.url.render_as_string(hide_password=False)).engine.begin() as connection:
        connection.execute(text(ONLY_READS))
    with server_side(database, f'ALTER DATABASE "{name}" SET role = only_reads'):
        yield
    shared_server().do(f'ALTER DATABASE "{name}" RESET role')
    cut(database)


@contextmanager
def locked(database: Database) -> Iterator[None]:
    """Somebody else holds the lock for writing, and does not let go in time."""
    if database.is_sqlite:
        with Database(str(database.url)).frozen(), anew(database, "busy_timeout=100"):
            yield
        return
    with Database(database.url.render_as_string(hide_password=False)).frozen(), hurried(database):
        yield


@contextmanager
def hurried(database: Database) -> Iterator[None]:
    """A tenth of a second instead of a quarter of a minute, so that a test need not wait so long."""

    def hurry(connection: Any, _record: Any) -> None:
        connection.execute("SET lock_timeout = 100")
        connection.commit()

    event.listen(database.engine, "connect", hurry)
    database.close()
    yield
    event.remove(database.engine, "connect", hurry)
    database.close()


@contextmanager
def stopped(database: Database) -> Iterator[None]:
    """Every connection breaks, and no new one is taken: what a process sees of a server that was stopped."""
    name = make_url(database.url).database
    with server_side(database, f'ALTER DATABASE "{name}" WITH ALLOW_CONNECTIONS false'):
        yield
        shared_server().do(f'ALTER DATABASE "{name}" WITH ALLOW_CONNECTIONS true')


@contextmanager
def server_side(database: Database, statement: str) -> Iterator[None]:
    shared_server().do(statement)
    cut(database)
    yield


def cut(database: Database) -> None:
    name = make_url(database.url).database
    shared_server().do(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")


def count(database: Database, table: Any) -> int:
    with database.reading() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


FAULTS: dict[EngineName, tuple[Breaks, ...]] = {
    "sqlite": (full, read_only, locked),
    "postgresql": (stopped, read_only, locked),
}
# In every run one of each kind; the others are run by `make audit` and `make chaos`.
USUAL = {("sqlite", full), ("sqlite", locked), ("postgresql", stopped)}
EVERY_FAULT = [
    pytest.param(
        engine,
        breaks,
        id=f"{engine}-{breaks.__name__}",
        marks=() if (engine, breaks) in USUAL else pytest.mark.audit,
    )
    for engine, all_ in FAULTS.items()
    for breaks in all_
]


def told(page: Page, *typed: str) -> None:
    """Told plainly, when to come again, and what was typed is in the form that the page offers."""
    assert page.status == 503, page.text
    assert int(page.headers["Retry-After"]) > 0
    assert "Nothing was sent" in page.text or "not kept" in page.text or "could not keep" in page.text, page.text
    there = [value for form in page.forms for _, value in form.filled()]
    assert all(each in there for each in typed), (typed, there)


@pytest.mark.rule("rule 6")
@pytest.mark.parametrize(("engine_name", "breaks"), EVERY_FAULT, indirect=["engine_name"])
def test_whoever_asks_is_told_keeps_what_was_typed_and_sends_once(
    sides: Sides, person: AskedBy, breaks: Breaks
) -> None:
    portal = sides.portal_side.database
    sides.portal.jinja_env.bytecode_cache = None  # a file of the tests' own, which a full disk would stop too
    asking = person(PARENT)
    page = asking.begin()
    fails_at_its_question = asking.path()[-2].step.key
    for place in asking.path():
        if place.step.key == "check":
            break
        if place.step.key == fails_at_its_question:
            answer = asking.story.answers.get(place.step.key, {})
            with breaks(portal):
                refused = asking.answer(page, place)
            told(refused, *(value for value in answer.values() if isinstance(value, str)))
            page = asking.client.submit(refused, refused.form("step"))
            continue
        page = asking.answer(page, place)
    assert page.path == "/en/refer/check", page.text

    with breaks(portal):
        refused = asking.client.submit(page, page.form("revision"))
    told(refused)
    assert count(portal, portal_rows.Case) == count(portal, portal_rows.Outgoing) == 0, "half-sent"
    sent = asking.send(refused)

    answers = {"last_row": asking.number[-6:], "code_word": asking.story.code_word}
    with breaks(portal):
        refused = asking.client.submit(sent, sent.form("last_row", "code_word"), answers)
    told(refused, *answers.values())
    done = asking.client.submit(refused, refused.form("code_word"))
    assert done.path == "/en/refer/done", done.text

    space = asking.come_back()
    assert space.path == "/en/case", space.text
    page = asking.client.visit("/en/case/messages")
    with breaks(portal):
        refused = asking.client.submit(page, page.form("text"), {"text": TYPED})
    told(refused, TYPED)
    asking.client.submit(refused, refused.form("text"))

    sides.deliver()
    assert [count(sides.hub_side.database, table) for table in (hub_rows.Case, hub_rows.Aside)] == [1, 0]
    with sides.hub_side.database.reading() as session:
        numbers = sorted(session.scalars(select(hub_rows.Incoming.number)))
    assert numbers == [0, 1, 2], "once each, in order"


@pytest.mark.parametrize("engine_name", ["postgresql"], indirect=True)
def test_nobody_waits_for_a_lock_for_ever(sides: Sides) -> None:
    with sides.portal_side.database.engine.connect() as connection:
        assert connection.execute(text("SHOW lock_timeout")).scalar_one() == f"{BUSY_TIMEOUT_MS // 1000}s"


@pytest.mark.parametrize(("engine_name", "breaks"), EVERY_FAULT, indirect=["engine_name"])
def test_the_desk_says_so_too_and_keeps_what_a_colleague_typed(
    sides: Sides, person: AskedBy, colleague: Colleague, breaks: Breaks
) -> None:
    hub = sides.hub_side.database
    sides.hub.jinja_env.bytecode_cache = None
    asking = person(PARENT)
    asking.ask()
    sides.deliver()
    page = colleague.open(colleague.case(asking.reference))
    with breaks(hub):
        refused = colleague.write(page, TYPED)
    told(refused, TYPED)
    colleague.client.submit(refused, refused.form("text"))
    sides.deliver()
    assert asking.come_back().text.count(TYPED) == 1


@pytest.mark.parametrize(("engine_name", "breaks"), EVERY_FAULT, indirect=["engine_name"])
def test_a_pass_that_the_hub_cannot_keep_is_made_again_and_nothing_comes_twice(
    sides: Sides, person: AskedBy, breaks: Breaks, day: time_machine.Traveller
) -> None:
    hub, asking = sides.hub_side.database, person(PARENT)
    asking.ask()
    for _ in range(2):
        with breaks(hub), pytest.raises((SQLAlchemyError, OSError)):
            sides.make_pass()
    day.shift(timedelta(minutes=6))
    sides.deliver()
    assert [count(hub, table) for table in (hub_rows.Case, hub_rows.Aside)] == [1, 0]
