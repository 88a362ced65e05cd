"""The copy of a request that somebody chose to keep: sealed under the case secret, read with the number, cleared at will."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete
from sqlalchemy.orm import Session

from app.adapters import sealing
from app.data import portal as rows
from app.services.portal.space import OpenVisit

PURPOSE = "own/copy"


@dataclass(frozen=True)
class Copy:
    """What was sent, by step key, as it was answered. `id` names it for clearing."""

    id: bytes
    answers: Mapping[str, Mapping[str, Any]]


def row_of(answers: Mapping[str, Mapping[str, Any]], case_id: bytes, *, secret: bytes) -> rows.Own:
    """The row that a copy becomes. Raises sealing.TooLarge never: what was sealed to the Hub is as large."""
    own_id = sealing.new_id()
    raw = json.dumps(answers, ensure_ascii=False, separators=(",", ":")).encode("utf-8")
    sealed = sealing.seal_box(secret, raw, purpose=PURPOSE, bound=case_id + own_id)
    return rows.Own(id=own_id, case_id=case_id, sealed=sealed)


def read(session: Session, opened: OpenVisit) -> Copy | None:
    """The copy that this space keeps, or None. What else the person keeps here is not opened by this."""
    for row in rows.owned(session, opened.case_id):
        try:
            raw = sealing.open_box(opened.case_secret, row.sealed, purpose=PURPOSE, bound=opened.case_id + row.id)
            found = json.loads(raw)
        except (sealing.CannotOpen, ValueError):
            continue
        if isinstance(found, dict):
            return Copy(row.id, {key: answer for key, answer in found.items() if isinstance(answer, dict)})
    return None


def clear(session: Session, opened: OpenVisit) -> None:
    """Delete the copy. Done twice is done."""
    found = read(session, opened)
    if found is not None:
        session.execute(delete(rows.Own).where(rows.Own.id == found.id))
