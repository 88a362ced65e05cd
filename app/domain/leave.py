"""Who is away from work, and who sees to their cases meanwhile. Days are those of the Hub's own time zone."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum


@dataclass(frozen=True)
class Leave:
    """Somebody is away from `from_on` until `until_on`, both included, and `cover_id` sees to their cases."""

    staff_id: str
    cover_id: str
    from_on: date
    until_on: date

    def holds_on(self, day: date) -> bool:
        """Whether this day is one of them."""
        return self.from_on <= day <= self.until_on

    def meets(self, other: Leave) -> bool:
        """Whether the two have a day in common."""
        return self.from_on <= other.until_on and other.from_on <= self.until_on


class Problem(StrEnum):
    """Why somebody's leave cannot be set like that."""

    ENDS_BEFORE = "ends-before"
    OVER = "over"
    OWN_COVER = "own-cover"
    ALREADY = "already"  # away on one of these days already
    COVER_AWAY = "cover-away"  # whoever covers is away on one of these days
    COVERS = "covers"  # covers somebody else on one of these days


def problem_with(new: Leave, others: Iterable[Leave], *, today: date) -> Problem | None:
    """The first reason against a leave, given all others; None when there is none.

    Nobody covers on a day on which they are away, so a case never depends on a chain of people.
    """
    if new.until_on < new.from_on:
        return Problem.ENDS_BEFORE
    if new.until_on < today:
        return Problem.OVER
    if new.cover_id == new.staff_id:
        return Problem.OWN_COVER
    meeting = [each for each in others if each.meets(new)]
    if any(each.staff_id == new.staff_id for each in meeting):
        return Problem.ALREADY
    if any(each.staff_id == new.cover_id for each in meeting):
        return Problem.COVER_AWAY
    if any(each.cover_id == new.staff_id for each in meeting):
        return Problem.COVERS
    return None


def covered_by(staff_id: str, leaves: Iterable[Leave], *, day: date) -> frozenset[str]:
    """Whose cases somebody sees to on a day besides their own."""
    return frozenset(each.staff_id for each in leaves if each.cover_id == staff_id and each.holds_on(day))
