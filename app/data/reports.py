"""Rows of closed quarters: sums that stay when what they were counted from is gone. No case and no person.

And the days that we named for news, each a row until its quarter was counted: what a case says of itself is only the newest.
"""

from __future__ import annotations

import secrets
from datetime import date, datetime

from sqlalchemy import ForeignKey, UniqueConstraint, delete, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.data.database import ID_LENGTH, HubRow
from app.domain.promise_results import Quarter


class ClosedQuarter(HubRow):
    """A quarter that was counted: from then on its figures never change. `sent_at`: when its tallies went to the portal."""

    __tablename__ = "closed_quarter"

    quarter: Mapped[str] = mapped_column(primary_key=True)
    closed_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]


class ReportFigure(HubRow):
    """One count of a closed quarter, as it was counted. It is rounded whenever it is shown."""

    __tablename__ = "report_figure"

    quarter: Mapped[str] = mapped_column(ForeignKey("closed_quarter.quarter", ondelete="CASCADE"), primary_key=True)
    table: Mapped[str] = mapped_column(primary_key=True)
    row: Mapped[str] = mapped_column(primary_key=True)
    column: Mapped[str] = mapped_column(primary_key=True)
    count: Mapped[int]


class ReportWords(HubRow):
    """What a supervisor says about the figures of a period: on the printed page, about nobody."""

    __tablename__ = "report_words"

    period: Mapped[str] = mapped_column(primary_key=True)
    words: Mapped[str]
    written_by: Mapped[str] = mapped_column(ForeignKey("staff.id"))
    written_at: Mapped[datetime]


class NamedDay(HubRow):
    """A day by which we said that there would be news (pledge `keep-you-informed`). `kept_at`: when a colleague next wrote.

    Once the day is over it outlives its case, which it then does not name any more, until its quarter was counted.
    """

    __tablename__ = "named_day"
    __table_args__ = (UniqueConstraint("case_id", "by"),)

    id: Mapped[bytes] = mapped_column(primary_key=True)
    case_id: Mapped[bytes | None] = mapped_column(ForeignKey("case.id", ondelete="SET NULL"))
    by: Mapped[date] = mapped_column(index=True)
    kept_at: Mapped[datetime | None]


def told_news(session: Session, case_id: bytes, *, is_written: bool, by: date | None, now: datetime) -> None:
    """Something was sent that may name a day, `by`, and, where a colleague wrote it, is the news that other days wait for.

    A day that is named anew stands from now on: what was written before does not keep it.
    """
    days = session.scalars(select(NamedDay).where(NamedDay.case_id == case_id)).all()
    for each in days:
        if each.by == by:
            each.kept_at = None
        elif is_written and each.kept_at is None:
            each.kept_at = now
    if by is not None and by not in {each.by for each in days}:
        session.add(NamedDay(id=secrets.token_bytes(ID_LENGTH), case_id=case_id, by=by))
    session.flush()


def forget_days_of(session: Session, case_id: bytes, *, today: date) -> None:
    """The case is erased. A day that is still to come is called off; one that is over stays, and says nothing of whom, until its
    quarter was counted."""
    counted = {row.quarter for row in closed(session)}
    for each in session.scalars(select(NamedDay).where(NamedDay.case_id == case_id)):
        if (each.by >= today and each.kept_at is None) or str(Quarter.of(each.by)) in counted:
            session.delete(each)
        else:
            each.case_id = None
    session.flush()


def forget_counted_days(session: Session, first: date, last: date) -> None:
    """These days were counted: those of cases that are erased go."""
    session.execute(delete(NamedDay).where(NamedDay.case_id.is_(None), NamedDay.by.between(first, last)))


def closed(session: Session) -> list[ClosedQuarter]:
    """The quarters that were counted, the oldest first."""
    return list(session.scalars(select(ClosedQuarter).order_by(ClosedQuarter.quarter)))


def figures(session: Session, quarters: list[str]) -> dict[str, dict[tuple[str, str, str], int]]:
    """The counts of some quarters, by quarter and place."""
    found: dict[str, dict[tuple[str, str, str], int]] = {each: {} for each in quarters}
    for row in session.scalars(select(ReportFigure).where(ReportFigure.quarter.in_(quarters))):
        found[row.quarter][row.table, row.row, row.column] = row.count
    return found
