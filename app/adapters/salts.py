"""The day's salt, under which clients become buckets: in memory and in one small file, never in the database.

The file is for the processes of one machine to have the same. A new day overwrites it: then nothing of the day before can be
worked out any more, from whatever was copied of the database. Best on a file system that is memory (docs/operations.md).
"""

from __future__ import annotations

import fcntl
import os
import re
import secrets
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from threading import Lock

SALT_LENGTH = 32
# The day, and its salt in hexadecimal.
_WRITTEN = re.compile(rb"(\d{4}-\d{2}-\d{2}) ([0-9a-f]{64})\n")
_LONGEST = 100


class Salts:
    """The salt of today. Threads may ask at once."""

    def __init__(self, path: Path, *, on_new: Callable[[], None] | None = None) -> None:
        """`on_new` is called after a new one was made: what was kept under the old one goes."""
        self._path = path
        self._on_new = on_new
        self._held: tuple[date, bytes] | None = None
        self._lock = Lock()

    def of(self, now: datetime) -> bytes:
        """The 32 bytes of this day, by UTC. Where the file cannot be written, this process has its own."""
        held, today = self._held, now.date()
        if held is not None and held[0] == today:
            return held[1]
        with self._lock:
            if self._held is not None and self._held[0] == today:
                return self._held[1]
            try:
                salt, is_new = self._shared(today)
            except OSError:
                salt, is_new = secrets.token_bytes(SALT_LENGTH), True
            self._held = (today, salt)
        if is_new and self._on_new is not None:
            self._on_new()
        return salt

    def _shared(self, today: date) -> tuple[bytes, bool]:
        """What the file holds for today, or else a new one, written over whatever was there."""
        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        with os.fdopen(handle, "r+b") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            kept = _WRITTEN.fullmatch(file.read(_LONGEST))
            if kept is not None and kept[1] == today.isoformat().encode("ascii"):
                return bytes.fromhex(kept[2].decode("ascii")), False
            salt = secrets.token_bytes(SALT_LENGTH)
            file.seek(0)
            file.write(f"{today.isoformat()} {salt.hex()}\n".encode("ascii"))
            file.truncate()
            file.flush()
            os.fsync(file.fileno())
        return salt, True
