"""Units of work without a session, on both engines: nothing is lost, errors are told as a session tells them."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import bindparam, delete, event, insert, literal, select, text, update
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError

from app.adapters import numbers
from app.cli import serve
from app.data import database as database_module
from app.data import portal as rows
from app.data.database import Database
from app.data.migrating import migrate
from app.domain.reference import reference_of
from app.processes import threads_wanted
from app.services.portal import drafts, refer
from app.services.portal.office import Busy, Office, new_token
from app.web import clock
from tests.harness.databases import Copies, EngineName
from tests.harness.own_postgresql import OwnPostgresql
from tests.harness.people import Person
from tests.harness.sides import Sides
from tests.stories import READER

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
DRAFTS, SENTS = rows._drafts_table, rows._table_of(rows.Sent)
PUT, DROP = insert(DRAFTS), delete(DRAFTS).where(DRAFTS.c.id == bindparam("own"))
COUNT_UP = update(DRAFTS).where(DRAFTS.c.id == bindparam("own")).values(revision=DRAFTS.c.revision + 1)
REVISION = select(DRAFTS.c.revision).where(DRAFTS.c.id == bindparam("own"))


@pytest.fixture
def database(engine_name: EngineName, tmp_path: Path) -> Iterator[Database]:
    copies = Copies(engine_name, tmp_path)
    made = Database(copies.make("portal"))
    migrate(made, "portal")
    yield made
    made.close()
    copies.drop()


def draft(own: bytes = b"a", revision: int = 1) -> dict[str, object]:
    return {"id": own, "revision": revision, "sealed": b"s", "expires_at": NOW}


def revision_of(database: Database, own: bytes = b"a") -> int | None:
    found = database.first(REVISION, own=own)
    return None if found is None else int(found[0])


def test_it_commits_as_a_whole_or_not_at_all(database: Database) -> None:
    with database.writing_by_hand() as hand:
        assert hand.run(PUT, draft()) == 1

    def change_my_mind() -> None:
        with database.writing_by_hand() as hand:
            assert hand.run(COUNT_UP, {"own": b"a"}) == 1
            raise LookupError

    with pytest.raises(LookupError):
        change_my_mind()
    assert revision_of(database) == 1


def test_several_together_count_what_each_wrote(database: Database) -> None:
    other = {"draft_id": b"x", "case_id": b"c", "sealed": b"s", "expires_at": NOW}
    with database.writing_by_hand() as hand:
        counts = hand.run_together((PUT, draft()), (DROP, {"own": b"nobody"}), (insert(SENTS), other))
    assert counts == [1, 0, 1]
    assert revision_of(database) == 1


def test_what_is_refused_is_told_as_a_session_tells_it_and_nothing_of_it_stays(database: Database) -> None:
    with database.writing_by_hand() as hand:
        hand.run(PUT, draft(b"there"))
    with pytest.raises(IntegrityError) as raised, database.writing_by_hand() as hand:
        hand.run_together((COUNT_UP, {"own": b"there"}), (PUT, draft(b"there")))
    assert not raised.value.params
    assert revision_of(database, b"there") == 1
    with database.writing_by_hand() as hand:  # the connection is whole again
        hand.run(PUT, draft(b"next"))
    assert revision_of(database, b"next") == 1


def test_no_count_is_lost_between_threads(database: Database) -> None:
    with database.writing_by_hand() as hand:
        hand.run(PUT, draft())

    def count_up() -> None:
        for _ in range(20):
            with database.writing_by_hand() as hand:
                hand.run(COUNT_UP, {"own": b"a"})

    threads = [threading.Thread(target=count_up) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert revision_of(database) == 81


def test_one_row_is_read_where_nothing_can_be_written(database: Database) -> None:
    with database._plainly(database._single) as connection, pytest.raises(database._single.dialect.loaded_dbapi.Error):
        connection.execute("DELETE FROM draft")


@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
def test_whoever_waits_too_long_for_their_turn_is_told_that_it_is_locked(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database_module, "BUSY_TIMEOUT_MS", 10)
    told: list[Exception] = []

    def write() -> None:
        try:
            with database.writing():
                pass
        except OperationalError as error:
            told.append(error)

    with database.writing_by_hand() as hand:
        hand.run(PUT, draft())
        thread = threading.Thread(target=write)
        thread.start()
        thread.join()
    assert "locked" in str(told[0])
    assert revision_of(database) == 1


@pytest.mark.parametrize("engine_name", ["postgresql"], indirect=True)
def test_a_connection_that_died_while_nobody_used_it_is_replaced(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database_module, "ALIVE_FOR_SECONDS", 0.0)
    with database.writing_by_hand() as hand:
        hand.run(PUT, draft())
    assert revision_of(database) == 1
    for engine in (database._writer, database._single):
        pooled = engine.raw_connection()
        pooled.driver_connection.close()
        pooled.close()
    assert revision_of(database) == 1
    with database.writing_by_hand() as hand:
        hand.run(COUNT_UP, {"own": b"a"})
    assert revision_of(database) == 2


def test_every_error_of_a_driver_is_one_that_pages_know(database: Database) -> None:
    nowhere = select(rows._table_of(rows.Packet).c.id)
    with database.writing() as session:
        session.execute(text("DROP TABLE packet"))
    with pytest.raises(DBAPIError):
        database.first(nowhere)


def test_a_server_that_is_not_there_is_told_as_a_session_tells_it_and_found_again() -> None:
    with OwnPostgresql() as server:
        server.do('CREATE DATABASE "portal"')
        database = Database(server.url("portal"))

        def read() -> None:
            assert database.first(select(literal(1))) == (1,)

        def write() -> None:
            with database.writing_by_hand():
                pass

        read()
        write()
        server.crash(restart=False)
        for again in (read, write, read, write):  # cut off, then refused
            with pytest.raises(OperationalError):
                again()
        server.start()
        read()
        write()
        database.close()


def test_nobody_waits_for_ever_for_a_server_that_hangs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database_module, "CONNECTS_WITHIN_SECONDS", 2)
    with OwnPostgresql() as server:
        server.do('CREATE DATABASE "portal"')
        database = Database(server.url("portal"), answers_within_seconds=0.5)
        patient = Database(server.url("portal"))

        def read() -> None:
            assert database.first(select(literal(1))) == (1,)

        def write() -> None:
            with database.writing_by_hand():
                pass

        def use_a_session() -> None:
            with database.writing() as session:
                session.execute(text("SELECT 1"))

        for use in (read, write, use_a_session):
            use()
        server.hang()
        try:
            for use in (read, write, use_a_session, write):  # those that were there, then new ones
                with pytest.raises(OperationalError):
                    use()
        finally:
            server.go_on()
        for use in (read, write, use_a_session):
            use()
        assert patient.answers()
        # What only lasts long, and is not the database hanging, is cut off as well, and leaves the connection to nobody.
        with pytest.raises(OperationalError), database.reading() as session:
            session.execute(text("SELECT pg_sleep(5)"))
        use_a_session()
        database.close()
        patient.close()


def test_the_last_press_looks_twice_and_commits_once(sides: Sides) -> None:
    """What a page that everybody waits for costs in units of work: the draft, whether a reference is free, and one commit."""
    own = sides.portal_side.database
    person = Person(sides.portal_client(), READER)
    checked = person.fill_in()
    taken: list[str] = []

    def note(_connection: object, _record: object, _proxy: object) -> None:
        taken.append("connection")

    engines = {own._writer, own._single, own._reader} if own.is_sqlite else {own._writer, own._single}
    for engine in engines:
        event.listen(engine, "checkout", note)
    try:
        fields = checked.form("revision").filled()
        answer = person.client.fetch("POST", checked.path, data=fields)
    finally:
        for engine in engines:
            event.remove(engine, "checkout", note)
    assert answer.status == 303
    assert len(taken) == 3


def test_with_no_reference_left_nothing_is_sent_and_the_alarm_rings(
    sides: Sides, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    taken = reference_of(Person(sides.portal_client(), READER).ask())
    person = Person(sides.portal_client(), READER)
    checked = person.fill_in()
    with monkeypatch.context() as none_left:
        none_left.setattr(numbers, "draw_reference", lambda *_: taken)
        answer = person.client.fetch("POST", checked.path, data=checked.form("revision").filled())
    assert answer.status == 503
    assert "alarm: no reference is left" in caplog.text
    assert person.client.fetch("POST", checked.path, data=checked.form("revision").filled()).status == 303


def test_a_number_that_was_shown_for_its_hour_makes_place_for_the_next_request(sides: Sides) -> None:
    own, token = sides.portal_side, new_token()
    answers = {"start": {"device": "own"}}
    for moment in (clock.now(), clock.now() + timedelta(hours=2)):
        kept = drafts.save_answer(own.database, token, key="start", answer=answers["start"], now=moment)
        refer.send(
            own.database,
            own.office,
            token=token,
            revision=kept.revision,
            answers=answers,
            language="en",
            consent="consent-1/en",
            now=moment,
        )
        with own.database.reading() as session:
            shown = refer.shown_number(session, token, now=moment)
        assert shown is not None


@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
def test_threads_are_left_when_every_slot_of_the_slow_step_is_full(sides: Sides) -> None:
    """Whoever only reads is served while as many as there is room for wait for a key derivation, and the next is told at once."""
    office: Office = sides.portal_side.office
    assert office.most_held < threads_wanted()
    assert next(each.default for each in serve.params if each.name == "threads") == threads_wanted()
    slots = ("sending", "returning", "collecting", "reading", "narrow")
    names = [name for name in slots for _ in range(getattr(office, name).room)]
    everybody_is_in, may_go = threading.Barrier(len(names) + 1, timeout=10), threading.Event()
    told: list[str] = []

    def wait_in(slot_name: str) -> None:
        slot = getattr(office, slot_name)
        everybody_is_in.wait()
        try:
            with slot.taken():
                may_go.wait(10)
        except Busy:
            told.append(slot_name)

    threads = [threading.Thread(target=wait_in, args=(name,)) for name in names]
    for thread in threads:
        thread.start()
    everybody_is_in.wait()
    try:
        assert sides.portal_client().get("/en/refer/start").status_code == 200
    finally:
        may_go.set()
        for thread in threads:
            thread.join()
    assert not told
