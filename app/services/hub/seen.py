"""How far a person has seen what the Hub sent to their space: one notice is then enough. Staff are not shown it.

One row a case, with its day and no time: each replaces the one before, so that nothing here is a list of visits.
"""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy.orm import Session

from app.adapters import sealing
from app.data import hub as rows
from app.domain.referral import MalformedReferral, News
from app.domain.status import SEEN
from app.services.hub.records import CaseKey


def seen_up_to(session: Session, case_id: bytes, key: CaseKey) -> int:
    """The highest number to the person that was in their space when they last signed in; 0 when they have seen nothing."""
    numbers = (news.data.get("up_to") for _, news in _seen(session, case_id, key))
    return max((each for each in numbers if isinstance(each, int)), default=0)


def earlier(session: Session, case_id: bytes, key: CaseKey) -> tuple[bytes, ...]:
    """The rows that a newer one replaces, by envelope id."""
    return tuple(item.envelope_id for item, _ in _seen(session, case_id, key))


def _seen(session: Session, case_id: bytes, key: CaseKey) -> Iterator[tuple[rows.Item, News]]:
    for item in rows.items(session, case_id):
        if item.direction != rows.TO_HUB:
            continue
        try:
            envelope = sealing.parse(item.body)
            opened = sealing.open_in_conversation(envelope, lane=sealing.Lane.TO_HUB, secret=key.case_secret)
            news = News.from_bytes(opened)
        except (sealing.CannotOpen, sealing.MalformedEnvelope, MalformedReferral):
            continue  # alarmed where the conversation is read
        if news.kind == SEEN:
            yield item, news
