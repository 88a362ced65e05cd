"""A PostgreSQL server of one test's own, to stop, crash and start again: what the shared one must not be put through.

What was committed survives a crash: `synchronous_commit` is on, as in service. `fsync` is off, because the machine itself does
not fall.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import psycopg

from tests.harness import run
from tests.harness.postgresql import USER, PostgresqlMissing, Server
from tools.programs import postgresql_binaries

WITHIN_SECONDS = 60.0
LOOKS_EVERY_SECONDS = 0.02
SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "fsync": "off",
    "synchronous_commit": "on",
    "max_connections": "100",
    "log_min_messages": "panic",
}


class OwnPostgresql:
    """The server; a context manager that leaves nothing."""

    def __init__(self, folder: Path | None = None) -> None:
        """Make its folder, in `folder` if it must lie there; nothing runs yet. Raises PostgresqlMissing."""
        found = postgresql_binaries()
        if found is None:
            raise PostgresqlMissing("PostgreSQL is not installed (Debian: apt-get install postgresql)")
        self._binaries = found
        # PostgreSQL refuses to run as root.
        self._as_user: dict[str, Any] = (
            {"user": "postgres", "group": "postgres", "extra_groups": []} if os.geteuid() == 0 else {}
        )
        self._folder = Path(tempfile.mkdtemp(prefix="own-postgresql-", dir=folder))
        self._server = Server(port=run.free_port())
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        """Start it."""
        if self._as_user:
            shutil.chown(self._folder, user="postgres", group="postgres")
        subprocess.run(
            [self._binaries / "initdb", "--pgdata", self._folder / "data", "--username", USER, "--auth", "trust",
             "--no-sync", "--encoding", "UTF8", "--locale", "C"],
            cwd=self._folder, stdout=subprocess.DEVNULL, check=True, **self._as_user,
        )  # fmt: skip
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End it, and delete its folder."""
        self.crash(restart=False)
        shutil.rmtree(self._folder, ignore_errors=True)

    def url(self, database: str) -> str:
        """The address of a database in SQLAlchemy's spelling."""
        return self._server.url(database)

    def do(self, statement: str) -> None:
        """Run a statement outside of any transaction, in the maintenance database."""
        self._server.do(statement)

    def start(self, *, wait: bool = True) -> None:
        """Start it on its port and its data, and wait until it answers."""
        options = [part for name, value in SETTINGS.items() for part in ("-c", f"{name}={value}")]
        self._process = subprocess.Popen(
            [self._binaries / "postgres", "-D", self._folder / "data", "-p", str(self._server.port), *options],
            cwd=self._folder,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            **self._as_user,
        )
        deadline = time.monotonic() + WITHIN_SECONDS
        while wait:
            try:
                self.do("SELECT 1")
            except psycopg.OperationalError:
                if self._process.poll() is not None or time.monotonic() > deadline:
                    raise
                time.sleep(LOOKS_EVERY_SECONDS)
            else:
                return

    @property
    def is_up(self) -> bool:
        """True while its main process is there."""
        return self._process is not None and self._process.poll() is None

    def stop(self) -> None:
        """Shut it down: no new connection, and those that are there are cut (SIGINT, "fast")."""
        assert self._process is not None
        self._process.send_signal(signal.SIGINT)
        self._process.wait(WITHIN_SECONDS)

    def hang(self) -> None:
        """Let nothing of it go on (SIGSTOP): it takes connections, and says nothing."""
        self._tell_all(signal.SIGSTOP)

    def go_on(self) -> None:
        """After `hang`."""
        self._tell_all(signal.SIGCONT)

    def _tell_all(self, how: signal.Signals) -> None:
        assert self._process is not None
        for each in (self._process.pid, *_children(self._process.pid)):
            with contextlib.suppress(ProcessLookupError):
                os.kill(each, how)

    def crash(self, *, restart: bool = True) -> bool:
        """Kill it with SIGKILL, all of it, and start it again, without waiting: it recovers what was committed.

        Returns whether it was up.
        """
        was_up = self.is_up
        if self._process is not None and was_up:
            children = _children(self._process.pid)
            for each in (self._process.pid, *children):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(each, signal.SIGKILL)
            self._process.wait(WITHIN_SECONDS)
            while any(Path(f"/proc/{each}").exists() for each in children):  # it would not start beside them
                time.sleep(LOOKS_EVERY_SECONDS)
        if restart:
            self.start(wait=False)
        return was_up


def _children(process: int) -> list[int]:
    try:
        return [int(each) for each in Path(f"/proc/{process}/task/{process}/children").read_text().split()]
    except FileNotFoundError:
        return []
