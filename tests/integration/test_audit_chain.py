"""The audit only grows, and breaks visibly when somebody sees to it that it does not. On both engines.

Whoever attacks here may do everything to the Hub's database: they drop the triggers first.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import delete, func, select, text, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from app.adapters.audit_heads import HeadsFile
from app.adapters.carriers import Head
from app.data import hub as rows
from app.data import migrating
from app.data.database import Database, NotANote
from app.domain import audit
from app.domain.audit import Act
from app.services.hub import auditing
from app.services.hub.auditing import Verified
from app.services.portal import auditing as portal_auditing
from tests.harness.databases import Copies, EngineName
from tests.harness.day import DAY

CASE = b"c" * 16
LINES = 6


class World:
    """A Hub's database with some lines, and a portal's that has seen them."""

    def __init__(self, hub: Database, portal: Database, folder: Path) -> None:
        self.hub, self.portal, self.file = hub, portal, HeadsFile(folder)

    def log(self, how_many: int = 1, *, days: int = 0) -> None:
        for _ in range(how_many):
            with self.hub.writing() as session:
                rows.log(session, at=DAY + timedelta(days=days), staff_id="amira", action=Act.CLAIMED, case_id=CASE)

    def post(self) -> None:
        """What a pass does."""
        with self.hub.reading() as session:
            grown = auditing.due(session)
            restored = session.get_one(rows.PostState, 1).restored_id or b""
        with self.portal.writing() as session:
            heads = portal_auditing.grow(session, grown, restored=restored)
        auditing.acknowledged(self.hub, heads, kept=self.file, now=DAY)

    def heads(self) -> list[Head]:
        with self.portal.reading() as session:
            return portal_auditing.heads(session, "")

    def verify(self, *, asks: bool = True) -> Verified:
        return auditing.verify(self.hub, self.heads() if asks else self.file.read(), now=DAY)

    def attack(self, how: Callable[[Session], None]) -> None:
        with self.hub.engine.begin() as connection:
            if self.hub.is_sqlite:
                for name in connection.execute(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).scalars():
                    connection.execute(text(f"DROP TRIGGER {name}"))
            else:
                connection.execute(text("DROP FUNCTION audit_refuses() CASCADE"))
        with self.hub.writing() as session:
            how(session)


@pytest.fixture
def world(engine_name: EngineName, tmp_path: Path) -> Iterator[World]:
    copies = Copies(engine_name, tmp_path)
    made: list[Database] = []
    for side in migrating.MODELS:
        database = Database(copies.make(side))
        migrating.migrate(database, side)
        made.append(database)
    portal, hub = made
    built = World(hub, portal, tmp_path)
    built.log(LINES)
    built.log(2, days=1)
    yield built
    for database in made:
        database.close()
    copies.drop()


def last_of(session: Session) -> rows.Audit:
    return session.scalars(select(rows.Audit).order_by(rows.Audit.chain, rows.Audit.sequence.desc())).first()  # type: ignore[return-value]


def alter(session: Session) -> None:
    session.execute(update(rows.Audit).where(rows.Audit.sequence == 3).values(staff_id="ben"))


def take_out(session: Session) -> None:
    session.execute(delete(rows.Audit).where(rows.Audit.sequence == 3))


def cut(session: Session) -> None:
    session.execute(delete(rows.Audit).where(rows.Audit.id == last_of(session).id))


def cut_with_its_head(session: Session) -> None:
    last = last_of(session)
    session.delete(last)
    session.flush()
    before = last_of(session)
    head = session.get_one(rows.AuditChain, last.chain)
    head.count, head.hash, head.posted = before.sequence, before.hash, before.sequence


def take_a_chain(session: Session) -> None:
    chain = last_of(session).chain
    session.execute(delete(rows.Audit).where(rows.Audit.chain == chain))
    session.execute(delete(rows.AuditChain).where(rows.AuditChain.id == chain))


def make_anew(session: Session) -> None:
    """Another name in the third line, and every link after it right again, to the head."""
    chain = last_of(session).chain
    last = audit.start_of(chain)
    lines = session.scalars(select(rows.Audit).where(rows.Audit.chain == chain).order_by(rows.Audit.sequence)).all()
    for line in lines:
        if line.sequence == 3:
            line.staff_id = "ben"
        line.hash = last = audit.link(last, audit.digest_of(line.text, salt=line.salt))
    session.get_one(rows.AuditChain, chain).hash = last


ATTACKS = {
    alter: "line 3 was altered",
    take_out: "line 3 is missing",
    cut: f"{LINES} lines were written, and {LINES - 1} are there",
    cut_with_its_head: f"the portal has seen {LINES} lines, and {LINES - 1} are there",
    take_a_chain: f"the portal has seen {LINES} lines, and 0 are there",
    make_anew: f"line {LINES} is not the one that the portal has seen",
}


@pytest.mark.parametrize("how", ATTACKS, ids=lambda how: how.__name__)
def test_the_chain_breaks_visibly(world: World, how: Callable[[Session], None]) -> None:
    world.post()
    held = world.verify()
    assert (held.faults, held.lines, held.chains, held.lost) == ([], LINES + 2, 2, 0)
    chain = min(each.chain for each in world.heads())

    world.attack(how)
    assert world.verify().faults == [f"chain {chain}: {ATTACKS[how]}"]
    assert world.verify(asks=False).faults == [f"chain {chain}: {ATTACKS[how]}"], "the file knows it too"


def test_a_chain_that_was_made_anew_cannot_grow_on_at_the_portal(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    world.post()
    world.attack(make_anew)
    world.log()  # the process goes on with its chain
    caplog.clear()
    world.post()
    assert "alarm: the audit is not what the portal has seen of it" in caplog.text
    assert len(world.verify().faults) == 1


@pytest.mark.parametrize("statement", ["UPDATE audit SET staff_id = 'ben'", "DELETE FROM audit",
                                       "DELETE FROM audit_chain", "UPDATE audit_chain SET count = 1"])  # fmt: skip
def test_the_database_refuses_to_take_anything_back(world: World, statement: str) -> None:
    with pytest.raises(DBAPIError, match="only grows"), world.hub.writing() as session:
        session.execute(text(statement))
    assert world.verify().lines == LINES + 2


def test_what_is_rolled_back_leaves_no_gap(world: World) -> None:
    class ChangedMyMind(Exception):
        pass

    with pytest.raises(ChangedMyMind), world.hub.writing() as session:  # noqa: PT012 - it must fail inside
        rows.log(session, at=DAY, staff_id="amira", action=Act.CLAIMED)
        session.flush()
        raise ChangedMyMind
    world.log()
    held = world.verify()
    assert (held.faults, held.lines, held.chains) == ([], LINES + 3, 2)


def test_threads_at_once_lose_nothing_and_do_not_wait_for_each_other(world: World) -> None:
    """On PostgreSQL each unit of work that runs at the same time has a chain of its own; SQLite lets one write at a time."""
    with world.hub.writing() as held_open:
        rows.log(held_open, at=DAY, staff_id="amira", action=Act.CLAIMED)
        held_open.flush()
        if not world.hub.is_sqlite:
            world.log()  # would wait for ever at the head of the same chain
    threads = [threading.Thread(target=world.log, args=(5,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = world.verify()
    assert (found.faults, found.lines) == ([], LINES + 2 + 21 + (0 if world.hub.is_sqlite else 1))
    assert found.chains <= 2 + len(threads), "names are used again"


def test_the_portal_lets_a_chain_only_grow(world: World) -> None:
    with world.hub.reading() as session:
        first, _second = auditing.due(session)
    with world.portal.writing() as session:
        (whole,) = portal_auditing.grow(session, [first], restored=b"")
        (again,) = portal_auditing.grow(session, [first], restored=b"")
        gap = type(first)(first.chain, first.after + LINES + 1, first.digests)
        (after_a_gap,) = portal_auditing.grow(session, [gap], restored=b"")
    assert whole == again == after_a_gap
    assert whole.count == LINES


def test_a_new_portal_is_told_everything_again(world: World) -> None:
    world.post()
    with world.portal.engine.begin() as connection:
        connection.execute(text("DELETE FROM audit_head"))
    with world.hub.writing() as session:
        auditing.post_all_again(session)
    world.post()
    assert sum(each.count for each in world.heads()) == LINES + 2


def test_a_restore_from_a_backup_is_told_apart(world: World) -> None:
    """The lines since the backup are gone, and said to be; but what the backup held must still be there."""
    world.post()
    world.attack(cut_with_its_head)
    assert world.verify().faults
    with world.hub.writing() as session:
        session.execute(update(rows.PostState).values(restored_id=b"r" * 16))
    with world.hub.reading() as session:
        world.file.add(auditing.heads_of_all(session), now=DAY)  # as `flask backup restore` does
    restored = auditing.verify(world.hub, [*world.file.read(), *world.heads()], now=DAY)
    assert (restored.faults, restored.lost) == ([], 1)

    with world.hub.writing() as session:
        cut_with_its_head(session)
    cut_more = auditing.verify(world.hub, [*world.file.read(), *world.heads()], now=DAY)
    assert len(cut_more.faults) == 1


def test_lines_from_before_are_sealed_by_the_migration(world: World) -> None:
    def go(to: str, how: Callable[..., None]) -> None:
        with world.hub.engine.begin() as connection:
            how(migrating.configuration("hub", connection), to)

    before = ScriptDirectory.from_config(migrating.configuration("hub")).get_revision("0013").down_revision
    assert isinstance(before, str)
    go(before, command.downgrade)
    with world.hub.engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM audit")).scalar_one() == LINES + 2, "no line is lost"
    go("head", command.upgrade)
    held = world.verify(asks=False)
    assert (held.faults, held.lines, held.chains) == ([], LINES + 2, 1)
    world.post()
    world.attack(alter)
    (fault,) = world.verify().faults
    assert fault.endswith("line 3 was altered")


def test_a_note_writes_a_line_and_nothing_else(world: World) -> None:
    def noting() -> object:
        return world.hub.noting(rows.Audit, rows.AuditChain)

    with noting() as session:  # type: ignore[attr-defined]
        rows.log(session, at=DAY, staff_id="amira", action=Act.READ_CASE)
    with pytest.raises(NotANote), noting() as session:  # type: ignore[attr-defined]
        session.add(rows.Staff(id="x", name="X", shown_name="X", roles=[]))
    with pytest.raises(NotANote), noting() as session:  # type: ignore[attr-defined]
        session.execute(update(rows.PostState).values(sent=7))
    with pytest.raises(NotANote), noting() as session:  # type: ignore[attr-defined]
        session.get_one(rows.PostState, 1).sent = 7
    with world.hub.reading() as session:
        assert session.scalar(select(func.count()).select_from(rows.Audit)) == LINES + 3
        assert session.get_one(rows.PostState, 1).sent == 0
