"""The post's rows, alike on both sides: what this side sent, what it took in, what it kept aside, and who the other side is.

The mixins are made into tables by `app.data.portal` and `app.data.hub`; the queries here take the tables of either side.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, delete, func, or_, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

WAITING, RECEIVED, REFUSED = "waiting", "received", "refused"
FIRST_RETRY = timedelta(seconds=10)
LONGEST_RETRY = timedelta(minutes=5)
MOST_KEPT_ASIDE = 1000


class PostStateMixin:
    """One row: this database's own random id and counters, and what is known of the other side's."""

    __tablename__ = "post_state"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    database_id: Mapped[bytes]
    sent: Mapped[int] = mapped_column(default=0)
    peer_database_id: Mapped[bytes | None]
    peer_sent: Mapped[int] = mapped_column(default=0)
    peer_said_at: Mapped[int] = mapped_column(BigInteger, default=0)
    last_pass_at: Mapped[datetime | None]
    stopped: Mapped[str | None]
    aside_count: Mapped[int] = mapped_column(default=0)
    restored_id: Mapped[bytes | None]
    peer_restored_id: Mapped[bytes | None]


class OutgoingMixin:
    """An envelope that this side sent. Times to the second only while it waits."""

    __tablename__ = "outgoing"
    __table_args__ = {"sqlite_with_rowid": False}  # noqa: RUF012 - SQLAlchemy's own convention

    envelope_id: Mapped[bytes] = mapped_column(primary_key=True)
    case_id: Mapped[bytes] = mapped_column(index=True)
    number: Mapped[int]
    body: Mapped[bytes]
    state: Mapped[str] = mapped_column(default=WAITING, index=True)
    reason: Mapped[str | None]
    urgent: Mapped[bool] = mapped_column(default=False)
    attempts: Mapped[int] = mapped_column(default=0)
    waiting_since: Mapped[datetime | None]
    next_attempt_at: Mapped[datetime | None]
    created_on: Mapped[date]


class IncomingMixin:
    """An envelope that this side took in or refused, with the signed answer that it gets each time it comes again."""

    __tablename__ = "incoming"

    envelope_id: Mapped[bytes] = mapped_column(primary_key=True)
    database_id: Mapped[bytes]
    case_id: Mapped[bytes]
    number: Mapped[int]
    answer: Mapped[bytes]
    answer_due: Mapped[bool] = mapped_column(default=True, index=True)


class AsideMixin:
    """What could not be accepted: kept for a person to look at, never shown, counted and alarmed."""

    __tablename__ = "aside"
    __table_args__ = {"sqlite_with_rowid": False}  # noqa: RUF012 - SQLAlchemy's own convention

    id: Mapped[bytes] = mapped_column(primary_key=True)
    reason: Mapped[str]
    body: Mapped[bytes]
    seen_on: Mapped[date]


@dataclass(frozen=True)
class PostTables:
    """The four tables of one side, each a mapped class built from the mixin of its name."""

    state: type[Any]
    outgoing: type[Any]
    incoming: type[Any]
    aside: type[Any]


class PostNotSetUp(Exception):
    """The database has no post_state row: it was never migrated."""


def post_state(session: Session, tables: PostTables) -> Any:
    """This side's one post_state row. Raises PostNotSetUp when the migrations have not run."""
    row = session.get(tables.state, 1)
    if row is None:
        raise PostNotSetUp("the database is empty: run `flask database migrate`")
    return row


def put(
    session: Session,
    tables: PostTables,
    *,
    envelope_id: bytes,
    case_id: bytes,
    number: int,
    body: bytes,
    now: datetime,
    urgent: bool = False,
) -> None:
    """Queue a sealed envelope and count it; the caller's transaction makes both true at once."""
    session.add(
        tables.outgoing(
            envelope_id=envelope_id,
            case_id=case_id,
            number=number,
            body=body,
            urgent=urgent,
            waiting_since=now,
            next_attempt_at=now,
            created_on=now.date(),
        )
    )
    session.execute(update(tables.state).values(sent=tables.state.sent + 1))


def due(session: Session, tables: PostTables, *, now: datetime, most_bytes: int) -> list[Any]:
    """The waiting envelopes whose turn has come: urgent first, then oldest first, up to `most_bytes` in all.

    What is urgent, such as "not safe now", is due in every pass until it is answered: otherwise a pass without it would make
    the desk take an old contact plan for a fresh one.
    At least one is given when any is due, so that a large envelope is never stuck. A turn that lies further ahead than any wait
    was set by a clock that has been put back since: it is due.
    """
    outgoing = tables.outgoing
    turn = outgoing.next_attempt_at
    rows = session.scalars(
        select(outgoing)
        .where(outgoing.state == WAITING, or_(outgoing.urgent, turn <= now, turn > now + LONGEST_RETRY))
        .order_by(outgoing.urgent.desc(), outgoing.waiting_since, outgoing.number)
        .limit(2000)
    )
    taken: list[Any] = []
    size = 0
    for row in rows:
        size += len(row.body)
        if taken and size > most_bytes:
            break
        taken.append(row)
    return taken


