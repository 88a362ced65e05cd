"""Attempts to reach somebody, written down by whoever made them; and what a colleague decides when somebody else answered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.data import hub as rows
from app.data.database import Database
from app.domain.attempts import HOLDS, Outcome, Ruling, held_ways, is_within_plan, offered, waits_for_ruling
from app.domain.contact import Way
from app.domain.hours import OpeningHours
from app.services.hub import guard, plans, records, speaking
from app.services.hub.desk import need_open
from app.services.hub.records import Opener
from app.services.hub.staff import SignedIn

TRIED, RULED = "tried-to-reach", "decided-on-way"
NOTE, REASON = "attempt-note", "attempt-reason"
FACT = "held"


class NotShown(Exception):
    """The number was not shown to this colleague, or what became of it has been written down already."""


class NotOffered(Exception):
    """The plan does not allow this: a message where none may be left, or a way that was not chosen."""


class NothingToDecide(Exception):
    """This attempt holds no way."""


class NeedsAReason(Exception):
    """A decision about a way is written down with why."""


@dataclass(frozen=True)
class View:
    """One attempt as the case page shows it. `ruling` None with `waits` means that a colleague has still to decide."""

    id: bytes
    at: datetime
    who: str
    way: Way
    outcome: Outcome
    within_plan: bool
    note: str
    ruling: Ruling | None
    ruled_by: str
    ruled_at: datetime | None
    reason: str

    @property
    def holds(self) -> bool:
        """Whether the way is held because of it."""
        return self.outcome in HOLDS and self.ruling is not Ruling.AGAIN

    @property
    def waits(self) -> bool:
        """Whether nobody has decided yet."""
        return waits_for_ruling(self)


@dataclass(frozen=True)
class Counts:
    """Attempts of a period, inside and outside the contact plan (pledge `you-decide`)."""

    inside: int
    outside: int


def record(
    database: Database,
    *,
    case_id: bytes,
    attempt_id: bytes,
    way: Way,
    outcome: Outcome,
    note: str,
    signed: SignedIn,
    opener: Opener,
    hours: OpeningHours,
    now: datetime,
) -> None:
    """Write down what became of an attempt, after its number was shown to this colleague. The same `attempt_id` again changes
    nothing. Whoever was reached does not wait for an answer any more.

    Raises guard.NoSuchCase, desk.NotOpened, NotShown and NotOffered.
    """
    need_open(database, case_id, signed, now=now)
    with database.reading() as session:
        if session.get(rows.Attempt, attempt_id) is not None:
            return
        key = records.case_key(session, case_id, opener=opener)
        chosen = plans.read(session, case_id, key=key, hours=hours).plan.way(way)
    # A way that was taken out of the plan meanwhile may still have been tried: what happened is written down all the same.
    if chosen is not None and outcome not in offered(chosen):
        raise NotOffered
    sealed = None
    if note:
        sealed = records.seal_words(note, what=NOTE, row_id=attempt_id, record_secret=key.record_secret)
    with database.writing() as session:
        case = guard.case_for(session, case_id, signed.identity)
        if session.get(rows.Attempt, attempt_id) is not None:
            return
        opening = session.get(rows.Opening, (signed.session_id, case_id))
        shown = dict(opening.shown or {}) if opening is not None else {}
        shown_at = _moment(shown.pop(way.value, None))
        if opening is None or shown_at is None:
            raise NotShown
        opening.shown = shown or None
        session.add(
            rows.Attempt(
                id=attempt_id,
                case_id=case_id,
                at=now,
                staff_id=signed.identity.id,
                way=way.value,
                outcome=outcome.value,
                within_plan=is_within_plan(shown_at, at=now),
                note=sealed,
            )
        )
        if outcome is Outcome.REACHED:
            speaking.talked(case, now=now)
        session.flush()
        _say_what_is_held(session, case_id)
        detail = f"{way.value}: {outcome.value}"
        rows.log(session, at=now, staff_id=signed.identity.id, action=TRIED, case_id=case_id, detail=detail)


def decide_on_way(
    database: Database,
    *,
    case_id: bytes,
    attempt_id: bytes,
    ruling: Ruling,
    reason: str,
    signed: SignedIn,
    opener: Opener,
    now: datetime,
) -> None:
    """A colleague decides whether a way is used again after somebody else answered; it may be decided anew later. Logged.

    Raises guard.NoSuchCase, desk.NotOpened, NothingToDecide and NeedsAReason.
    """
    need_open(database, case_id, signed, now=now)
    if not reason:
        raise NeedsAReason
    with database.reading() as session:
        key = records.case_key(session, case_id, opener=opener)
    sealed = records.seal_words(reason, what=REASON, row_id=attempt_id, record_secret=key.record_secret)
    with database.writing() as session:
        guard.case_for(session, case_id, signed.identity)
        row = session.get(rows.Attempt, attempt_id)
        if row is None or row.case_id != case_id or row.outcome not in HOLDS:
            raise NothingToDecide
        row.ruling, row.ruled_by, row.ruled_at, row.reason = ruling.value, signed.identity.id, now, sealed
        session.flush()
        _say_what_is_held(session, case_id)
        detail = f"{row.way}: {ruling.value}"
        rows.log(session, at=now, staff_id=signed.identity.id, action=RULED, case_id=case_id, detail=detail)


def views(attempts: Sequence[rows.Attempt], *, record_secret: bytes) -> tuple[View, ...]:
    """Attempts as the page shows them, in the order given. Raises sealing.CannotOpen."""
    return tuple(
        View(
            id=row.id,
            at=row.at,
            who=row.staff.name if row.staff else row.staff_id,
            way=Way(row.way),
            outcome=Outcome(row.outcome),
            within_plan=row.within_plan,
            note=records.open_words(row.note, what=NOTE, row_id=row.id, record_secret=record_secret),
            ruling=Ruling(row.ruling) if row.ruling else None,
            ruled_by=row.ruler.name if row.ruler else row.ruled_by or "",
            ruled_at=row.ruled_at,
            reason=records.open_words(row.reason, what=REASON, row_id=row.id, record_secret=record_secret),
        )
        for row in attempts
    )


def counts(session: Session, *, since: datetime, until: datetime) -> Counts:
    """How many attempts were inside and outside the plan, from `since` on and before `until` (aware). For reports."""
    query = (
        select(rows.Attempt.within_plan, func.count())
        .where(rows.Attempt.at >= since, rows.Attempt.at < until)
        .group_by(rows.Attempt.within_plan)
    )
    found: dict[bool, int] = {row[0]: row[1] for row in session.execute(query)}
    return Counts(inside=found.get(True, 0), outside=found.get(False, 0))


def _say_what_is_held(session: Session, case_id: bytes) -> None:
    """The coded fact for the queue: the ways of which a colleague has to decide. The plan itself asks the attempts."""
    case = session.get_one(rows.Case, case_id)
    case.facts = {**case.facts, FACT: sorted(each.value for each in held_ways(rows.attempts(session, case_id)))}


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
