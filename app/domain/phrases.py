"""The phrase book: sentences that a colleague sends with a press or two, and that the person reads in any language.

A phrase travels as a message with its id for a status, and its English for the desk and for a portal that does not know the id
yet. Its day and time travel as data, as those of coded news do (domain/status.py). The words are in app/forms/phrases.py.
"""

from __future__ import annotations

from enum import StrEnum

from app.domain.status import CaseState


class Phrase(StrEnum):
    """A sentence of the phrase book. The values travel and are kept for ever: add, never rename."""

    THANKS = "ph-thanks"
    READ_BY = "ph-read-by"
    WHAT_FIRST = "ph-what-first"
    LANGUAGE = "ph-language"
    STILL_HERE = "ph-still-here"
    WHEN_CALL = "ph-when-call"
    WILL_CALL = "ph-will-call"
    MOVED = "ph-moved"
    NOT_REACHED = "ph-not-reached"
    STILL_SAFE = "ph-still-safe"
    INTERPRETER_SOUGHT = "ph-interpreter-sought"
    INTERPRETER = "ph-interpreter"
    PASSING_ON = "ph-passing-on"
    DANGER = "ph-danger"
    LATE = "ph-late"
    MISTAKE = "ph-mistake"
    AWAY = "ph-away"
    ANYTHING_ELSE = "ph-anything-else"
    NEVER_CONFIRMED = "ph-never-confirmed"
    OWN_WORRY = "ph-own-worry"
    BSL_READ = "ph-bsl-read"
    BSL_BY = "ph-bsl-by"
    BSL_HELP = "ph-bsl-help"
    BSL_WHEN = "ph-bsl-when"
    BSL_HOW = "ph-bsl-how"
    BSL_SOUGHT = "ph-bsl-sought"
    BSL_BOOKED = "ph-bsl-booked"
    BSL_UNCLEAR = "ph-bsl-unclear"


FIRST_ANSWER = (Phrase.THANKS, Phrase.READ_BY, Phrase.WHAT_FIRST, Phrase.LANGUAGE, Phrase.DANGER)
REACHING_THEM = (
    Phrase.WHEN_CALL,
    Phrase.WILL_CALL,
    Phrase.MOVED,
    Phrase.NOT_REACHED,
    Phrase.STILL_SAFE,
    Phrase.INTERPRETER_SOUGHT,
    Phrase.INTERPRETER,
)
ON_THE_WAY = (
    Phrase.PASSING_ON,
    Phrase.LATE,
    Phrase.MISTAKE,
    Phrase.AWAY,
    Phrase.STILL_HERE,
    Phrase.ANYTHING_ELSE,
)
# To somebody who asks about another person: whether anybody is known here is never said (requirement A9).
ABOUT_ANOTHER = (Phrase.NEVER_CONFIRMED, Phrase.OWN_WORRY)
# Plain English for BSL readers: short, one thing a sentence, what it is about first.
FOR_BSL_READERS = (
    Phrase.BSL_READ,
    Phrase.BSL_BY,
    Phrase.BSL_HELP,
    Phrase.BSL_WHEN,
    Phrase.BSL_HOW,
    Phrase.BSL_SOUGHT,
    Phrase.BSL_BOOKED,
    Phrase.BSL_UNCLEAR,
)
# These say "the day named here", and nothing without it: a time to meet, or the day by which we write again.
NEEDS_A_DAY = frozenset({Phrase.WILL_CALL, Phrase.MOVED, Phrase.INTERPRETER, Phrase.BSL_BOOKED})
NEEDS_A_PROMISE = frozenset({Phrase.READ_BY, Phrase.LATE, Phrase.BSL_BY})
# After these it is for us to do something; after any other it is for the person, if they like.
OURS_TO_DO = NEEDS_A_PROMISE | {
    Phrase.WILL_CALL,
    Phrase.INTERPRETER_SOUGHT,
    Phrase.INTERPRETER,
    Phrase.BSL_READ,
    Phrase.BSL_SOUGHT,
    Phrase.BSL_BOOKED,
    Phrase.THANKS,
}


def phrase_of(code: str) -> Phrase | None:
    """The phrase with this id; None for one that this release does not know."""
    return next((each for each in Phrase if each.value == code), None)


def state_after(phrase: Phrase) -> CaseState:
    """Where the case stands at the desk once this was sent."""
    return CaseState.OURS if phrase in OURS_TO_DO else CaseState.THEIRS
