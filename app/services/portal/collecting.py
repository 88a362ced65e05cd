"""Collecting a new number with a code that the Hub gave after a check. Nobody ever reads a number out.

A wrong code, a code that is no more and a reference that never was take the same path, the same time and the same answer.
"""

from __future__ import annotations

import base64
from datetime import datetime

from sqlalchemy import delete
from sqlalchemy.orm import Session

from app.adapters import numbers, sealing
from app.data import portal as rows
from app.data import post as post_rows
from app.data.database import Database
from app.domain.change import Change
from app.domain.referral import Addition
from app.services.portal.office import Office, new_token, row_id
from app.services.portal.refer import NUMBER_SHOWN_FOR, seal_number, send_addition
from app.services.portal.space import NO_CASE, Stopped


class WrongCode(Exception):
    """Reference and code open nothing. Why is not said."""


class _Gone(Exception):
    """Somebody used the code in between."""


def collect(
    database: Database, office: Office, *, reference: str, code: str, now: datetime, is_over: bool = False
) -> bytes:
    """Make a new number for the case that this code opens; returns the token of the cookie that may see it for an hour.

    Every older wrap and every open visit is destroyed in the same transaction, the code with them, and the new wrap travels
    to the Hub. `is_over`: whoever asks has typed very many wrong ones, and goes through the narrow way. Raises WrongCode, Stopped
    and office.Busy; then nothing has changed but the tries that are left.
    """
    with database.reading() as session:
        if post_rows.post_state(session, rows.POST).stopped is not None:
            raise Stopped
        found = rows.collection_by_tags(session, numbers.reference_tags(reference, office.peppers), now=now)
    if found is None:
        case_id, wrap = NO_CASE, numbers.stand_in_wrap(office.peppers, office.cost)
    else:
        case_id, wrap = found[0].id, numbers.Wrap.from_bytes(found[1].wrap)
    with office.tried(office.collecting, is_over=is_over):
        try:
            secret = numbers.unwrap_secret(wrap, code, case_id=case_id, peppers=office.peppers)
        except numbers.WrongNumber:
            _spend_try(database, case_id, now=now)
            raise WrongCode from None
        digits = numbers.make_number(office.peppers, reference=reference)
        new_wrap = numbers.wrap_secret(
            secret, digits, case_id=case_id, pepper=office.peppers.newest, cost=office.cost
        ).to_bytes()
    token = new_token()
    sealed = seal_number(token, digits, case_id=case_id)
    used = wrap.to_bytes()

    def swap(session: Session, _number: int) -> None:
        gone = session.execute(
            delete(rows.Collection).where(rows.Collection.case_id == case_id, rows.Collection.wrap == used)
        )
        if not gone.rowcount:  # type: ignore[attr-defined]
            raise _Gone
        rows.kill_number(session, case_id)
        session.execute(delete(rows.Sent).where(rows.Sent.case_id == case_id))
        session.get_one(rows.Case, case_id).reference_tag = numbers.reference_tag(reference, office.peppers.newest)
        session.add(rows.NumberWrap(case_id=case_id, wrap=new_wrap))
        session.add(
            rows.Sent(draft_id=row_id(token), case_id=case_id, sealed=sealed, expires_at=now + NUMBER_SHOWN_FOR)
        )

    try:
        send_addition(
            database,
            office,
            case_id=case_id,
            addition=Addition(
                kind=Change.NUMBER.value, content={"number_wrap": base64.b64encode(new_wrap).decode("ascii")}
            ),
            urgent=True,
            also=swap,
            now=now,
        )
    except _Gone:
        raise WrongCode from None
    database.forget_deleted()
    return token


def _spend_try(database: Database, case_id: bytes, *, now: datetime) -> None:
    """One try fewer. Where there is no case, a row that is past its time is written instead, so that both take as long."""
    with database.writing() as session:
        if case_id == NO_CASE:
            decoy = sealing.new_id() * 2
            session.add(rows.Sent(draft_id=decoy, case_id=NO_CASE, sealed=b"", expires_at=now))
        else:
            rows.spend_try(session, case_id)
