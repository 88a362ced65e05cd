"""Who waits: one page of the cases that a colleague may see, how many there are of each kind, and who looks after whom.

Every list and every figure is one look into an index over open cases (app/data/hub.py), so that it costs the same however many
cases the Hub has closed. Cases that somebody may not know of are left out by the database itself (guard.visible_to).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Any

from nacl.signing import SigningKey
from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import Session

from app.data import hub as rows
from app.data.database import Database
from app.data.hub import Case, Staff
from app.domain.asking import SUPERVISOR
from app.domain.contact import BOX_TIMES
from app.domain.hours import OpeningHours
from app.domain.needs import WORSE
from app.domain.priority import Group
from app.domain.queue import LAST_LISTED, NEVER, OURS
from app.domain.roles import works_with_cases
from app.domain.status import PROMISED, CaseState
from app.services.hub import guard, people
from app.services.hub.desk import QueueRow, row_of
from app.services.hub.records import Opener
from app.services.hub.speaking import NOT_ME
from app.services.hub.staff import Identity

PAGE_LENGTH = 50
# The coded fact that says how a case's translation stands, and what it says when the text is back.
TRANSLATION, BACK = "translation", "back"
NOBODY = ""
LONGEST_QUIET_DAYS = 366


class Only(StrEnum):
    """What the first screen leads to, each a filter of the queue."""

    SINCE = "since"
    REPLIES = "replies"
    STOPPED = "stopped"
    CLOSING = "closing"
    PROMISED = "promised"
    TRANSLATED = "translated"
    LATE = "late"
    REVIEW = "review"
    WORSE = "worse"


class NotYours(Exception):
    """Only a supervisor, or whoever has the case, may give it to somebody."""


class NotForThem(Exception):
    """That colleague is not there, or may not know of the case."""


class NotQuiet(Exception):
    """Nobody has opened the request yet, or it is closed: there is nothing to be quiet about."""


class NotADay(Exception):
    """The review date is not one of the days that may be chosen."""


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """Which cases: what is left out narrows nothing. `owner` is an id, or NOBODY for cases that nobody has; of whoever looks
    also those for whom they cover."""

    state: CaseState | None = None
    group: Group | None = None
    at_risk: bool = False
    language: str | None = None
    owner: str | None = None
    district: str | None = None
    reachable: bool = False
    only: Only | None = None


@dataclass(frozen=True)
class Page:
    """One page of the queue, and whether there is more."""

    rows: tuple[QueueRow, ...]
    has_more: bool


@dataclass(frozen=True)
class Counts:
    """How many of the open cases that somebody may see are of each kind. `total` is the daily list, without the quiet ones."""

    total: int
    mine: int
    at_risk: int
    by_state: Mapping[CaseState, int]
    new_by_group: Mapping[Group, int]
    only: Mapping[Only, int]
    since: Mapping[Only, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Clock:
    """What the queue needs to know of time: this moment, the Hub's hours, and since when somebody looks for news."""

    now: datetime
    hours: OpeningHours
    since: datetime | None = None

    @property
    def today(self) -> date:
        """The day at the Hub."""
        return self.now.astimezone(self.hours.zone).date()

    @property
    def closing_by(self) -> datetime:
        """The next end of a morning, an afternoon or an evening: windows close mostly then."""
        for _, end in BOX_TIMES.values():
            by = datetime.combine(self.today, end, self.hours.zone)
            if self.now < by:
                return by
        return datetime.combine(self.today + timedelta(days=1), time(0), self.hours.zone)


def page(
    session: Session,
    who: Identity,
    wanted: Wanted,
    *,
    clock: Clock,
    targets: Mapping[str, int],
    number: int = 1,
) -> Page:
    """One page of what `who` may see: those at risk who wait for us first, then others who do; in each by the window that
    closes soonest, then by when an answer is due. `number` counts from 1; a page past the end is empty."""
    query = select(Case, Staff).outerjoin(Staff, Staff.id == Case.owner_id).where(*_conditions(who, wanted, clock))
    if wanted.state is CaseState.CLOSED:
        query = query.order_by(Case.received_at.desc(), Case.id)
    else:
        query = query.order_by(Case.tier, Case.closes_at, Case.sort_at, Case.id)
    found = session.execute(query.limit(PAGE_LENGTH + 1).offset((number - 1) * PAGE_LENGTH)).all()
    lines = tuple(
        row_of(case, owner, hours=clock.hours, targets=targets, now=clock.now) for case, owner in found[:PAGE_LENGTH]
    )
    return Page(lines, has_more=len(found) > PAGE_LENGTH)


def counts(session: Session, who: Identity, *, clock: Clock) -> Counts:
    """All the figures of the first screen and above the queue, in one query."""
    listed = Case.tier <= LAST_LISTED
    asked: dict[Any, ColumnElement[bool]] = {
        "total": listed,
        "mine": people.owned_by(who.id, today=clock.today),
        "at_risk": Case.at_risk.is_(True) & (Case.tier <= OURS),
        **{state: Case.state == state.value for state in CaseState if state is not CaseState.CLOSED},
        **{group: (Case.state == CaseState.NEW.value) & (Case.suggested == group.value) for group in Group},
        **{only: _only(only, clock) for only in Only},
    }
    if clock.since is not None:
        asked["replies-since"] = _only(Only.REPLIES, clock) & (Case.waiting_since > clock.since)
    columns = [func.count().filter(condition) for condition in asked.values()]
    found = dict(
        zip(asked, session.execute(select(*columns).where(rows.IS_OPEN, guard.visible_to(who))).one(), strict=True)
    )
    return Counts(
        total=found["total"],
        mine=found["mine"],
        at_risk=found["at_risk"],
        by_state={state: found[state] for state in CaseState if state in found},
        new_by_group={group: found[group] for group in Group},
        only={only: found[only] for only in Only},
        since={Only.REPLIES: found["replies-since"]} if "replies-since" in found else {},
    )


