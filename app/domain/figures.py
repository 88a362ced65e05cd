"""What may be published of a count, so that nobody can be found (docs/measures.md).

Every count that leaves the Hub is rounded to the next five, and what is below five says no more than that. So the difference
of any two published counts is a multiple of five, or cannot be made at all.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from app.domain.promise_results import FEWEST_FOR_A_SHARE, FEWEST_SHOWN, Quarter

STEP = 5
# (table, row, column) of one count.
Place = tuple[str, str, str]
Counts = Mapping[Place, int]


def rounded(count: int) -> int | None:
    """The count as it is published: to the next multiple of five, None for "fewer than 5". Never less than nothing."""
    if count < 0:
        raise ValueError("a count is never below nothing")
    return None if count < FEWEST_SHOWN else STEP * ((2 * count + STEP) // (2 * STEP))


def share(part: int, of: int) -> int | None:
    """Whole per cent of two published counts, rounded down; None where there are too few for one to mean anything."""
    shown, whole = rounded(part), rounded(of)
    if shown is None or whole is None or whole < FEWEST_FOR_A_SHARE:
        return None
    return min(100, 100 * shown // whole)


@dataclass(frozen=True, order=True)
class Period:
    """One closed quarter, or the four of a calendar year: nothing else can be asked for."""

    year: int
    number: int | None = None

    @classmethod
    def read(cls, text: str) -> Period:
        """A period that is written so: "2027-Q1" or "2027". Raises ValueError."""
        if len(text) == 4 and text.isascii() and text.isdigit() and text.startswith("20"):
            return cls(int(text))
        quarter = Quarter.read(text)
        return cls(quarter.year, quarter.number)

    @property
    def quarters(self) -> tuple[Quarter, ...]:
        """Its quarters, in order."""
        if self.number is not None:
            return (Quarter(self.year, self.number),)
        return tuple(Quarter(self.year, number) for number in (1, 2, 3, 4))

    def __str__(self) -> str:
        return str(self.year) if self.number is None else f"{self.year}-Q{self.number}"


def periods_of(closed: Iterable[Quarter]) -> tuple[Period, ...]:
    """The periods that can be asked for, the newest first: each closed quarter, and each year whose four are closed."""
    known = set(closed)
    years = {each.year for each in known}
    found = [Period(each.year, each.number) for each in known]
    found += [Period(year) for year in years if set(Period(year).quarters) <= known]
    return tuple(sorted(found, key=lambda each: (each.year, each.number or 5), reverse=True))


def added(quarters: Iterable[Counts]) -> dict[Place, int]:
    """The counts of several quarters together. They are added as they were counted, and rounded once, when they are shown."""
    found: dict[Place, int] = {}
    for counts in quarters:
        for place, count in counts.items():
            found[place] = found.get(place, 0) + count
    return found


def published(counts: Counts, columns: Mapping[str, Sequence[str]]) -> dict[Place, int | None]:
    """Counts as they are published, by the columns of each table.

    A row stands only if something in it is five or more, and then with every column: what is not there, and what says
    "fewer than 5", may be none or four, and nobody learns which.
    """
    shown = {(table, row) for (table, row, _column), count in counts.items() if rounded(count) is not None}
    return {
        (table, row, column): rounded(counts.get((table, row, column), 0))
        for table, row in sorted(shown)
        for column in columns[table]
    }
