"""Two units of work: one cannot write, the other loses nothing."""

import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import bindparam, column, delete, select, table, text, update
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from app.data import portal as rows
from app.data.database import Database
from app.data.migrating import migrate
from app.data.post import PostNotSetUp, post_state

NOW = datetime(2026, 6, 3, 10, tzinfo=UTC)


@pytest.fixture
def database(tmp_path: Path):
    made = Database(f"sqlite:///{tmp_path / 'portal.sqlite3'}")
    migrate(made, "portal")
    yield made
    made.close()


def test_a_reading_unit_of_work_cannot_write(database):
    with database.reading() as session:
        session.add(rows.Draft(id=b"a", revision=1, sealed=b"", expires_at=NOW))
        with pytest.raises(DBAPIError, match="readonly"):
            session.flush()
        session.rollback()
    with pytest.raises(DBAPIError, match="readonly"), database.reading() as session:
        session.execute(text("DELETE FROM post_state"))


def test_the_first_row_is_read_by_a_connection_that_cannot_write(database):
    refuses = select(column("query_only")).select_from(table("pragma_query_only"))
    assert database.first(refuses) == (1,)


def test_the_first_row_comes_with_the_values_that_a_session_gives(database):
    draft = select(rows.Draft.id, rows.Draft.expires_at).where(
        rows.Draft.revision == bindparam("revision"), rows.Draft.id > bindparam("after")
    )
    with database.writing() as session:
        session.add(rows.Draft(id=b"b", revision=7, sealed=b"", expires_at=NOW))
    assert database.first(draft, after=b"a", revision=7) == (b"b", NOW)
    assert database.first(draft, after=b"b", revision=7) is None
    with database.reading() as session:
        assert tuple(session.execute(draft, {"after": b"a", "revision": 7}).one()) == (b"b", NOW)


def test_a_first_row_that_cannot_be_read_is_an_error_without_the_values(tmp_path):
    empty = Database(f"sqlite:///{tmp_path / 'empty.sqlite3'}")
    with pytest.raises(SQLAlchemyError) as raised:
        empty.first(select(rows.Draft.id).where(rows.Draft.id == bindparam("own")), own=b"a secret")
    assert "secret" not in str(raised.value)
    empty.close()


def test_a_writing_unit_of_work_commits_as_a_whole_or_not_at_all(database):
    class ChangedMyMind(Exception):
        pass

    def half_a_thing() -> None:
        with database.writing() as session:
            session.add(rows.Draft(id=b"a", revision=1, sealed=b"", expires_at=NOW))
            session.flush()
            raise ChangedMyMind

    with pytest.raises(ChangedMyMind):
        half_a_thing()
    with database.reading() as session:
        assert session.get(rows.Draft, b"a") is None


def test_no_update_is_lost_between_threads(database):
    def count_up() -> None:
        for _ in range(25):
            with database.writing() as session:
                sent = post_state(session, rows.POST).sent
                session.execute(update(rows.PostState).values(sent=sent + 1))

    threads = [threading.Thread(target=count_up) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    with database.reading() as session:
        assert post_state(session, rows.POST).sent == 100


def test_a_reader_sees_one_state_and_waits_for_nobody(database):
    with database.writing() as writer:
        writer.add(rows.Draft(id=b"a", revision=1, sealed=b"", expires_at=NOW))
        writer.flush()
        with database.reading() as session:
            assert session.get(rows.Draft, b"a") is None


def test_what_is_deleted_is_overwritten_and_what_is_committed_is_on_the_disk(database):
    with database.writing() as session:
        told = {
            name: session.execute(text(f"PRAGMA {name}")).scalar_one()
            for name in ("secure_delete", "synchronous", "foreign_keys", "journal_mode")
        }

    assert told == {"secure_delete": 1, "synchronous": 2, "foreign_keys": 1, "journal_mode": "wal"}


def test_a_moment_needs_its_zone(database):
    with pytest.raises(Exception, match="time zone"), database.writing() as session:
        session.add(rows.Draft(id=b"a", revision=1, sealed=b"", expires_at=datetime(2026, 6, 3)))  # noqa: DTZ001


def test_an_empty_database_says_what_to_run(tmp_path):
    empty = Database(f"sqlite:///{tmp_path / 'empty.sqlite3'}")
    migrate(empty, "portal")
    with empty.writing() as session:
        session.execute(delete(rows.POST.state))
    with empty.reading() as session, pytest.raises(PostNotSetUp, match="flask database migrate"):
        post_state(session, rows.POST)
    empty.close()
