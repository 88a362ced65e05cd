"""Colleagues: who has how many cases, who is away and who covers, and giving cases from one to another.

Whoever gives a case away must be allowed to see it, and so must whoever is to have it (guard.py). Neither learns of a case
that they may not know of: it is in no count here, and it stays where it is.
"""

from __future__ import annotations

import hashlib
import secrets
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime

from nacl.signing import SigningKey
from sqlalchemy import ColumnElement, Select, delete, func, or_, select
from sqlalchemy.orm import Session

from app.data import hub as rows
from app.data.database import ID_LENGTH, Database
from app.domain import leave as rules
from app.domain.leave import Leave, Problem
from app.domain.roles import works_with_cases
from app.domain.status import Status
from app.services.hub import guard, news, staff
from app.services.hub.records import Opener
from app.services.hub.staff import Identity, SessionLine

REASSIGNED = "re-assigned"


class NoSuchColleague(Exception):
    """Nobody with this id has ever signed in, or they have no role that works with cases."""


class MayNotHave(Exception):
    """Whoever is to have the case may not know of it."""


class LeaveRefused(Exception):
    """The leave cannot be set like that; `problem` says why."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.value)
        self.problem = problem


@dataclass(frozen=True)
class LeaveLine:
    """One leave, with the names for the page."""

    id: bytes
    staff_id: str
    name: str
    cover: str
    from_on: date
    until_on: date
    is_now: bool


@dataclass(frozen=True)
class Colleague:
    """Somebody who has signed in at some time. `cases` are the open ones that whoever asks may see."""

    key: str
    identity: Identity
    cases: int
    signed_in: int
    leaves: tuple[LeaveLine, ...]

    @property
    def away(self) -> LeaveLine | None:
        """The leave that they are on today."""
        return next((each for each in self.leaves if each.is_now), None)


@dataclass(frozen=True)
class Given:
    """What became of giving all cases of a colleague to another: how many went, and how many stay where they are."""

    given: int
    stay: int


def key_of(staff_id: str) -> str:
    """A short name for addresses: what an identity provider calls somebody may hold any letter."""
    return hashlib.sha256(staff_id.encode("utf-8")).hexdigest()[:16]


def colleagues(session: Session, who: Identity, *, now: datetime, today: date) -> list[Colleague]:
    """Everybody, by name."""
    found = session.scalars(select(rows.Staff).order_by(rows.Staff.name, rows.Staff.id)).all()
    counted = session.execute(
        select(rows.Case.owner_id, func.count()).where(rows.Case.state != rows.CLOSED).group_by(rows.Case.owner_id)
    )
    cases = Counter({row[0]: row[1] for row in counted})
    cases.subtract(each.owner_id for each in guard.hidden_cases(session, who) if each.state != rows.CLOSED)
    here = Counter(each.staff_id for each in staff.sessions(session, now=now))
    leaves = leave_lines(session, today=today)
    return [
        Colleague(
            key=key_of(each.id),
            identity=_identity(each),
            cases=max(0, cases[each.id]),
            signed_in=here[each.id],
            leaves=tuple(line for line in leaves if line.staff_id == each.id),
        )
        for each in found
    ]


def colleague(session: Session, key: str, who: Identity, *, now: datetime, today: date) -> Colleague:
    """One of them. Raises NoSuchColleague."""
    for each in colleagues(session, who, now=now, today=today):
        if each.key == key:
            return each
    raise NoSuchColleague


def takes_cases(people: Collection[Colleague], *, but: str = "") -> list[Colleague]:
    """Those who can have a case or cover; not the one with the id `but`."""
    return [each for each in people if works_with_cases(each.identity.roles) and each.identity.id != but]


def sessions_of(session: Session, staff_id: str, *, now: datetime) -> list[SessionLine]:
    """Where somebody is signed in."""
    return [each for each in staff.sessions(session, now=now) if each.staff_id == staff_id]


def leave_lines(session: Session, *, today: date) -> list[LeaveLine]:
    """Leaves of today and later, the soonest first."""
    names = {each.id: each.name for each in session.scalars(select(rows.Staff))}
    found = session.scalars(
        select(rows.StaffLeave).where(rows.StaffLeave.until_on >= today).order_by(rows.StaffLeave.from_on)
    )
    return [
        LeaveLine(
            id=each.id,
            staff_id=each.staff_id,
            name=names[each.staff_id],
            cover=names[each.cover_id],
            from_on=each.from_on,
            until_on=each.until_on,
            is_now=_leave(each).holds_on(today),
        )
        for each in found
    ]


def set_leave(session: Session, leave: Leave, *, by: Identity, today: date, now: datetime) -> None:
    """Somebody will be away, and another covers. Logged. Raises NoSuchColleague and LeaveRefused."""
    cover = session.get(rows.Staff, leave.cover_id)
    if session.get(rows.Staff, leave.staff_id) is None or cover is None or not works_with_cases(cover.roles):
        raise NoSuchColleague
    others = [_leave(each) for each in session.scalars(select(rows.StaffLeave))]
    problem = rules.problem_with(leave, others, today=today)
    if problem is not None:
        raise LeaveRefused(problem)
    session.add(
        rows.StaffLeave(
            id=secrets.token_bytes(ID_LENGTH),
            staff_id=leave.staff_id,
            cover_id=leave.cover_id,
            from_on=leave.from_on,
            until_on=leave.until_on,
        )
    )
    rows.log(
        session,
        at=now,
        staff_id=by.id,
        action="set-leave",
        detail=f"{leave.staff_id} {leave.from_on}..{leave.until_on} covered by {leave.cover_id}",
    )


def end_leave(session: Session, leave_id: bytes, *, by: Identity, now: datetime) -> None:
    """It does not hold any more, or was a mistake. Logged; one that is gone already stays so."""
    row = session.get(rows.StaffLeave, leave_id)
    if row is not None:
        detail = f"{row.staff_id} {row.from_on}..{row.until_on}"
        session.execute(delete(rows.StaffLeave).where(rows.StaffLeave.id == leave_id))
        rows.log(session, at=now, staff_id=by.id, action="ended-leave", detail=detail)


def mine(session: Session, staff_id: str, *, today: date) -> frozenset[str]:
    """The ids of those whose cases are somebody's to see to today: their own, and those of whom they cover."""
    found = session.scalars(
        select(rows.StaffLeave).where(rows.StaffLeave.cover_id == staff_id, rows.StaffLeave.until_on >= today)
    )
    return rules.covered_by(staff_id, [_leave(each) for each in found], day=today) | {staff_id}


