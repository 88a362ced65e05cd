"""Closing a case at the desk: because the person said so, never because they are silent. They are told with the very closing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from enum import StrEnum

from nacl.signing import SigningKey
from sqlalchemy.orm import Session

from app.data import hub as rows
from app.data.database import Database
from app.domain.referral import News
from app.domain.status import CaseState, Status
from app.services.hub import desk, guard, speaking
from app.services.hub.records import Opener
from app.services.hub.staff import SignedIn


class How(StrEnum):
    """How somebody said that they want it closed. There is no word here for silence."""

    IN_SPACE = "in-space"
    PHONE = "phone"
    IN_PERSON = "in-person"
    RECEIPT = "receipt"


class NothingSaid(Exception):
    """The case has nothing of what was chosen: no message of theirs, or it was not a professional who asked."""


def close(
    database: Database,
    *,
    case_id: bytes,
    how: How,
    signed: SignedIn,
    opener: Opener,
    voice: SigningKey,
    envelope_id: bytes,
    now: datetime,
    also: Callable[[Session], None] | None = None,
) -> None:
    """Close a case and tell its space, with the colleague's first name; logged with how it was said.

    `also` is called in the transaction that closes, such as to say how each open need ended.

    The same `envelope_id` again changes nothing. Raises guard.NoSuchCase, desk.NotOpened and NothingSaid.
    """
    facts = desk.need_open(database, case_id, signed, now=now)
    with database.reading() as session:
        if how is How.IN_SPACE and not _wrote(session, case_id):
            raise NothingSaid
        if how is How.RECEIPT and not speaking.gets_receipt_only(facts):
            raise NothingSaid
        after = rows.last_number_in(session, case_id)
    speaking.send(
        database,
        case_id=case_id,
        news=News(
            kind="status",
            at=now.isoformat(timespec="seconds"),
            status=Status.CLOSED.value,
            author=signed.identity.shown_name,
            data={"after": after},
        ),
        opener=opener,
        voice=voice,
        now=now,
        envelope_id=envelope_id,
        state=CaseState.CLOSED,
        also=also,
    )
    with database.writing() as session:
        guard.case_for(session, case_id, signed.identity)
        rows.log(session, at=now, staff_id=signed.identity.id, action="closed", case_id=case_id, detail=how.value)


def _wrote(session: Session, case_id: bytes) -> bool:
    return any(item.direction == rows.TO_HUB for item in rows.items(session, case_id))
