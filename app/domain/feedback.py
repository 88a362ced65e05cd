"""What somebody says about the site, about words, or about the Hub, without a case: a few codes and their own words.

The ids here travel and are kept: add, never rename.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Any, Final

KIND: Final = "feedback"
VERSION: Final = 1
LONGEST_WORDS: Final = 2000
LONGEST_REACH: Final = 200
LONGEST_LANGUAGE: Final = 20
_FIELDS: Final = frozenset({"kind", "version", "on", "language", "about", "words", "reach"})
_A_DAY: Final = timedelta(days=1)


class About(StrEnum):
    """What it is about, as the person chose."""

    HARD_TO_USE = "hard-to-use"
    WORDS = "words"
    BROKEN = "broken"
    COMPLAINT = "complaint"
    OTHER = "other"


class MalformedFeedback(ValueError):
    """This is no feedback, or some that no form of ours makes."""


@dataclass(frozen=True, kw_only=True)
class Feedback:
    """One piece of feedback.

    `on` is the day in the UK on which it was written, `language` that of the page, `about` None when that was left.
    `reach` is how they may be reached, in their words; empty when they want no answer. Raises MalformedFeedback.
    """

    on: date
    language: str
    about: About | None
    words: str
    reach: str = ""

    def __post_init__(self) -> None:
        """Refuse what the form would not take."""
        if not 0 < len(self.language) <= LONGEST_LANGUAGE:
            raise MalformedFeedback("language")
        if not self.words.strip() or len(self.words) > LONGEST_WORDS:
            raise MalformedFeedback("words")
        if len(self.reach) > LONGEST_REACH:
            raise MalformedFeedback("reach")

    def to_bytes(self) -> bytes:
        """It as it is sealed."""
        content = {
            "kind": KIND,
            "version": VERSION,
            "on": self.on.isoformat(),
            "language": self.language,
            "about": self.about,
            "words": self.words,
            "reach": self.reach,
        }
        return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode("utf-8")

    @classmethod
    def from_bytes(cls, raw: bytes, *, today: date) -> Feedback:
        """Read opened feedback. `today` is the reader's: a day that has not begun is refused. Raises MalformedFeedback."""
        read = _read(raw)
        if read is None or set(read) != _FIELDS or read["version"] != VERSION:
            raise MalformedFeedback("fields")
        if not all(isinstance(read[name], str) for name in ("on", "language", "words", "reach")):
            raise MalformedFeedback("fields")
        try:
            on = date.fromisoformat(read["on"])
            about = None if read["about"] is None else About(read["about"])
        except ValueError:
            raise MalformedFeedback("codes") from None
        # The two sides may be on two sides of midnight.
        if on > today + _A_DAY:
            raise MalformedFeedback("on")
        return cls(on=on, language=read["language"], about=about, words=read["words"], reach=read["reach"])


def is_feedback(raw: bytes) -> bool:
    """Whether what came under no case says that it is feedback; else it is answers to the questionnaire."""
    return _read(raw) is not None


def _read(raw: bytes) -> dict[str, Any] | None:
    try:
        read = json.loads(raw)
        json.dumps(read, ensure_ascii=False).encode("utf-8")  # half a letter ("\ud800") could never be kept
    except (ValueError, RecursionError):
        return None
    return read if isinstance(read, dict) and read.get("kind") == KIND else None
