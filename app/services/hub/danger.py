"""Danger to life at the desk: asking, agreeing, what it opens, and telling the person afterwards (app/domain/danger.py).

It reveals, and never sends. Everything is written into the audit, and the coded row outlives the case, so that it is counted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from nacl.signing import SigningKey
from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import Session, aliased

from app.adapters import sealing
from app.data import hub as rows
from app.data.database import Database
from app.domain import danger as rules
from app.domain.asker import is_young
from app.domain.asking import SUPERVISOR
from app.domain.audit import Act
from app.domain.change import Change, Standing
from app.domain.contact import ContactPlan, WayPlan, plan_of
from app.domain.danger import NEWS_OF, Reason, Stage, Vote
from app.domain.hours import OpeningHours
from app.domain.referral import News
from app.domain.roles import works_with_cases
from app.services import post
from app.services.hub import guard, plans, records, speaking
from app.services.hub.auditing import SYSTEM
from app.services.hub.guard import NoSuchCase
from app.services.hub.plans import Record
from app.services.hub.records import Opener
from app.services.hub.staff import Identity, signed_in_now

PURPOSE = "danger"
# Whoever has none of these roles sees no case, and so cannot be the second person.
# Changes that nobody has checked: what they hold may be somebody else's.
UNCHECKED = frozenset({Standing.WAITING, Standing.DISOWNED, Standing.DECLINED})


class NotASupervisor(Exception):
    """Only a supervisor asks."""


class AlreadyAsked(Exception):
    """It waits for a second person, or is open, already."""


class NotWaiting(Exception):
    """It was answered already, or the time to answer is over."""


class SamePerson(Exception):
    """Whoever asked cannot agree too."""


class NotAlone(Exception):
    """Somebody else is signed in who may agree."""


class NotTheirs(Exception):
    """Nothing is to be decided here, or not by this person."""


@dataclass(frozen=True)
class Reach:
    """One way to reach the person. `chosen` holds the address. `is_checked` is False for what nobody has checked; `since` is
    when it was given, None for what counts now."""

    chosen: WayPlan
    since: datetime | None = None
    is_checked: bool = True


@dataclass(frozen=True)
class Opened:
    """What it opens, with the plan to mind. `plan` has no addresses."""

    name: str
    plan: ContactPlan
    reach: tuple[Reach, ...]
    code_word: str | None


@dataclass(frozen=True)
class Line:
    """One opening, or the asking for one, in codes and names."""

    id: bytes
    case_id: bytes | None
    reference: str
    reason: Reason
    stage: Stage
    asked_by: str
    asked_by_id: str
    asked_at: datetime
    opened_by: str | None
    opened_by_id: str | None
    opened_at: datetime | None
    alone: bool
    vote: Vote | None
    vote_by: str | None
    vote_by_id: str | None
    silent_by: tuple[str, str] | None
    review_at: datetime | None
    told_at: datetime | None

    @property
    def ends_at(self) -> datetime:
        """When the time to answer, or the opening, ends."""
        return (self.opened_at + rules.OPEN_FOR) if self.opened_at else self.asked_at + rules.ANSWER_WITHIN

    def is_silent(self) -> bool:
        """Whether two people said that the person is not told."""
        return self.silent_by is not None and self.told_at is None

    def is_opened_for(self, who: Identity) -> bool:
        """Whether the details are open to this person now."""
        return self.stage is Stage.OPEN and who.id in {self.asked_by_id, self.opened_by_id}

    def may_vote(self, who: Identity, *, now: datetime) -> bool:
        """Whether this person has a say on telling now. It takes for granted that they may see the case.

        First those who opened it, and where one did so alone anybody; at the weekly look anybody.
        """
        if self.opened_at is None or self.told_at is not None:
            return False
        if self.is_silent():
            return self.review_at is not None and now >= self.review_at
        if now >= rules.tell_from(self.opened_at, alone=self.alone):
            return False
        return self.alone or who.id in {self.asked_by_id, self.opened_by_id}


@dataclass(frozen=True)
class View:
    """The page of one case. `words` and `opened` are sealed things: whoever shows them writes it down first."""

    reference: str
    lines: tuple[Line, ...]
    may_ask: bool
    others: tuple[str, ...]  # who is signed in and may agree
    words: str | None
    opened: Opened | None

    @property
    def current(self) -> Line | None:
        """What waits or is open."""
        return next((each for each in self.lines if each.stage in {Stage.WAITING, Stage.OPEN}), None)


@dataclass(frozen=True)
class Listed:
    """The page of all cases: what waits for a second person, what is open to whoever looks, what is to be decided on telling."""

    waiting: tuple[Line, ...]
    open: tuple[Line, ...]
    to_decide: tuple[Line, ...]


@dataclass(frozen=True)
class Counted:
    """How often in one quarter, for one reason. `silent`: two people decided, so far, that the person is not told."""

    quarter: str
    reason: Reason
    asked: int
    opened: int
    alone: int
    told: int
    silent: int


def ask(
    database: Database,
    *,
    case_id: bytes,
    danger_id: bytes,
    reason: Reason,
    words: str,
    who: Identity,
    opener: Opener,
    hours: OpeningHours,
    now: datetime,
) -> None:
    """A supervisor asks. The same `danger_id` again changes nothing. Logged.

    Raises NoSuchCase, NotASupervisor, AlreadyAsked and sealing.CannotOpen.
    """
    with database.reading() as session:
        guard.case_for(session, case_id, who)
        if SUPERVISOR not in who.roles:
            raise NotASupervisor
        secret = records.case_key(session, case_id, opener=opener).record_secret
    sealed = sealing.seal_box(secret, words.encode("utf-8"), purpose=PURPOSE, bound=case_id + danger_id)
    with database.writing() as session:
        guard.case_for(session, case_id, who)
        if session.get(rows.Danger, danger_id) is not None:
            return
        session.get(rows.Case, case_id, with_for_update=True)  # two who ask at once ask one after the other
        if any(_stage(each, now) in {Stage.WAITING, Stage.OPEN} for each in _of_case(session, case_id)):
            raise AlreadyAsked
        session.add(
            rows.Danger(
                id=danger_id,
                case_id=case_id,
                quarter=rules.quarter_of(now.astimezone(hours.zone).date()),
                reason=reason.value,
                sealed=sealed,
                asked_by=who.id,
                asked_at=now,
                alone=False,
            )
        )
        rows.log(session, at=now, staff_id=who.id, action=Act.DANGER_ASKED, case_id=case_id, detail=reason.value)


def refuse_named(database: Database, case_id: bytes, who: Identity, *, opener: Opener) -> None:
    """The sealed words of the case may name this very person, who signed in for the first time after it came: then it is not
    there for them from now on. Raises NoSuchCase and sealing.CannotOpen."""
    with database.reading() as session:
        is_named = guard.is_named(session, guard.case_for(session, case_id, who), who, opener=opener)
    if is_named:
        with database.writing() as session:
            guard.hide_from(guard.case_for(session, case_id, who), who)
        raise NoSuchCase


def agree(session: Session, danger_id: bytes, who: Identity, *, now: datetime) -> None:
    """The second person agrees: it is open from now on. Twice is once. Logged.

    Raises NoSuchCase, also for a case that this person may not know of, SamePerson and NotWaiting.
    """
    row = _waiting_row(session, danger_id, who)
    if row.opened_by == who.id:
        return
    if row.asked_by == who.id:
        raise SamePerson
    if _stage(row, now) is not Stage.WAITING:
        raise NotWaiting
    row.opened_by, row.opened_at = who.id, now
    rows.log(session, at=now, staff_id=who.id, action=Act.DANGER_AGREED, case_id=row.case_id, detail=row.reason)


def go_alone(session: Session, danger_id: bytes, who: Identity, *, now: datetime) -> None:
    """The supervisor who asked opens it alone, because nobody else is signed in who may agree. Logged as what it is.

    Raises NoSuchCase, NotTheirs, NotWaiting and NotAlone.
    """
    row = _waiting_row(session, danger_id, who)
    if row.asked_by != who.id:
        raise NotTheirs
    if row.alone:
        return
    if _stage(row, now) is not Stage.WAITING:
        raise NotWaiting
    if _others(session, session.get_one(rows.Case, row.case_id), who, now=now):
        raise NotAlone
    row.alone, row.opened_at = True, now
    rows.log(session, at=now, staff_id=who.id, action=Act.DANGER_ALONE, case_id=row.case_id, detail=row.reason)


def say(session: Session, danger_id: bytes, who: Identity, vote: Vote, *, now: datetime) -> None:
    """One person says whether telling would add danger. Logged.

    Silence takes two different people each time; anything else means that the person is told, by the next pass once the
    opening is over. Raises NoSuchCase and NotTheirs.
    """
    row = _waiting_row(session, danger_id, who)
    if not _line(session, row, now=now).may_vote(who, now=now):
        raise NotTheirs
    act = Act.DANGER_SILENT if vote is Vote.SILENT else Act.DANGER_MAY_TELL
    rows.log(session, at=now, staff_id=who.id, action=act, case_id=row.case_id)
    if row.vote_by is None or row.vote_by == who.id:
        row.vote, row.vote_by = vote.value, who.id
        return
    first, first_by = Vote(row.vote) if row.vote else None, row.vote_by
    row.vote = row.vote_by = None
    if first is vote is Vote.SILENT:
        row.silent_by_one, row.silent_by_two, row.review_at = first_by, who.id, now + rules.REVIEW_AFTER
    else:
        row.silent_by_one = row.silent_by_two = row.review_at = None


def view(
    session: Session, case_id: bytes, who: Identity, *, opener: Opener, hours: OpeningHours, now: datetime
) -> View:
    """The page of a case. What is sealed is in it only for those for whom it is: the words of what waits for whoever may
    agree, and the details for the two. Raises NoSuchCase and sealing.CannotOpen."""
    case = guard.case_for(session, case_id, who)
    _need_work(who)
    if guard.is_named(session, case, who, opener=opener):
        raise NoSuchCase
    found = _lines(session, now=now, where=rows.Danger.case_id == case_id)
    current = next((each for each in found if each.stage in {Stage.WAITING, Stage.OPEN}), None)
    words, opened = None, None
    if current is not None and (current.stage is Stage.WAITING or current.is_opened_for(who)):
        key = records.case_key(session, case_id, opener=opener)
        sealed = session.get_one(rows.Danger, current.id).sealed
        if sealed is not None:
            words = sealing.open_box(key.record_secret, sealed, purpose=PURPOSE, bound=case_id + current.id).decode()
        if current.is_opened_for(who):
            opened = _opened(plans.read(session, case_id, key=key, hours=hours), came_at=case.received_at)
    is_asker = current is not None and current.stage is Stage.WAITING and current.asked_by_id == who.id
    return View(
        reference=case.reference,
        lines=tuple(found),
        may_ask=SUPERVISOR in who.roles and current is None,
        others=tuple(each.name for each in _others(session, case, who, now=now)) if is_asker else (),
        words=words,
        opened=opened,
    )


def waiting_for(session: Session, who: Identity, *, now: datetime) -> list[Line]:
    """What waits for a second person, as far as this one may know of the case. For the banner of every page: one query."""
    if not works_with_cases(who.roles):
        return []
    waits = and_(rows.Danger.opened_at.is_(None), rows.Danger.asked_at > now - rules.ANSWER_WITHIN)
    return [each for each in _lines(session, now=now, where=waits, who=who) if each.stage is Stage.WAITING]


def listed(session: Session, who: Identity, *, now: datetime) -> Listed:
    """Everything of all cases that this person may know of, and that somebody has to look at."""
    if not works_with_cases(who.roles):
        return Listed((), (), ())
    recent = rows.Danger.asked_at > now - rules.ANSWER_WITHIN - rules.OPEN_FOR
    undecided = and_(rows.Danger.opened_at.is_not(None), rows.Danger.told_at.is_(None))
    found = _lines(session, now=now, where=and_(rows.Danger.case_id.is_not(None), or_(recent, undecided)), who=who)
    return Listed(
        waiting=tuple(each for each in found if each.stage is Stage.WAITING),
        open=tuple(each for each in found if each.is_opened_for(who)),
        to_decide=tuple(each for each in found if each.may_vote(who, now=now) and not each.is_opened_for(who)),
    )


def tell(database: Database, *, opener: Opener, voice: SigningKey, now: datetime) -> None:
    """Tell each person whose contact details were opened, once that is over and nobody silenced it. Logged."""
    with database.reading() as session:
        due = [
            (row.id, row.case_id, NEWS_OF[Reason(row.reason)])
            for row in session.scalars(
                select(rows.Danger).where(
                    rows.Danger.opened_at.is_not(None),
                    rows.Danger.told_at.is_(None),
                    rows.Danger.silent_by_two.is_(None),
                    rows.Danger.case_id.is_not(None),
                )
            )
            if row.opened_at is not None and now >= rules.tell_from(row.opened_at, alone=row.alone)
        ]
    for danger_id, case_id, status in due:
        assert case_id is not None
        _tell_one(database, danger_id, case_id, status.value, opener=opener, voice=voice, now=now)


def counts(session: Session) -> list[Counted]:
    """For each quarter and reason how often: what the reports publish. Erasing a case takes nothing away from it."""
    table = rows.Danger
    found = session.execute(
        select(
            table.quarter,
            table.reason,
            func.count(),
            func.count(table.opened_at),
            func.count().filter(table.alone),
            func.count(table.told_at),
            func.count(table.silent_by_two).filter(table.told_at.is_(None)),
        )
        .group_by(table.quarter, table.reason)
        .order_by(table.quarter, table.reason)
    )
    return [Counted(row[0], Reason(row[1]), *(int(each) for each in row[2:])) for row in found]


def forget_case(session: Session, case_id: bytes) -> None:
    """The case is erased: what is counted stays, and says nothing of whom."""
    for row in _of_case(session, case_id):
        row.case_id, row.sealed = None, None
    session.flush()


class _SilentNow(Exception):
    """Two people decided on silence while the news was being sealed."""


def _tell_one(
    database: Database,
    danger_id: bytes,
    case_id: bytes,
    status: str,
    *,
    opener: Opener,
    voice: SigningKey,
    now: datetime,
) -> None:
    def write_down(session: Session) -> None:
        row = session.get_one(rows.Danger, danger_id, with_for_update=True)
        if row.silent_by_two is not None:
            raise _SilentNow
        row.told_at = now
        rows.log(session, at=now, staff_id=SYSTEM, action=Act.DANGER_TOLD, case_id=case_id, detail=row.reason)

    try:
        speaking.send(
            database,
            case_id=case_id,
            news=News(kind="status", at=now.isoformat(timespec="seconds"), status=status),
            opener=opener,
            voice=voice,
            now=now,
            envelope_id=danger_id,
            also=write_down,
        )
        with (
            database.writing() as session
        ):  # after a restore the item may have come back from the portal, and only that
            row = session.get(rows.Danger, danger_id)
            if row is not None and row.told_at is None and session.get(rows.Item, danger_id) is not None:
                row.told_at = now
    except _SilentNow:
        pass
    except (NoSuchCase, sealing.CannotOpen, speaking.ReceiptOnly) as error:
        post.alarm("a person could not be told of danger to life", kind=type(error).__name__)


def _opened(record: Record, *, came_at: datetime) -> Opened:
    """Every way that was ever given with an address: what counts now first, then what was given before, the newest first."""
    plan, answers = record.plan, record.referral.answers
    reach = [Reach(each) for each in plan.ways if each.address.strip()]
    known = {(each.chosen.way, each.chosen.address, each.chosen.person) for each in reach}
    earlier: list[Reach] = []
    for asked in sorted(record.changes, key=lambda each: each.number, reverse=True):
        if asked.kind is Change.PLAN:
            given = plans.plan_asked(asked.content, under_18=is_young(answers))
            earlier += [
                Reach(each, since=asked.arrived_at, is_checked=asked.standing not in UNCHECKED) for each in given.ways
            ]
    earlier += [Reach(each, since=came_at) for each in plan_of(answers).ways]
    for each in earlier:
        name = (each.chosen.way, each.chosen.address, each.chosen.person)
        if each.chosen.address.strip() and name not in known:
            known.add(name)
            reach.append(each)
    reply = answers.get("reply", {}).get("name")
    return Opened(
        name=reply if isinstance(reply, str) else "",
        plan=replace(plan, ways=()),
        reach=tuple(reach),
        code_word=record.code_word,
    )


def _others(session: Session, case: rows.Case, who: Identity, *, now: datetime) -> list[rows.Staff]:
    """Who else is signed in now, works on cases, and may know of this one."""
    return [
        each
        for each in signed_in_now(session, now=now)
        if each.id != who.id
        and works_with_cases(each.roles)
        and guard.may_see(case, Identity(each.id, each.name, each.shown_name, tuple(each.roles)))
    ]


def _need_work(who: Identity) -> None:
    if not works_with_cases(who.roles):
        raise NoSuchCase


def _waiting_row(session: Session, danger_id: bytes, who: Identity) -> rows.Danger:
    """The row, for somebody who may see its case; nobody else changes it meanwhile. Raises NoSuchCase."""
    row = session.get(rows.Danger, danger_id, with_for_update=True)
    if row is None or row.case_id is None:
        raise NoSuchCase
    _need_work(who)
    guard.case_for(session, row.case_id, who)
    return row


def _of_case(session: Session, case_id: bytes) -> Sequence[rows.Danger]:
    return session.scalars(select(rows.Danger).where(rows.Danger.case_id == case_id)).all()


def _stage(row: rows.Danger, now: datetime) -> Stage:
    return rules.stage(asked_at=row.asked_at, opened_at=row.opened_at, now=now)


def _line(session: Session, row: rows.Danger, *, now: datetime) -> Line:
    (found,) = _lines(session, now=now, where=rows.Danger.id == row.id)
    return found


# Every page of the desk asks this for its banner, so it is put together once.
_NAMES = {name: aliased(rows.Staff, name=f"s_{name}") for name in ("asked", "opened", "vote", "one", "two")}
_LINES = (
    select(rows.Danger, rows.Case, *(each.name for each in _NAMES.values()))
    .outerjoin(rows.Case, rows.Case.id == rows.Danger.case_id)
    .outerjoin(_NAMES["asked"], _NAMES["asked"].id == rows.Danger.asked_by)
    .outerjoin(_NAMES["opened"], _NAMES["opened"].id == rows.Danger.opened_by)
    .outerjoin(_NAMES["vote"], _NAMES["vote"].id == rows.Danger.vote_by)
    .outerjoin(_NAMES["one"], _NAMES["one"].id == rows.Danger.silent_by_one)
    .outerjoin(_NAMES["two"], _NAMES["two"].id == rows.Danger.silent_by_two)
    .order_by(rows.Danger.asked_at.desc(), rows.Danger.id)
)


def _lines(session: Session, *, now: datetime, where: ColumnElement[bool], who: Identity | None = None) -> list[Line]:
    """Lines with names, the newest first; for `who` only those of cases that they may know of. One query."""
    return [
        _line_of(tuple(row), now=now)
        for row in session.execute(_LINES.where(where))
        if who is None or (row[1] is not None and guard.may_see(row[1], who))
    ]


def _line_of(found: Sequence[Any], *, now: datetime) -> Line:
    row, case, asked, opened, voted, one, two = found
    return Line(
        id=row.id,
        case_id=row.case_id,
        reference=case.reference if case is not None else "",
        reason=Reason(row.reason),
        stage=_stage(row, now),
        asked_by=asked or row.asked_by,
        asked_by_id=row.asked_by,
        asked_at=row.asked_at,
        opened_by=opened,
        opened_by_id=row.opened_by,
        opened_at=row.opened_at,
        alone=row.alone,
        vote=Vote(row.vote) if row.vote else None,
        vote_by=voted,
        vote_by_id=row.vote_by,
        silent_by=(one or "", two or "") if row.silent_by_two else None,
        review_at=row.review_at,
        told_at=row.told_at,
    )
