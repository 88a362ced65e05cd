"""Attempts to reach somebody: what may become of one, and what follows (requirements B1, B2).

After somebody else answered, or it was a wrong number, that way is not used again before a person has decided: the phone may
be in other hands. Nothing is ever tried again by itself.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

from app.domain.contact import VOICE_WAYS, Way, WayPlan

# An attempt is made soon after the number was shown, or the plan has to be asked again.
BEGINS_WITHIN = timedelta(hours=1)
LAST_SHOWN = 3


class Outcome(StrEnum):
    """What became of an attempt. Kept for ever: add, never rename."""

    REACHED = "reached"
    NO_ANSWER = "no-answer"
    MESSAGE_LEFT = "message-left"
    SOMEONE_ELSE = "someone-else"
    WRONG_NUMBER = "wrong-number"
    COULD_NOT_TALK = "could-not-talk"  # they used the sign that they had chosen, or broke off


# After these the way is held until a colleague has decided.
HOLDS = frozenset({Outcome.SOMEONE_ELSE, Outcome.WRONG_NUMBER})
# What can become of a text, an e-mail or a letter: it went, or it was the wrong address.
OF_WRITING = (Outcome.MESSAGE_LEFT, Outcome.WRONG_NUMBER)


class Ruling(StrEnum):
    """What a colleague decided about a way that was held."""

    AGAIN = "again"
    NEVER = "never"


class Tried(Protocol):
    """What these rules need of an attempt."""

    @property
    def way(self) -> str:
        """By which way."""

    @property
    def outcome(self) -> str:
        """What became of it."""

    @property
    def ruling(self) -> str | None:
        """What a colleague decided about the way since; None while nobody has."""


def offered(chosen: WayPlan) -> tuple[Outcome, ...]:
    """What may be written down of an attempt by this way: a message only where the plan allows one."""
    found = tuple(Outcome) if chosen.way in VOICE_WAYS else OF_WRITING
    return tuple(each for each in found if each is not Outcome.MESSAGE_LEFT or chosen.message_allowed)


def waits_for_ruling(tried: Tried) -> bool:
    """Whether a person has still to decide what this attempt means for its way."""
    return tried.outcome in HOLDS and tried.ruling is None


def held_ways(attempts: Iterable[Tried]) -> frozenset[Way]:
    """The ways that may not be used: somebody else answered there, and nobody has said that it may be used again.

    `attempts` are those of one case, newest first: of each way the newest that holds counts, with what was decided about it.
    """
    newest: dict[Way, Tried] = {}
    for each in attempts:
        if each.outcome in HOLDS and each.way in set(Way):
            newest.setdefault(Way(each.way), each)
    return frozenset(way for way, each in newest.items() if each.ruling != Ruling.AGAIN.value)


def is_within_plan(shown_at: datetime | None, *, at: datetime) -> bool:
    """Whether an attempt counts as inside the plan: its number was shown, which the plan allowed, and not long before.

    Both are aware; `shown_at` is None when it was not shown. Counted by what the system saw, never by a tick.
    """
    return shown_at is not None and timedelta(0) <= at - shown_at <= BEGINS_WITHIN