def colleagues(session: Session) -> list[Staff]:
    """Everybody who has signed in and works with cases, by name."""
    staff = session.scalars(select(Staff).order_by(Staff.name, Staff.id))
    return [each for each in staff if works_with_cases(each.roles)]


def here_before(session: Session, who: Identity) -> datetime | None:
    """When this colleague was here last before this visit; None when they never were."""
    return session.scalar(select(Staff.here_before).where(Staff.id == who.id))


def may_assign(case_owner: str | None, who: Identity) -> bool:
    """Whether somebody may give a case to a colleague."""
    return SUPERVISOR in who.roles or case_owner == who.id


def assign(
    database: Database,
    *,
    case_id: bytes,
    to: str,
    who: Identity,
    opener: Opener,
    voice: SigningKey,
    now: datetime,
) -> None:
    """Give a case to a colleague and tell its person who looks after them now; logged. The same again changes nothing.

    Raises guard.NoSuchCase, NotYours and NotForThem.
    """
    with database.reading() as session:
        if not may_assign(guard.case_for(session, case_id, who).owner_id, who):
            raise NotYours
    try:
        people.give(database, case_id=case_id, to_id=to, by=who, opener=opener, voice=voice, now=now)
    except (people.NoSuchColleague, people.MayNotHave):
        raise NotForThem from None


def set_quiet(session: Session, case_id: bytes, who: Identity, *, until: date, clock: Clock) -> None:
    """Nobody has answered: the case leaves the daily list until a day on which somebody looks at it again; logged.

    It is never closed by that, and whatever arrives brings it back at once. Raises guard.NoSuchCase, NotQuiet and NotADay.
    """
    case = guard.case_for(session, case_id, who)
    if case.state in {CaseState.NEW.value, CaseState.CLOSED.value}:
        raise NotQuiet
    if not timedelta(0) < until - clock.today <= timedelta(days=LONGEST_QUIET_DAYS):
        raise NotADay
    case.state = CaseState.QUIET.value
    case.quiet_until = datetime.combine(until, time(0), clock.hours.zone)
    case.waiting_since = None
    rows.log(session, at=clock.now, staff_id=who.id, action="set-quiet", case_id=case_id, detail=until.isoformat())


def _conditions(who: Identity, wanted: Wanted, clock: Clock) -> list[ColumnElement[bool]]:
    found = [guard.visible_to(who)]
    if wanted.state is CaseState.CLOSED:
        found.append(Case.state == CaseState.CLOSED.value)
    else:
        found.append(rows.IS_OPEN)
        if wanted.state is not None:
            found.append(Case.state == wanted.state.value)
        elif wanted.only is None and wanted.owner is None:
            found.append(Case.tier <= LAST_LISTED)
    if wanted.only is not None:
        found.append(_only(wanted.only, clock))
    if wanted.group is not None:
        found.append(Case.suggested == wanted.group.value)
    if wanted.at_risk:
        found += [Case.at_risk.is_(True), Case.tier <= OURS]
    if wanted.language is not None:
        found.append(Case.language == wanted.language)
    if wanted.owner is not None:
        if wanted.owner == NOBODY:
            found.append(Case.owner_id.is_(None))
        elif wanted.owner == who.id:
            found.append(people.owned_by(who.id, today=clock.today))
        else:
            found.append(Case.owner_id == wanted.owner)
    if wanted.district is not None:
        found.append(Case.facts["district"].as_string() == wanted.district)
    if wanted.reachable:
        found += [Case.closes_at > clock.now, Case.closes_at < NEVER, Case.tier <= LAST_LISTED]
    return found


def _only(only: Only, clock: Clock) -> ColumnElement[bool]:
    """What each filter of the first screen means."""
    waits = Case.tier <= OURS
    if only is Only.SINCE:
        new = Case.state == CaseState.NEW.value
        return new if clock.since is None else new & (Case.received_at > clock.since)
    if only is Only.REPLIES:
        return and_(Case.answered_at.is_not(None), Case.waiting_since.is_not(None), waits)
    if only is Only.STOPPED:
        marks = [Case.facts[mark].as_boolean().is_(True) for mark in ("frozen", NOT_ME)]
        return or_(*marks)
    if only is Only.CLOSING:
        return and_(waits, Case.closes_at > clock.now, Case.closes_at <= clock.closing_by)
    if only is Only.PROMISED:
        unwritten = Case.facts[(PROMISED, "written")].as_boolean().is_not(True)
        return or_(Case.promised_by == clock.today, and_(Case.promised_by < clock.today, unwritten))
    if only is Only.TRANSLATED:
        back: ColumnElement[bool] = Case.facts[TRANSLATION].as_string() == BACK
        return back
    if only is Only.WORSE:
        worse: ColumnElement[bool] = Case.facts[WORSE].as_boolean().is_(True)
        return worse
    if only is Only.LATE:
        return and_(waits, Case.due_at <= clock.now)
    return and_(Case.state == CaseState.QUIET.value, Case.quiet_until <= clock.now)
