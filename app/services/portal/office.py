"""What the portal's use cases seal and sign with, and the slots that bound the slow key derivation."""

from __future__ import annotations

import hashlib
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import datetime

from nacl.signing import SigningKey

from app import counts
from app.adapters.keys import HubPublicKeys
from app.adapters.numbers import DEFAULT, KdfCost, Peppers
from app.domain.reference import ROW_LENGTH
from app.processes import MOST_WAITING, MOST_WAITING_WITH_CODES, cores
from app.services import post

SLOT_WAIT_SECONDS = 5.0
TOKEN_LENGTH = 32


class Busy(Exception):
    """Every slot for the slow step is taken: the page asks to try again and keeps what was typed."""


class Slot:
    """Lets so many do the slow step at once and makes the rest wait a little.

    `most_waiting` bounds how many may wait: a flood then meets Busy at once instead of holding every thread of the server.
    """

    def __init__(
        self, at_once: int = 1, *, wait_seconds: float = SLOT_WAIT_SECONDS, most_waiting: int | None = None
    ) -> None:
        self._semaphore = threading.BoundedSemaphore(at_once)
        self._wait = wait_seconds
        self._room = None if most_waiting is None else threading.BoundedSemaphore(at_once + most_waiting)

        self.room = None if most_waiting is None else at_once + most_waiting

    @contextmanager
    def taken(self) -> Iterator[None]:
        """Hold a place. Raises Busy when none comes free in time, or too many wait already."""
        if self._room is not None and not self._room.acquire(blocking=False):
            counts.add("kdf_turned_away")
            raise Busy
        try:
            began = time.monotonic()
            if not self._semaphore.acquire(blocking=False):
                with counts.during("kdf_waiting"):
                    has_place = self._semaphore.acquire(timeout=self._wait)
                if not has_place:
                    counts.add("kdf_turned_away")
                    raise Busy
            counts.observe("kdf_wait_seconds", seconds=time.monotonic() - began)
            try:
                yield
            finally:
                self._semaphore.release()
        finally:
            if self._room is not None:
                self._room.release()


@dataclass(frozen=True)
class Office:
    """The portal's own signing key, the Hub's pinned public keys, the peppers and the slots for the slow step.

    As many requests are sent at once as there are cores, for that is all that the slow step uses (docs/adr/0031).
    A code has no digit that betrays a wrong one before the slow step, as a number has: so collecting has a slot of its own
    with little room to wait, and a flood of codes cannot keep those out who come back with their number. So has reading a packet.

    New references have `reference_length` digits.

    Whoever has typed very many wrong ones goes through `narrow` first: one of them at a time, and one who waits. So others wait
    behind one of theirs at most, and nobody is locked out who shares an address with them.
    """

    signer: SigningKey
    hub: HubPublicKeys
    peppers: Peppers
    cost: KdfCost = DEFAULT
    reference_length: int = ROW_LENGTH
    sending: Slot = field(default_factory=lambda: Slot(cores(), most_waiting=MOST_WAITING))
    returning: Slot = field(default_factory=lambda: Slot(most_waiting=MOST_WAITING))
    collecting: Slot = field(default_factory=lambda: Slot(most_waiting=MOST_WAITING_WITH_CODES))
    reading: Slot = field(default_factory=lambda: Slot(most_waiting=MOST_WAITING_WITH_CODES))
    narrow: Slot = field(default_factory=lambda: Slot(most_waiting=1))

    @property
    def most_held(self) -> int:
        """How many threads all slots together can hold up; whoever is in `narrow` holds the one behind it too, or waits there."""
        slots = (self.sending, self.returning, self.collecting, self.reading, self.narrow)
        return sum(slot.room for slot in slots if slot.room is not None)

    @contextmanager
    def tried(self, slot: Slot, *, is_over: bool) -> Iterator[None]:
        """Hold a place for trying a number or a code; `is_over`: by somebody who has typed very many wrong ones. Raises Busy."""
        with self.narrow.taken() if is_over else nullcontext(), slot.taken():
            yield

    def hub_key(self, now: datetime) -> bytes:
        """The Hub's public sealing key to use now; past its date it is still used, and alarmed."""
        key = self.hub.sealing_key_for(now)
        if key.is_overdue:
            post.alarm("the Hub's sealing key is past its date", key=key.key_id.hex())
        return key.public


def new_token() -> bytes:
    """256 random bits for a cookie."""
    return secrets.token_bytes(TOKEN_LENGTH)


def row_id(token: bytes) -> bytes:
    """The id under which a cookie's row is kept: its SHA-256, so that the row does not open anything."""
    return hashlib.sha256(token).digest()
