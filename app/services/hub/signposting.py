"""Signposting: that somebody was told about a service, or sent something to read about it (requirement E4).

Codes alone: which service of the directory, for which of the eight needs, who said it and when. So it can be counted.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.adapters import sealing
from app.data import hub as rows
from app.data.database import Database
from app.domain.survey import NEEDS
from app.services.hub import guard
from app.services.hub.desk import need_open
from app.services.hub.staff import SignedIn

TOLD = "signposted"


class How(StrEnum):
    """How somebody heard of a service. The values are kept: add, never rename."""

    TOLD = "told"
    READING = "reading"


@dataclass(frozen=True)
class View:
    """One line at the desk; `by` is a name."""

    service: str
    how: How
    need: str | None
    by: str
    at: datetime


def tell(
    database: Database,
    *,
    case_id: bytes,
    service: str,
    need: str | None,
    signpost_id: bytes,
    signed: SignedIn,
    now: datetime,
) -> None:
    """Write down that a colleague told them about a service. Logged; the same `signpost_id` again changes nothing.

    `need` is one of the eight. Raises guard.NoSuchCase, desk.NotOpened, and ValueError for another need.
    """
    if need is not None and need not in NEEDS:
        raise ValueError("need")
    need_open(database, case_id, signed, now=now)
    with database.writing() as session:
        guard.case_for(session, case_id, signed.identity)
        if session.get(rows.Signpost, signpost_id) is not None:
            return
        write(
            session,
            case_id,
            service=service,
            how=How.TOLD,
            need=need,
            staff_id=signed.identity.id,
            signpost_id=signpost_id,
            now=now,
        )
        rows.log(session, at=now, staff_id=signed.identity.id, action=TOLD, case_id=case_id, detail=service)


def write(
    session: Session,
    case_id: bytes,
    *,
    service: str,
    how: How,
    staff_id: str,
    now: datetime,
    need: str | None = None,
    signpost_id: bytes | None = None,
) -> None:
    """Add a line in the caller's transaction."""
    session.add(
        rows.Signpost(
            id=signpost_id or sealing.new_id(),
            case_id=case_id,
            service=service,
            how=how.value,
            need=need,
            staff_id=staff_id,
            at=now,
        )
    )


def of_case(session: Session, case_id: bytes) -> list[View]:
    """What was said and sent in a case, newest first. The caller has asked the guard."""
    found = session.execute(
        select(rows.Signpost, rows.Staff.name)
        .outerjoin(rows.Staff, rows.Staff.id == rows.Signpost.staff_id)
        .where(rows.Signpost.case_id == case_id)
        .order_by(rows.Signpost.at.desc(), rows.Signpost.service)
    )
    return [View(row.service, How(row.how), row.need, name or row.staff_id, row.at) for row, name in found]


def counts(session: Session, *, since: datetime, until: datetime) -> Mapping[tuple[How, str | None], int]:
    """How often somebody was told or sent something, by how and by need, from `since` up to and without `until`.

    A case counts once for each service, need and way, however often it was said.
    """
    once = (
        select(rows.Signpost.how, rows.Signpost.need, rows.Signpost.service, rows.Signpost.case_id)
        .where(rows.Signpost.at >= since, rows.Signpost.at < until)
        .distinct()
        .subquery()
    )
    found = session.execute(select(once.c.how, once.c.need, func.count()).group_by(once.c.how, once.c.need))
    return {(How(how), need): count for how, need, count in found}
