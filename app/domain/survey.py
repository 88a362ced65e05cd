"""The one questionnaire: who is helped, how long they waited, how they are, and whether the promises were kept.

A set of answers stands by itself: codes, the month, and the district if it was told. Nothing in it leads to a request. The
ids here travel and are kept: add, never rename.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from types import MappingProxyType
from typing import Any, Final

from app.domain.pledge import PROMISE_IDS
from app.domain.priority import QUIET_AFTER_DEATH

VERSION: Final = 1
# The fewest answers that go to the Hub together, and the most in one pass.
FEWEST_TOGETHER: Final = 10
MOST_TOGETHER: Final = 200

# The protected characteristics, in the order of the Equality Act 2010, section 4 (requirement H7).
EQUALITY: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        # Younger people are not asked.
        "age": ("16-17", "18-24", "25-34", "35-44", "45-54", "55-64", "65-74", "75-or-more"),
        "disability": ("a-lot", "a-little", "no"),
        "gender": ("same", "different"),
        "partnership": ("married", "civil", "neither"),
        "pregnancy": ("yes", "no"),
        "ethnic_group": ("asian", "black", "mixed", "white-british", "white-traveller", "white-other", "other"),
        "religion": ("none", "buddhist", "christian", "hindu", "jewish", "muslim", "sikh", "other"),
        "sex": ("female", "male"),
        "orientation": ("straight", "gay", "bi", "other"),
    }
)
# The eight needs (requirement C1), under the names that "Tell us more" has for them.
NEEDS: Final = ("health", "shelter", "family", "work", "drink_drugs", "money", "outlook", "social")
SUPPORT: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "moment": ("after-asking", "three-months", "end", "other"),
        "asked_for": ("me", "someone", "work"),
        "wait": ("same-day", "three-days", "week", "longer", "not-yet"),
        "doing": ("better", "bit-better", "same", "bit-worse", "worse"),
        # All services together, and not the Hub alone (requirement H6).
        "together": ("very-good", "good", "mixed", "poor", "very-poor"),
    }
)
# Several may be chosen.
SEVERAL: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType({"got_better": NEEDS, "still_hard": NEEDS})
KEPT: Final = ("yes", "partly", "no", "not-known")
PROMISES: Final[Mapping[str, str]] = MappingProxyType({f"kept-{promise}": promise for promise in PROMISE_IDS})
ONE_OF: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {**EQUALITY, **SUPPORT, **dict.fromkeys(PROMISES, KEPT)}
)

MONTH: Final = re.compile(r"[2-9][0-9]{3}-(0[1-9]|1[0-2])", re.ASCII)
LARGEST_DISTRICT: Final = 999
_FIELDS: Final = frozenset({"version", "month", "district", "answers"})
_NEVER: Final = "never"
_A_DAY: Final = timedelta(days=1)

Answers = Mapping[str, Any]


class MalformedSurvey(ValueError):
    """These are not answers to the questionnaire. Nothing is guessed: one unknown word refuses them all."""


@dataclass(frozen=True, kw_only=True)
class Survey:
    """One set of answers.

    `month` is year and month ("2026-03") in which they were given; `district` the area's own code for it, or None.
    `answers` holds one code for a question, or for those of SEVERAL a list of codes in their order; what was left is left
    out. Raises MalformedSurvey for anything else, and when nothing at all was answered.
    """

    month: str
    district: int | None
    answers: Answers = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Take codes and nothing else: there is no room here for a word that somebody typed."""
        if not isinstance(self.month, str) or MONTH.fullmatch(self.month) is None:
            raise MalformedSurvey("month")
        if self.district is not None and not _is_code(self.district):
            raise MalformedSurvey("district")
        if not isinstance(self.answers, Mapping) or (not self.answers and self.district is None):
            raise MalformedSurvey("answers")
        for name, answer in self.answers.items():
            if not _is_known(name, answer):
                raise MalformedSurvey("answers")

    def to_bytes(self) -> bytes:
        """The answers as they are sealed; the order says nothing of how they were given."""
        content = {"version": VERSION, "month": self.month, "district": self.district, "answers": dict(self.answers)}
        return json.dumps(content, sort_keys=True, separators=(",", ":")).encode("ascii")

    @classmethod
    def from_bytes(cls, raw: bytes, *, today: date) -> Survey:
        """Read opened answers. `today` is the reader's: a month that has not begun is refused. Raises MalformedSurvey."""
        try:
            read = json.loads(raw)
        except (ValueError, RecursionError):
            raise MalformedSurvey("not JSON") from None
        if not isinstance(read, dict) or set(read) != _FIELDS or read["version"] != VERSION:
            raise MalformedSurvey("fields")
        survey = cls(month=read["month"], district=read["district"], answers=read["answers"])
        # The two sides may be on two sides of midnight.
        if survey.month > month_of(today + _A_DAY):
            raise MalformedSurvey("month")
        return survey


