"""What no colleague does alone: deleting a case, and giving a code for a new number.

One asks, another agrees, and only then it is done; both are logged. Whoever asked cannot agree, nobody can who may not know
of the case, and what nobody agreed to within a day is over. Where only one person works it waits.

What the person themselves starts from their space goes by its own rules (services/hub/changes.py). And stopping an old number
is done at once: it takes something away and gives nothing.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from nacl.signing import SigningKey
from sqlalchemy import Select, delete, select
from sqlalchemy.orm import Session

from app.data import hub as rows
from app.data.database import ID_LENGTH, Database
from app.domain.retention import Periods
from app.services.hub import erasing, guard, retention
from app.services.hub.records import Opener
from app.services.hub.staff import OPERATOR, Identity

LASTS = timedelta(hours=24)
ASKED, AGREED, DECLINED, RAN_OUT = "second-asked", "second-agreed", "second-declined", "second-ran-out"


class Act(StrEnum):
    """What needs two. The values are kept: add, never rename."""

    CODE = "code"
    DELETE = "delete"
    LET_GO = "let-go"


class NothingWaits(Exception):
    """Nothing of that kind waits, or not for this person."""


class OwnAsking(Exception):
    """Whoever asked for it cannot be the second."""


class AlreadyAsked(Exception):
    """Somebody has asked for it already; it waits."""


@dataclass(frozen=True)
class Look:
    """One thing that waits for a second colleague, or that they agreed to and that is not done yet."""

    id: bytes
    case_id: bytes
    reference: str
    act: Act
    detail: str
    asked_by: str
    asker: str
    asked_at: datetime
    expires_at: datetime
    agreed_by: str | None


def ask(session: Session, case_id: bytes, act: Act, who: Identity, *, detail: str, now: datetime) -> None:
    """Ask for something that needs a second colleague. Logged. Raises guard.NoSuchCase and AlreadyAsked."""
    guard.case_for(session, case_id, who)
    run_out(session, now=now)
    if session.scalar(_of(case_id, act)) is not None:
        raise AlreadyAsked
    session.add(
        rows.SecondLook(
            id=secrets.token_bytes(ID_LENGTH),
            case_id=case_id,
            act=act.value,
            detail=detail,
            asked_by=who.id,
            asked_at=now,
            expires_at=now + LASTS,
            agreed_by=None,
        )
    )
    rows.log(session, at=now, staff_id=who.id, action=ASKED, case_id=case_id, detail=act.value)


def waiting(session: Session, who: Identity, *, now: datetime) -> list[Look]:
    """What waits for a second colleague in the cases that `who` may see, the oldest first; also their own."""
    found = session.execute(
        select(rows.SecondLook, rows.Case, rows.Staff)
        .join(rows.Case, rows.Case.id == rows.SecondLook.case_id)
        .join(rows.Staff, rows.Staff.id == rows.SecondLook.asked_by)
        .where(rows.SecondLook.agreed_by.is_(None), rows.SecondLook.expires_at > now)
        .order_by(rows.SecondLook.asked_at, rows.SecondLook.id)
    )
    return [_look(row, case, asker) for row, case, asker in found if guard.may_see(case, who)]


def of_case(session: Session, case_id: bytes, act: Act, who: Identity, *, now: datetime) -> Look | None:
    """What waits, or was agreed to, of one kind in a case. Raises guard.NoSuchCase."""
    case = guard.case_for(session, case_id, who)
    row = session.scalar(_of(case_id, act).where(rows.SecondLook.expires_at > now))
    return None if row is None else _look(row, case, session.get_one(rows.Staff, row.asked_by))


def agree(
    database: Database,
    look_id: bytes,
    who: Identity,
    *,
    periods: Periods,
    opener: Opener,
    portal_key: bytes,
    voice: SigningKey,
    now: datetime,
) -> Look:
    """The second colleague agrees. A deletion is done with it; a code is made by whoever asked.

    Raises NothingWaits, OwnAsking, retention.NotListed and sealing.CannotOpen.
    """
    with database.reading() as session:
        found = _waiting_for(session, look_id, who, now=now)
        case = guard.case_for(session, found.case_id, who)
        is_named = guard.is_named(session, case, who, opener=opener)
    if is_named:  # the sealed words name this very person: the case is not there for them
        with database.writing() as session:
            guard.hide_from(guard.case_for(session, found.case_id, who), who)
        raise NothingWaits
    with database.writing() as session:
        found = _waiting_for(session, look_id, who, now=now)
        row = session.get_one(rows.SecondLook, look_id)
        row.agreed_by = who.id
        rows.log(session, at=now, staff_id=who.id, action=AGREED, case_id=found.case_id, detail=found.act.value)
        if found.act is Act.LET_GO:
            session.delete(row)
            retention.let_go(session, found.case_id, who, periods=periods, now=now)
    if found.act is Act.DELETE:
        erasing.erase(database, found.case_id, portal_key=portal_key, voice=voice, now=now)
    return found


def decline(session: Session, look_id: bytes, who: Identity, *, now: datetime) -> None:
    """It is not done: the second says no, or whoever asked takes it back. Logged. Raises NothingWaits."""
    try:
        found = _waiting_for(session, look_id, who, now=now)
    except OwnAsking:
        row = session.get_one(rows.SecondLook, look_id)
        found = _look(row, session.get_one(rows.Case, row.case_id), session.get_one(rows.Staff, row.asked_by))
    session.execute(delete(rows.SecondLook).where(rows.SecondLook.id == look_id))
    rows.log(session, at=now, staff_id=who.id, action=DECLINED, case_id=found.case_id, detail=found.act.value)


def use(session: Session, case_id: bytes, act: Act, who: Identity, *, now: datetime) -> str:
    """Whoever asked goes on with what was agreed to: once. Returns its detail. Raises guard.NoSuchCase and NothingWaits."""
    guard.case_for(session, case_id, who)
    row = session.scalar(
        _of(case_id, act).where(
            rows.SecondLook.expires_at > now,
            rows.SecondLook.agreed_by.is_not(None),
            rows.SecondLook.asked_by == who.id,
        )
    )
    if row is None:
        raise NothingWaits
    detail = row.detail
    session.delete(row)
    return detail


def run_out(session: Session, *, now: datetime) -> None:
    """What nobody agreed to in time is over. Logged as the system's own act."""
    for row in session.scalars(select(rows.SecondLook).where(rows.SecondLook.expires_at <= now)):
        if row.act == Act.DELETE.value and row.agreed_by is not None:
            continue  # agreed to and cut off: `finish` does it
        rows.log(session, at=now, staff_id=OPERATOR, action=RAN_OUT, case_id=row.case_id, detail=row.act)
        session.delete(row)
    session.flush()


