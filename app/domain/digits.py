"""Digits of every script: read as the ones that we count with, and shown as a language writes them."""

from __future__ import annotations

import unicodedata

# The systems of digits that languages here may use besides 0 to 9, by their names in CLDR, each with its zero.
ZEROS = {"arab": "\u0660", "arabext": "\u06f0", "beng": "\u09e6", "deva": "\u0966", "mymr": "\u1040"}
_TABLES = {
    system: str.maketrans({str(digit): chr(ord(zero) + digit) for digit in range(10)}) for system, zero in ZEROS.items()
}


def western(text: str) -> str:
    """The text with every script's decimal digits as 0 to 9, and everything else as it is: somebody has to dial it."""
    if text.isascii():
        return text
    return "".join(
        str(digit) if (digit := unicodedata.decimal(character, None)) is not None else character for character in text
    )


def shown(text: str, *, system: str) -> str:
    """The text with 0 to 9 in another system of digits (CLDR, "numbering system"); as it is when the system has these."""
    table = _TABLES.get(system)
    return text if table is None else text.translate(table)
