"""How far a person has seen what the Hub sent to their space: one notice is then enough. Staff are not shown it."""

from __future__ import annotations

from sqlalchemy.orm import Session

from app.adapters import sealing
from app.data import hub as rows
from app.domain.referral import MalformedReferral, News
from app.domain.status import SEEN
from app.services.hub.records import CaseKey


def seen_up_to(session: Session, case_id: bytes, key: CaseKey) -> int:
    """The highest number to the person that was in their space when they last signed in; 0 when they have seen nothing."""
    highest = 0
    for item in rows.items(session, case_id):
        if item.direction != rows.TO_HUB:
            continue
        try:
            news = News.from_bytes(
                sealing.open_in_conversation(sealing.parse(item.body), lane=sealing.Lane.TO_HUB, secret=key.case_secret)
            )
        except (sealing.CannotOpen, sealing.MalformedEnvelope, MalformedReferral):
            continue  # shown and alarmed where the conversation is read
        number = news.data.get("up_to")
        if news.kind == SEEN and isinstance(number, int) and number > highest:
            highest = number
    return highest
