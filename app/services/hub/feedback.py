"""Feedback at the Hub, for supervisors: what came, reading it by a logged act, and marking it as done.

Each piece has a secret of its own, wrapped to the Hub's newest sealing key, as cases have (app/services/hub/records.py).
"""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import Select, delete, func, select
from sqlalchemy.orm import Session

from app.adapters import sealing
from app.data import hub as rows
from app.data.database import Database
from app.domain.asking import SUPERVISOR
from app.domain.feedback import About, Feedback
from app.services.hub.records import Opener
from app.services.hub.staff import Identity

PURPOSE = "feedback"
READ, DONE = "read-feedback", "feedback-done"


class NoSuchFeedback(Exception):
    """There is none under this id, or this colleague may not know of it."""


@dataclass(frozen=True)
class Line:
    """One piece in the list; its words are not there. `done_by` is a name."""

    id: bytes
    on: date
    about: About | None
    language: str
    done_by: str | None
    done_at: datetime | None


@dataclass(frozen=True)
class Opened:
    """One piece with its words; `reach` is empty when no answer is wanted."""

    line: Line
    words: str
    reach: str


def row_of(feedback: Feedback, *, opener: Opener) -> rows.Feedback:
    """The row that it becomes, under a new id: the envelope's own leads no further than the inbox."""
    row_id, secret = sealing.new_id(), secrets.token_bytes(sealing.SECRET_LENGTH)
    content = json.dumps({"words": feedback.words, "reach": feedback.reach}).encode("ascii")
    return rows.Feedback(
        id=row_id,
        came_on=feedback.on,
        about=feedback.about.value if feedback.about else None,
        language=feedback.language,
        wrapped=opener.wrap_record(secret, case_id=row_id),
        sealed=sealing.seal_box(secret, content, purpose=PURPOSE, bound=row_id),
    )


def listed(session: Session, who: Identity) -> list[Line]:
    """All of it: what is not done first, of that complaints, the newest first in each; for others than supervisors none."""
    if not _may(who):
        return []
    found = [_line(row, name) for row, name in session.execute(_rows_with_names())]
    found.sort(key=lambda each: each.on, reverse=True)
    found.sort(key=lambda each: (each.done_at is not None, each.about is not About.COMPLAINT))
    return found


def waiting(session: Session, who: Identity) -> int:
    """How many are not done yet; for others than supervisors none."""
    if not _may(who):
        return 0
    return session.scalar(select(func.count()).select_from(rows.Feedback).where(rows.Feedback.done_at.is_(None))) or 0


def read(database: Database, feedback_id: bytes, who: Identity, *, opener: Opener, now: datetime) -> Opened:
    """One piece with its words. Logged each time. Raises NoSuchFeedback and sealing.CannotOpen."""
    if not _may(who):
        raise NoSuchFeedback
    with database.reading() as session:
        found = session.execute(_rows_with_names().where(rows.Feedback.id == feedback_id)).first()
        if found is None:
            raise NoSuchFeedback
        row, name = found
        secret = opener.unwrap_record(row.wrapped, case_id=row.id)
        content = json.loads(sealing.open_box(secret, row.sealed, purpose=PURPOSE, bound=row.id))
        opened = Opened(_line(row, name), words=content["words"], reach=content["reach"])
    with database.writing() as session:
        rows.log(session, at=now, staff_id=who.id, action=READ, detail=feedback_id.hex())
    return opened


def done(session: Session, feedback_id: bytes, who: Identity, *, now: datetime) -> None:
    """Somebody has done what there was to do. Logged; once done it stays as it is. Raises NoSuchFeedback."""
    row = session.get(rows.Feedback, feedback_id) if _may(who) else None
    if row is None:
        raise NoSuchFeedback
    if row.done_at is None:
        row.done_at, row.done_by = now, who.id
        rows.log(session, at=now, staff_id=who.id, action=DONE, detail=feedback_id.hex())


def tidy(session: Session, *, days: int, now: datetime) -> int:
    """Delete what was done so many days ago; what nobody has done never goes by itself. Returns how many."""
    over = delete(rows.Feedback).where(rows.Feedback.done_at <= now - timedelta(days=days))
    return int(session.execute(over).rowcount)  # type: ignore[attr-defined]


def _may(who: Identity) -> bool:
    return SUPERVISOR in who.roles


def _rows_with_names() -> Select[rows.Feedback, str]:
    return select(rows.Feedback, rows.Staff.name).outerjoin(rows.Staff, rows.Staff.id == rows.Feedback.done_by)


def _line(row: rows.Feedback, name: str | None) -> Line:
    return Line(
        id=row.id,
        on=row.came_on,
        about=About(row.about) if row.about else None,
        language=row.language,
        done_by=name,
        done_at=row.done_at,
    )
