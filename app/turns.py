"""Few requests at once: only one thread can run Python at a time, and the more of them want to, the less gets done.

A process has many threads, so that there is always one for somebody who only reads while others wait for the slow step
(docs/adr/0031). When sixteen of them run, each is interrupted again and again; two get more done than sixteen. So whoever comes
waits for a place, for a moment only: this saves time, and must never cost anybody their page. Who is about to wait for
something, or to do what needs no Python, steps aside.
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
        self._own = threading.local()

    @contextmanager
    def taken(self) -> Iterator[None]:
        """Hold a place, if one comes free in time."""
        self._take()
        try:
            yield
        finally:
            self._give()

    @contextmanager
    def aside(self) -> Iterator[None]:
        """Let somebody else have the place of this thread meanwhile, if it has one."""
        had_one = self._give()
        try:
            yield
        finally:
            if had_one:
                self._take()

    def _take(self) -> None:
        self._own.has_place = self._places.acquire(timeout=self._patience)

    def _give(self) -> bool:
        if not getattr(self._own, "has_place", False):
            return False
        self._own.has_place = False
        self._places.release()
        return True


TURNS = Turns()
