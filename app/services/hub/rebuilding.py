"""Filling an empty portal: every space that is alive here is opened there again, and its conversation sent again.

Whoever has a number that works opens their space with it. A number that was stopped and not replaced, and one of a case whose
deletion was asked for, opens nothing: better that somebody rings than that the wrong one comes in, or sees what was hidden.
What only the portal had - what was cleared, kept for oneself, drafted, or not yet carried - is lost with it.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from nacl.signing import SigningKey
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.adapters import sealing
from app.data import hub as rows
from app.data import post as post_rows
from app.data.database import Database
from app.domain.change import ERASES, Change, Standing
from app.domain.order import Again, Order, Told
from app.domain.referral import Addition, MalformedReferral, Referral
from app.domain.taken import SPACE, Space
from app.services import post
from app.services.hub import auditing, numbers, orders, packets, records
from app.services.hub.records import Opener


@dataclass(frozen=True)
class Rebuilt:
    """How many spaces were queued to be opened again, how many of them without a number, how many items, and how many packets
    that services can still read."""

    spaces: int
    without_number: int
    items: int
    packets: int = 0


def rebuild(database: Database, *, opener: Opener, voice: SigningKey, portal_key: bytes, now: datetime) -> Rebuilt:
    """Queue everything that a new portal needs; the post carries it. Again is harmless, also to a portal that is not empty.

    A case that does not open is left out, with an alarm.
    """
    with database.writing() as session:
        auditing.post_all_again(session)
    with database.reading() as session:
        case_ids = list(session.scalars(select(rows.Case.id)))
    spaces = without = items = kept = 0
    for case_id in case_ids:
        try:
            with database.reading() as session:
                told = _told(session, case_id, opener=opener)
                key = records.case_key(session, case_id, opener=opener) if told else None
        except (sealing.CannotOpen, MalformedReferral) as error:
            post.alarm("a space could not be opened again", kind=type(error).__name__)
            continue
        if told is None or key is None:
            continue
        with database.writing() as session:
            if session.get(rows.Case, case_id) is None:
                continue  # erased in between
            orders.withdraw(session, case_id)  # what they ordered is in this one, but for a code: that is given anew
            orders.give(session, case_id, told, portal_key=portal_key, voice=voice, now=now)
            items += _send_again(session, rows.items(session, case_id), now=now)
            kept += packets.give_again(session, case_id, key=key, portal_key=portal_key, voice=voice, now=now)
        spaces += 1
        without += told.again is not None and not told.again.wrap
    return Rebuilt(spaces=spaces, without_number=without, items=items, packets=kept)


def _told(session: Session, case_id: bytes, *, opener: Opener) -> Told | None:
    """The order to open a space again; None for a case that has none. Raises sealing.CannotOpen and MalformedReferral."""
    case = session.get(rows.Case, case_id)
    if case is None or case.facts.get(SPACE) == Space.NONE:
        return None  # nobody ever had a space for it
    key = records.case_key(session, case_id, opener=opener)
    wrap, since = b"", case.received_at
    for document in rows.documents(session, case_id):
        if document.kind == rows.REFERRAL:
            text = records.open_document(document, record_secret=key.record_secret)
            wrap, since = Referral.from_bytes(text).number_wrap, document.added_at
        elif document.kind == rows.ADDITION:
            addition = Addition.from_bytes(records.open_document(document, record_secret=key.record_secret))
            if addition.kind == Change.NUMBER.value:
                wrap, since = _wrap_of(addition), document.added_at
    hidden = any(
        change.kind in ERASES and change.standing == Standing.WAITING.value for change in rows.changes(session, case_id)
    )
    if hidden or numbers.was_stopped(session, case_id, since=since):
        wrap = b""
    return Told(
        order=Order.AGAIN,
        again=Again(
            reference=case.reference,
            wrap=wrap,
            number_out=rows.last_number_in(session, case_id),
            opened_on=case.received_at.date(),
        ),
    )


def _wrap_of(addition: Addition) -> bytes:
    found = addition.content.get("number_wrap")
    try:
        return base64.b64decode(found, validate=True) if isinstance(found, str) else b""
    except binascii.Error:
        return b""


def _send_again(session: Session, found: Iterable[rows.Item], *, now: datetime) -> int:
    """Queue both halves of a conversation: the Hub's own items, and what the person wrote, as it came."""
    count = 0
    for item in found:
        row = session.get(rows.Outgoing, item.envelope_id)
        if row is None:
            post_rows.put(
                session,
                rows.POST,
                envelope_id=item.envelope_id,
                case_id=item.case_id,
                number=item.number,
                body=item.body,
                now=now,
            )
        else:
            row.state, row.reason, row.attempts = post_rows.WAITING, None, 0
            row.body, row.waiting_since, row.next_attempt_at = item.body, now, now
        count += 1
    return count
