"""The shape of the return number: how it is typed, split into rows and shown.

A return number is 24 digits in four rows of six. Row 1 is the reference, which may be said aloud to staff; rows 2 to 4
are secret. Whether a number was made by us is not known here, only whether it looks like one: see adapters/numbers.py.
"""

from __future__ import annotations

import unicodedata
from enum import Enum

#: Grows whenever `normalise` would give different digits for something that a person could type.
NORMALISE_VERSION = 1

ROWS = 4
ROW_LENGTH = 6
NUMBER_LENGTH = ROWS * ROW_LENGTH

_HALF_ROW = ROW_LENGTH // 2

# Unicode's Dash property is the category Pd and these few; the hyphen bullet is what some phones write for a hyphen.
_OTHER_DASHES = frozenset("\u2043\u2053\u207b\u208b\u2212")

_BIDI_MARKS = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")

# Not the whole category Cf: it holds visible signs too, and those the person should be told about.
_ZERO_WIDTH_MARKS = (
    frozenset("\u00ad\u034f\u180e\u200b\u200c\u200d\ufeff")
    | frozenset(map(chr, range(0x2060, 0x2065)))
    | frozenset(map(chr, range(0x206A, 0x2070)))
    | frozenset(map(chr, range(0xFE00, 0xFE10)))
)

_DROPPED = _OTHER_DASHES | _BIDI_MARKS | _ZERO_WIDTH_MARKS


class Shape(Enum):
    """What is wrong with the shape of a typed number."""

    EMPTY = "empty"
    TOO_FEW = "too few"
    TOO_MANY = "too many"
    OTHER_CHARACTERS = "other characters"


class NotANumber(ValueError):
    """The text does not have the shape of a number. It says what is wrong and never repeats what was typed."""

    def __init__(self, shapes: tuple[Shape, ...]) -> None:
        """Take the problems found, at least one."""
        super().__init__("not a number: " + ", ".join(shape.value for shape in shapes))
        self.shapes = shapes


def normalise(text: str) -> str:
    """Return what was typed with every script's decimal digits as 0 to 9, and without what only separates them.

    Compatibility forms are folded (NFKC). Spaces, dashes of any kind, bidi and zero-width marks are dropped. Anything
    else stays, so that the caller can say that it is not a digit.
    """
    if text.isascii() and text.isdigit():
        return text
    return "".join(_plain(character) for character in unicodedata.normalize("NFKC", text))


def _plain(character: str) -> str:
    digit = unicodedata.decimal(character, None)
    if digit is not None:
        return str(digit)
    if character.isspace() or character in _DROPPED or unicodedata.category(character) == "Pd":
        return ""
    return character


def problems(text: str, *, length: int = NUMBER_LENGTH) -> tuple[Shape, ...]:
    """Return what is wrong with the shape of a typed number; nothing when it has `length` digits and nothing else.

    The text may be as typed: it is normalised first. At most one of the counts is reported, and it counts digits only,
    so that a stray letter does not hide a missing digit.
    """
    typed = normalise(text)
    if not typed:
        return (Shape.EMPTY,)
    digits = sum(_is_digit(character) for character in typed)
    found = []
    if digits < len(typed):
        found.append(Shape.OTHER_CHARACTERS)
    if digits < length:
        found.append(Shape.TOO_FEW)
    elif digits > length:
        found.append(Shape.TOO_MANY)
    return tuple(found)


def read_number(text: str, *, length: int = NUMBER_LENGTH) -> str:
    """Return the digits of a typed number of `length` digits. Raises NotANumber with every problem of its shape."""
    found = problems(text, length=length)
    if found:
        raise NotANumber(found)
    return normalise(text)


def rows(digits: str) -> tuple[str, ...]:
    """Split normalised digits into rows of six; the last row is shorter if digits are missing.

    Any length is taken, so that an unfinished number can be laid out again beside its error.
    """
    return tuple(digits[start : start + ROW_LENGTH] for start in range(0, len(digits), ROW_LENGTH))


def shown(row: str) -> str:
    """Return a row as it is shown to people, in threes: "412 907"."""
    return " ".join(row[start : start + _HALF_ROW] for start in range(0, len(row), _HALF_ROW))


def reference_of(digits: str) -> str:
    """Return the reference, which is row 1, of a whole number's 24 digits. Raises NotANumber."""
    return rows(read_number(digits))[0]


def _is_digit(character: str) -> bool:
    return "0" <= character <= "9"