def owned_by(staff_id: str, *, today: date) -> ColumnElement[bool]:
    """The same as a condition on cases: somebody's own, and those of colleagues for whom they cover today."""
    return or_(rows.Case.owner_id == staff_id, rows.Case.owner_id.in_(_covered(staff_id, today=today)))


def covered_names(session: Session, staff_id: str, *, today: date) -> list[str]:
    """The names of those whom somebody covers today."""
    covered = _covered(staff_id, today=today)
    return list(session.scalars(select(rows.Staff.name).where(rows.Staff.id.in_(covered)).order_by(rows.Staff.name)))


def _covered(staff_id: str, *, today: date) -> Select[str]:
    """The ids of those whom somebody covers today, as app/domain/leave.py says who that is."""
    leave = rows.StaffLeave
    return select(leave.staff_id).where(leave.cover_id == staff_id, leave.from_on <= today, leave.until_on >= today)


def give(
    database: Database,
    *,
    case_id: bytes,
    to_id: str,
    by: Identity,
    opener: Opener,
    voice: SigningKey,
    now: datetime,
) -> None:
    """Make somebody else the owner of a case, and tell the person who looks after them now, as claiming does. Logged.

    Raises guard.NoSuchCase, NoSuchColleague, MayNotHave and sealing.CannotOpen.
    """
    with database.reading() as session:
        case = guard.case_for(session, case_id, by)
        to = _who_takes(session, to_id)
        # The words may name somebody who was not known yet when the request came.
        is_named = guard.may_see(case, to) and guard.is_named(session, case, to, opener=opener)
    with database.writing() as session:
        case = guard.case_for(session, case_id, by)
        if is_named:
            guard.hide_from(case, to)
        may_have = guard.may_see(case, to)
        is_new = may_have and case.owner_id != to.id
        if is_new:
            case.owner_id = to.id
            rows.log(session, at=now, staff_id=by.id, action=REASSIGNED, case_id=case_id, detail=to.id)
    if not may_have:
        raise MayNotHave
    if is_new:
        news.tell_who(database, case_id, Status.WORKER, to, opener=opener, voice=voice, now=now)


def give_all(
    database: Database, *, from_id: str, to_id: str, by: Identity, opener: Opener, voice: SigningKey, now: datetime
) -> Given:
    """Give every open case of a colleague to another: those that both the giver and the taker may see.

    Those that the giver may not see are not even counted. Raises NoSuchColleague.
    """
    with database.reading() as session:
        _who_takes(session, to_id)
        found = session.scalars(
            select(rows.Case).where(rows.Case.owner_id == from_id, rows.Case.state != rows.CLOSED)
        ).all()
        case_ids = [each.id for each in found if guard.may_see(each, by)]
    given = 0
    for case_id in case_ids:
        try:
            give(database, case_id=case_id, to_id=to_id, by=by, opener=opener, voice=voice, now=now)
            given += 1
        except (MayNotHave, guard.NoSuchCase):
            continue
    return Given(given, len(case_ids) - given)


def _who_takes(session: Session, staff_id: str) -> Identity:
    person = session.get(rows.Staff, staff_id)
    if person is None or not works_with_cases(person.roles):
        raise NoSuchColleague
    return _identity(person)


def _identity(person: rows.Staff) -> Identity:
    return Identity(person.id, person.name, person.shown_name, tuple(person.roles))


def _leave(row: rows.StaffLeave) -> Leave:
    return Leave(row.staff_id, row.cover_id, row.from_on, row.until_on)
