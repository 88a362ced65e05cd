"""One page at a time: only one thread can run Python at a time, and the more of them want to, the less gets done.

A process has many threads, so that there is always one for somebody who only reads while others wait for the slow step
(docs/adr/0031). When sixteen make pages, each is interrupted again and again, and a third of the time goes into that. So whoever
wants a page waits for their turn, for a moment only: this saves time, and must never cost anybody their page. What is sent needs
no turn: it waits for the slow step, the lock and the disk, and others can run meanwhile.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

# Then somebody goes on all the same: whoever has the turn may be waiting for a database that hangs.
PATIENCE_SECONDS = 0.05


class Turns:
    """Who runs now."""

    def __init__(self, *, patience_seconds: float = PATIENCE_SECONDS) -> None:
        self._turn = threading.Lock()  # a semaphore of one is made of Python, and costs a twelfth of the pages
        self._patience = patience_seconds

    @contextmanager
    def taken(self) -> Iterator[None]:
        """Have the turn, if it comes in time."""
        has_turn = self._turn.acquire(timeout=self._patience)
        try:
            yield
        finally:
            if has_turn:
                self._turn.release()


TURNS = Turns()
