"""Outcomes: what changed for somebody from the first look to the latest, in one framework for all services.

The change in each of the eight needs (requirement H4), in the four risks, and in the two aims of support: coping with what
happened, and recovering - a return, where possible, to the life before (requirements H3, H13). It is asked of the person, of all
services together (requirements H5, E18): what they said themselves counts before what a colleague saw.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from app.domain.needs import CATEGORIES, COPING, RECOVERING, RISK_NAMES, SCALES, Look, rank

MEASURED = (*CATEGORIES, COPING, RECOVERING)


class Change(StrEnum):
    """What became of something between two looks."""

    BETTER = "better"
    SAME = "same"
    WORSE = "worse"
    NOT_ASKED_AGAIN = "not-asked-again"


@dataclass(frozen=True)
class Outcome:
    """The first and the latest answer about one thing. `own`: both are what the person said; `last` None: asked once only."""

    name: str
    first: str
    first_at: datetime
    last: str | None
    last_at: datetime | None
    own: bool

    @property
    def change(self) -> Change:
        """What became of it."""
        return change(self.name, self.first, self.last)


def change(name: str, first: str, last: str | None) -> Change:
    """What an answer and a later one to the same question say together; `last` None: it was not asked again."""
    if last is None:
        return Change.NOT_ASKED_AGAIN
    difference = rank(name, last) - rank(name, first)
    return Change.SAME if difference == 0 else Change.BETTER if difference < 0 else Change.WORSE


def outcome(name: str, looks: Sequence[Look]) -> Outcome | None:
    """What became of one thing, out of looks from the oldest to the newest; None when it was never answered.

    Where the person answered twice or more, only what they said themselves counts; else all that is known.
    """
    answered = [look for look in looks if look.answers.get(name) in SCALES[name]]
    if not answered:
        return None
    said = [look for look in answered if look.own]
    counted = said if len(said) > 1 else answered
    first, last = counted[0], counted[-1] if len(counted) > 1 else None
    return Outcome(
        name=name,
        first=first.answers[name],
        first_at=first.at,
        last=last.answers[name] if last else None,
        last_at=last.at if last else None,
        own=all(each.own for each in counted),
    )


def outcomes(looks: Sequence[Look]) -> dict[str, Outcome]:
    """All that was ever answered, by name in the order in which it is asked."""
    found = {name: outcome(name, looks) for name in (*MEASURED, *RISK_NAMES)}
    return {name: each for name, each in found.items() if each is not None}


def tally(cases: Iterable[Sequence[Look]]) -> Mapping[str, Counter[Change]]:
    """How many people had each change, by name: one sequence of looks for each person."""
    found: dict[str, Counter[Change]] = {name: Counter() for name in MEASURED}
    for looks in cases:
        for name in MEASURED:
            each = outcome(name, looks)
            if each is not None:
                found[name][each.change] += 1
    return found