def month_of(day: date) -> str:
    """The month of a day, such as "2026-03"."""
    return f"{day:%Y-%m}"


def together(*, fresh: Sequence[bytes], tried: Sequence[bytes], shuffle: Callable[[list[bytes]], None]) -> list[bytes]:
    """Which ids of the pool go in this pass, in the order in which they go.

    `fresh` were in no pass yet, `tried` were and have no answer. Never fewer than FEWEST_TOGETHER go, and never fewer than
    that many fresh ones: else the one that came after a lost answer would stand alone among those that the Hub has seen.
    `shuffle` mixes a list in place, and must not be guessable.
    """
    again, new = list(tried), list(fresh)
    shuffle(again)
    shuffle(new)
    if len(again) >= FEWEST_TOGETHER:
        return again[:MOST_TOGETHER]
    if len(new) < FEWEST_TOGETHER:
        return []
    chosen = [*again, *new[: MOST_TOGETHER - len(again)]]
    shuffle(chosen)
    return chosen


@dataclass(frozen=True)
class Offer:
    """Whether the questionnaire is offered in somebody's space: from a day on, or never. Anybody may open it unasked."""

    not_before: date | None

    def is_open(self, today: date) -> bool:
        """True when it is offered on this day."""
        return self.not_before is not None and self.not_before <= today

    def after_death(self, now: datetime) -> Offer:
        """The same, but quiet for as long as after a death, when that was told at `now` (aware)."""
        return self if self.not_before is None else Offer(max(self.not_before, _quiet_until(now)))

    def to_text(self) -> str:
        """A day (ISO 8601), or "never"."""
        return _NEVER if self.not_before is None else self.not_before.isoformat()

    @classmethod
    def from_text(cls, text: str) -> Offer:
        """Read what `to_text` wrote; anything else is never."""
        try:
            return cls(date.fromisoformat(text))
        except ValueError:
            return NEVER


NEVER: Final = Offer(None)


def offer_after(answers: Mapping[str, Mapping[str, Any]], *, now: datetime) -> Offer:
    """Whether somebody who sends these answers of the short request is offered the questionnaire later.

    Nobody who may be under 16 is, and nobody in the quiet time after a death (`QUIET_AFTER_DEATH`). `now` is aware.
    """
    child_age = answers.get("child-age", {}).get("child_age")
    young = answers.get("who", {}).get("under_18") is True or child_age is not None
    if young and "16-17" not in {child_age, answers.get("young", {}).get("age_band")}:
        return NEVER
    offer = Offer(now.date())
    return offer.after_death(now) if answers.get("about", {}).get("to_whom") == "died" else offer


def _quiet_until(now: datetime) -> date:
    """The first day after the whole quiet time."""
    return (now + QUIET_AFTER_DEATH).date() + _A_DAY


def _is_code(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= LARGEST_DISTRICT


def _is_known(name: object, answer: object) -> bool:
    """True for a question that is asked, with one of its codes, or with some of them in their order and each once."""
    if not isinstance(name, str):
        return False
    if name in ONE_OF:
        return isinstance(answer, str) and answer in ONE_OF[name]
    if name not in SEVERAL or not isinstance(answer, list) or not answer:
        return False
    return answer == [code for code in SEVERAL[name] if code in answer]
