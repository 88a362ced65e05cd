"""Drafts: answers before sending, sealed under a key that only the visitor's cookie holds."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.adapters import sealing
from app.data import portal as rows
from app.data.database import Database, Hand
from app.domain import device
from app.services.portal.office import row_id

SHARED_DEVICE_MINUTES = 20
OWN_DEVICE_MINUTES = 60
PURPOSE = "draft"
ATTEMPTS = 8

Answers = dict[str, dict[str, Any]]


class DraftBusy(Exception):
    """The draft was changed from elsewhere again and again; the page asks to try once more."""


@dataclass(frozen=True)
class OpenDraft:
    """A draft that its own cookie opened. `answers` maps step keys to answers; `revision` counts its changes.

    `database_id` is that of the database that it was read from; empty when it was written just now.
    """

    answers: Answers
    revision: int
    expires_at: datetime
    database_id: bytes = b""


def read(unit: Session | Database, token: bytes, *, now: datetime) -> OpenDraft | None:
    """The draft of this cookie, or None when there is none, it has expired, or the key does not open it."""
    row = rows.draft(unit, row_id(token), now=now)
    return None if row is None else _opened(row, token)


def save_answer(
    database: Database,
    token: bytes,
    *,
    key: str,
    answer: Mapping[str, Any],
    now: datetime,
    if_new: Callable[[Hand], None] | None = None,
) -> OpenDraft:
    """Write one step's answer into the draft and return the draft as it is then.

    Other steps keep what another tab may have written meanwhile. `if_new` is called in the transaction that makes a draft where
    there was none. Raises DraftBusy.
    """
    return _write(database, token, lambda answers: {**answers, key: dict(answer)}, now=now, if_new=if_new)


def keep_longer(
    database: Database, token: bytes, *, now: datetime, if_new: Callable[[Hand], None] | None = None
) -> OpenDraft:
    """Let the draft live as long again from now on, with nothing changed (WCAG 2.2.1). `if_new` as above. Raises DraftBusy."""
    return _write(database, token, lambda answers: answers, now=now, if_new=if_new)


def minutes_for(answers: Mapping[str, Mapping[str, Any]]) -> int:
    """How long a draft lives untouched: an hour on one's own device, else twenty minutes."""
    return OWN_DEVICE_MINUTES if device.is_own(answers) else SHARED_DEVICE_MINUTES


def erase(session: Session, token: bytes) -> None:
    """Delete the draft and the number still shown after it."""
    rows.erase_draft(session, row_id(token))


def _write(
    database: Database,
    token: bytes,
    change: Callable[[Answers], Answers],
    *,
    now: datetime,
    if_new: Callable[[Hand], None] | None,
) -> OpenDraft:
    """Make a change to the newest answers, and try again when somebody else was quicker."""
    for _ in range(ATTEMPTS):
        draft = read(database, token, now=now)
        answers = change({} if draft is None else dict(draft.answers))
        revision = 0 if draft is None else draft.revision
        expires_at = now + timedelta(minutes=minutes_for(answers))
        sealed = _seal(answers, token)
        try:
            with database.writing_by_hand() as hand:
                if draft is None and if_new is not None:
                    if_new(hand)
                if rows.save_draft(
                    hand, row_id(token), sealed=sealed, expected_revision=revision, expires_at=expires_at
                ):
                    return OpenDraft(answers=answers, revision=revision + 1, expires_at=expires_at)
        except IntegrityError:
            continue
    raise DraftBusy


def _seal(answers: Mapping[str, Mapping[str, Any]], token: bytes) -> bytes:
    plain = json.dumps(answers, ensure_ascii=False, separators=(",", ":")).encode("utf-8")
    return sealing.seal_box(token, plain, purpose=PURPOSE, bound=row_id(token))


def _opened(row: rows.DraftAsKept, token: bytes) -> OpenDraft | None:
    try:
        plain = sealing.open_box(token, row.sealed, purpose=PURPOSE, bound=row_id(token))
    except sealing.CannotOpen:
        return None
    return OpenDraft(
        answers=json.loads(plain), revision=row.revision, expires_at=row.expires_at, database_id=row.database_id
    )
