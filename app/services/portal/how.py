"""How somebody is doing, kept for themselves: sealed under the case secret, at the portal alone, until they send it.

Nothing of it goes anywhere by itself (requirements C3, C10, H4). What is sent is one entry, by a press of its own.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import delete
from sqlalchemy.orm import Session

from app.adapters import sealing
from app.data import portal as rows
from app.data.database import Database
from app.domain.referral import HOW_YOU_ARE, Addition
from app.services import post
from app.services.portal import refer
from app.services.portal.office import Office
from app.services.portal.space import OpenVisit

PURPOSE = "own/how"


class NoSuchEntry(Exception):
    """There is no such entry in this space."""


@dataclass(frozen=True)
class Entry:
    """One look at how somebody is. `on` is the day in the Hub's time zone; `sent_on` the day they sent it to the Hub."""

    id: bytes
    on: date
    at: datetime
    answers: Mapping[str, str]
    sent_on: date | None = None


def entries(session: Session, opened: OpenVisit) -> tuple[Entry, ...]:
    """Everything that was kept, oldest first. What does not open is alarmed and left out; other things that are kept are too."""
    found = []
    for row in rows.owned(session, opened.case_id):
        try:
            read = json.loads(sealing.open_box(opened.case_secret, row.sealed, purpose=PURPOSE, bound=row.id))
        except sealing.CannotOpen:
            continue  # something else that the person keeps has its own purpose
        except ValueError:
            post.alarm("something that a person keeps cannot be read")
            continue
        entry = _entry(row.id, read)
        if entry is None:
            post.alarm("something that a person keeps cannot be read")
        else:
            found.append(entry)
    return tuple(sorted(found, key=lambda each: (each.at, each.id)))


def keep(
    database: Database, opened: OpenVisit, *, entry_id: bytes, answers: Mapping[str, str], on: date, now: datetime
) -> None:
    """Keep an entry. `entry_id` (16 random bytes made with the form) makes a repeat harmless."""
    sealed = _seal(Entry(id=entry_id, on=on, at=now, answers=answers), opened)
    with database.writing() as session:
        if session.get(rows.Own, entry_id) is None:
            session.add(rows.Own(id=entry_id, case_id=opened.case_id, sealed=sealed))


def send(database: Database, office: Office, opened: OpenVisit, *, entry_id: bytes, on: date, now: datetime) -> Entry:
    """Send one entry to the Hub, in the referral lane, and note that it was sent. Once. Raises NoSuchEntry."""
    with database.reading() as session:
        entry = next((each for each in entries(session, opened) if each.id == entry_id), None)
    if entry is None:
        raise NoSuchEntry
    sealed = _seal(replace(entry, sent_on=on), opened)

    def note(session: Session, _number: int) -> None:
        row = session.get(rows.Own, entry_id)
        if row is not None:
            row.sealed = sealed

    refer.send_addition(
        database,
        office,
        case_id=opened.case_id,
        addition=Addition(
            kind=HOW_YOU_ARE,
            content={
                "sent_at": now.isoformat(timespec="seconds"),
                "on": entry.on.isoformat(),
                "answers": dict(entry.answers),
            },
        ),
        # The entry's own id: pressing twice sends it once.
        addition_id=entry_id,
        also=note,
        now=now,
    )
    return entry


def forget(database: Database, opened: OpenVisit, *, entry_id: bytes | None) -> None:
    """Delete one entry, or all of them for None. What was sent to the Hub is the Hub's to delete."""
    with database.reading() as session:
        ids = [each.id for each in entries(session, opened) if entry_id in {None, each.id}]
    with database.writing() as session:
        session.execute(delete(rows.Own).where(rows.Own.case_id == opened.case_id, rows.Own.id.in_(ids)))
    database.forget_deleted()


def _seal(entry: Entry, opened: OpenVisit) -> bytes:
    content = {
        "on": entry.on.isoformat(),
        "at": entry.at.isoformat(),
        "answers": dict(entry.answers),
        "sent_on": entry.sent_on.isoformat() if entry.sent_on else None,
    }
    raw = json.dumps(content, separators=(",", ":")).encode("utf-8")
    return sealing.seal_box(opened.case_secret, raw, purpose=PURPOSE, bound=entry.id)


def _entry(entry_id: bytes, read: Any) -> Entry | None:
    try:
        answers = read["answers"]
        if not isinstance(answers, dict) or not all(isinstance(value, str) for value in answers.values()):
            return None
        at = datetime.fromisoformat(read["at"])
        sent_on = date.fromisoformat(read["sent_on"]) if read["sent_on"] else None
        return None if at.utcoffset() is None else Entry(entry_id, date.fromisoformat(read["on"]), at, answers, sent_on)
    except (KeyError, TypeError, ValueError):
        return None
