"""Packets at the Hub: what was handed over, what lies at the portal, and what the service answered.

The code is kept nowhere. What was handed over, the wrapped packet that a new portal would need, and what the service wrote are
sealed under the case's record secret: erasing that erases them.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from nacl.signing import SigningKey
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.adapters import packets as sealed_packets
from app.adapters import sealing
from app.data import hub as rows
from app.data.database import Database
from app.domain.handover import State
from app.domain.order import Keep, Order, Told
from app.domain.packet import TOKEN_LENGTH, MalformedPacket, Packet, PacketAnswer, Reason, Route, Section
from app.services import post
from app.services.hub import orders
from app.services.hub.records import CaseKey

COPY, WRAPPED, ANSWER, TAKEN = "record/packet", "record/packet-wrapped", "record/packet-answer", "record/packet-code"


@dataclass(frozen=True)
class View:
    """A packet at the desk. `is_there`: the service can read it now. `taken_by` is who took the code, `worker`, `first_on` and
    `words` what the service wrote, `first_on` also from when there is room."""

    reference: str
    sent_at: datetime
    until: datetime
    due_at: datetime | None
    is_there: bool
    opened_at: datetime | None
    mailed_at: datetime | None
    route: Route | None
    taken_by: str
    reason: Reason | None
    worker: str
    first_on: date | None
    words: str
    sections: tuple[Section, ...]


def token_of(key: CaseKey, handover_id: bytes) -> bytes:
    """What an answer must bring back: the same for every packet of a handover, and known to nobody who has not read one."""
    made = hashlib.blake2b(handover_id, digest_size=TOKEN_LENGTH, key=key.record_secret, person=b"packet-answer")
    return made.digest()


def seal(key: CaseKey, content: bytes, *, purpose: str, handover_id: bytes) -> bytes:
    """Seal something of a packet under the case's record secret."""
    return sealing.seal_box(key.record_secret, content, purpose=purpose, bound=handover_id)


def wrapped(body: bytes, lock: bytes) -> bytes:
    """What the portal gets of a packet, as it is kept here."""
    return json.dumps([base64.b64encode(each).decode("ascii") for each in (body, lock)]).encode("ascii")


def new_reference(session: Session) -> str:
    """Eight digits that no other packet has."""
    while True:
        made = sealed_packets.make_reference()
        if session.scalar(select(rows.Packet.handover_id).where(rows.Packet.reference == made)) is None:
            return made


def order_to_keep(row: rows.Packet, body: bytes, lock: bytes, *, key: CaseKey) -> Told:
    """The order by which the portal keeps a packet."""
    token = token_of(key, row.handover_id)
    return Told(
        order=Order.PACKET,
        keep=Keep(
            packet_id=row.handover_id,
            reference=row.reference,
            body=body,
            lock=lock,
            answer_tag=hashlib.sha256(token).digest(),
            was_read=row.opened_at is not None,
            until=row.until,
        ),
    )


def is_unread(session: Session, handover_id: bytes) -> bool:
    """Whether what was passed on is a packet that nobody has opened."""
    row = session.get(rows.Packet, handover_id)
    return row is not None and row.opened_at is None


def message_of(session: Session, handover_id: bytes) -> tuple[str, datetime] | None:
    """What the message to a service says of a packet: its reference, and until when it can be read."""
    row = session.get(rows.Packet, handover_id)
    return None if row is None or row.wrapped is None else (row.reference, row.until)


def drop(session: Session, handover_id: bytes, *, portal_key: bytes, voice: SigningKey, now: datetime) -> None:
    """Nobody may read this packet any more: forget it here, and order the portal to. Without one nothing happens."""
    row = session.get(rows.Packet, handover_id)
    if row is None or row.wrapped is None:
        return
    row.wrapped = None
    told = Told(order=Order.NO_PACKET, packet_id=handover_id)
    orders.give(session, row.case_id, told, portal_key=portal_key, voice=voice, now=now)


def hold_frozen(database: Database, *, portal_key: bytes, voice: SigningKey, now: datetime) -> int:
    """Whoever stops all contact stops what a service has not read yet: it would lead to contact. Returns how many.

    Their yes stands; a colleague sends it anew when contact may begin again.
    """
    held = (
        select(rows.Packet.handover_id)
        .join(rows.Case, rows.Case.id == rows.Packet.case_id)
        .where(
            rows.Packet.wrapped.is_not(None),
            rows.Packet.opened_at.is_(None),
            rows.Case.facts["frozen"].as_boolean().is_(True),
        )
    )
    with database.reading() as session:
        found = list(session.scalars(held))
    for handover_id in found:
        with database.writing() as session:
            drop(session, handover_id, portal_key=portal_key, voice=voice, now=now)
            handover = session.get_one(rows.Handover, handover_id)
            if handover.state == State.PASSED.value:
                handover.state, handover.changed_at = State.AGREED.value, now
    return len(found)


