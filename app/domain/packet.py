"""What is handed to a service, and what the service answers (requirements E2, E3; WHO and UNFPA referral pathways: a referral
carries enough for safe contact, and somebody says that it arrived).

A packet is plain text in sections, made at the Hub. The portal holds it under a code that it does not have. An answer is a few
codes and lines; it travels sealed to the Hub, under no case.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any, Final

VERSION: Final = 1
KIND: Final = "packet-answer"
ID_LENGTH: Final = 16
TOKEN_LENGTH: Final = 16
# The sizes in bytes to which a packet is filled up: a short one looks like a longer one.
SIZES: Final = (4096, 16384, 40960)
# How often a wrong code may be typed for a packet, and how often it may be read.
TRIES, READS = 20, 12
# After a service has said yes or no, the packet can be read, or the answer pressed again, for so many hours.
HOURS_AFTER_ANSWER: Final = 24

# Typed by people as two and four groups of four digits.
REFERENCE_LENGTH: Final = 8
CODE_LENGTH: Final = 16
GROUP: Final = 4

LONGEST_WORKER: Final = 60
LONGEST_WORDS: Final = 500
_FIELDS: Final = frozenset({"kind", "version", "packet", "token", "said", "worker", "on", "reason", "words"})


class Said(StrEnum):
    """What a service says of a packet, or the site of it. The values travel and are kept: add, never rename."""

    OPENED = "opened"
    ACCEPTED = "accepted"
    BOUNCED = "bounced"


class Reason(StrEnum):
    """Why a service cannot take somebody over. The values travel and are kept: add, never rename."""

    NOT_OUR_AREA = "not-our-area"
    NO_ROOM = "no-room"
    WRONG_SERVICE = "wrong-service"
    CANNOT_REACH = "cannot-reach"
    DECLINED = "declined"
    OTHER = "other"


class Route(StrEnum):
    """How a code reached the service: never together with the message that says where to look."""

    PHONE = "phone"
    IN_PERSON = "in-person"
    LETTER = "letter"


class MalformedPacket(ValueError):
    """These bytes are no packet, or no answer to one, that this release can read."""


@dataclass(frozen=True)
class Line:
    """One thing that is passed on: what it is, and its value as the person gave it or as the desk says it."""

    label: str
    value: str


@dataclass(frozen=True)
class Section:
    """Some lines under a heading."""

    title: str
    lines: tuple[Line, ...]


@dataclass(frozen=True, kw_only=True)
class Packet:
    """A packet as it is read: from whom to whom, on which day, its sections, and the token (16 bytes) that an answer brings
    back, by which the Hub knows that whoever answers has read it."""

    sender: str
    receiver: str
    on: date
    sections: tuple[Section, ...]
    token: bytes = field(repr=False)

    def to_bytes(self) -> bytes:
        """It as it is sealed."""
        content = {
            "version": VERSION,
            "sender": self.sender,
            "receiver": self.receiver,
            "on": self.on.isoformat(),
            "sections": [[each.title, [[line.label, line.value] for line in each.lines]] for each in self.sections],
            "token": base64.b64encode(self.token).decode("ascii"),
        }
        return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode("utf-8")

    @classmethod
    def from_bytes(cls, raw: bytes) -> Packet:
        """Read an opened packet. Raises MalformedPacket."""
        try:
            read = json.loads(raw)
            _whole_letters(read)
            if read["version"] != VERSION:
                raise ValueError("version")
            return cls(
                sender=_text(read["sender"]),
                receiver=_text(read["receiver"]),
                on=date.fromisoformat(read["on"]),
                sections=tuple(
                    Section(_text(title), tuple(Line(_text(label), _text(value)) for label, value in lines))
                    for title, lines in read["sections"]
                ),
                token=_token(read["token"]),
            )
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise MalformedPacket(type(error).__name__) from None


@dataclass(frozen=True, kw_only=True)
class PacketAnswer:
    """What is said of one packet (16 bytes of id).

    `worker` is the name of who took over, `on` the day of the first contact, or from when there is room; `reason` and `words` say
    why not. Raises MalformedPacket.
    """

    packet_id: bytes
    token: bytes = field(repr=False)
    said: Said
    worker: str = ""
    on: date | None = None
    reason: Reason | None = None
    words: str = ""

    def __post_init__(self) -> None:
        """Refuse what the form would not take."""
        if len(self.packet_id) != ID_LENGTH or len(self.token) != TOKEN_LENGTH:
            raise MalformedPacket("ids")
        if self.worker and not is_name(self.worker):
            raise MalformedPacket("worker")
        if len(self.words) > LONGEST_WORDS or (self.said is Said.BOUNCED) != (self.reason is not None):
            raise MalformedPacket("words or reason")

    def to_bytes(self) -> bytes:
        """It as it is sealed."""
        content = {
            "kind": KIND,
            "version": VERSION,
            "packet": self.packet_id.hex(),
            "token": base64.b64encode(self.token).decode("ascii"),
            "said": self.said.value,
            "worker": self.worker,
            "on": self.on.isoformat() if self.on else None,
            "reason": self.reason.value if self.reason else None,
            "words": self.words,
        }
        return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode("utf-8")

    @classmethod
    def from_bytes(cls, raw: bytes) -> PacketAnswer:
        """Read an opened answer. Raises MalformedPacket."""
        read = _read(raw)
        try:
            if read is None or set(read) != _FIELDS or read["version"] != VERSION:
                raise ValueError("fields")
            return cls(
                packet_id=bytes.fromhex(_text(read["packet"])),
                token=_token(read["token"]),
                said=Said(read["said"]),
                worker=_text(read["worker"]),
                on=None if read["on"] is None else date.fromisoformat(read["on"]),
                reason=None if read["reason"] is None else Reason(read["reason"]),
                words=_text(read["words"]),
            )
        except (ValueError, KeyError, TypeError) as error:
            raise MalformedPacket(type(error).__name__) from None


def is_packet_answer(raw: bytes) -> bool:
    """Whether what came under no case says that it is an answer to a packet."""
    return _read(raw) is not None


def is_name(text: str) -> bool:
    """Whether this may be told to a person as a worker's name: one short line without a number or an address in it.

    A name is all that they get from here: how to reach the worker is for the service to say.
    """
    plain = text.strip() == text and text.isprintable() and 0 < len(text) <= LONGEST_WORKER
    return plain and not any(each.isdecimal() for each in text) and not set("@/\\<>") & set(text)


def worker_in(data: Mapping[str, Any]) -> str:
    """The worker's name in what a person is told; empty where there is none that may be shown."""
    found = data.get("worker")
    return found if isinstance(found, str) and is_name(found) else ""


