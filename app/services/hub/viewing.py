"""Looking at the audit: lines by day, colleague, case and act, how the chains stand, and who read how much, as plain facts.

Whoever looks sees no names of persons and no content: there is none in the audit. A case is its reference; one that this
colleague may not know of is "a restricted case", and one that was erased has no reference any more.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import Session

from app.data import hub as rows
from app.domain import asking
from app.domain.asking import SUPERVISOR
from app.domain.audit import OF_COMPLAINTS, Act, Kind, act_of
from app.services.hub import guard
from app.services.hub.auditing import SYSTEM
from app.services.hub.staff import Identity

AUDITOR = "auditor"
PAGE_LENGTH = 100
MOST_NAMED = 20
# Opened by so many colleagues in a day, a case is listed. A fact, and no judgement: it may be a handover.
MANY = 3
OPENS = tuple(each.value for each in Act if each.kind in {Kind.READ, Kind.REACHED} or each is Act.DANGER_READ)


class About(StrEnum):
    """What a line is about, for whoever looks."""

    NOTHING = "nothing"
    CASE = "case"
    RESTRICTED = "restricted"  # a case that they may not know of, or something in it that they may not
    ERASED = "erased"


class NotForThem(Exception):
    """Only auditors and supervisors look at the audit."""


@dataclass(frozen=True)
class Line:
    """One line. `who` is a colleague's name; `reference` only when it is about a case that may be named."""

    at: datetime
    who: str
    words: str
    about: About
    reference: str
    case_id: bytes | None
    detail: str


@dataclass(frozen=True)
class Asked:
    """What to look for. `day` is local; empty words look for everything."""

    day: date
    staff_id: str = ""
    reference: str = ""
    kind: Kind | None = None
    page: int = 1


@dataclass(frozen=True)
class Reader:
    """How many different cases a colleague read in a day, and how often."""

    who: str
    cases: int
    times: int


@dataclass(frozen=True)
class ReadByMany:
    """A case that several colleagues read in one day."""

    about: About
    reference: str
    readers: int


@dataclass(frozen=True)
class Found:
    """One page of lines; `has_more` when another follows."""

    lines: tuple[Line, ...]
    has_more: bool
    colleagues: tuple[tuple[str, str], ...]
    readers: tuple[Reader, ...]
    by_many: tuple[ReadByMany, ...]


def may(who: Identity) -> bool:
    """Whether this colleague may look at the audit."""
    return bool({AUDITOR, SUPERVISOR} & set(who.roles))


def look(session: Session, who: Identity, asked: Asked, *, zone: ZoneInfo) -> Found:
    """Lines of a day, newest first, with the day's facts. Four queries. Raises NotForThem."""
    _need(who)
    query = _query(asked, zone=zone).offset((asked.page - 1) * PAGE_LENGTH).limit(PAGE_LENGTH + 1)
    found = _lines(session, query, who, asked=asked)
    names = {each.id: each.name for each in session.scalars(select(rows.Staff).order_by(rows.Staff.name))}
    return Found(
        lines=tuple(_named(line, names) for line in found[:PAGE_LENGTH] if line is not None),
        has_more=len(found) > PAGE_LENGTH,
        colleagues=tuple(names.items()),
        readers=_readers(session, names, _within(asked.day, zone)),
        by_many=_by_many(session, who, _within(asked.day, zone)),
    )


def export(session: Session, who: Identity, day: date, *, zone: ZoneInfo) -> str:
    """A day's lines as CSV (RFC 4180), the oldest first, under the same guard. Raises NotForThem."""
    _need(who)
    names = {each.id: each.name for each in session.scalars(select(rows.Staff))}
    made = io.StringIO(newline="")
    writer = csv.writer(made)
    writer.writerow(["time", "colleague", "act", "about", "reference", "detail"])
    for line in reversed(_lines(session, _query(Asked(day), zone=zone), who, asked=Asked(day))):
        if line is not None:
            said = _named(line, names)
            writer.writerow(
                _cell(each)
                for each in (
                    said.at.astimezone(zone).isoformat(timespec="seconds"),
                    said.who, said.words, said.about.value, said.reference, said.detail,
                )
            )  # fmt: skip
    return made.getvalue()


def _need(who: Identity) -> None:
    if not may(who):
        raise NotForThem


