"""Whether somebody has to wait, and what they took: a row for each client's bucket, gone as soon as it is full again."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime
from threading import Lock

from sqlalchemy.exc import SQLAlchemyError

from app.data import portal as rows
from app.data.database import Database, Hand
from app.domain.limits import (
    CLIENT,
    EVERYBODY,
    NEXT_TO_NOTHING,
    Kind,
    after_one,
    taken,
    wait,
    wait_of_everybody,
)


class Together:
    """What all clients of this process took together: in memory, for it is about nobody and must cost nothing."""

    def __init__(self) -> None:
        self._full_at: dict[Kind, datetime] = {}
        self._lock = Lock()

    def take(self, kind: Kind, *, is_new: bool, now: datetime) -> float:
        """Take one. Returns the seconds to wait when there is none; then nothing was taken."""
        rate = EVERYBODY.get(kind)
        if rate is None:
            return 0.0
        with self._lock:
            full_at = self._full_at.get(kind)
            seconds = wait_of_everybody(full_at, rate, now=now, is_new=is_new)
            if not seconds:
                self._full_at[kind] = after_one(full_at, rate, now=now)
        return seconds


def seconds_to_wait(database: Database, together: Together, kind: Kind, *, bucket: int | None, now: datetime) -> float:
    """How long this client waits before one more of a kind; 0 when they need not. Without a bucket only the limit of all
    together counts.

    Looks only: what is then done is written by `take`, so that whoever is over a limit costs no write.
    """
    is_new = False
    if bucket is not None:
        full_at, rate = rows.full_at(database, kind, bucket), CLIENT[kind]
        seconds = wait(full_at, rate, now=now)
        if seconds:
            return seconds
        is_new = taken(full_at, rate, now=now) < NEXT_TO_NOTHING
    return together.take(kind, is_new=is_new, now=now)


def take(hand: Hand, kind: Kind, *, bucket: int, now: datetime) -> None:
    """One more of a kind by a client: one small statement in whatever transaction there is."""
    rate = CLIENT[kind]
    rows.take(
        hand, kind, bucket, seconds=int(rate.seconds_each), longest=int(2 * rate.fills_in.total_seconds()), now=now
    )


def forget(database: Database) -> None:
    """The day's salt has gone, and so do its rows. Where they cannot go now they are gone within the hour."""
    with suppress(SQLAlchemyError), database.writing() as session:
        rows.forget_taken(session)
