"""Rows of closed quarters: sums that stay when what they were counted from is gone. No case and no person."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.data.database import HubRow


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


def closed(session: Session) -> list[ClosedQuarter]:
    """The quarters that were counted, the oldest first."""
    return list(session.scalars(select(ClosedQuarter).order_by(ClosedQuarter.quarter)))


def figures(session: Session, quarters: list[str]) -> dict[str, dict[tuple[str, str, str], int]]:
    """The counts of some quarters, by quarter and place."""
    found: dict[str, dict[tuple[str, str, str], int]] = {each: {} for each in quarters}
    for row in session.scalars(select(ReportFigure).where(ReportFigure.quarter.in_(quarters))):
        found[row.quarter][row.table, row.row, row.column] = row.count
    return found
