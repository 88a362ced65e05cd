"""What the portal has acknowledged of the Hub's audit, kept outside of the database as well: a file that only grows.

One line each: chain, count, hash, the restore after which it was seen (or -), and when it was acknowledged. Whoever alters the
database alone does not reach it; a copy of it elsewhere is worth as much as the portal's own memory.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from app.adapters.carriers import Head

FILE = "audit-heads"
LINE = re.compile(r"([!-~]{1,64}) (\d{1,12}) ([0-9a-f]{64}) ([0-9a-f]{32}|-) \S+", re.ASCII)


class HeadsFile:
    """The file, mode 600."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / FILE

    def add(self, heads: Sequence[Head], *, now: datetime) -> None:
        """Add heads to it; they are on the disk when this returns. Raises OSError."""
        if not heads:
            return
        at = now.astimezone(UTC).isoformat(timespec="seconds")
        lines = "".join(
            f"{each.chain} {each.count} {each.hash.hex()} {each.restored.hex() or '-'} {at}\n" for each in heads
        )
        with self.path.open("a+b") as file:
            os.fchmod(file.fileno(), 0o600)
            file.seek(max(0, file.seek(0, os.SEEK_END) - 1))
            broken = file.read(1) not in (b"", b"\n")  # a line that was cut off is written anew, after its end
            file.write(("\n" * broken + lines).encode("ascii"))
            file.flush()
            os.fsync(file.fileno())

    def read(self) -> list[Head]:
        """Everything in it; nothing when it is not there. A line that was cut off is passed over. Raises OSError."""
        try:
            lines = self.path.read_text(encoding="ascii", errors="replace").splitlines()
        except FileNotFoundError:
            return []
        found = [LINE.fullmatch(line) for line in lines]
        return [
            Head(
                chain=each[1],
                count=int(each[2]),
                hash=bytes.fromhex(each[3]),
                restored=b"" if each[4] == "-" else bytes.fromhex(each[4]),
            )
            for each in found
            if each
        ]
