"""How long this side keeps what needs no space any more. A space itself goes when the Hub says so, and never by a clock here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.data import portal as rows
from app.data import post as post_rows
from app.data.database import Database, PortalRow
from app.domain.retention import Periods

# Tables with secrets: small, so that what was deleted is soon overwritten (PostgreSQL).
NARROW = ("number_wrap", "collection", "visit", "sent", "draft", "item", "outgoing", "feedback", "packet")


@dataclass(frozen=True)
class Kept:
    """How many of each thing are here now; for the operator."""

    drafts: int
    numbers_shown: int
    visits: int
    spaces: int
    settled: int
    aside: int


def run(database: Database, *, periods: Periods, now: datetime) -> int:
    """Delete what is over, and leave nothing of it in the files; returns how many rows."""
    with database.writing() as session:
        count = rows.sweep(session, now=now) + _tidy(session, periods=periods, now=now)
    database.forget_deleted(*NARROW)
    return count


def sweep(session: Session, *, keep: Periods, last: datetime | None, now: datetime) -> int:
    """With each pass what has expired; with the first of a day, by the last pass before it, also what arrived long ago."""
    count = rows.sweep(session, now=now)
    if last is None or last.date() != now.date():
        count += _tidy(session, periods=keep, now=now)
    return count


def show(session: Session) -> Kept:
    """What there is."""

    def count(table: type[PortalRow]) -> int:
        return session.scalar(select(func.count()).select_from(table)) or 0

    settled = select(func.count()).select_from(rows.Outgoing).where(rows.Outgoing.state == post_rows.RECEIVED)
    return Kept(
        drafts=count(rows.Draft),
        numbers_shown=count(rows.Sent),
        visits=count(rows.Visit),
        spaces=count(rows.Case),
        settled=session.scalar(settled) or 0,
        aside=count(rows.Aside),
    )


def _tidy(session: Session, *, periods: Periods, now: datetime) -> int:
    return post_rows.tidy(session, rows.POST, settled=periods.settled, aside=periods.aside, today=now.date())
