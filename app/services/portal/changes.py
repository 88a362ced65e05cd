"""Asking for what binds the Hub, from one's own space: stop, pause, another plan, closing, deleting.

It travels in the referral lane, ahead of everything else, with the code word if one was typed: the portal can read neither
again, learns nothing of whether the word was right, and says the same either way.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from app.data import portal as rows
from app.data.database import Database
from app.domain.change import Change
from app.domain.referral import Addition
from app.domain.status import Delivery
from app.services.portal import leaf, refer
from app.services.portal.office import Office
from app.services.portal.space import OpenVisit

ASKED = "asked"


def ask(
    database: Database,
    office: Office,
    opened: OpenVisit,
    *,
    change: Change,
    content: Mapping[str, Any] | None = None,
    code_word: str = "",
    change_id: bytes,
    now: datetime,
    remember: Mapping[str, Any] | None = None,
) -> None:
    """Seal a change to the Hub and commit it; the space remembers its number, so as to say truthfully where it is.

    `change_id` (16 random bytes made with the form) makes a repeat harmless. `remember` goes into the leaf with it.
    Raises sealing.TooLarge.
    """
    said = {**(content or {}), **({"code_word": code_word} if code_word else {})}

    def note(session: Session, number: int) -> None:
        asked = leaf.read(session, opened.case_id, secret=opened.case_secret).get(ASKED)
        numbers = {**(asked if isinstance(asked, dict) else {}), change.value: number}
        leaf.remember(session, opened.case_id, secret=opened.case_secret, **{ASKED: numbers, **(remember or {})})

    refer.send_addition(
        database,
        office,
        case_id=opened.case_id,
        addition=Addition(kind=change.value, content=said),
        addition_id=change_id,
        urgent=True,
        also=note,
        now=now,
    )


def delivery_of(session: Session, opened: OpenVisit, change: Change) -> tuple[int, Delivery] | None:
    """The number of the newest change of this kind and where it is; None when none was asked for from this space."""
    asked = leaf.read(session, opened.case_id, secret=opened.case_secret).get(ASKED)
    number = asked.get(change.value) if isinstance(asked, dict) else None
    if not isinstance(number, int):
        return None
    state = rows.delivery(session, opened.case_id).get(number, Delivery.RECEIVED.value)
    return number, Delivery(state)
