"""What the Hub tells the portal to do with a case: the few things that only the portal can do."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from app.domain.promise_results import FIGURES, Quarter, QuarterFigures, Tally

VERSION = 1
CODE_LENGTH = 10
SECRET_LENGTH = 32
ID_LENGTH = 16
# Orders count apart from the conversation, whose own numbers must have no gap.
FIRST_NUMBER = 2**30
LAST_NUMBER = 2**31 - 1
# Stands where a case's id would, for an order that is about none.
OF_NO_CASE = bytes(16)
MOST_TALLIES = 100


class Order(StrEnum):
    """The values travel: add, never rename."""

    COLLECT = "collect"  # here is a code by which the person may collect a new number
    KILL_NUMBER = "kill-number"  # somebody else has the number: it must open nothing any more
    ERASE = "erase"  # nothing of this case may stay
    AGAIN = "again"  # the portal was lost: open this space again
    RESULTS = "results"  # how the promises were kept in a closed quarter: figures to publish, about no case
    PACKET = "packet"  # keep this packet for a service, which has the code
    NO_PACKET = "no-packet"  # nobody may read that packet any more


class MalformedOrder(Exception):
    """The opened bytes are not an order that this release can follow."""


@dataclass(frozen=True, kw_only=True)
class Collect:
    """What comes with COLLECT: ten digits, the case secret, the reference and until when the code is good."""

    code: str = field(repr=False)
    secret: bytes = field(repr=False)
    reference: str
    until: datetime


@dataclass(frozen=True, kw_only=True)
class Again:
    """What comes with AGAIN: the reference, the case secret under the return number (empty: no number opens it), the number of
    the last envelope that came from this case, and the day it was opened."""

    reference: str
    wrap: bytes = field(repr=False)
    number_out: int
    opened_on: date


@dataclass(frozen=True, kw_only=True)
class Keep:
    """What comes with PACKET: its id (16 bytes), the digits by which it is named, the packet as it is sealed, its key as it is
    locked, the hash by which an answer is known to come from a reader, whether it was read before, and until when it is kept."""

    packet_id: bytes
    reference: str
    body: bytes = field(repr=False)
    lock: bytes = field(repr=False)
    answer_tag: bytes
    was_read: bool
    until: datetime


@dataclass(frozen=True, kw_only=True)
class Told:
    """One order. `collect` is there for COLLECT, `again` for AGAIN, `results` for RESULTS, `keep` for PACKET and `packet_id`
    (16 bytes) for NO_PACKET, and for nothing else."""

    order: Order
    collect: Collect | None = None
    again: Again | None = None
    results: QuarterFigures | None = None
    keep: Keep | None = None
    packet_id: bytes | None = None

    def to_bytes(self) -> bytes:
        """The order as it is sealed."""
        content: dict[str, Any] = {"version": VERSION, "order": self.order.value}
        if self.collect is not None:
            content |= {
                "code": self.collect.code,
                "secret": base64.b64encode(self.collect.secret).decode("ascii"),
                "reference": self.collect.reference,
                "until": self.collect.until.isoformat(),
            }
        if self.again is not None:
            content |= {
                "reference": self.again.reference,
                "wrap": base64.b64encode(self.again.wrap).decode("ascii"),
                "number_out": self.again.number_out,
                "opened_on": self.again.opened_on.isoformat(),
            }
        if self.results is not None:
            content |= {
                "quarter": str(self.results.quarter),
                "tallies": [[each.promise, each.figure, each.kept, each.of] for each in self.results.tallies],
            }
        if self.keep is not None:
            content |= {
                "packet": self.keep.packet_id.hex(),
                "reference": self.keep.reference,
                "body": base64.b64encode(self.keep.body).decode("ascii"),
                "lock": base64.b64encode(self.keep.lock).decode("ascii"),
                "answer_tag": base64.b64encode(self.keep.answer_tag).decode("ascii"),
                "was_read": self.keep.was_read,
                "until": self.keep.until.isoformat(),
            }
        if self.packet_id is not None:
            content["packet"] = self.packet_id.hex()
        return json.dumps(content, separators=(",", ":")).encode("ascii")

    @classmethod
    def from_bytes(cls, raw: bytes) -> Told:
        """Read an opened order. Raises MalformedOrder."""
        try:
            read = json.loads(raw)
            if read["version"] != VERSION:
                raise ValueError("version")
            order = Order(read["order"])
            return cls(
                order=order,
                collect=_collect(read) if order is Order.COLLECT else None,
                again=_again(read) if order is Order.AGAIN else None,
                results=_results(read) if order is Order.RESULTS else None,
                keep=_keep(read) if order is Order.PACKET else None,
                packet_id=_id(read["packet"]) if order is Order.NO_PACKET else None,
            )
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise MalformedOrder(type(error).__name__) from None


def _collect(read: Mapping[str, Any]) -> Collect:
    code, reference = _digits(read["code"], CODE_LENGTH), _digits(read["reference"], None)
    try:
        secret = base64.b64decode(read["secret"], validate=True)
    except binascii.Error:
        raise ValueError("secret") from None
    until = datetime.fromisoformat(read["until"])
    if len(secret) != SECRET_LENGTH or until.utcoffset() is None:
        raise ValueError("secret or until")
    return Collect(code=code, secret=secret, reference=reference, until=until)


def _again(read: Mapping[str, Any]) -> Again:
    number_out = read["number_out"]
    if not isinstance(number_out, int) or isinstance(number_out, bool) or not 0 <= number_out < FIRST_NUMBER:
        raise ValueError("number_out")
    try:
        wrap = base64.b64decode(read["wrap"], validate=True)
    except binascii.Error:
        raise ValueError("wrap") from None
    return Again(
        reference=_digits(read["reference"], None),
        wrap=wrap,
        number_out=number_out,
        opened_on=date.fromisoformat(read["opened_on"]),
    )


def _results(read: Mapping[str, Any]) -> QuarterFigures:
    tallies = read["tallies"]
    if not isinstance(tallies, list) or len(tallies) > MOST_TALLIES:
        raise ValueError("tallies")
    return QuarterFigures(Quarter.read(read["quarter"]), tuple(_tally(each) for each in tallies))


def _tally(read: Any) -> Tally:
    promise, figure, kept, of = read
    if figure not in FIGURES or not all(type(each) is int for each in (kept, of)):
        raise ValueError("tally")
    return Tally(promise, figure, kept, of)


def _keep(read: Mapping[str, Any]) -> Keep:
    until = datetime.fromisoformat(read["until"])
    if until.utcoffset() is None or not isinstance(read["was_read"], bool):
        raise ValueError("until or was_read")
    return Keep(
        packet_id=_id(read["packet"]),
        reference=_digits(read["reference"], None),
        body=_bytes(read["body"]),
        lock=_bytes(read["lock"]),
        answer_tag=_bytes(read["answer_tag"]),
        was_read=read["was_read"],
        until=until,
    )


def _bytes(value: Any) -> bytes:
    try:
        return base64.b64decode(value, validate=True)
    except binascii.Error:
        raise ValueError("base64") from None


def _id(value: Any) -> bytes:
    found = bytes.fromhex(value)
    if len(found) != ID_LENGTH:
        raise ValueError("id")
    return found


def _digits(value: Any, length: int | None) -> str:
    if not isinstance(value, str) or not (value.isascii() and value.isdigit()) or (length and len(value) != length):
        raise ValueError("digits")
    return value
