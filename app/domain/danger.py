"""Danger to life: the one way past a contact plan, and its limits in time and people (requirements C5, C6, D9).

A supervisor asks and another person agrees. What it opens shows for a quarter of an hour to those two, and sends nothing. The
person is told afterwards, unless two people record that telling would add danger; every week two people decide that anew.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from enum import StrEnum

from app.domain.status import Status

ANSWER_WITHIN = timedelta(minutes=15)
OPEN_FOR = timedelta(minutes=15)
# Whoever opened it alone cannot decide on silence alone either: a colleague has a day to join in before the person is told.
ALONE_WAITS = timedelta(hours=24)
REVIEW_AFTER = timedelta(days=7)


class Reason(StrEnum):
    """Why. The values are kept and counted in public: add, never rename."""

    LIFE = "life"
    CHILD = "child"
    COURT = "court"


class Stage(StrEnum):
    """Where it stands at a moment."""

    WAITING = "waiting"  # for a second person
    EXPIRED = "expired"  # nobody agreed in time
    OPEN = "open"
    OVER = "over"


class Vote(StrEnum):
    """What one person thinks of telling the person."""

    SILENT = "silent"  # telling would add danger
    TELL = "tell"


# What the person is told, by the reason.
NEWS_OF = {
    Reason.LIFE: Status.OPENED_LIFE,
    Reason.CHILD: Status.OPENED_CHILD,
    Reason.COURT: Status.OPENED_COURT,
}


def stage(*, asked_at: datetime, opened_at: datetime | None, now: datetime) -> Stage:
    """Where it stands. At fifteen minutes sharp it is over: for the answer, and for what was opened."""
    if opened_at is not None:
        return Stage.OPEN if now < opened_at + OPEN_FOR else Stage.OVER
    return Stage.WAITING if now < asked_at + ANSWER_WITHIN else Stage.EXPIRED


def tell_from(opened_at: datetime, *, alone: bool) -> datetime:
    """From when on the person is told, unless two people decide otherwise before."""
    return opened_at + OPEN_FOR + (ALONE_WAITS if alone else timedelta(0))


def quarter_of(day: date) -> str:
    """The quarter in which something is counted, such as "2026-Q1"."""
    return f"{day.year}-Q{(day.month - 1) // 3 + 1}"