def mark_tried(session: Session, tables: PostTables, envelope_ids: Iterable[bytes], *, now: datetime) -> None:
    """Set the next attempt of each with back-off: 10 s, 20 s, 40 s ... at most 5 minutes."""
    ids = list(envelope_ids)
    if not ids:
        return
    outgoing = tables.outgoing
    tried: dict[int, list[bytes]] = {}
    for envelope_id, attempts in session.execute(
        select(outgoing.envelope_id, outgoing.attempts).where(outgoing.envelope_id.in_(ids))
    ):
        tried.setdefault(attempts + 1, []).append(envelope_id)
    for attempts, those in tried.items():
        session.execute(
            update(outgoing)
            .where(outgoing.envelope_id.in_(those))
            .values(attempts=attempts, next_attempt_at=retry_at(attempts, now=now))
        )


def retry_at(attempts: int, *, now: datetime) -> datetime:
    """When something that was tried so often, one time or more, is tried again."""
    return now + min(LONGEST_RETRY, FIRST_RETRY * (1 << min(attempts - 1, 8)))


def settle(session: Session, tables: PostTables, envelope_id: bytes, *, received: bool, reason: str) -> bool:
    """Write down the other side's signed answer; False when there is no such waiting envelope (then nothing changes).

    From here on the envelope keeps no time finer than a day.
    """
    result = session.execute(
        update(tables.outgoing)
        .where(tables.outgoing.envelope_id == envelope_id, tables.outgoing.state == WAITING)
        .values(
            state=RECEIVED if received else REFUSED,
            reason=None if received else reason,
            waiting_since=None,
            next_attempt_at=None,
        )
    )
    return bool(result.rowcount)  # type: ignore[attr-defined]


def settle_received(session: Session, tables: PostTables, envelope_ids: Sequence[bytes]) -> None:
    """`settle` for many that were received."""
    if envelope_ids:
        session.execute(
            update(tables.outgoing)
            .where(tables.outgoing.envelope_id.in_(envelope_ids), tables.outgoing.state == WAITING)
            .values(state=RECEIVED, reason=None, waiting_since=None, next_attempt_at=None)
        )


def let_go_of(session: Session, tables: PostTables, envelope_ids: Iterable[bytes]) -> int:
    """A backup of the other side holds what came of these: their bodies need not be sent again, and go. Returns how many.

    The rows stay, since they make repeats harmless and say that what a person sent has arrived.
    """
    ids = list(envelope_ids)
    if not ids:
        return 0
    outgoing = tables.outgoing
    gone = session.execute(
        update(outgoing)
        .where(outgoing.envelope_id.in_(ids), outgoing.state == RECEIVED, outgoing.body != b"")
        .values(body=b"")
    )
    return int(gone.rowcount)  # type: ignore[attr-defined]


def send_again(session: Session, tables: PostTables, *, restored_id: bytes, now: datetime) -> None:
    """The other side was restored from a backup: whatever it has not said to be in one waits again. Once for each restore."""
    outgoing = tables.outgoing
    session.execute(
        update(outgoing)
        .where(outgoing.state == RECEIVED, outgoing.body != b"")
        .values(state=WAITING, attempts=1, waiting_since=now, next_attempt_at=now)
    )
    session.execute(update(tables.state).values(peer_restored_id=restored_id))


def tidy(session: Session, tables: PostTables, *, settled: int, aside: int, today: date) -> int:
    """Delete what arrived more than `settled` days after it was made, and what was kept aside `aside` days ago; returns how many.

    What was refused stays with its case: its person is told so. So does every inbox entry, which keeps repeats harmless.
    """
    old, seen = today - timedelta(days=settled), today - timedelta(days=aside)
    over = [
        delete(tables.outgoing).where(tables.outgoing.state == RECEIVED, tables.outgoing.created_on < old),
        delete(tables.aside).where(tables.aside.seen_on < seen),
    ]
    return sum(session.execute(each).rowcount for each in over)  # type: ignore[attr-defined]


def known_answer(session: Session, tables: PostTables, envelope_id: bytes) -> bytes | None:
    """The answer already given to this envelope, or None when it has not been here."""
    return session.scalar(select(tables.incoming.answer).where(tables.incoming.envelope_id == envelope_id))


