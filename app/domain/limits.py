"""Limits against abuse: who shares a bucket, what a bucket holds, and when it has room again.

A client is known by a few bits of a keyed hash, under a salt that is thrown away after a day (docs/adr/0028). The numbers are so
large that a refuge or a library, which are one address to us, never meets them; the arithmetic stands in that document.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

# Of 4,294,967,296 addresses of IPv4, 262,144 share each bucket: a row says of nobody that it was they.
BUCKET_BITS: Final = 14
# What a provider gives to one household; whoever has one has 256 networks of 64 bits and could take a new one each time.
IPV6_PREFIX: Final = 56
# Of what everybody has together, the last fifth is for those who have taken next to nothing: a flood cannot use it up.
KEPT_BACK: Final = 0.2
NEXT_TO_NOTHING: Final = 5


class Kind(StrEnum):
    """What is limited."""

    NUMBERS = "numbers"  # numbers and codes that opened nothing
    DRAFTS = "drafts"  # drafts begun
    REQUESTS = "requests"
    POOL = "pool"  # feedback, and answers to the questionnaire
    SEARCH = "search"
    SPACE = "space"  # messages, and how somebody is told that there is news


@dataclass(frozen=True)
class Rate:
    """So many at once, and one more every so many seconds. Raises ValueError for what is no limit."""

    at_once: int
    seconds_each: float

    def __post_init__(self) -> None:
        """Refuse a limit that would let nobody by, or everybody."""
        if self.at_once < 1 or self.seconds_each <= 0:
            raise ValueError("a limit lets at least one by, and takes time to have room again")

    @property
    def fills_in(self) -> timedelta:
        """How long an empty bucket takes to be full again."""
        return timedelta(seconds=self.at_once * self.seconds_each)


# For each client. Whole seconds: rows hold nothing finer.
CLIENT: Final[Mapping[Kind, Rate]] = {
    Kind.NUMBERS: Rate(300, 6),
    Kind.DRAFTS: Rate(400, 6),
    Kind.REQUESTS: Rate(200, 15),
    Kind.POOL: Rate(200, 15),
    Kind.SEARCH: Rate(600, 1),
    Kind.SPACE: Rate(300, 6),
}
# For all together, in each process: what fills the disk.
EVERYBODY: Final[Mapping[Kind, Rate]] = {
    Kind.DRAFTS: Rate(20_000, 0.02),
    Kind.REQUESTS: Rate(15_000, 0.02),
    Kind.POOL: Rate(3_000, 0.2),
}


def network_of(address: str) -> bytes | None:
    """The network that an address stands for: all of IPv4, the first 56 bits of IPv6. None for what is no address out there.

    Loopback and private addresses are none: that is an onion service, or a proxy that does not know, and tells nothing.
    """
    try:
        found = ipaddress.ip_address(address.strip())
    except ValueError:
        return None
    if isinstance(found, ipaddress.IPv6Address):
        found = found.ipv4_mapped or found.sixtofour or found
    if not found.is_global:
        return None
    if isinstance(found, ipaddress.IPv4Address):
        return b"4" + found.packed
    return b"6" + found.packed[: IPV6_PREFIX // 8]


def bucket_of(network: bytes, salt: bytes) -> int:
    """The bucket of a network under a day's salt: 14 bits, which many networks share."""
    mac = hmac.new(salt, b"client bucket/v1" + network, hashlib.sha256).digest()
    return int.from_bytes(mac[:4]) >> (32 - BUCKET_BITS)


def taken(full_at: datetime | None, rate: Rate, *, now: datetime) -> float:
    """How many are taken from a bucket that is full again at a moment (None: it is full).

    A moment that no bucket can have comes of a clock that was put back: then it is full, for nobody may be kept out by that.
    """
    if full_at is None or full_at - now > 2 * rate.fills_in:
        return 0.0
    return max(0.0, (full_at - now).total_seconds()) / rate.seconds_each


def wait(full_at: datetime | None, rate: Rate, *, now: datetime) -> float:
    """Seconds until a bucket has room for one more; 0 when it has now."""
    too_many = taken(full_at, rate, now=now) + 1 - rate.at_once
    return max(0.0, too_many) * rate.seconds_each


def after_one(full_at: datetime | None, rate: Rate, *, now: datetime) -> datetime:
    """When a bucket is full again after one more is taken from it."""
    return now + timedelta(seconds=(taken(full_at, rate, now=now) + 1) * rate.seconds_each)


def wait_of_everybody(full_at: datetime | None, rate: Rate, *, now: datetime, is_new: bool) -> float:
    """As `wait`, for what all have together: the last fifth is for whoever has taken next to nothing (`is_new`)."""
    most = rate.at_once if is_new else max(1, int(rate.at_once * (1 - KEPT_BACK)))
    too_many = taken(full_at, rate, now=now) + 1 - most
    return max(0.0, too_many) * rate.seconds_each
