"""Packets for services at the portal: kept under a code that is not here, read with it, answered by who has read it.

A wrong code, a packet that is no more, was taken back or read too often, and a reference that never was take the same path, the
same time and the same answer.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy.orm import Session

from app.adapters import packets, sealing
from app.adapters.packets import WrongCode
from app.data import portal as rows
from app.data import post as post_rows
from app.data.database import Database
from app.domain.packet import HOURS_AFTER_ANSWER, MalformedPacket, Packet, PacketAnswer, Said
from app.services import post
from app.services.portal import pooled
from app.services.portal.office import Office
from app.services.portal.space import NO_CASE, Stopped

MOST_IN_A_PASS: Final = 20
NO_BODY: Final = b""


class NotReader(Exception):
    """Whoever answers has not read this packet, or it is gone."""


@dataclass(frozen=True)
class Opened:
    """A packet as it is read; `until` when it can be read no more, `answered` when the service has said yes or no."""

    packet_id: bytes
    packet: Packet
    until: datetime
    answered: bool


def tag_of(token: bytes) -> bytes:
    """The hash under which the portal knows the token of an answer before anybody has read it."""
    return hashlib.sha256(token).digest()


def read(
    database: Database, office: Office, *, reference: str, code: str, now: datetime, is_over: bool = False
) -> Opened:
    """Open the packet of this reference (8 digits) with this code (16). The Hub is told the first time, in the same transaction.

    `is_over`: whoever asks has typed very many wrong ones, and goes through the narrow way.

    Raises WrongCode, Stopped, office.Busy, and what sealing to the Hub raises; then nothing has changed but the tries left.
    """
    with database.reading() as session:
        if post_rows.post_state(session, rows.POST).stopped is not None:
            raise Stopped
        found = rows.packet_by_tags(session, packets.packet_tags(reference, office.peppers), now=now)
    packet_id = NO_CASE if found is None else found.id
    lock = (
        packets.stand_in_lock()
        if found is None
        else packets.take_pepper_off(found.lock, packet_id=found.id, peppers=office.peppers)
    )
    with office.tried(office.reading, is_over=is_over):
        try:
            raw = packets.unwrap(found.body if found else NO_BODY, lock, code, packet_id=packet_id)
        except WrongCode:
            _spend_try(database, packet_id, now=now)
            raise
    assert found is not None
    try:
        packet = Packet.from_bytes(raw)
    except MalformedPacket:
        post.alarm("a packet opens and cannot be read")
        raise WrongCode from None
    event_id = sealing.new_id()
    told = PacketAnswer(packet_id=packet_id, token=packet.token, said=Said.OPENED)
    event = b"" if found.was_read else pooled.sealed(database, office, told.to_bytes(), envelope_id=event_id, now=now)
    with database.writing() as session:
        if not rows.read_packet(session, packet_id, lock=found.lock):
            raise WrongCode
        if event:
            rows.put_in_pool(session, event_id, event, table=rows.PacketAnswer)
    return Opened(packet_id, packet, found.expires_at, found.answered)


def answer(database: Database, office: Office, given: PacketAnswer, *, now: datetime) -> None:
    """A service that has read a packet says yes or no. The first answer counts; pressed again it changes nothing.

    After a yes the packet can be read for a day more, after a no never again. Raises NotReader, and what sealing to the Hub
    raises; then nothing has changed.
    """
    with database.reading() as session:
        found = session.get(rows.Packet, given.packet_id)
    if (
        found is None
        or found.expires_at <= now
        or not hmac.compare_digest(found.answer_tag, tag_of(given.token))
        or given.said is Said.OPENED
    ):
        raise NotReader
    if found.answered:
        return
    envelope_id = sealing.new_id()
    body = pooled.sealed(database, office, given.to_bytes(), envelope_id=envelope_id, now=now)
    is_no = given.said is Said.BOUNCED
    with database.writing() as session:
        until = now + timedelta(hours=HOURS_AFTER_ANSWER)
        if rows.answer_packet(session, given.packet_id, expires_at=until, and_close=is_no):
            rows.put_in_pool(session, envelope_id, body, table=rows.PacketAnswer)
    if is_no:
        database.forget_deleted()


def answer_of(packet_id: str, token: str) -> PacketAnswer:
    """The start of an answer from what the page of a packet holds, in hexadecimal. Raises NotReader."""
    try:
        ids = bytes.fromhex(packet_id), bytes.fromhex(token)
        return PacketAnswer(packet_id=ids[0], token=ids[1], said=Said.ACCEPTED)
    except (ValueError, MalformedPacket):
        raise NotReader from None


def is_unread(session: Session, packet_id: bytes) -> bool:
    """Whether a packet lies here that nobody has opened."""
    found = session.get(rows.Packet, packet_id)
    return found is not None and not found.was_read


def withdraw(session: Session, packet_id: bytes) -> bool:
    """Delete a packet whose person takes it back; returns whether nobody had opened it."""
    unread = is_unread(session, packet_id)
    rows.drop_packet(session, packet_id)
    return unread


def take_along(session: Session, *, now: datetime) -> list[tuple[bytes, bytes]]:
    """(id, body) of what goes in this pass, some at a time; it stays until it is answered."""
    chosen = rows.feedback_due(session, most=MOST_IN_A_PASS, now=now, table=rows.PacketAnswer)
    bodies = rows.take_from_pool(session, chosen, now=now, table=rows.PacketAnswer)
    return list(zip(chosen, bodies, strict=True))


def let_go(session: Session, answered: Sequence[bytes]) -> set[bytes]:
    """Delete what the Hub has answered with its signature, taken in or not; returns which of these ids were answers."""
    return rows.answered_from_pool(session, answered, table=rows.PacketAnswer)


def _spend_try(database: Database, packet_id: bytes, *, now: datetime) -> None:
    """One try fewer. Where there is no packet, a row that is past its time is written instead, so that both take as long."""
    with database.writing() as session:
        if packet_id == NO_CASE:
            decoy = sealing.new_id() * 2
            session.add(rows.Sent(draft_id=decoy, case_id=NO_CASE, sealed=b"", expires_at=now))
        else:
            rows.spend_packet_try(session, packet_id)
