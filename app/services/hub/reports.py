"""Closing a quarter, and reading what was counted: the same figures for everybody, whoever asks and whenever.

A quarter is counted once, after it is over. What was counted stays as it was, whatever is erased later, and only periods of
whole closed quarters can be asked for. The tallies of the pledge go to the portal with the post.
"""

from __future__ import annotations

import csv
import hashlib
import io
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from nacl.signing import SigningKey
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.adapters import sealing
from app.data import hub as rows
from app.data import reports as report_rows
from app.data.database import Database
from app.domain import figures
from app.domain.asking import SUPERVISOR
from app.domain.figures import Period, Place
from app.domain.order import Order, Told
from app.domain.promise_results import Quarter, QuarterFigures, Tally
from app.services.hub import orders
from app.services.hub.need_figures import Span
from app.services.hub.report_figures import COLUMNS, TABLES, Rules
from app.services.hub.staff import Identity

AUDITOR = "auditor"
CLOSED_QUARTER, WROTE_WORDS = "closed-quarter", "wrote-report-words"
PROMISES = "promises"
FEWER = "fewer than 5"
# Numbers of what is sent anew are drawn by lot from here on, far from those of the quarters themselves.
FIRST_ANEW = 2**28
CSV_COLUMNS = ("period", "table", "row", "column", "count")


class NotOver(Exception):
    """The quarter has not ended, so it cannot be counted."""


class NoSuchPeriod(Exception):
    """There is no such period of closed quarters."""


class NotForThem(Exception):
    """Reports are for supervisors and auditors; only supervisors write on them."""


@dataclass(frozen=True)
class Report:
    """The published figures of a period; None stands for fewer than five. `words` are a supervisor's, or ""."""

    period: Period
    quarters: tuple[Quarter, ...]
    counts: Mapping[Place, int | None]
    percent: Mapping[Place, int]
    words: str
    written_by: str

    def rows_of(self, table: str) -> tuple[str, ...]:
        """The rows of a table that hold anything, in their order as codes."""
        return tuple(sorted({row for name, row, _column in self.counts if name == table}))

    def count(self, table: str, row: str, column: str) -> int | None:
        """One published count; what was never counted is fewer than five too."""
        return self.counts.get((table, row, column))


def may_read(who: Identity) -> bool:
    """Whether reports are for this colleague."""
    return SUPERVISOR in who.roles or AUDITOR in who.roles


def close(database: Database, quarter: Quarter, *, rules: Rules, now: datetime) -> bool:
    """Count a quarter that is over, and keep what was counted; False when it was closed before. Raises NotOver."""
    if quarter.last_day >= now.astimezone(rules.hours.zone).date():
        raise NotOver
    span = Span(quarter.first_day, quarter.last_day, rules.hours.zone)
    with database.writing() as session:
        if session.get(report_rows.ClosedQuarter, str(quarter)) is not None:
            return False
        session.add(report_rows.ClosedQuarter(quarter=str(quarter), closed_at=now))
        session.flush()
        for table, count in TABLES.items():
            for (row, column), number in count(session, span, rules).items():
                if number:
                    session.add(
                        report_rows.ReportFigure(
                            quarter=str(quarter), table=table, row=row, column=column, count=number
                        )
                    )
        report_rows.forget_counted_days(session, span.first, span.last)
    return True


def close_due(database: Database, *, rules: Rules, now: datetime) -> list[Quarter]:
    """Close every quarter that is over, from the one in which the first request came; returns those closed now."""
    today = now.astimezone(rules.hours.zone).date()
    with database.reading() as session:
        done = {row.quarter for row in report_rows.closed(session)}
        first = session.scalar(select(func.min(rows.Case.received_at)))
    if first is None and not done:
        return []
    begun = [Quarter.read(each) for each in done]
    if first is not None:
        begun.append(Quarter.of(first.astimezone(rules.hours.zone).date()))
    quarter, closed = min(begun), []
    while quarter.last_day < today:
        if str(quarter) not in done and close(database, quarter, rules=rules, now=now):
            closed.append(quarter)
        quarter = quarter.next
    return closed


def periods(session: Session) -> tuple[Period, ...]:
    """What can be asked for, the newest first."""
    return figures.periods_of(Quarter.read(row.quarter) for row in report_rows.closed(session))


