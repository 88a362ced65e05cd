"""Saying something to a person: an item sealed under the case secret, signed with the Hub's voice, carried by the post."""

from __future__ import annotations

from datetime import datetime

from nacl.signing import SigningKey
from sqlalchemy.orm import Session

from app.adapters import sealing
from app.data import hub as rows
from app.data import post as post_rows
from app.data.database import Database
from app.domain.referral import News
from app.domain.status import CaseState
from app.services.hub import records
from app.services.hub.guard import NoSuchCase
from app.services.hub.records import Opener
from app.services.hub.staff import Identity


def send(
    database: Database,
    *,
    case_id: bytes,
    news: News,
    opener: Opener,
    voice: SigningKey,
    now: datetime,
    envelope_id: bytes | None = None,
    by: Identity | None = None,
    state: CaseState | None = None,
    only_if_unread: bool = False,
) -> None:
    """Seal an item to the person under the case's next number and commit it with its envelope.

    The same `envelope_id` again changes nothing. `only_if_unread` makes it the one item of the first opening.
    """
    envelope_id = envelope_id or sealing.new_id()
    while True:
        with database.reading() as session:
            if session.get(rows.Item, envelope_id) is not None:
                return
            number = _case(session, case_id).number_out
            database_id = post_rows.post_state(session, rows.POST).database_id
            key = records.case_key(session, case_id, opener=opener)
        header = sealing.Header(database_id=database_id, case_id=case_id, envelope_id=envelope_id, number=number + 1)
        body = sealing.seal_in_conversation(
            news.to_bytes(),
            lane=sealing.Lane.TO_PERSON,
            header=header,
            key_id=bytes(sealing.KEY_ID_LENGTH),
            secret=key.case_secret,
            signer=voice,
        )
        with database.writing() as session:
            case = _case(session, case_id)
            if only_if_unread and case.read_at is not None:
                return
            if not rows.claim_number(session, case_id, expected=number):
                continue
            if only_if_unread:
                case.read_at = now
            session.add(
                rows.Item(
                    envelope_id=envelope_id,
                    case_id=case_id,
                    direction=rows.TO_PERSON,
                    number=header.number,
                    body=body,
                    added_at=now,
                )
            )
            post_rows.put(
                session,
                rows.POST,
                envelope_id=envelope_id,
                case_id=case_id,
                number=header.number,
                body=body,
                now=now,
            )
            if state is not None:
                case.state = state.value
            if by is not None:
                rows.log(
                    session, at=now, staff_id=by.id, action=f"sent-{news.kind}", case_id=case_id, detail=news.status
                )
        return


def _case(session: Session, case_id: bytes) -> rows.Case:
    """The case for the system itself; what a person asks for goes through app/services/hub/guard.py."""
    case = session.get(rows.Case, case_id)
    if case is None:
        raise NoSuchCase
    return case
