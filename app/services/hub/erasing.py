"""Erasing a case: here at once, at the portal by an order, and never again by a late envelope or an old backup.

What stays says nothing about anybody: a random id in the list of what was erased, and in the log of what staff did.
"""

from __future__ import annotations

from datetime import date, datetime

from nacl.signing import SigningKey
from sqlalchemy import delete
from sqlalchemy.orm import Session

from app.data import hub as rows
from app.data import needs as need_rows
from app.data import reports as report_rows
from app.data.database import Database
from app.domain.order import Order, Told
from app.services.hub import danger, orders


def erase(database: Database, case_id: bytes, *, portal_key: bytes, voice: SigningKey, now: datetime) -> None:
    """Destroy the case's secrets and everything sealed under them, and order the portal to do the same. Done twice is done."""
    with database.writing() as session:
        if session.get(rows.Case, case_id) is None:
            return
        _erase_rows(session, case_id, today=now.date())
        orders.give(session, case_id, Told(order=Order.ERASE), portal_key=portal_key, voice=voice, now=now)
        session.execute(delete(rows.Case).where(rows.Case.id == case_id))
        session.merge(rows.Tombstone(case_id=case_id, erased_on=now.date()))
    database.forget_deleted()


def erase_again(
    database: Database, case_id: bytes, *, day: date, portal_key: bytes, voice: SigningKey, now: datetime
) -> bool:
    """A case that was erased on `day` may have come back with a backup: erase it, and order the portal to, whether or not it
    is here. Returns whether it was here."""
    with database.writing() as session:
        was_here = session.get(rows.Case, case_id) is not None
        if was_here:
            _erase_rows(session, case_id, today=day)
        orders.give_to_erase(session, case_id, portal_key=portal_key, voice=voice, now=now)
        session.execute(delete(rows.Case).where(rows.Case.id == case_id))
        session.merge(rows.Tombstone(case_id=case_id, erased_on=day))
    database.forget_deleted()
    return was_here


def _erase_rows(session: Session, case_id: bytes, *, today: date) -> None:
    danger.forget_case(session, case_id)
    report_rows.forget_days_of(session, case_id, today=today)
    for table in (
        rows.RecordSecret, rows.SealedDocument, rows.Item, rows.Change, rows.Handover, rows.Notice, rows.Opening, rows.Outgoing,
        rows.Packet, rows.Signpost, rows.SecondLook, rows.OnCall, rows.ApiConsent, rows.ApiPush,
        rows.Attempt, rows.Recording, rows.Translation,
        *need_rows.TABLES,
    ):  # fmt: skip
        session.execute(delete(table).where(table.case_id == case_id))
    rows.part_all(session, case_id)