def read(session: Session, period: Period, who: Identity) -> Report:
    """A period's figures as they are published. Raises NotForThem and NoSuchPeriod."""
    if not may_read(who):
        raise NotForThem
    if period not in periods(session):
        raise NoSuchPeriod
    counted = report_rows.figures(session, [str(each) for each in period.quarters])
    last = str(period.quarters[-1])
    # The table of equity looks back twelve months from each quarter's end: a year's is that of its last quarter.
    together = figures.added(
        {place: count for place, count in counts.items() if place[0] != "equity" or quarter == last}
        for quarter, counts in counted.items()
    )
    said = session.get(report_rows.ReportWords, str(period))
    percents = {
        place: percent for place, count in together.items() if (percent := _percent(place, count, together)) is not None
    }
    return Report(
        period=period,
        quarters=period.quarters,
        counts=figures.published(together, COLUMNS),
        percent=percents,
        words=said.words if said else "",
        written_by=session.get_one(rows.Staff, said.written_by).name if said else "",
    )


def as_csv(report: Report) -> str:
    """The same figures, one count a line (RFC 4180)."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(CSV_COLUMNS)
    for (table, row, column), count in sorted(report.counts.items()):
        writer.writerow([str(report.period), table, row, column, FEWER if count is None else count])
    return out.getvalue()


def write_words(session: Session, period: Period, words: str, who: Identity, *, now: datetime) -> None:
    """Keep what a supervisor says of a period; logged. Raises NotForThem and NoSuchPeriod."""
    if SUPERVISOR not in who.roles:
        raise NotForThem
    if period not in periods(session):
        raise NoSuchPeriod
    kept = session.get(report_rows.ReportWords, str(period)) or report_rows.ReportWords(period=str(period))
    kept.words, kept.written_by, kept.written_at = words.strip(), who.id, now
    session.add(kept)
    rows.log(session, at=now, staff_id=who.id, action=WROTE_WORDS, detail=str(period))


def tallies(session: Session, quarter: Quarter) -> QuarterFigures:
    """The tallies of the pledge of a closed quarter, as they were counted."""
    counts = report_rows.figures(session, [str(quarter)])[str(quarter)]
    named = sorted({row for table, row, _column in counts if table == PROMISES})
    found = []
    for row in named:
        promise, _, figure = row.partition(":")
        kept, of = counts.get((PROMISES, row, "kept"), 0), counts.get((PROMISES, row, "of"), 0)
        found.append(Tally(promise, "counted" if figure == "counted" else "asked", kept, of))
    return QuarterFigures(quarter, tuple(found))


def send(database: Database, *, portal_key: bytes, voice: SigningKey, now: datetime, again: bool = False) -> int:
    """Send the tallies of closed quarters to the portal, each once; with `again` all of them anew, for a portal that was rebuilt.

    Returns how many went. What the portal has of a quarter already stays as it is.
    """
    sent = 0
    with database.writing() as session:
        for row in report_rows.closed(session):
            if row.sent_at is not None and not again:
                continue
            quarter = Quarter.read(row.quarter)
            # The same quarter has the same envelope, whoever sends it; one that goes anew needs another, and a number that no
            # earlier one had.
            envelope_id = hashlib.sha256(b"results" + row.quarter.encode()).digest()[: sealing.ID_LENGTH]
            orders.give_of_no_case(
                session,
                Told(order=Order.RESULTS, results=tallies(session, quarter)),
                number=FIRST_ANEW + secrets.randbelow(FIRST_ANEW) if again else 4 * quarter.year + quarter.number,
                portal_key=portal_key,
                voice=voice,
                envelope_id=sealing.new_id() if again else envelope_id,
                now=now,
            )
            row.sent_at = now
            sent += 1
    return sent


def _percent(place: Place, count: int, counts: Mapping[Place, int]) -> int | None:
    """The share of a count in its row's whole, where it has one."""
    table, row, column = place
    whole = {PROMISES: "of", "equity": "answered", "assessments": "due", "complaints": "came", "feedback": "came"}.get(
        table
    )
    if whole is None or column == whole:
        return None
    return figures.share(count, counts.get((table, row, whole), 0))
