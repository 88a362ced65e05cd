"""What the processes that stay without serving a page have in common: when they end, and how they say what is wrong."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from sqlalchemy.exc import SQLAlchemyError

from app import wiring
from app.data import post as post_rows
from app.services import post as post_service

PASS_EVERY_SECONDS = 2.0
LONGEST_PAUSE_SECONDS = 30.0
MISSES_BEFORE_ALARM = 5
# Stopped, locked, full, or only to be read.
DATABASE_FAILS = (SQLAlchemyError, OSError)


class Stop:
    """Whether this process was told to stop (SIGTERM, SIGINT): what is in hand is finished, but for no longer than a while.

    Whatever is cut off then was not committed, or is found and done again by whoever comes next.
    """

    WITHIN_SECONDS = 10

    def __init__(self) -> None:
        self._told = threading.Event()
        signal.signal(signal.SIGTERM, self._tell)
        signal.signal(signal.SIGINT, self._tell)

    def comes_within(self, seconds: float) -> bool:
        """Wait so long; True as soon as it was told."""
        return self._told.wait(seconds)

    def _tell(self, _signal: int, _frame: FrameType | None) -> None:
        if self._told.is_set():
            raise SystemExit(0)  # told twice: at once
        self._told.set()
        cut_off = threading.Timer(self.WITHIN_SECONDS, os._exit, (0,))
        cut_off.daemon = True
        cut_off.start()


@contextmanager
def plainly() -> Iterator[None]:
    """Configuration errors end the command with one line."""
    try:
        yield
    except wiring.REFUSALS as refusal:
        say(str(refusal))
    except (SQLAlchemyError, post_rows.PostNotSetUp) as error:  # never its text: that holds the address, and rows
        say(f"The database does not do what it should ({type(error).__name__}): see `flask doctor`.")
    except OSError as error:
        about = f"{error.filename}: " if error.filename else ""
        say(f"{about}{error.strerror or type(error).__name__}.")
    else:
        return
    raise SystemExit(1)


def say(text: str) -> None:
    """One line to whoever started this."""
    sys.stderr.write(f"{text}\n")


def database_failed(error: Exception, pause: float) -> float:
    """Ring, and say how long to wait: a process that carries the post outlives its database, and loses nothing meanwhile.

    Never the text of the error: it may hold the address of the database.
    """
    post_service.alarm("the database cannot be used", kind=type(error).__name__)
    return min(LONGEST_PAUSE_SECONDS, pause * 1.5)