def number_taken(session: Session, tables: PostTables, *, database_id: bytes, case_id: bytes, number: int) -> bool:
    """True when another envelope of that database already used this number of this case (a replay)."""
    incoming = tables.incoming
    found = session.scalar(
        select(incoming.envelope_id).where(
            incoming.database_id == database_id, incoming.case_id == case_id, incoming.number == number
        )
    )
    return found is not None


def remember(
    session: Session,
    tables: PostTables,
    *,
    envelope_id: bytes,
    database_id: bytes,
    case_id: bytes,
    number: int,
    answer: bytes,
) -> None:
    """Write the inbox entry that makes every repeat of this envelope harmless."""
    session.add(
        tables.incoming(
            envelope_id=envelope_id,
            database_id=database_id,
            case_id=case_id,
            number=number,
            answer=answer,
            answer_due=True,
        )
    )


def answer_again(session: Session, tables: PostTables, envelope_id: bytes) -> None:
    """The envelope came again: give the same answer again with the next pass."""
    session.execute(update(tables.incoming).where(tables.incoming.envelope_id == envelope_id).values(answer_due=True))


def answers_due(session: Session, tables: PostTables) -> list[tuple[bytes, bytes]]:
    """(envelope id, answer) of everything taken in whose answer has not been carried yet."""
    incoming = tables.incoming
    rows = session.execute(select(incoming.envelope_id, incoming.answer).where(incoming.answer_due).limit(2000))
    return [(row.envelope_id, row.answer) for row in rows]


def answers_carried(session: Session, tables: PostTables, envelope_ids: Sequence[bytes]) -> None:
    """These answers reached the other side."""
    if envelope_ids:
        session.execute(
            update(tables.incoming).where(tables.incoming.envelope_id.in_(list(envelope_ids))).values(answer_due=False)
        )


def keep_aside(session: Session, tables: PostTables, *, aside_id: bytes, reason: str, body: bytes, today: date) -> None:
    """Keep what could not be accepted, count it, and stop keeping bodies past a limit so that nobody can fill the disk."""
    kept = session.scalar(select(func.count()).select_from(tables.aside)) or 0
    if kept < MOST_KEPT_ASIDE:
        session.add(tables.aside(id=aside_id, reason=reason, body=body, seen_on=today))
    session.execute(update(tables.state).values(aside_count=tables.state.aside_count + 1))


def waiting_count(session: Session, tables: PostTables) -> int:
    """How many envelopes wait for an answer."""
    return (
        session.scalar(select(func.count()).select_from(tables.outgoing).where(tables.outgoing.state == WAITING)) or 0
    )


def oldest_waiting(session: Session, tables: PostTables) -> datetime | None:
    """Since when the oldest waiting envelope waits."""
    return session.scalar(select(func.min(tables.outgoing.waiting_since)).where(tables.outgoing.state == WAITING))


def let_in_again(session: Session, tables: PostTables) -> None:
    """What was lost since the backup has come again: the post goes on."""
    session.execute(update(tables.state).values(stopped=None))


def pass_made(
    session: Session,
    tables: PostTables,
    *,
    peer_database_id: bytes,
    peer_sent: int,
    peer_said_at: int,
    now: datetime,
    has_all: bool = True,
    peer_restored_id: bytes = b"",
) -> None:
    """Write down a completed pass: the other side's id, the highest count seen of it, and the latest time it said one.

    Only a pass from which everything was taken in (`has_all`) counts as one after which this side is up to date.
    """
    state = tables.state
    highest = func.max if _is_sqlite(session) else func.greatest
    session.execute(
        update(state).values(
            peer_database_id=peer_database_id,
            peer_sent=highest(state.peer_sent, peer_sent),
            peer_said_at=highest(state.peer_said_at, peer_said_at),
            peer_restored_id=peer_restored_id or None,
            **({"last_pass_at": now} if has_all else {}),
        )
    )


def stop_post(session: Session, tables: PostTables, reason: str) -> None:
    """A roll-back was noticed: stop display and sends until a person reconciles. The first reason stays."""
    session.execute(update(tables.state).where(tables.state.stopped.is_(None)).values(stopped=reason))


def reconcile(session: Session, tables: PostTables) -> str | None:
    """Forget what was known of the other side's count and go on; returns why the post had stopped."""
    reason = post_state(session, tables).stopped
    session.execute(update(tables.state).values(stopped=None, peer_sent=0, peer_said_at=0))
    return None if reason is None else str(reason)


def _is_sqlite(session: Session) -> bool:
    return session.get_bind().dialect.name == "sqlite"
