"""What a colleague began to write to somebody and did not send: kept for them alone, sealed, gone when it is sent."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete
from sqlalchemy.orm import Session

from app.adapters import sealing
from app.data import hub as rows
from app.data.database import Database
from app.services.hub import guard, records
from app.services.hub.records import Opener
from app.services.hub.staff import Identity

# One for each colleague and case.
NUMBER = 0


@dataclass(frozen=True)
class Unsent:
    """A message that waits: its words, the slug of their language, and since when."""

    text: str
    language: str
    at: datetime


def keep(
    database: Database, *, case_id: bytes, text: str, language: str, who: Identity, opener: Opener, now: datetime
) -> None:
    """Keep these words instead of what was kept before; nothing to keep forgets it. Raises guard.NoSuchCase.

    The case need not be open to this session: what somebody typed is not lost because the time to read ran out.
    """
    with database.reading() as session:
        guard.case_for(session, case_id, who)
        key = records.case_key(session, case_id, opener=opener)
    content = json.dumps({"text": text, "language": language}, ensure_ascii=False).encode("utf-8")
    document = records.document(case_id, _kind(who), NUMBER, content, record_secret=key.record_secret, now=now)
    with database.writing() as session:
        guard.case_for(session, case_id, who)
        forget(session, case_id, who)
        if text.strip():
            session.add(document)


def forget(session: Session, case_id: bytes, who: Identity) -> None:
    """Let go of what a colleague had kept."""
    session.execute(
        delete(rows.SealedDocument).where(
            rows.SealedDocument.case_id == case_id, rows.SealedDocument.kind == _kind(who)
        )
    )


def of_colleague(documents: Sequence[rows.SealedDocument], who: Identity, *, record_secret: bytes) -> Unsent | None:
    """What this colleague kept, out of all documents of a case; None when there is nothing. Raises sealing.CannotOpen."""
    for each in documents:
        if each.kind == _kind(who):
            try:
                content = json.loads(records.open_document(each, record_secret=record_secret))
                return Unsent(str(content["text"]), str(content["language"]), each.added_at)
            except (ValueError, KeyError, TypeError):
                raise sealing.CannotOpen from None
    return None


def _kind(who: Identity) -> str:
    """Whose it is, without their id in the kind: that may be any text."""
    return rows.UNSENT + hashlib.sha256(who.id.encode("utf-8")).hexdigest()[:16]
