"""How processes start and end, and with how many threads they serve."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from contextlib import suppress

PR_SET_PDEATHSIG = 1
# Set by `flask serve`: the process that its workers belong to, or that is its own worker.
SERVER_PID = "SERVER_PID"
# How many may wait for each slot of the slow step (services/portal/office.py): for those of return numbers and requests, and
# for those of codes and of whoever typed very many wrong ones.
MOST_WAITING, MOST_WAITING_WITH_CODES = 6, 1
THREADS_LEFT = 4
# How long a thread may keep the others waiting for Python's lock. Five times as long, as Python itself has it, is a long time for
# whoever has just come out of the slow step, or holds the only lock for writing.
HANDS_OVER_AFTER_SECONDS = 0.001
# What is in hand when a server is told to stop may take so long; what then still runs is cut off, and was not answered.
REQUESTS_END_WITHIN_SECONDS = 20
# Who reads and asks comes before what can be carried a moment later.
CARRIES_AT_NICENESS = 10


def end_with_parent(parent: int | None = None) -> None:
    """Ask the kernel to end this process when its parent dies, however that happens (Linux, prctl(2)).

    Without it a killed server leaves workers behind that go on serving old code on its port. `parent`, when known, is
    whose child this must be: if it died before the kernel could be asked, this process ends at once. A parent with the
    id 1 proves nothing: in a container or under a service manager it may be the right one.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if parent is not None and os.getppid() != parent:
            raise SystemExit(0)


def hand_over_soon() -> None:
    """For a process whose threads all answer somebody: none of them keeps the others waiting for long."""
    sys.setswitchinterval(HANDS_OVER_AFTER_SECONDS)


def give_way() -> None:
    """For a process that nobody waits for, such as the courier: on a machine that is full, the others come first.

    Where a service manager forbids it, the manager says how much it may have (docs/operations/systemd/ask-courier.service).
    """
    with suppress(OSError):
        os.nice(max(0, CARRIES_AT_NICENESS - os.nice(0)))


def own_server() -> int | None:
    """The process id of the server that started this worker, as `flask serve` told it; None under another server."""
    told = os.environ.get(SERVER_PID, "")
    return int(told) if told.isascii() and told.isdigit() else None


def serves_alone() -> bool:
    """True in the one process of `flask serve` with a single worker: it ends when it is told to, and outlives a shell."""
    return own_server() == os.getpid()


def cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def threads_wanted() -> int:
    """With how many threads a process serves: some are left for other pages when every slot of the slow step is full."""
    sending, returning = cores() + MOST_WAITING, 1 + MOST_WAITING
    narrow = 1 + MOST_WAITING_WITH_CODES
    return sending + returning + narrow + 2 * (1 + MOST_WAITING_WITH_CODES) + THREADS_LEFT