def _query(asked: Asked, *, zone: ZoneInfo) -> Select[rows.Audit, rows.Case]:
    query: Select[rows.Audit, rows.Case] = (
        select(rows.Audit, rows.Case)
        .outerjoin(rows.Case, rows.Case.id == rows.Audit.case_id)
        .where(_within(asked.day, zone))
        .order_by(rows.Audit.at.desc(), rows.Audit.id.desc())
    )
    if asked.staff_id:
        query = query.where(rows.Audit.staff_id == asked.staff_id)
    if asked.reference:
        query = query.where(rows.Case.reference == asked.reference)
    if asked.kind is not None:
        query = query.where(rows.Audit.action.in_([each.value for each in Act if each.kind is asked.kind]))
    return query


def _lines(session: Session, query: Select[rows.Audit, rows.Case], who: Identity, *, asked: Asked) -> list[Line | None]:
    """Lines with ids of staff for names; None in place of one that would give away by being found what it hides."""
    return [_line(line, case, who, asked=asked) for line, case in session.execute(query)]


def _line(line: rows.Audit, case: rows.Case | None, who: Identity, *, asked: Asked) -> Line | None:
    about, reference = _about(line, case, who)
    if about is About.RESTRICTED:
        if asked.reference or (asked.kind is not None and _is_of_complaints(line)):
            return None
        words = "did something in a restricted case" if _is_of_complaints(line) else _words(line)
        return Line(line.at, line.staff_id, words, about, "", None, "")
    return Line(line.at, line.staff_id, _words(line), about, reference, line.case_id, line.detail)


def _about(line: rows.Audit, case: rows.Case | None, who: Identity) -> tuple[About, str]:
    if line.case_id is None:
        return About.NOTHING, ""
    if case is None:
        return About.ERASED, ""
    if not guard.may_see(case, who) or (_is_of_complaints(line) and not _may_know_of_complaints(case, who)):
        return About.RESTRICTED, ""
    return About.CASE, case.reference


def _is_of_complaints(line: rows.Audit) -> bool:
    return line.action in OF_COMPLAINTS


def _may_know_of_complaints(case: rows.Case, who: Identity) -> bool:
    """A complaint is for supervisors whom no complaint of this case is about."""
    about = {staff_id for each in case.facts.get(asking.COMPLAINTS) or () for staff_id in each.get("hidden_from") or ()}
    return SUPERVISOR in who.roles and who.id not in about


def _words(line: rows.Audit) -> str:
    act = act_of(line.action)
    return line.action if act is None else act.words


def _named(line: Line, names: dict[str, str]) -> Line:
    name = "The system" if line.who == SYSTEM else names.get(line.who, line.who)
    return Line(line.at, name, line.words, line.about, line.reference, line.case_id, line.detail)


def _readers(session: Session, names: dict[str, str], within: ColumnElement[bool]) -> tuple[Reader, ...]:
    found = session.execute(
        select(rows.Audit.staff_id, func.count(rows.Audit.case_id.distinct()), func.count())
        .where(within, rows.Audit.action.in_(OPENS), rows.Audit.case_id.is_not(None))
        .group_by(rows.Audit.staff_id)
    )
    readers = [Reader(names.get(row[0], row[0]), row[1], row[2]) for row in found]
    return tuple(sorted(readers, key=lambda each: (-each.cases, each.who)))


def _by_many(session: Session, who: Identity, within: ColumnElement[bool]) -> tuple[ReadByMany, ...]:
    readers = func.count(rows.Audit.staff_id.distinct())
    many = (
        select(rows.Audit.case_id, readers.label("readers"))
        .where(within, rows.Audit.action.in_(OPENS), rows.Audit.case_id.is_not(None))
        .group_by(rows.Audit.case_id)
        .having(readers >= MANY)
        .subquery()
    )
    found: Sequence[Any] = session.execute(
        select(rows.Case, many.c.readers)
        .select_from(many)
        .outerjoin(rows.Case, rows.Case.id == many.c.case_id)
        .order_by(many.c.readers.desc())
        .limit(MOST_NAMED)
    ).all()
    listed = []
    for case, count in found:
        if case is None:
            listed.append(ReadByMany(About.ERASED, "", count))
        elif guard.may_see(case, who):
            listed.append(ReadByMany(About.CASE, case.reference, count))
        else:
            listed.append(ReadByMany(About.RESTRICTED, "", count))
    return tuple(listed)


def _within(day: date, zone: ZoneInfo) -> ColumnElement[bool]:
    start = datetime.combine(day, time(0), zone)
    return rows.Audit.at.between(start, datetime.combine(day + timedelta(days=1), time(0), zone) - timedelta(seconds=1))


def _cell(text: str) -> str:
    """A cell that no spreadsheet takes for a formula."""
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text
