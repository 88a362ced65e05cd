"""Finding somebody by what they said: whether a name, a word, a phone number or an e-mail address stands in a text.

Nothing is indexed and nothing is remembered: a text that was opened is compared, and forgotten.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from app.domain.phone import dialled
from app.domain.reference import REFERENCE_LENGTHS

# Letters that Unicode does not take apart, as people write them without their marks.
PLAIN_LETTERS = str.maketrans({"ł": "l", "ø": "o", "đ": "d", "ð": "d", "ı": "i", "æ": "ae", "œ": "oe", "þ": "th"})
SHORTEST_WORD = 2
LONGEST_QUERY = 100
# What may be a phone number within a text: digits of any script with what people put between them.
_NUMBERS = re.compile(r"[+(]?\d[\d\s().\-/]{4,}\d")
_REFERENCES = [
    re.compile(rf"(?<!\d)(?<!\d[\s\-])\d{{{half}}}[\s\-]?\d{{{half}}}(?![\s\-]?\d)")
    for half in (length // 2 for length in REFERENCE_LENGTHS)
]


class NothingToFind(ValueError):
    """What was typed has no word or number in it that could be looked for."""


class Where(StrEnum):
    """In which part of a request something stands; never what stands there."""

    REFERENCE = "reference"
    NAME = "name"
    REACH = "reach"
    WORK = "work"
    WORDS = "words"


@dataclass(frozen=True)
class Query:
    """What is looked for: a phone number as it is dialled here, an e-mail address, or words, all of which must be there."""

    phone: str = ""
    email: str = ""
    words: tuple[str, ...] = ()

    def is_in(self, text: str) -> bool:
        """Whether one text has it. Words may be cut short at their end: "Mari" finds "Marianne", "anne" does not."""
        if self.phone:
            return self.phone in phones_in(text)
        if self.email:
            return self.email in text.casefold()
        there = folded(text)
        return all(any(word.startswith(wanted) for word in there) for wanted in self.words)


def query_of(typed: str) -> Query:
    """Read what a colleague typed. Raises NothingToFind."""
    text = unicodedata.normalize("NFKC", typed).strip()[:LONGEST_QUERY]
    if "@" in text and not any(each.isspace() for each in text):
        return Query(email=text.casefold())
    number = dialled(text)
    if number and not any(each.isalpha() for each in text):
        return Query(phone=number)
    words = tuple(each for each in folded(text) if len(each) >= SHORTEST_WORD)
    if not words:
        raise NothingToFind
    return Query(words=words)


def folded(text: str) -> tuple[str, ...]:
    """The words of a text without case, accents and apostrophes, parted at hyphens; in their order."""
    apart = unicodedata.normalize("NFKD", text.casefold().translate(PLAIN_LETTERS))
    plain = "".join(letter for letter in apart if not unicodedata.combining(letter) and letter not in "'’ʼ")
    return tuple(re.findall(r"[^\W_]+", plain))


def phones_in(text: str) -> frozenset[str]:
    """Every phone number that a text may hold, as it is dialled here."""
    found = (dialled(each) for each in _NUMBERS.findall(unicodedata.normalize("NFKC", text)))
    return frozenset(each for each in found if each)


def emails_in(texts: Iterable[str]) -> frozenset[str]:
    """E-mail addresses among texts that say how somebody is reached."""
    stripped = (each.strip().casefold() for each in texts)
    return frozenset(each for each in stripped if "@" in each and not any(sign.isspace() for sign in each))


def references_in(text: str) -> frozenset[str]:
    """Digits in a text that stand alone, as references are written: "412 907". Whether they are one is not known here."""
    plain = unicodedata.normalize("NFKC", text)
    return frozenset(
        "".join(str(int(each)) for each in found if each.isdecimal())
        for written in _REFERENCES
        for found in written.findall(plain)
    )
