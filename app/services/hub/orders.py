"""Orders to the portal: sealed to its own key, signed with the Hub's voice, carried by the post like everything else."""

from __future__ import annotations

import secrets
from datetime import datetime

from nacl.signing import SigningKey
from sqlalchemy import delete, update
from sqlalchemy.orm import Session

from app.adapters import sealing
from app.data import hub as rows
from app.data import post as post_rows
from app.domain.order import FIRST_NUMBER, LAST_NUMBER, OF_NO_CASE, Order, Told


def give(
    session: Session,
    case_id: bytes,
    told: Told,
    *,
    portal_key: bytes,
    voice: SigningKey,
    now: datetime,
    envelope_id: bytes | None = None,
) -> None:
    """Queue an order about a case in the caller's transaction: it is given when, and only when, that commits.

    `portal_key` is the raw public key of the portal's bundle. An order is a few hundred bytes: sealing it here takes well
    under a millisecond. The same `envelope_id` again changes nothing.
    """
    envelope_id = envelope_id or sealing.new_id()
    if session.get(rows.Outgoing, envelope_id) is not None:
        return
    session.execute(update(rows.Case).where(rows.Case.id == case_id).values(orders_out=rows.Case.orders_out + 1))
    session.flush()
    case = session.get_one(rows.Case, case_id, populate_existing=True)
    number = FIRST_NUMBER + case.orders_out
    _put(session, case_id, told, envelope_id, number=number, portal_key=portal_key, voice=voice, now=now)


def withdraw(session: Session, case_id: bytes) -> None:
    """Take back what was ordered about a case and not answered yet."""
    session.execute(
        delete(rows.Outgoing).where(
            rows.Outgoing.case_id == case_id,
            rows.Outgoing.number > FIRST_NUMBER,
            rows.Outgoing.state == post_rows.WAITING,
        )
    )


def give_to_erase(session: Session, case_id: bytes, *, portal_key: bytes, voice: SigningKey, now: datetime) -> None:
    """Queue the order to erase a case that need not be here any more. It is the last order that the case gets.

    Its number is drawn by lot from those that no other order comes near: what an earlier one had may be lost.
    """
    _put(
        session,
        case_id,
        Told(order=Order.ERASE),
        sealing.new_id(),
        number=LAST_NUMBER - secrets.randbelow(LAST_NUMBER // 4),
        portal_key=portal_key,
        voice=voice,
        now=now,
    )


def give_of_no_case(
    session: Session,
    told: Told,
    *,
    number: int,
    portal_key: bytes,
    voice: SigningKey,
    envelope_id: bytes,
    now: datetime,
) -> None:
    """Queue an order that is about no case, such as figures to publish. The same `envelope_id` again changes nothing.

    All of them stand under one id that no case has; `number` (from 1) is theirs alone.
    """
    if session.get(rows.Outgoing, envelope_id) is None:
        _put(
            session,
            OF_NO_CASE,
            told,
            envelope_id,
            number=FIRST_NUMBER + number,
            portal_key=portal_key,
            voice=voice,
            now=now,
        )


def _put(
    session: Session,
    case_id: bytes,
    told: Told,
    envelope_id: bytes,
    *,
    number: int,
    portal_key: bytes,
    voice: SigningKey,
    now: datetime,
) -> None:
    header = sealing.Header(
        database_id=post_rows.post_state(session, rows.POST).database_id,
        case_id=case_id,
        envelope_id=envelope_id,
        number=number,
    )
    post_rows.put(
        session,
        rows.POST,
        envelope_id=envelope_id,
        case_id=case_id,
        number=header.number,
        body=sealing.seal_order(told.to_bytes(), header=header, portal_key=portal_key, signer=voice),
        now=now,
        urgent=True,
    )
