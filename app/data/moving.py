"""Moving one side's database to another engine: everything, once, compared row by row before it counts.

A database is moved, not copied: its random id and its counters go along, so the other side takes the new one for the same. Two
of them must never run: whichever comes later would be noticed as rolled back.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from sqlalchemy import Connection

from app.data import whole
from app.data.database import Database
from app.data.whole import Row

Digests = dict[str, "Digest"]


class NotTheSame(Exception):
    """What was written is not what was read; the text names the table."""


class NothingToMove(Exception):
    """There is no migrated database at the address that is to be moved."""


@dataclass
class Digest:
    """What a table holds, whatever the order of its rows: how many, and the sum of their hashes."""

    rows: int = 0
    total: int = 0

    def add(self, row: Row) -> None:
        """Count a row in."""
        text = json.dumps(whole.to_record("", [dict(sorted(row.items()))]), default=whole.packed, sort_keys=True)
        self.rows += 1
        self.total = (self.total + int.from_bytes(hashlib.sha256(text.encode("ascii")).digest())) % 2**256


def move(source: Database, target: Database, *, migrate: Callable[[str], None]) -> int:
    """Fill the empty `target` with all that `source` holds, and compare; returns the number of rows.

    `migrate` brings the target to a version. While it lasts nobody can write to `source`. Raises whole.NotEmpty,
    NothingToMove and NotTheSame; after the last, empty the target before another attempt.
    """
    with source.frozen() as connection:
        revision = whole.revision_of(connection)
        if not revision:
            raise NothingToMove("there is nothing to move: the database was never set up")
        seen: Digests = {}
        whole.fill(target, migrate=migrate, revision=revision, rows=_counted(whole.rows_of(connection), seen))
        with target.snapshot() as moved:
            _compare(seen, digests(moved))
    return sum(each.rows for each in seen.values())


def digests(connection: Connection) -> Digests:
    """What each table of a database holds."""
    found: Digests = {}
    for _ in _counted(whole.rows_of(connection), found):
        pass
    return found


def _counted(rows: Iterator[tuple[str, list[Row]]], into: Digests) -> Iterator[tuple[str, list[Row]]]:
    for name, part in rows:
        digest = into.setdefault(name, Digest())
        for row in part:
            digest.add(row)
        yield name, part


def _compare(before: Digests, after: Digests) -> None:
    for name in sorted(before.keys() | after.keys()):
        was, now = before.get(name, Digest()), after.get(name, Digest())
        if was != now:
            raise NotTheSame(f"{name} holds {now.rows} rows that are not the {was.rows} that were read")