def finish(database: Database, *, portal_key: bytes, voice: SigningKey, now: datetime) -> int:
    """Do the deletions that were agreed to and cut off by a crash, and end what ran out; returns how many were done."""
    with database.reading() as session:
        agreed = session.scalars(
            select(rows.SecondLook.case_id).where(
                rows.SecondLook.act == Act.DELETE.value, rows.SecondLook.agreed_by.is_not(None)
            )
        ).all()
        is_over = session.scalar(select(rows.SecondLook.id).where(rows.SecondLook.expires_at <= now).limit(1))
    for case_id in agreed:
        erasing.erase(database, case_id, portal_key=portal_key, voice=voice, now=now)
    if is_over is not None:
        with database.writing() as session:
            run_out(session, now=now)
    return len(agreed)


def _of(case_id: bytes, act: Act) -> Select[rows.SecondLook]:
    return select(rows.SecondLook).where(rows.SecondLook.case_id == case_id, rows.SecondLook.act == act.value)


def _waiting_for(session: Session, look_id: bytes, who: Identity, *, now: datetime) -> Look:
    row = session.get(rows.SecondLook, look_id)
    if row is None or row.agreed_by is not None or row.expires_at <= now:
        raise NothingWaits
    try:
        case = guard.case_for(session, row.case_id, who)
    except guard.NoSuchCase:
        raise NothingWaits from None
    if row.asked_by == who.id:
        raise OwnAsking
    return _look(row, case, session.get_one(rows.Staff, row.asked_by))


def _look(row: rows.SecondLook, case: rows.Case, asker: rows.Staff) -> Look:
    return Look(
        id=row.id,
        case_id=row.case_id,
        reference=case.reference,
        act=Act(row.act),
        detail=row.detail,
        asked_by=row.asked_by,
        asker=asker.name,
        asked_at=row.asked_at,
        expires_at=row.expires_at,
        agreed_by=row.agreed_by,
    )
