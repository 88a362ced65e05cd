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


def begin() -> None:
    """In the process that started the run: make the folder, and tell the workers by the environment."""
    os.environ[FOLDER_VARIABLE] = tempfile.mkdtemp(prefix="test-run-")
    os.environ[OWNER_VARIABLE] = str(os.getpid())


def end() -> None:
    """In the same process at the end: nothing stays behind."""
    shutil.rmtree(os.environ.pop(FOLDER_VARIABLE), ignore_errors=True)
    os.environ.pop(OWNER_VARIABLE)


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