def forget_over(database: Database, *, now: datetime) -> int:
    """What the portal has let go of by its own clock need not be kept here for a new portal. Returns how many."""
    with database.reading() as session:
        over = (rows.Packet.wrapped.is_not(None)) & (rows.Packet.until <= now)
        if session.scalar(select(rows.Packet.handover_id).where(over).limit(1)) is None:
            return 0
    with database.writing() as session:
        result = session.execute(update(rows.Packet).where(over).values(wrapped=None))
    database.forget_deleted("packet")
    return int(result.rowcount)  # type: ignore[attr-defined]


def give_again(
    session: Session, case_id: bytes, *, key: CaseKey, portal_key: bytes, voice: SigningKey, now: datetime
) -> int:
    """Order a new portal to keep the packets of a case that can still be read. Returns how many."""
    found = session.scalars(
        select(rows.Packet).where(
            rows.Packet.case_id == case_id, rows.Packet.wrapped.is_not(None), rows.Packet.until > now
        )
    ).all()
    for row in found:
        assert row.wrapped is not None
        kept = sealing.open_box(key.record_secret, row.wrapped, purpose=WRAPPED, bound=row.handover_id)
        body, lock = (base64.b64decode(each) for each in json.loads(kept))
        orders.give(
            session,
            case_id,
            order_to_keep(row, body, lock, key=key),
            portal_key=portal_key,
            voice=voice,
            now=now,
            envelope_id=secrets.token_bytes(sealing.ID_LENGTH),
        )
    return len(found)


def sealed_answer(answer: PacketAnswer, *, key: CaseKey) -> bytes:
    """What the service wrote, as it is kept."""
    content = {"worker": answer.worker, "on": answer.on.isoformat() if answer.on else None, "words": answer.words}
    raw = json.dumps(content, ensure_ascii=False).encode("utf-8")
    return seal(key, raw, purpose=ANSWER, handover_id=answer.packet_id)


def answer_in(row: rows.Packet, *, key: CaseKey) -> Mapping[str, Any]:
    """What the service wrote: worker, on, words; empty before it has. Raises sealing.CannotOpen."""
    if row.answer is None:
        return {}
    raw = sealing.open_box(key.record_secret, row.answer, purpose=ANSWER, bound=row.handover_id)
    found = json.loads(raw)
    return found if isinstance(found, dict) else {}


def of_case(session: Session, case_id: bytes, *, key: CaseKey, now: datetime) -> dict[bytes, View]:
    """The packets of an opened case, by handover. Raises sealing.CannotOpen."""
    found = session.scalars(select(rows.Packet).where(rows.Packet.case_id == case_id))
    return {row.handover_id: _view(row, key=key, now=now) for row in found}


def _view(row: rows.Packet, *, key: CaseKey, now: datetime) -> View:
    said = answer_in(row, key=key)
    taken = b"" if row.code_taken is None else _open(row, row.code_taken, TAKEN, key=key)
    return View(
        reference=row.reference,
        sent_at=row.sent_at,
        until=row.until,
        due_at=row.due_at,
        is_there=row.wrapped is not None and row.until > now,
        opened_at=row.opened_at,
        mailed_at=row.mailed_at,
        route=Route(row.code_route) if row.code_route else None,
        taken_by=taken.decode("utf-8"),
        reason=Reason(row.reason) if row.reason else None,
        worker=str(said.get("worker") or ""),
        first_on=date.fromisoformat(said["on"]) if said.get("on") else None,
        words=str(said.get("words") or ""),
        sections=_sections(row, key=key),
    )


def _sections(row: rows.Packet, *, key: CaseKey) -> tuple[Section, ...]:
    try:
        return Packet.from_bytes(_open(row, row.copy, COPY, key=key)).sections
    except MalformedPacket:
        post.alarm("what was handed over cannot be read")
        return ()


def _open(row: rows.Packet, kept: bytes, purpose: str, *, key: CaseKey) -> bytes:
    return sealing.open_box(key.record_secret, kept, purpose=purpose, bound=row.handover_id)
