"""How long a request takes a person: a model of human speed, and what a walk through the pages cost by it.

The walk counts what it did and was shown; nothing is timed, so that the figures are the same on every machine. A page is
read from its top to the button that is pressed, with all its choices and hints; a closed list is not read.

- By hand: typing at 36 words of five characters a minute on a phone (Palin and others 2019, "How do people type on mobile
  devices?"); 1.5 seconds to choose, press or go to a field (Card, Moran and Newell 1980, "The keystroke-level model": 1.1 to
  point and 0.2 to press); one second until a new page is there, as on a slow phone.
- Every word: 200 words a minute, the speed of learning from a text (Carver 1992, "Reading rate"); adults read plain English
  at 238 (Brysbaert 2019, "How many words do we read per minute?"). This is the slow end: somebody who leaves out nothing.
- Skimmed: 450 words a minute (Carver 1992), as people look through a list for what fits them and through their own answers.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from statistics import median

TYPED_A_MINUTE, CHARACTERS_IN_A_WORD = 36, 5
SECONDS_FOR_A_CHOICE = 1.5
SECONDS_FOR_A_PAGE = 1.0
READ_A_MINUTE, SKIMMED_A_MINUTE = 200, 450
# A pseudo-language has as many words as its English: the tildes that it adds are none.
WORD = re.compile(r"\w[\w'’]*")


@dataclass
class Effort:
    """What a walk cost so far. Times are in minutes."""

    words: int = 0
    characters: int = 0
    choices: int = 0
    pages: int = 0

    def read(self, text: str) -> None:
        """Count the words of a text."""
        self.words += len(WORD.findall(text))

    @property
    def by_hand(self) -> float:
        """Typing, choosing and turning pages."""
        typing = self.characters / CHARACTERS_IN_A_WORD / TYPED_A_MINUTE
        return typing + (self.choices * SECONDS_FOR_A_CHOICE + self.pages * SECONDS_FOR_A_PAGE) / 60

    @property
    def skimmed(self) -> float:
        """By hand, for somebody who skims the pages."""
        return self.by_hand + self.words / SKIMMED_A_MINUTE

    @property
    def every_word(self) -> float:
        """By hand, for somebody who reads every word."""
        return self.by_hand + self.words / READ_A_MINUTE

    def as_counts(self) -> dict[str, int]:
        """The counts by name, to be carried between processes."""
        return asdict(self)


def table(efforts: Sequence[tuple[str, Effort]]) -> list[str]:
    """The lines of a table, one a story, and the medians; times in minutes and seconds."""
    lines = [
        f"{'':<14}{'pages':>7}{'words':>7}{'typed':>7}{'choices':>9}{'by hand':>9}{'skimmed':>9}{'every word':>12}"
    ]
    for name, each in efforts:
        counts = f"{each.pages:>7}{each.words:>7}{each.characters:>7}{each.choices:>9}"
        lines.append(f"{name:<14}{counts}{_times(each.by_hand, each.skimmed, each.every_word)}")
    every = [each for _, each in efforts]
    middle = (
        median(each.by_hand for each in every),
        median(each.skimmed for each in every),
        median(each.every_word for each in every),
    )
    lines.append(f"{f'median of {len(every)}':<44}{_times(*middle)}")
    return lines


def _times(by_hand: float, skimmed: float, every_word: float) -> str:
    return f"{_clock(by_hand):>9}{_clock(skimmed):>9}{_clock(every_word):>12}"


def _clock(minutes: float) -> str:
    whole, seconds = divmod(round(minutes * 60), 60)
    return f"{whole}:{seconds:02}"
