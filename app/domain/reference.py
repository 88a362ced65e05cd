"""The shape of the return number: how it is typed, split into rows and shown.

A return number is 24 digits in four rows of six. Row 1 is the reference, which may be said aloud to staff; rows 2 to 4
are secret. In a large area row 1 is longer (docs/adr/0033), and numbers from before it grew stay as they are: how long row 1 is
follows from how many digits there are. Whether a number was made by us is not known here, only whether it looks like one: see
adapters/numbers.py.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Collection
from enum import Enum

#: Grows whenever `normalise` would give different digits for something that a person could type.
NORMALISE_VERSION = 1

ROWS = 4
ROW_LENGTH = 6
NUMBER_LENGTH = ROWS * ROW_LENGTH
#: How long row 1 may be, the usual length first: `reference_digits` of an area says which it is for new numbers.
REFERENCE_LENGTHS = (ROW_LENGTH, 8, 10)

_SECRET_DIGITS = (ROWS - 1) * ROW_LENGTH

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


def number_lengths(reference_length: int = ROW_LENGTH) -> tuple[int, ...]:
    """How many digits a whole number may have where new references have `reference_length`: older ones may be shorter."""
    return tuple(_SECRET_DIGITS + each for each in REFERENCE_LENGTHS if each <= reference_length)


ALL_NUMBER_LENGTHS = number_lengths(REFERENCE_LENGTHS[-1])


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


def problems(text: str, *, lengths: Collection[int] = (NUMBER_LENGTH,)) -> tuple[Shape, ...]:
    """Return what is wrong with the shape of a typed number; nothing when it has one of the `lengths` and digits alone.

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
    if digits > max(lengths):
        found.append(Shape.TOO_MANY)
    elif digits not in lengths:
        found.append(Shape.TOO_FEW)
    return tuple(found)


def read_number(text: str, *, lengths: Collection[int] = (NUMBER_LENGTH,)) -> str:
    """Return the digits of a typed number of one of the `lengths`. Raises NotANumber with every problem of its shape."""
    found = problems(text, lengths=lengths)
    if found:
        raise NotANumber(found)
    return normalise(text)


def rows(digits: str, *, reference_length: int | None = None) -> tuple[str, ...]:
    """Split normalised digits into row 1 and rows of six; the last row is shorter if digits are missing.

    Any length is taken, so that an unfinished number can be laid out again beside its error: then `reference_length` says how
    long row 1 is. Without it, it is as long as follows from how many digits there are, else as long as usual.
    """
    whole = len(digits) - _SECRET_DIGITS if len(digits) in ALL_NUMBER_LENGTHS else ROW_LENGTH
    first = whole if reference_length is None else reference_length
    others = (digits[start : start + ROW_LENGTH] for start in range(first, len(digits), ROW_LENGTH))
    return tuple(row for row in (digits[:first], *others) if row)


def halves(row: str) -> tuple[str, str]:
    """Return a row as it is shown to people, in two parts: "412", "907". What is not whole is parted after three digits."""
    half = len(row) // 2 if len(row) in REFERENCE_LENGTHS else ROW_LENGTH // 2
    return row[:half], row[half:]


def reference_of(digits: str) -> str:
    """Return the reference, which is row 1, of a whole number. Raises NotANumber."""
    return rows(read_number(digits, lengths=ALL_NUMBER_LENGTHS))[0]


def _is_digit(character: str) -> bool:
    return "0" <= character <= "9"
