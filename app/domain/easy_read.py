"""Easy Read: one idea a line with a picture beside it, in short sentences, for people with learning disabilities and many others.

The measures are those of NHS England's and Change's guides to making information accessible: short sentences, large type, a
picture for each idea, and people with learning disabilities to check it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from app.domain.phone import Phone

# The most words in a sentence, and how many lines make a leaflet of two sheets.
LONGEST_SENTENCE = 15
FEWEST_LINES, MOST_LINES = 12, 20
PLEDGE = "pledge"
# What a line may say of the area: put in where it is shown.
NAMES = ("{area}", "{hub}")

_SENTENCE_END = re.compile(r"(?<=[.!?:])\s+")


def N_(message: str) -> str:  # noqa: N802 - the name that message extraction looks for
    """Marks a text for translation without translating it."""
    return message


# The leaflets by their id, in the order in which they are listed. Their titles say nothing of what happened to anybody.
LEAFLETS: Mapping[str, str] = {
    "ask": N_("Ask for support"),
    "next": N_("What happens next"),
    "rights": N_("Your rights"),
    "help-now": N_("Get help now"),
    "safety": N_("Staying safe on this site"),
}
TITLES: Mapping[str, str] = {PLEDGE: N_("Our pledge"), **LEAFLETS}


class EasyReadError(ValueError):
    """These words are not Easy Read; the text is one line."""


@dataclass(frozen=True)
class Checked:
    """People with learning disabilities have read it: who, as the public should read it, and when."""

    by: str
    day: date


@dataclass(frozen=True, kw_only=True)
class Line:
    """One idea. `english` is what it was made from; `picture` an id of static/pictures/easy.

    `phone` and `sms` are numbers that stand below the words; `statement` names what the Hub itself says there; `promise` the
    promise of the pledge that it puts in easy words.
    """

    id: str
    picture: str
    text: str
    english: str
    sources: tuple[str, ...] = ()
    phone: Phone | None = None
    sms: Phone | None = None
    statement: str = ""
    promise: str = ""


@dataclass(frozen=True, kw_only=True)
class Leaflet:
    """A leaflet, or the pledge, in the language (a slug) that its lines are really in.

    `is_vital`: somebody's safety may hang on it. Until people have checked a translation, the English stands beside it.
    """

    id: str
    language: str
    is_vital: bool
    checked: Checked | None
    lines: tuple[Line, ...]

    @property
    def title(self) -> str:
        """Its title, to be translated."""
        return TITLES[self.id]

    @property
    def picture(self) -> str:
        """The picture that stands for all of it."""
        return self.lines[0].picture

    @property
    def has_english_beside(self) -> bool:
        """Whether the English stands beside every line."""
        return self.is_vital and self.language != "en" and self.checked is None


def sentences(text: str) -> tuple[int, ...]:
    """How many words each sentence of a text has. A sentence also ends at a colon."""
    return tuple(len(each.split()) for each in _SENTENCE_END.split(text.strip()) if each)


def names_in(text: str) -> tuple[str, ...]:
    """Which names of the area a text asks for, in alphabetical order."""
    return tuple(sorted(re.findall(r"\{[^}]*\}", text)))


def refuse_hard_words(lines: tuple[Line, ...]) -> None:
    """Refuse English that is no Easy Read. Raises EasyReadError with the id of the line."""
    if not FEWEST_LINES <= len(lines) <= MOST_LINES:
        raise EasyReadError(f"must have {FEWEST_LINES} to {MOST_LINES} lines, not {len(lines)}")
    for line in lines:
        longest = max(sentences(line.text))
        if longest > LONGEST_SENTENCE:
            raise EasyReadError(f"{line.id}: a sentence of {longest} words is longer than {LONGEST_SENTENCE}")
        if not set(names_in(line.text)) <= set(NAMES):
            raise EasyReadError(f"{line.id}: only {' and '.join(NAMES)} can be put in")
