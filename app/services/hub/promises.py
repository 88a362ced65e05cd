"""News that was promised for a day: what is due today, what is late, and who is told of that (pledge `keep-you-informed`).

The day is a coded fact of its case, kept by whatever is sent (speaking.py), so that the queue need open nothing. A promise that
is late stands on the first screen of every supervisor who may know of the case; and from the day on which that is first so,
while the Hub is open, the person's space says so too.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date, datetime

from nacl.signing import SigningKey
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.adapters import sealing
from app.data import hub as rows
from app.data.database import Database
from app.domain.asking import SUPERVISOR
from app.domain.change import ERASES
from app.domain.hours import OpeningHours
from app.domain.referral import News
from app.domain.status import LATE_TOLD, PROMISED, promise_kept
from app.services import post
from app.services.hub import guard, speaking
from app.services.hub.records import Opener
from app.services.hub.staff import Identity

TOLD_ON = "told_on"


@dataclass(frozen=True)
class Due:
    """News that is due today, or late. `owner` is None while nobody has the case; `told_on` when supervisors were told."""

    case_id: bytes
    reference: str
    by: date
    is_late: bool
    owner: str | None
    owner_id: str | None
    told_on: date | None


def due(session: Session, who: Identity, *, today: date) -> list[Due]:
    """What is due today or late, of the cases that this colleague may see: the longest overdue first."""
    found = []
    staff = {each.id: each for each in session.scalars(select(rows.Staff))}
    for case in _promised(session, until=today):
        promise = promise_kept(case.facts.get(PROMISED), today=today)
        if promise is None or promise.by > today or not guard.may_see(case, who):
            continue
        owner = staff.get(case.owner_id or "")
        told_on = case.facts[PROMISED].get(TOLD_ON)
        found.append(
            Due(
                case_id=case.id,
                reference=case.reference,
                by=promise.by,
                is_late=promise.is_late,
                owner=owner.name if owner else None,
                owner_id=case.owner_id,
                told_on=date.fromisoformat(told_on) if told_on else None,
            )
        )
    return sorted(found, key=lambda each: (each.by, each.reference))


def tell(
    database: Database, *, opener: Opener, voice: SigningKey, now: datetime, hours: OpeningHours | None = None
) -> None:
    """Say in each space whose news is late that a supervisor was told, and on which day. Once for each promise.

    Nothing while the Hub, by `hours`, is closed, or where no supervisor may know of the case: it would not be true.
    """
    if hours is None or not hours.open_at(now):
        return
    today = now.astimezone(hours.zone).date()
    with database.reading() as session:
        untold = []
        for case in _promised(session, until=today):
            kept = case.facts[PROMISED]
            promise = promise_kept(kept, today=today)
            if promise is None or not promise.is_late or TOLD_ON in kept or not _is_on_a_screen(session, case):
                continue
            untold.append((case.id, promise.by))
    for case_id, by in untold:
        _tell_one(database, case_id, by, today=today, opener=opener, voice=voice, now=now)


def _tell_one(
    database: Database, case_id: bytes, by: date, *, today: date, opener: Opener, voice: SigningKey, now: datetime
) -> None:
    def note(session: Session) -> None:
        case = session.get_one(rows.Case, case_id)
        case.facts = {**case.facts, PROMISED: {**case.facts[PROMISED], TOLD_ON: today.isoformat()}}

    data = {"promised": by.isoformat(), "on": today.isoformat()}
    try:
        speaking.send(
            database,
            case_id=case_id,
            news=News(kind=LATE_TOLD, at=now.isoformat(timespec="seconds"), data=data),
            opener=opener,
            voice=voice,
            now=now,
            envelope_id=hashlib.sha256(b"late" + case_id + by.isoformat().encode()).digest()[: sealing.ID_LENGTH],
            also=note,
        )
    except (guard.NoSuchCase, sealing.CannotOpen, speaking.ReceiptOnly) as error:
        post.alarm("a person could not be told that we are late", kind=type(error).__name__)


def _promised(session: Session, *, until: date) -> list[rows.Case]:
    """Open cases with a promise for no later day, but those whose person asked for everything to be deleted: nobody reads
    there any more."""
    cases = session.scalars(select(rows.Case).where(rows.IS_OPEN, rows.Case.promised_by <= until))
    return [each for each in cases if not ERASES & set(each.facts.get("asked") or ())]


def _is_on_a_screen(session: Session, case: rows.Case) -> bool:
    staff = session.scalars(select(rows.Staff)).all()
    return any(
        SUPERVISOR in each.roles
        and guard.may_see(case, Identity(each.id, each.name, each.shown_name, tuple(each.roles)))
        for each in staff
    )
