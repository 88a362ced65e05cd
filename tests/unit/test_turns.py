"""One page at a time, and nobody who waits for ever for their turn."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from app.web.turns import Turns

LONG = 30.0


def started(what: Callable[[], None]) -> threading.Thread:
    thread = threading.Thread(target=what, daemon=True)
    thread.start()
    return thread


class Runners:
    """Threads that run in turn until they are let go; how many run is counted."""

    def __init__(self, turns: Turns) -> None:
        self.turns, self.running, self.most, self.lock = turns, 0, 0, threading.Lock()
        self.inside, self.go = threading.Semaphore(0), threading.Event()

    def run(self) -> None:
        with self.turns.taken():
            with self.lock:
                self.running += 1
                self.most = max(self.most, self.running)
            self.inside.release()
            self.go.wait(LONG)
            with self.lock:
                self.running -= 1


def test_one_runs_at_once_and_the_others_after_it() -> None:
    runners = Runners(Turns(patience_seconds=LONG))
    threads = [started(runners.run) for _ in range(5)]
    assert runners.inside.acquire(timeout=LONG)
    assert not runners.inside.acquire(timeout=0.2)
    runners.go.set()
    for thread in threads:
        thread.join(LONG)
    assert runners.most == 1
    assert runners.running == 0


def test_nobody_waits_longer_than_a_moment_for_those_who_wait_themselves() -> None:
    runners = Runners(Turns(patience_seconds=0.01))
    threads = [started(runners.run) for _ in range(3)]
    for _ in threads:
        assert runners.inside.acquire(timeout=LONG)
    runners.go.set()
    for thread in threads:
        thread.join(LONG)
    # Who went on without the turn gave none back: still one at a time.
    again = Runners(Turns(patience_seconds=LONG))
    with again.turns.taken():
        assert not started(again.run).join(0.2)
        assert again.most == 0
    again.go.set()


def test_a_place_is_given_back_whatever_happens() -> None:
    turns = Turns(patience_seconds=LONG)

    for _ in range(3):
        with pytest.raises(LookupError), turns.taken():
            raise LookupError
    assert turns._turn.acquire(blocking=False)
