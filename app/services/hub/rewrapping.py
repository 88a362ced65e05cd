"""After a new sealing key: every small secret that the Hub keeps is wrapped to it anew, so that the old key can go.

Nothing that people wrote is touched: it lies under secrets of its own, and only those are wrapped again. It can be broken off
and begun again at any time; the desk goes on meanwhile.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, Update, select, update

from app.adapters import sealing
from app.data import hub as rows
from app.data.database import Database
from app.services.hub.records import Opener

AT_ONCE = 200
# What is wrapped to the Hub's sealing key, and the id to which each is bound.
WRAPPED = (
    (rows.RecordSecret, rows.RecordSecret.case_id),
    (rows.Feedback, rows.Feedback.id),
    (rows.TakenDraft, rows.TakenDraft.id),
)


@dataclass(frozen=True)
class Rewrapped:
    """How many secrets were wrapped anew, and how many no key of ours opens."""

    done: int
    unreadable: int


def rewrap(database: Database, *, opener: Opener) -> Rewrapped:
    """Wrap everything to the newest key. What cannot be opened stays as it is, and counts."""
    done = unreadable = 0
    for table, column in WRAPPED:
        for part in _parts(database, table, column):
            steps: list[Update] = []
            for row_id, wrapped in part:
                try:
                    if opener.key_of(wrapped) == opener.newest_key:
                        continue
                    secret = opener.unwrap_record(wrapped, case_id=row_id)
                except sealing.CannotOpen:
                    unreadable += 1
                    continue
                anew = opener.wrap_record(secret, case_id=row_id)
                # Only over what was read: a row that was erased or renewed meanwhile stays as it is.
                steps.append(update(table).where(column == row_id, table.wrapped == wrapped).values(wrapped=anew))
            if steps:
                with database.writing() as session:
                    for step in steps:
                        done += int(session.execute(step).rowcount)  # type: ignore[attr-defined]
    database.forget_deleted(*(table.__tablename__ for table, _ in WRAPPED))
    return Rewrapped(done=done, unreadable=unreadable)


def needed(database: Database, *, opener: Opener) -> Counter[bytes]:
    """How many secrets are wrapped to each key, by the key's id. What names no key is counted under b"": nothing opens it."""
    counts: Counter[bytes] = Counter()
    for table, column in WRAPPED:
        for part in _parts(database, table, column):
            for _, wrapped in part:
                try:
                    counts[opener.key_of(wrapped)] += 1
                except sealing.CannotOpen:
                    counts[b""] += 1
    return counts


def tried(database: Database, *, opener: Opener) -> Rewrapped:
    """Open every secret with these keys, for instance those of an offline copy, and change nothing; `done` of them open."""
    done = unreadable = 0
    for table, column in WRAPPED:
        for part in _parts(database, table, column):
            for row_id, wrapped in part:
                try:
                    opener.unwrap_record(wrapped, case_id=row_id)
                    done += 1
                except sealing.CannotOpen:
                    unreadable += 1
    return Rewrapped(done=done, unreadable=unreadable)


def _parts(database: Database, table: Any, column: Any) -> Iterator[Sequence[Row[bytes, bytes]]]:
    """Ids and wrapped secrets of a table, some at a time."""
    after = b""
    while True:
        with database.reading() as session:
            query = select(column, table.wrapped).where(column > after).order_by(column).limit(AT_ONCE)
            found = session.execute(query).all()
        if not found:
            return
        after = found[-1][0]
        yield found
