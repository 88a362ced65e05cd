"""Did we keep our promises? What the results of the pledge may say, and when.

What each figure means is written once, in docs/measures.md. Figures come in closed quarters, from content or from the post:
nothing here knows which. They are counts; a share is never shown without them, and under 30 not at all.

Nobody can be found in them. Fewer than five are never shown, nor can they be worked out by taking one figure from another:
quarters are joined from the oldest on until they hold five or more, so that what is shown never overlaps, and never changes
when a later quarter comes.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum
from itertools import pairwise
from typing import Literal, TypeVar

from app.domain.pledge import PROMISE_IDS, Promise

FEWEST_SHOWN = 5
FEWEST_FOR_A_SHARE = 30
MOST_PERIODS = 8

Figure = Literal["counted", "asked"]
FIGURES: tuple[Figure, ...] = ("counted", "asked")
_QUARTER = re.compile(r"(20\d\d)-Q([1-4])", re.ASCII)
_A_DAY = timedelta(days=1)


class ResultsError(ValueError):
    """These results contradict themselves; the text is one line."""


@dataclass(frozen=True, order=True)
class Quarter:
    """Three months of a calendar year; `number` is 1 to 4."""

    year: int
    number: int

    def __post_init__(self) -> None:
        if not 1 <= self.number <= 4:
            raise ResultsError(f"there is no quarter {self.number}")

    @classmethod
    def of(cls, day: date) -> Quarter:
        """The quarter in which a day lies."""
        return cls(day.year, (day.month + 2) // 3)

    @classmethod
    def read(cls, text: str) -> Quarter:
        """The quarter that is written so: "2027-Q1". Raises ResultsError."""
        match = _QUARTER.fullmatch(text)
        if match is None:
            raise ResultsError(f"'{text}' is no quarter such as 2027-Q1")
        return cls(int(match[1]), int(match[2]))

    @property
    def first_day(self) -> date:
        """The day on which it begins."""
        return date(self.year, 3 * self.number - 2, 1)

    @property
    def next(self) -> Quarter:
        """The one after it."""
        return Quarter.of(self.first_day + timedelta(days=100))

    @property
    def last_day(self) -> date:
        """The day on which it ends."""
        return self.next.first_day - _A_DAY

    def __str__(self) -> str:
        return f"{self.year}-Q{self.number}"


@dataclass(frozen=True)
class Tally:
    """How often a promise was kept, of how often it was counted or asked about. Partly kept is not kept."""

    promise: str
    figure: Figure
    kept: int
    of: int

    def __post_init__(self) -> None:
        if self.promise not in PROMISE_IDS:
            raise ResultsError(f"'{self.promise}' is not a known promise")
        if not 0 <= self.kept <= self.of:
            raise ResultsError(f"{self.promise}: {self.kept} of {self.of} cannot be")


@dataclass(frozen=True)
class QuarterFigures:
    """The tallies of one quarter, each once; what is not among them was not seen once in it."""

    quarter: Quarter
    tallies: tuple[Tally, ...]

    def __post_init__(self) -> None:
        if len({(each.promise, each.figure) for each in self.tallies}) != len(self.tallies):
            raise ResultsError(f"{self.quarter}: a promise is there twice")

    def tally(self, promise: str, figure: Figure) -> Tally:
        """The tally of a promise."""
        found = (each for each in self.tallies if (each.promise, each.figure) == (promise, figure))
        return next(found, Tally(promise, figure, 0, 0))


@dataclass(frozen=True)
class Published:
    """A dated document that shows how a promise was kept; `web` is where it is, if it is anywhere."""

    promise: str
    day: date
    title: str
    web: str | None = None


@dataclass(frozen=True)
class Changed:
    """What was done otherwise from a day on, after a promise had not been kept well enough."""

    promise: str
    day: date
    what: str


Dated = TypeVar("Dated", Published, Changed)


@dataclass(frozen=True, kw_only=True)
class Results:
    """All that is known. Quarters follow each other without a gap; a quarter that nobody closed cannot be shown."""

    quarters: tuple[QuarterFigures, ...] = ()
    published: tuple[Published, ...] = ()
    changed: tuple[Changed, ...] = ()

    def __post_init__(self) -> None:
        for earlier, later in pairwise(self.quarters):
            if later.quarter != earlier.quarter.next:
                raise ResultsError(f"{earlier.quarter} must be followed by {earlier.quarter.next}, not {later.quarter}")
        named = [each.promise for each in self.published] + [each.promise for each in self.changed]
        for promise in named:
            if promise not in PROMISE_IDS:
                raise ResultsError(f"'{promise}' is not a known promise")


@dataclass(frozen=True)
class Period:
    """One or more closed quarters together, with enough in them to be shown."""

    first: Quarter
    last: Quarter
    kept: int
    of: int

    @property
    def missed(self) -> int:
        """How often it was not kept: shown as plainly as how often it was."""
        return self.of - self.kept

    @property
    def percent(self) -> int | None:
        """The share in whole per cent, rounded down; None when there are too few for one to mean anything."""
        return 100 * self.kept // self.of if self.of >= FEWEST_FOR_A_SHARE else None


class State(StrEnum):
    """How far the measuring of one figure is."""

    NOT_STARTED = "not-started"
    COUNTING = "counting"
    TOO_FEW = "too-few"
    SHOWN = "shown"


@dataclass(frozen=True, kw_only=True)
class Standing:
    """What can be said of one promise and one way of measuring it.

    `since` and `first_month` (its first day) are there once counting has begun; `is_late` when that month is over and nothing
    has come. `periods`: the newest first. `has_rest`: the newest quarters hold too few and wait for the next.
    """

    figure: Figure
    state: State
    since: date | None = None
    first_month: date | None = None
    is_late: bool = False
    periods: tuple[Period, ...] = ()
    has_rest: bool = False


def merged(results: Results, counted: Sequence[QuarterFigures]) -> Results:
    """The results with the quarters that the Hub counted. What was published before stays: where a quarter is in both, the
    figures of `results` count. Quarters after a gap wait until it is closed.
    """
    known = {each.quarter: each for each in counted} | {each.quarter: each for each in results.quarters}
    joined: list[QuarterFigures] = []
    for quarter in sorted(known):
        if joined and quarter != joined[-1].quarter.next:
            break
        joined.append(known[quarter])
    return replace(results, quarters=tuple(joined))


def first_results(since: date) -> date:
    """The first day of the month in which first results are due: the one after the quarter in which counting began."""
    return Quarter.of(since).next.first_day


def periods(quarters: Sequence[QuarterFigures], promise: str, figure: Figure) -> tuple[tuple[Period, ...], bool]:
    """What can be shown of these quarters, the oldest first; and whether quarters with too few are left over."""
    shown: list[Period] = []
    first, kept, of = None, 0, 0
    for each in quarters:
        tally = each.tally(promise, figure)
        first, kept, of = first or each.quarter, kept + tally.kept, of + tally.of
        if of >= FEWEST_SHOWN:
            shown.append(Period(first, each.quarter, kept, of))
            first, kept, of = None, 0, 0
    return tuple(shown), first is not None


def standing(promise: Promise, figure: Figure, results: Results, *, today: date) -> Standing:
    """What the results may say of a promise on a day (in the Hub's time zone).

    A quarter counts once it has ended, and only if it had not ended before the measuring began.
    """
    since = promise.since
    if since is None or since > today:
        return Standing(figure=figure, state=State.NOT_STARTED)
    begun = Quarter.of(since)
    closed = [each for each in results.quarters if begun <= each.quarter and each.quarter.last_day < today]
    due = first_results(since)
    if not closed:
        is_late = today >= (due + timedelta(days=31)).replace(day=1)
        return Standing(figure=figure, state=State.COUNTING, since=since, first_month=due, is_late=is_late)
    shown, has_rest = periods(closed, promise.id, figure)
    return Standing(
        figure=figure,
        state=State.SHOWN if shown else State.TOO_FEW,
        since=since,
        first_month=due,
        periods=shown[: -MOST_PERIODS - 1 : -1],
        has_rest=has_rest,
    )


@dataclass(frozen=True, kw_only=True)
class Answer:
    """All that is said about one promise. `figures` in the order of the pledge; `is_published`: a document is owed for it."""

    promise: Promise
    figures: tuple[Standing, ...]
    is_published: bool
    published: tuple[Published, ...]
    changed: tuple[Changed, ...]

    @property
    def is_started(self) -> bool:
        """Whether anything is counted, asked or published yet."""
        return bool(self.published) or any(each.state is not State.NOT_STARTED for each in self.figures)


def answers(promises: Sequence[Promise], results: Results, *, today: date) -> tuple[Answer, ...]:
    """Whether each promise was kept, in the pledge's order; documents and changes the newest first, none dated after today."""
    return tuple(
        Answer(
            promise=each,
            figures=tuple(
                standing(each, figure, results, today=today) for figure in FIGURES if figure in each.measures
            ),
            is_published="published" in each.measures,
            published=_of_promise(results.published, each.id, today=today),
            changed=_of_promise(results.changed, each.id, today=today),
        )
        for each in promises
    )


def _of_promise(dated: Sequence[Dated], promise: str, *, today: date) -> tuple[Dated, ...]:
    found = [each for each in dated if each.promise == promise and each.day <= today]
    return tuple(sorted(found, key=lambda each: each.day, reverse=True))