def grouped(digits: str) -> str:
    """Digits as they are read out and typed, in fours: "4831 0925"."""
    return " ".join(digits[start : start + GROUP] for start in range(0, len(digits), GROUP))


def size_for(length: int) -> int | None:
    """The size to which so many bytes are filled up, with four for their length; None when no size is large enough."""
    return next((size for size in SIZES if size >= length + 4), None)


def plain_text(sections: Sequence[Section]) -> str:
    """The sections as text alone, to compare what a colleague saw with what goes."""
    return json.dumps([[each.title, [[line.label, line.value] for line in each.lines]] for each in sections])


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError("text")
    return value


def _whole_letters(read: Any) -> None:
    """Half a letter ("\\ud800") is read without complaint but could never be kept. Raises ValueError."""
    json.dumps(read, ensure_ascii=False).encode("utf-8")


def _token(value: Any) -> bytes:
    try:
        found = base64.b64decode(_text(value), validate=True)
    except binascii.Error:
        raise ValueError("token") from None
    if len(found) != TOKEN_LENGTH:
        raise ValueError("token")
    return found


def _read(raw: bytes) -> dict[str, Any] | None:
    try:
        read = json.loads(raw)
        _whole_letters(read)
    except (ValueError, RecursionError):
        return None
    return read if isinstance(read, dict) and read.get("kind") == KIND else None
