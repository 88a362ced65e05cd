"""A text at the translation desk: where it stands, and by when it may be back."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from enum import StrEnum

from app.domain.hours import OpeningHours


class State(StrEnum):
    """Where a text stands. Kept for ever: add, never rename."""

    ASKED = "asked"  # it is with a translator
    BACK = "back"  # the translation is here, and nobody has used it yet
    DONE = "done"  # read by a colleague, or sent to the person


class By(StrEnum):
    """Who translated. What the person reads depends on it, and on nothing else."""

    PERSON = "person"
    MACHINE = "machine"


# What a message says of itself (News.data) so that the person's page can say it too. Never who it was.
KEY, BY, ON, UNTIL, ORIGINAL, ORIGINAL_LANGUAGE = (
    "translation",
    "translated_by",
    "translated_on",
    "translation_until",
    "original",
    "original_language",
)
# A fact of the case, for the queue: the newest standing of its texts. Absent: there is none to wait for.
FACT = "translation"


def standing(states: Iterable[str]) -> str | None:
    """What the queue says of a case with texts in these states: back before asked, since that is ours to do."""
    found = set(states)
    return next((each.value for each in (State.BACK, State.ASKED) if each.value in found), None)


def due_on(now: datetime, *, days: int | None, hours: OpeningHours) -> date | None:
    """The last of so many of the Hub's working days after today; None when nobody has said how long it takes."""
    if days is None:
        return None
    day = now.astimezone(hours.zone).date()
    for _ in range(days):
        opening = hours.next_opening(datetime.combine(day + timedelta(days=1), time(0), hours.zone))
        if opening is None:
            return None
        day = opening.astimezone(hours.zone).date()
    return day
