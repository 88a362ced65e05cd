"""The questionnaire at the portal: to whom it is offered, and answers into the pool. Nothing here knows a visitor.

Answers are sealed to the Hub as they come and wait among others; app/services/portal/post.py takes them along when there
are enough. No row, number or time of theirs is shared with a case.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from app.adapters import sealing
from app.data import portal as rows
from app.data.database import Database
from app.domain.survey import NEVER, Offer, Survey, together
from app.services.portal import pooled
from app.services.portal.office import Office
from app.services.portal.space import OpenVisit

OFFER_PURPOSE = "offer"
_DICE = secrets.SystemRandom()


def keep(database: Database, office: Office, survey: Survey, *, answer_id: bytes, now: datetime) -> None:
    """Seal answers to the Hub and put them in the pool, once for each `answer_id` (16 random bytes made with the page).

    Raises keys.NoSealingKey and the database's own errors; then nothing was kept.
    """
    pooled.keep(database, office, survey.to_bytes(), envelope_id=answer_id, now=now)


def take_along(session: Session, *, now: datetime) -> list[tuple[bytes, bytes]]:
    """(id, body) of the pooled answers that go in this pass: at least ten or none, in an order that says nothing."""
    fresh, tried = rows.pool(session, now=now)
    chosen = together(fresh=fresh, tried=tried, shuffle=_DICE.shuffle)
    bodies = rows.take_from_pool(session, chosen, now=now)
    return list(zip(chosen, bodies, strict=True))


def let_go(session: Session, answered: Sequence[bytes]) -> set[bytes]:
    """Delete what the Hub has answered with its signature, taken in or not; returns which of these ids were pooled."""
    return rows.answered_from_pool(session, answered)


def sealed_offer(offer: Offer, *, case_secret: bytes, case_id: bytes) -> bytes:
    """The offer as it stays with a case: of one size, under the case secret, so that it says nothing to the portal."""
    return sealing.seal_box(case_secret, offer.to_text().encode("ascii"), purpose=OFFER_PURPOSE, bound=case_id)


def offer(session: Session, opened: OpenVisit) -> Offer:
    """What this space may offer. Spaces from before the questionnaire have none, and never offer it."""
    row = session.get(rows.Offer, opened.case_id)
    if row is None:
        return NEVER
    try:
        text = sealing.open_box(opened.case_secret, row.sealed, purpose=OFFER_PURPOSE, bound=opened.case_id)
    except sealing.CannotOpen:
        return NEVER
    return Offer.from_text(text.decode("ascii"))


def told_more(database: Database, opened: OpenVisit, *, of_a_death: bool, now: datetime) -> None:
    """Something more is told in the space. A death begins the quiet time anew; the offer is sealed anew for anything else
    too, so that the write does not tell which."""
    with database.reading() as session:
        known = offer(session, opened)
    wanted = known.after_death(now) if of_a_death else known
    sealed = sealed_offer(wanted, case_secret=opened.case_secret, case_id=opened.case_id)
    with database.writing() as session:
        row = session.get(rows.Offer, opened.case_id)
        if row is not None:
            row.sealed = sealed
