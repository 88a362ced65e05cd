"""Asking for an anti-social behaviour case review: what an area asks for, and what can be said to somebody with these reports.

The law (Anti-social Behaviour, Crime and Policing Act 2014, section 104): when enough qualifying complaints were made, the
agencies must hold a review; the number is set locally and is three at most. A complaint counts if it was made within one
month of what happened, and the request for a review within six months of the complaint. With fewer they may review, and
look at how long it goes on, the harm, and how well they answered. So nobody is ever told "no" here.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import Enum

# Section 104 (4) and (5): never more than three; a month to report; half a year to ask.
MOST_THAT_MAY_BE_ASKED = 3
MONTHS_TO_ASK = 6
MONTHS_TO_REPORT = 1


class ReviewError(ValueError):
    """A rule that the law does not allow, or that says something twice; the text is one line."""


class Answer(Enum):
    """What can be said: the number is reached; they decide; or nobody here knows the area's number."""

    CAN = "can"
    MAY = "may"
    UNKNOWN = "unknown"


class InTime(Enum):
    """Whether each report was made within a month of what happened. `code` stands for it in addresses and says nothing."""

    ALL = 1
    NOT_ALL = 2
    NOT_SURE = 3


class Reports(Enum):
    """How many reports in the last six months. The values are codes in addresses: never change one."""

    NONE = 1
    ONE = 2
    TWO = 3
    THREE_OR_MORE = 4
    NOT_SURE = 5

    @property
    def at_least(self) -> int:
        """The number that is certain."""
        return {Reports.ONE: 1, Reports.TWO: 2, Reports.THREE_OR_MORE: 3}.get(self, 0)


@dataclass(frozen=True, kw_only=True)
class Rule:
    """What one district asks for, as far as somebody has read it.

    `reports` is None when the number was not found. `after_answer` says that the area wants its first investigation to be
    finished. `incidents` and `people` are another way in, where there is one: so many incidents, reported by so many people
    who give their names. `service` is the id of the directory's entry that tells where to ask, where there is one.
    `source` is the page on which it was read, in the year or on the day `read`; `checked_on` the day on which one of us
    asked the council; None when nobody has.
    """

    district: str
    service: str | None
    reports: int | None
    after_answer: bool
    incidents: int | None
    people: int | None
    acknowledged_days: int | None
    source: str
    read: str
    checked_on: date | None

    def __post_init__(self) -> None:
        if self.reports is not None and not 1 <= self.reports <= MOST_THAT_MAY_BE_ASKED:
            raise ReviewError(
                f"{self.district}: reports must be 1 to {MOST_THAT_MAY_BE_ASKED}, which is the law's limit"
            )
        if (self.incidents is None) != (self.people is None):
            raise ReviewError(f"{self.district}: give incidents and people, or neither")


@dataclass(frozen=True)
class Line:
    """One thing that an organisation does in a district, in English; `is_old` when the page read was an older one."""

    text: str
    sources: tuple[str, ...]
    is_old: bool


@dataclass(frozen=True, kw_only=True)
class WhoDoesWhat:
    """What was read of a district; no lines where nobody has read anything. `checked_on` as in `Rule`."""

    district: str
    lines: tuple[Line, ...] = ()
    checked_on: date | None = None


def answer(rule: Rule, reports: Reports, in_time: InTime) -> Answer:
    """What can be said to somebody with so many reports in six months.

    Where an area's own number is not known, three reports in time are enough: no area may ask for more.
    """
    enough = reports.at_least >= (rule.reports or MOST_THAT_MAY_BE_ASKED)
    if enough and in_time is InTime.ALL:
        return Answer.CAN
    return Answer.UNKNOWN if rule.reports is None else Answer.MAY
