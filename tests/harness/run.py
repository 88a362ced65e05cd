"""What the processes of one test run share: a folder, and the id of the process whose end ends it all."""

from __future__ import annotations

import fcntl
import os
import shutil
import socket
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

FOLDER_VARIABLE, OWNER_VARIABLE = "TEST_RUN_FOLDER", "TEST_RUN_OWNER"
# Where files are kept in memory, and how much of it must be free: thousands of small databases wait for no disk there.
IN_MEMORY, ENOUGH_BYTES = Path("/dev/shm"), 6 * 1024**3


def begin(*, in_memory: bool = True) -> None:
    """In the process that started the run: make the folder, and tell the workers by the environment.

    All temporary files of the run are in it: of pytest, of the servers that it starts, and of their workers. Without
    `in_memory` it is where temporary files usually are: whatever is measured must wait for a disk as it does in service.
    """
    made = tempfile.mkdtemp(prefix="test-run-", dir=_in_memory() if in_memory else None)
    os.chmod(made, 0o755)  # the database server runs as somebody else where this is root
    os.environ[FOLDER_VARIABLE] = os.environ["TMPDIR"] = os.environ["PYTEST_DEBUG_TEMPROOT"] = made
    os.environ[OWNER_VARIABLE] = str(os.getpid())
    tempfile.tempdir = None  # so that it is looked up again


def _in_memory() -> str | None:
    """The folder in memory, where there is one with enough room; nothing means the usual place."""
    try:
        is_enough = shutil.disk_usage(IN_MEMORY).free >= ENOUGH_BYTES and os.access(IN_MEMORY, os.W_OK)
    except OSError:
        is_enough = False
    return str(IN_MEMORY) if is_enough else None


def end() -> None:
    """In the same process at the end: nothing stays behind."""
    shutil.rmtree(os.environ.pop(FOLDER_VARIABLE), ignore_errors=True)
    os.environ.pop(OWNER_VARIABLE)
    for name in ("TMPDIR", "PYTEST_DEBUG_TEMPROOT"):
        os.environ.pop(name, None)
    tempfile.tempdir = None


def folder() -> Path:
    """The folder that all workers of this run share."""
    return Path(os.environ[FOLDER_VARIABLE])


def owner() -> int:
    """The process whose end ends the run."""
    return int(os.environ[OWNER_VARIABLE])


@contextmanager
def alone(name: str) -> Iterator[Path]:
    """Hold the run's lock of this name, and give the folder."""
    with (folder() / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield folder()


def free_port() -> int:
    """A port of the loopback that nobody listens on just now."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def in_ci() -> bool:
    """True where nothing may be skipped."""
    return os.environ.get("CI", "").lower() == "true"


def python() -> str:
    """The interpreter of this run."""
    return sys.executable
