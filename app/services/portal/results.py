"""How the promises were kept, as the Hub counted it and told the portal: sums of closed quarters, for everybody to read."""

from __future__ import annotations

from collections import defaultdict

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.data import portal as rows
from app.domain.promise_results import Quarter, QuarterFigures, Tally

# Of a quarter in which nothing was counted: it is closed all the same, and no gap.
NOTHING = ""


def keep(session: Session, figures: QuarterFigures) -> None:
    """Keep a closed quarter, in the transaction that follows the Hub's order. One that is here stays as it is."""
    quarter = str(figures.quarter)
    if session.scalar(select(rows.QuarterResult.quarter).where(rows.QuarterResult.quarter == quarter).limit(1)):
        return
    session.add(rows.QuarterResult(quarter=quarter, promise=NOTHING, figure=NOTHING, kept=0, of=0))
    for each in figures.tallies:
        session.add(
            rows.QuarterResult(quarter=quarter, promise=each.promise, figure=each.figure, kept=each.kept, of=each.of)
        )


def counted(session: Session) -> tuple[QuarterFigures, ...]:
    """The quarters that the Hub has told, the oldest first."""
    found: dict[str, list[Tally]] = defaultdict(list)
    for row in session.scalars(select(rows.QuarterResult).order_by(rows.QuarterResult.quarter)):
        kept = found[row.quarter]
        if row.promise != NOTHING:
            kept.append(Tally(row.promise, "counted" if row.figure == "counted" else "asked", row.kept, row.of))
    return tuple(QuarterFigures(Quarter.read(quarter), tuple(tallies)) for quarter, tallies in found.items())
