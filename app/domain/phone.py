"""A phone number and how far it can be trusted: shown plainly, shown as unchecked, or not shown at all."""

import re
import unicodedata
from dataclasses import dataclass
from datetime import date
from typing import Literal
from urllib.parse import urlsplit

from app.domain.digits import western

Confidence = Literal["high", "medium", "low"]
LONGEST_SITE_NAME = 40
# The fewest digits that are looked at as a phone number, and the most that one has (ITU-T E.164, with "00" before it).
SHORTEST_DIALLED, LONGEST_DIALLED = 7, 17
HOME = "44"
CONFIDENCES: tuple[Confidence, ...] = ("high", "medium", "low")


@dataclass(frozen=True, kw_only=True)
class Phone:
    """A number to call or to text.

    `number` is as people write it, with spaces. `confidence` rates the source; `checked_on` is the day on which one of
    us rang it or read it on its owner's site, `checked_by` who, and how. `seen` says when the source was compiled (a year
    or a date, as text). `site` is the owner's own web address, where anybody can check. `note` is what to do besides
    dialling ("choose option 2").
    """

    number: str
    confidence: Confidence
    seen: str
    checked_on: date | None = None
    checked_by: str | None = None
    site: str | None = None
    note: str | None = None

    def __str__(self) -> str:
        return self.number

    @property
    def is_checked(self) -> bool:
        """Whether the number may stand without a mark: a strong source, or checked by one of us."""
        return self.confidence == "high" or self.checked_on is not None

    @property
    def may_show(self) -> bool:
        """Whether the number may be shown: unmarked, or marked as unchecked with its owner's site beside it."""
        return self.is_checked or self.site is not None

    @property
    def site_name(self) -> str:
        """The owner's site as people say it; empty when there is none."""
        return site_name(self.site) if self.site else ""

    @property
    def dial(self) -> str:
        """The number as a `tel:` or `sms:` link wants it: digits, with a leading plus if it has one."""
        digits = "".join(character for character in self.number if character.isascii() and character.isdigit())
        return f"+{digits}" if self.number.lstrip().startswith("+") else digits


def site_name(address: str) -> str:
    """A web address as people say it: without "https://www.", and without a path too long to type."""
    parts = urlsplit(address)
    host = (parts.hostname or address).removeprefix("www.")
    path = parts.path.rstrip("/")
    return host + path if len(host + path) <= LONGEST_SITE_NAME else host


def dialled(text: str) -> str:
    """A phone number in any format as it is dialled in this country, digits only; empty for what is none.

    "+44 (0) 7700 900-111", "0044 7700 900111" and "٠٧٧٠٠ ٩٠٠١١١" are all "07700900111". One of another country keeps "+".
    """
    typed = western(unicodedata.normalize("NFKC", text)).strip()
    is_abroad = re.match(r"[^\d+]*(\+|00)", typed) is not None
    digits = "".join(character for character in typed if character.isascii() and character.isdigit())
    if not SHORTEST_DIALLED <= len(digits) <= LONGEST_DIALLED:
        return ""
    if not is_abroad:
        return digits
    digits = digits.removeprefix("00")
    if digits.startswith(HOME):
        return f"0{digits.removeprefix(HOME).removeprefix('0')}"
    return f"+{digits}"
