"""Taking out of a text what says who somebody is or where, before it goes to a translator.

What is found is a proposal: a colleague reads every line, mends it, and confirms. Each thing that is taken out leaves a mark
such as [1]; the same thing leaves the same mark, and what comes back can have its things put in again.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

# A name that is shorter says nothing: everybody shares an initial.
SHORTEST_NAME = 2
# From here on a name is looked for with another ending too, as many languages decline names.
SHORTEST_STEM = 4
MOST_ENDING = 3
# So many digits or more may be a phone, a date, a house or a reference. Digits of any script.
FEWEST_DIGITS = 3

_EMAIL = r"[^\s@<>()\[\]]+@[^\s@<>()\[\]]+"
_WEB = r"(?:https?://|www\.)\S+"
_POSTCODE = r"\b[A-Za-z]{1,2}\d[A-Za-z\d]?\s*\d[A-Za-z]{2}\b"
_STREETS = (
    "road|rd|street|st|avenue|ave|lane|close|drive|way|court|crescent|gardens|grove|place|square|terrace|walk|row|hill|"
    "green|park|house|flats?"
)
_STREET = rf"\b(?:\d+[A-Za-z]?,?\s+)?(?:[A-Z][\w'’-]*\s+){{1,3}}(?i:{_STREETS})\b\.?"
_DOOR = r"\b(?i:flat|room|house|number|no\.?)\s+\d+[A-Za-z]?\b"
_DIGITS = rf"[+(]?\d(?:[\s().,/\-–]*\d){{{FEWEST_DIGITS - 1},}}"
_ALWAYS = (_EMAIL, _WEB, _POSTCODE, _STREET, _DOOR, _DIGITS)
MARK = re.compile(r"\[(\d{1,3})\]")


@dataclass(frozen=True)
class Redacted:
    """A text without what was taken out, and what that was by its mark ("1", "2" ...)."""

    text: str
    taken: Mapping[str, str] = field(default_factory=dict)


def redact(text: str, *, names: Iterable[str] = (), places: Iterable[str] = ()) -> Redacted:
    """Take out addresses, numbers, and these names and places. `names` are whole names or single ones; each word counts.

    Marks of this form that the text had already are taken out too, so that none can be mistaken for ours.
    """
    marks: dict[str, str] = {}
    taken: dict[str, str] = {}

    def mark(found: re.Match[str]) -> str:
        words = found[0]
        key = " ".join(words.casefold().split())
        if key not in marks:
            marks[key] = str(len(marks) + 1)
            taken[marks[key]] = words
        return f"[{marks[key]}]"

    return Redacted(_pattern(names, places).sub(mark, text), taken)


def still_in(text: str, *, names: Iterable[str] = (), places: Iterable[str] = ()) -> tuple[str, ...]:
    """What a redacted text still says of these kinds, each once, in order. The marks themselves are nothing."""
    plain = MARK.sub("|", text)  # no space: what stands on both sides of a mark was never one number
    return tuple(dict.fromkeys(found[0].strip() for found in _pattern(names, places).finditer(plain)))


def put_back(text: str, taken: Mapping[str, str]) -> str:
    """The text with what was taken out put in again, where its marks came back; a mark that is not ours stays."""
    return MARK.sub(lambda found: taken.get(str(int(found[1])), found[0]), text)


def _pattern(names: Iterable[str], places: Iterable[str]) -> re.Pattern[str]:
    own = [re.escape(found) + r"(?!\w)" for each in places if len(found := each.strip()) >= SHORTEST_NAME]
    for word in _words(names):
        stem = word[:-1] if len(word) >= SHORTEST_STEM else word
        ending = rf"\w{{0,{MOST_ENDING}}}" if len(word) >= SHORTEST_STEM else ""
        own.append(re.escape(stem) + ending + r"(?:['’]s)?(?!\w)")
    # Longest first, so that a whole place is taken and not its first word alone.
    known = "|".join(sorted(set(own), key=len, reverse=True))
    parts = [MARK.pattern.replace("(", "(?:"), *_ALWAYS]
    if known:
        parts.insert(1, rf"(?<!\w)(?i:{known})")
    return re.compile("|".join(parts))


def _words(names: Iterable[str]) -> set[str]:
    found = set()
    for name in names:
        for each in (name, unicodedata.normalize("NFC", name)):
            found |= {word for word in re.findall(r"[^\W\d_]+", each) if len(word) >= SHORTEST_NAME}
    return found
