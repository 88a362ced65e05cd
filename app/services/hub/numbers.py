"""A new return number for somebody who lost theirs, or whose number somebody else has.

The Hub never makes, sees or says a number. After a check it gives a code of ten digits, good once and for two days; the person
types it on the site, which makes the number and shows it to them alone.
"""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from enum import StrEnum

from nacl.signing import SigningKey
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.data import hub as rows
from app.data.database import Database
from app.domain.order import CODE_LENGTH, Collect, Order, Told
from app.domain.taken import has_space
from app.services.hub import guard, orders, records, second_looks, spaces
from app.services.hub.desk import need_open
from app.services.hub.records import Opener
from app.services.hub.second_looks import Act
from app.services.hub.staff import SignedIn

GAVE_CODE, OLD_STOPPED, STOPPED = "gave-code", ", old number stopped", "stopped-number"
CODE_LASTS = timedelta(hours=48)


class Check(StrEnum):
    """How a colleague made sure that it is the right person; kept in the log."""

    CODE_WORD = "code-word"
    SAFE_WAY = "safe-way"  # reached in a way that the contact plan named before
    IN_PERSON = "in-person"


def new_code() -> str:
    """Ten digits."""
    return str(secrets.randbelow(10**CODE_LENGTH)).zfill(CODE_LENGTH)


def was_stopped(session: Session, case_id: bytes, *, since: datetime) -> bool:
    """True when the number that was made at `since` was stopped later, because somebody else had it."""
    found = session.scalar(
        select(rows.Audit.id)
        .where(
            rows.Audit.case_id == case_id,
            ((rows.Audit.action == GAVE_CODE) & rows.Audit.detail.endswith(OLD_STOPPED))
            | (rows.Audit.action == STOPPED),
            rows.Audit.at >= since,
        )
        .limit(1)
    )
    return found is not None


def ask_for_code(
    database: Database,
    *,
    case_id: bytes,
    check: Check,
    is_stolen: bool,
    signed: SignedIn,
    voice: SigningKey,
    portal_key: bytes,
    now: datetime,
) -> None:
    """Ask for a code in place of a number that there is already: a second colleague has to agree (second_looks.py).

    `is_stolen`: somebody else has the number, which opens nothing from now on, whether or not anybody agrees. Logged.
    Raises guard.NoSuchCase, desk.NotOpened and second_looks.AlreadyAsked.
    """
    need_open(database, case_id, signed, now=now)
    with database.writing() as session:
        second_looks.ask(session, case_id, Act.CODE, signed.identity, detail=check.value, now=now)
        if is_stolen:
            orders.give(session, case_id, Told(order=Order.KILL_NUMBER), portal_key=portal_key, voice=voice, now=now)
            rows.log(session, at=now, staff_id=signed.identity.id, action=STOPPED, case_id=case_id)


def give_agreed_code(
    database: Database,
    *,
    case_id: bytes,
    signed: SignedIn,
    opener: Opener,
    voice: SigningKey,
    portal_key: bytes,
    now: datetime,
) -> str:
    """The code that a second colleague agreed to, for whoever asked: once. Raises what `give_code` does, and NothingWaits."""
    need_open(database, case_id, signed, now=now)
    with database.writing() as session:
        check = Check(second_looks.use(session, case_id, Act.CODE, signed.identity, now=now))
    return give_code(
        database,
        case_id=case_id,
        check=check,
        is_stolen=False,
        signed=signed,
        opener=opener,
        voice=voice,
        portal_key=portal_key,
        now=now,
    )


def give_code(
    database: Database,
    *,
    case_id: bytes,
    check: Check,
    is_stolen: bool,
    signed: SignedIn,
    opener: Opener,
    voice: SigningKey,
    portal_key: bytes,
    now: datetime,
) -> str:
    """Make a code and send it to the portal; returns its ten digits, to be said once: they are kept nowhere.

    For a case that has a number already a second colleague has to agree first: `ask_for_code`, then `give_agreed_code`.

    `is_stolen`: somebody else has the number, which from then on opens nothing; otherwise the old one works until the new one
    is collected. An earlier code stops working. Raises guard.NoSuchCase and desk.NotOpened.
    """
    need_open(database, case_id, signed, now=now)
    code = new_code()
    with database.reading() as session:
        key = records.case_key(session, case_id, opener=opener)
    with database.writing() as session:
        case = guard.case_for(session, case_id, signed.identity)
        if is_stolen and has_space(case.facts):
            orders.give(session, case_id, Told(order=Order.KILL_NUMBER), portal_key=portal_key, voice=voice, now=now)
        spaces.order(case)
        collect = Collect(code=code, secret=key.case_secret, reference=case.reference, until=now + CODE_LASTS)
        orders.give(
            session,
            case_id,
            Told(order=Order.COLLECT, collect=collect),
            portal_key=portal_key,
            voice=voice,
            now=now,
        )
        rows.log(
            session,
            at=now,
            staff_id=signed.identity.id,
            action=GAVE_CODE,
            case_id=case_id,
            detail=f"{check.value}{OLD_STOPPED if is_stolen else ''}",
        )
    return code
