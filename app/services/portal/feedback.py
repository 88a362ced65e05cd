"""Feedback at the portal: sealed to the Hub as it comes, and gone with the next pass. Nothing here knows a visitor.

It travels as the answers to the questionnaire do, under no case and with no number, but waits for nobody: it is not counted
together with others, and who asks for an answer should not wait for nine more.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from sqlalchemy.orm import Session

from app.data import portal as rows
from app.data.database import Database
from app.domain.feedback import Feedback
from app.services.portal import pooled
from app.services.portal.office import Office

MOST_IN_A_PASS: Final = 20


def send(database: Database, office: Office, feedback: Feedback, *, feedback_id: bytes, now: datetime) -> None:
    """Seal it to the Hub and keep it for the next pass, once for each `feedback_id` (16 bytes, see app/web/answers.py).

    Raises keys.NoSealingKey and the database's own errors; then nothing was kept.
    """
    pooled.keep(database, office, feedback.to_bytes(), envelope_id=feedback_id, now=now, table=rows.Feedback)


def take_along(session: Session, *, now: datetime) -> list[tuple[bytes, bytes]]:
    """(id, body) of what goes in this pass, some at a time; it stays until it is answered."""
    chosen = rows.feedback_due(session, most=MOST_IN_A_PASS, now=now)
    bodies = rows.take_from_pool(session, chosen, now=now, table=rows.Feedback)
    return list(zip(chosen, bodies, strict=True))


def let_go(session: Session, answered: Sequence[bytes]) -> set[bytes]:
    """Delete what the Hub has answered with its signature, taken in or not; returns which of these ids were feedback."""
    return rows.answered_from_pool(session, answered, table=rows.Feedback)
