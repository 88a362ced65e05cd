"""Few pages at once: only one thread can run Python at a time, and the more of them want to, the less gets done.

A process has many threads, so that there is always one for somebody who only reads while others wait for the slow step
(docs/adr/0031). When sixteen of them make pages, each is interrupted again and again; two get more done than sixteen. So whoever
wants a page waits for a place, for a moment only: this saves time, and must never cost anybody their page. What is sent needs no
place: it waits for the slow step, the lock and the disk, and others can run meanwhile.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

AT_ONCE = 2
# Then somebody goes on without a place: those who have one may be waiting for a database that hangs.
PATIENCE_SECONDS = 0.05


class Turns:
    """Places for those who run."""

    def __init__(self, at_once: int = AT_ONCE, *, patience_seconds: float = PATIENCE_SECONDS) -> None:
        self._places = threading.BoundedSemaphore(at_once)
        self._patience = patience_seconds

    @contextmanager
    def taken(self) -> Iterator[None]:
        """Hold a place, if one comes free in time."""
        has_place = self._places.acquire(timeout=self._patience)
        try:
            yield
        finally:
            if has_place:
                self._places.release()


TURNS = Turns()
