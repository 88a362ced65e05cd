"""Decisions about recording a crime: each is kept, with who decided, when, and whether the person was told."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.data import hub as rows
from app.data.database import Database
from app.domain.recording import FACT, Decision
from app.services.hub import guard
from app.services.hub.desk import need_open
from app.services.hub.staff import Identity, SignedIn

DECIDED = "decided-recording"


@dataclass(frozen=True)
class Decided:
    """One decision. `who` is a name."""

    at: datetime
    who: str
    decision: Decision
    told: bool


def decide(
    database: Database,
    *,
    case_id: bytes,
    recording_id: bytes,
    decision: Decision,
    told: bool,
    signed: SignedIn,
    now: datetime,
) -> None:
    """Write a decision down beside those before it. The same `recording_id` again changes nothing. Logged.

    Raises guard.NoSuchCase and desk.NotOpened.
    """
    need_open(database, case_id, signed, now=now)
    with database.writing() as session:
        case = guard.case_for(session, case_id, signed.identity)
        if session.get(rows.Recording, recording_id) is not None:
            return
        session.add(
            rows.Recording(
                id=recording_id,
                case_id=case_id,
                at=now,
                staff_id=signed.identity.id,
                decision=decision.value,
                told=told,
            )
        )
        case.facts = {**case.facts, FACT: {"decision": decision.value, "told": told}}
        rows.log(session, at=now, staff_id=signed.identity.id, action=DECIDED, case_id=case_id, detail=decision.value)


def history(session: Session, case_id: bytes, who: Identity) -> list[Decided]:
    """Every decision about a case, newest first. Raises guard.NoSuchCase."""
    guard.case_for(session, case_id, who)
    found = session.scalars(
        select(rows.Recording)
        .where(rows.Recording.case_id == case_id)
        .order_by(rows.Recording.at.desc(), rows.Recording.id)
    )
    return [
        Decided(row.at, row.staff.name if row.staff else row.staff_id, Decision(row.decision), row.told)
        for row in found
    ]
