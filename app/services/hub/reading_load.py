"""What reading costs those who read: marking what is very distressing, and how many requests each colleague opened a day."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.data import hub as rows
from app.data.database import Database
from app.services.hub import guard
from app.services.hub.desk import need_open
from app.services.hub.staff import Identity, SignedIn

MARKED, UNMARKED, READ_STORY = "marked-distressing", "unmarked-distressing", "read-story"
FACT = "distressing"
DAYS_SHOWN = 14


@dataclass(frozen=True)
class Load:
    """How many requests each colleague opened on each day: `days` newest first, and by name the counts in that order."""

    days: tuple[date, ...]
    by_name: Mapping[str, tuple[int, ...]]


def mark(database: Database, *, case_id: bytes, is_distressing: bool, signed: SignedIn, now: datetime) -> None:
    """Mark what somebody wrote as very distressing, or take the mark off; everybody sees it, in the queue too. Logged.

    Raises guard.NoSuchCase and desk.NotOpened.
    """
    need_open(database, case_id, signed, now=now)
    with database.writing() as session:
        case = guard.case_for(session, case_id, signed.identity)
        if bool(case.facts.get(FACT)) == is_distressing:
            return
        case.facts = {**case.facts, FACT: is_distressing}
        action = MARKED if is_distressing else UNMARKED
        rows.log(session, at=now, staff_id=signed.identity.id, action=action, case_id=case_id)


def log_story(database: Database, *, case_id: bytes, signed: SignedIn, now: datetime) -> None:
    """Write down that a colleague went on to what is marked as very distressing. Raises guard.NoSuchCase and desk.NotOpened."""
    need_open(database, case_id, signed, now=now)
    with database.writing() as session:
        guard.case_for(session, case_id, signed.identity)
        rows.log(session, at=now, staff_id=signed.identity.id, action=READ_STORY, case_id=case_id)


def load(session: Session, who: Identity, *, zone: ZoneInfo, now: datetime) -> Load:
    """How many different requests each colleague opened on each of the last days, from the audit.

    A case that `who` may not know of is in no count.
    """
    today = now.astimezone(zone).date()
    days = tuple(today - timedelta(days=back) for back in range(DAYS_SHOWN))
    hidden = {case.id for case in guard.hidden_cases(session, who)}
    since = datetime.combine(days[-1], time(0), zone)
    opened: dict[str, dict[date, set[bytes]]] = {}
    query = (
        select(rows.Audit.at, rows.Audit.case_id, rows.Audit.staff_id, rows.Staff.name)
        .outerjoin(rows.Staff, rows.Staff.id == rows.Audit.staff_id)
        .where(rows.Audit.action == rows.OPENED, rows.Audit.at >= since)
    )
    for at, case_id, staff_id, name in session.execute(query):
        if case_id is not None and case_id not in hidden:
            by_day = opened.setdefault(name or staff_id, {})
            by_day.setdefault(at.astimezone(zone).date(), set()).add(case_id)
    return Load(days, {name: tuple(len(opened[name].get(day, ())) for day in days) for name in sorted(opened)})
