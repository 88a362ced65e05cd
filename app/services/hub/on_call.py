"""Out of hours: when somebody who may be at risk writes and nobody is there, whoever is on call is told to look at the desk.

The notice says that and nothing else. It is no promise to the public, who are told that nobody is reading (requirement C13).
Once for each case until somebody has opened it, and one notice in a while for all that came meanwhile.

The row is made in the very transaction that takes the request in, so that nothing is lost by a crash. It is claimed in one
transaction, sent outside of any and marked afterwards; what was claimed and never marked is looked for at the provider first.
Where the provider cannot tell it is sent again under the same id: here a second notice does less harm than none.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.orm import Session

from app.adapters.notify import CannotTell, Leaving, Notifier, NotSent, Unsure
from app.adapters.notify import Refused as ProviderRefused
from app.data import hub as rows
from app.data.database import ID_LENGTH, Database
from app.domain import notice as rules
from app.domain.contact import Way
from app.domain.hours import OpeningHours
from app.services import post
from app.services.hub.notices import LOOK_AFTER, PAUSE, Mode
from app.services.hub.staff import OPERATOR

log = logging.getLogger(__name__)

WORDS = "Please look at the desk."
TOLD = "told-on-call"
# However many come: one notice in this time.
GAP = timedelta(minutes=10)
# A provider that cannot tell whether it took one is given it again, but not for ever.
MOST_UNSURE = 2


class State(StrEnum):
    """Where it stands. The values are kept."""

    DUE = "due"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    OVER = "over"  # the Hub opened before it went: people are there
    OPENED = "opened"  # somebody has opened the case


@dataclass
class Memory:
    """What one process remembers to spare work: losing it costs nothing else."""

    resume_at: datetime | None = None
    said: int = 0


@dataclass(frozen=True)
class Office:
    """What a round needs. `address` is never printed."""

    database: Database
    hours: OpeningHours
    notifier: Notifier
    mode: Mode
    way: Way
    address: str = field(repr=False)
    memory: Memory = field(default_factory=Memory)


def came(session: Session, case_id: bytes, *, now: datetime, hours: OpeningHours | None) -> None:
    """A request or an addition came: if its case may be at risk and the Hub is closed, somebody is to be told."""
    if hours is None or hours.open_at(now):
        return
    case = session.get(rows.Case, case_id)
    if case is None or case.facts.get("risk") is not True:
        return
    row = session.get(rows.OnCall, case_id)
    if row is None:
        session.add(
            rows.OnCall(case_id=case_id, state=State.DUE.value, due_at=now, attempts=0, notice_id=None, changed_at=now)
        )
    elif row.state in (State.OPENED.value, State.OVER.value):
        row.state, row.due_at, row.attempts = State.DUE.value, now, 0


def opened(session: Session, case_id: bytes) -> None:
    """Somebody has opened the case: nothing waits to be told of it. When the last notice went is kept."""
    session.execute(update(rows.OnCall).where(rows.OnCall.case_id == case_id).values(state=State.OPENED.value))


def send_due(office: Office, *, clock: Callable[[], datetime]) -> None:
    """Tell whoever is on call, if anything is due; one notice for all of it. A dry run only says so in the log."""
    now, memory = clock(), office.memory
    if office.mode is Mode.OFF or (memory.resume_at is not None and now < memory.resume_at):
        return
    if office.mode is Mode.ON and not _settle_claimed(office, clock=clock):
        return
    with office.database.reading() as session:
        due = session.scalar(select(func.count()).select_from(rows.OnCall).where(*_is_due(now))) or 0
    if not due:
        return
    if office.hours.open_at(now):
        with office.database.writing() as session:
            session.execute(
                update(rows.OnCall).where(rows.OnCall.state == State.DUE.value).values(state=State.OVER.value)
            )
        return
    if office.mode is Mode.DRY_RUN:
        if due != memory.said:
            log.info("on call, dry run: would tell of %d cases", due)
            memory.said = due
        return
    notice_id = _claim(office.database, now=now)
    if notice_id is not None:
        _hand_over(office, notice_id, clock=clock)


def _is_due(now: datetime) -> tuple[ColumnElement[bool], ...]:
    return rows.OnCall.state == State.DUE.value, rows.OnCall.due_at <= now


def _claim(database: Database, *, now: datetime) -> bytes | None:
    """Take everything that is due for one notice; None when the last one was not long ago, or nothing is due any more."""
    notice_id = secrets.token_bytes(ID_LENGTH)
    with database.writing() as session:
        last = session.scalar(select(func.max(rows.OnCall.changed_at)).where(rows.OnCall.notice_id.is_not(None)))
        if last is not None and now - last < GAP:
            return None
        took = session.execute(
            update(rows.OnCall)
            .where(*_is_due(now))
            .values(
                state=State.SENDING.value,
                notice_id=notice_id,
                attempts=rows.OnCall.attempts + 1,
                changed_at=now,
            )
        )
        return notice_id if took.rowcount else None  # type: ignore[attr-defined]


def _hand_over(office: Office, notice_id: bytes, *, clock: Callable[[], datetime]) -> None:
    """Call the provider, outside of any transaction, and mark the rows."""
    leaving = Leaving(reference=notice_id.hex(), way=office.way, address=office.address, words=WORDS)
    try:
        office.notifier.send(leaving, now=clock())
    except ProviderRefused as error:
        _failed(office, notice_id, why=str(error), now=clock())
    except NotSent as error:
        _try_later(office, notice_id, why=str(error), now=clock())
    except Unsure as error:
        # It stays claimed: the next rounds look for it before anything else.
        office.memory.resume_at = clock() + PAUSE
        post.alarm("it is not sure that whoever is on call was told", why=str(error))
    else:
        _sent(office, notice_id, now=clock())


def _settle_claimed(office: Office, *, clock: Callable[[], datetime]) -> bool:
    """Settle what was claimed and never marked; False when the provider does not answer."""
    now = clock()
    with office.database.reading() as session:
        claimed = session.execute(
            select(rows.OnCall.notice_id, func.max(rows.OnCall.attempts))
            .where(
                rows.OnCall.state == State.SENDING.value,
                rows.OnCall.changed_at <= now - LOOK_AFTER,
                rows.OnCall.notice_id.is_not(None),
            )
            .group_by(rows.OnCall.notice_id)
        ).all()
    for notice_id, attempts in claimed:
        assert notice_id is not None
        try:
            is_there = office.notifier.find(office.way, notice_id.hex(), now=clock()) is not None
        except (CannotTell, ProviderRefused):
            if attempts >= MOST_UNSURE:
                _failed(office, notice_id, why="nobody-can-tell", now=clock())
            else:
                _count_another(office.database, notice_id, now=clock())
                _hand_over(office, notice_id, clock=clock)
        except Unsure:
            office.memory.resume_at = clock() + PAUSE
            return False
        else:
            if is_there:
                _sent(office, notice_id, now=clock())
            else:
                _try_later(office, notice_id, why="never-arrived", now=clock())
    return True


def _count_another(database: Database, notice_id: bytes, *, now: datetime) -> None:
    with database.writing() as session:
        session.execute(
            update(rows.OnCall)
            .where(rows.OnCall.notice_id == notice_id, rows.OnCall.state == State.SENDING.value)
            .values(attempts=rows.OnCall.attempts + 1, changed_at=now)
        )


def _sent(office: Office, notice_id: bytes, *, now: datetime) -> None:
    with office.database.writing() as session:
        told = session.execute(
            update(rows.OnCall)
            .where(rows.OnCall.notice_id == notice_id, rows.OnCall.state == State.SENDING.value)
            .values(state=State.SENT.value)
        )
        rows.log(session, at=now, staff_id=OPERATOR, action=TOLD, detail=str(told.rowcount))  # type: ignore[attr-defined]


def _try_later(office: Office, notice_id: bytes, *, why: str, now: datetime) -> None:
    with office.database.writing() as session:
        found = session.scalars(
            select(rows.OnCall).where(rows.OnCall.notice_id == notice_id, rows.OnCall.state == State.SENDING.value)
        ).all()
        tried = max((each.attempts for each in found), default=0)
        again = rules.next_try(tried, now=now)
        for row in found:
            if again is not None:
                # None of it has left, so it does not hold up the next.
                row.state, row.due_at, row.notice_id = State.DUE.value, again, None
    if again is None:
        _failed(office, notice_id, why=why, now=now)
    else:
        post.alarm("whoever is on call could not be told yet", why=why)


def _failed(office: Office, notice_id: bytes, *, why: str, now: datetime) -> None:
    with office.database.writing() as session:
        session.execute(
            update(rows.OnCall)
            .where(rows.OnCall.notice_id == notice_id, rows.OnCall.state == State.SENDING.value)
            .values(state=State.FAILED.value, changed_at=now)
        )
    post.alarm("whoever is on call could not be told", why=why)
