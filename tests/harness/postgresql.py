"""One private PostgreSQL server for a test run, shared by its workers, gone when the run ends however it ends.

A keeper process of its own makes a temporary folder, starts the server there and ends it when the run's owner has gone.
PostgreSQL refuses to run as root, so as root it runs as the user "postgres".
"""

from __future__ import annotations

import ctypes
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from tests.harness import run
from tools.programs import postgresql_binaries

USER = "tester"
STARTS_WITHIN_SECONDS = 60
LOOKS_EVERY_SECONDS = 0.25
PR_SET_PDEATHSIG = 1
# Set where commits must reach the disk, as in service: tests do without, and are quicker.
DURABLE = "TEST_POSTGRESQL_DURABLE"
NOT_DURABLE = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


class PostgresqlMissing(Exception):
    """No server binaries are installed."""


@dataclass(frozen=True)
class Server:
    """The running server."""

    port: int

    def url(self, database: str) -> str:
        """The address of a database in SQLAlchemy's spelling."""
        return f"postgresql+psycopg://{USER}@127.0.0.1:{self.port}/{database}"

    def do(self, statement: str) -> None:
        """Run a statement outside of any transaction, in the maintenance database."""
        address = f"host=127.0.0.1 port={self.port} user={USER} dbname=postgres"
        with psycopg.connect(address, autocommit=True) as connection:
            connection.execute(statement.encode("ascii"))


def shared_server() -> Server:
    """The run's server, started by whoever asks first. Raises PostgresqlMissing."""
    if postgresql_binaries() is None:
        raise PostgresqlMissing("PostgreSQL is not installed (Debian: apt-get install postgresql)")
    with run.alone("postgresql") as folder:
        told = folder / "postgresql.json"
        if not told.exists():
            told.write_text(_start_keeper(), encoding="ascii")
        return Server(port=json.loads(told.read_text(encoding="ascii"))["port"])


def stop_shared_server() -> None:
    """At the end of the run: stop the server if one was started, and wait until it is gone."""
    told = run.folder() / "postgresql.json"
    if told.exists():
        keeper = json.loads(told.read_text(encoding="ascii"))["keeper"]
        os.kill(keeper, signal.SIGTERM)
        deadline = time.monotonic() + 20
        while _is_there(keeper) and time.monotonic() < deadline:
            time.sleep(0.05)


def _start_keeper() -> str:
    keeper = subprocess.Popen(
        [sys.executable, "-m", "tests.harness.postgresql", str(run.owner())],
        stdout=subprocess.PIPE,
        start_new_session=True,
        text=True,
    )
    assert keeper.stdout is not None
    line = keeper.stdout.readline()
    if not line:
        raise RuntimeError(f"the private PostgreSQL server did not start: exit code {keeper.wait()}")
    # Reaped by nobody but the system: it outlives this worker.
    keeper.returncode = 0
    return line


def keep(owner: int) -> None:
    """The keeper: start the server, say its port, wait for the owner's end, leave nothing."""
    binaries = postgresql_binaries()
    assert binaries is not None
    as_user: dict[str, Any] = {"user": "postgres", "group": "postgres", "extra_groups": []} if os.geteuid() == 0 else {}
    folder = Path(tempfile.mkdtemp(prefix="test-postgresql-"))
    server: subprocess.Popen[bytes] | None = None
    signal.signal(signal.SIGTERM, _finish)
    try:
        if as_user:
            shutil.chown(folder, user="postgres", group="postgres")
        subprocess.run(
            [binaries / "initdb", "--pgdata", folder / "data", "--username", USER, "--auth", "trust", "--no-sync",
             "--encoding", "UTF8", "--locale", "C"],
            cwd=folder, stdout=subprocess.DEVNULL, check=True, **as_user,
        )  # fmt: skip
        port = run.free_port()
        settings = {
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": "",
            **({} if os.environ.get(DURABLE) else NOT_DURABLE),
            "max_connections": "200",
            "log_min_messages": "fatal",
        }
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        server = subprocess.Popen(
            [binaries / "postgres", "-D", folder / "data", "-p", str(port), *options],
            cwd=folder,
            stdout=subprocess.DEVNULL,
            preexec_fn=_end_with_keeper,  # noqa: PLW1509 - the keeper has no threads
            **as_user,
        )
        _wait_until_it_answers(Server(port=port), server)
        print(json.dumps({"port": port, "keeper": os.getpid()}), flush=True)
        while _is_there(owner) and server.poll() is None:
            time.sleep(LOOKS_EVERY_SECONDS)
    finally:
        if server is not None:
            server.send_signal(signal.SIGQUIT)
            server.wait(timeout=15)
        shutil.rmtree(folder, ignore_errors=True)


def _wait_until_it_answers(server: Server, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + STARTS_WITHIN_SECONDS
    while True:
        try:
            server.do("SELECT 1")
        except psycopg.OperationalError:
            if process.poll() is not None or time.monotonic() > deadline:
                raise
            time.sleep(0.05)
        else:
            return


def _finish(_signal: int, _frame: Any) -> None:
    raise SystemExit(0)


def _end_with_keeper() -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGQUIT)


def _is_there(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    try:  # a zombie has ended, whoever has not looked yet
        state = Path(f"/proc/{process}/stat").read_text(encoding="ascii", errors="replace")
    except FileNotFoundError:
        return not Path("/proc/self").exists()
    return state.rpartition(")")[2].split()[0] != "Z"


if __name__ == "__main__":
    keep(int(sys.argv[1]))
