"""Processes that start in no time: one that has loaded its side waits, and forks a new server or courier when it is asked to.

What is forked is what `make run` starts: the same web server with a main process and a worker, or the courier; a process of its
own, in a group of its own, with its own connections, that SIGKILL ends where it stands. Only that the code and the content were
read before. So a process can be killed every few tenths of a second, and be back; a start costs seconds otherwise.

Run as ``python -m tests.harness.forking portal 7``: the side's name, and the number of the socket on which orders come.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from tests.harness.day import VARIABLE, start_clock
from tests.harness.killing import perhaps_before_letting_go

THREADS = 8
# Templates of the pages that are asked for while processes are killed.
COMPILED = {
    "portal": (
        "base", "components/", "portal/case/", "portal/error", "portal/frame/", "portal/layout", "portal/refer/", "portal/return",
    ),
    "hub": (),
}  # fmt: skip
READY_WITHIN_SECONDS = 60.0
LOOKS_EVERY_SECONDS = 0.01


class Nursery:
    """The process that has loaded one side, and what it forked."""

    def __init__(self, name: str, *, environ: Mapping[str, str], folder: Path, log: Path) -> None:
        """`environ` is what the side's processes see, `folder` where they run; what goes wrong is written to `log`."""
        self._ours, theirs = socket.socketpair()
        with log.open("ab") as file, theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.harness.forking", name, str(theirs.fileno())],
                cwd=folder,
                env=dict(environ),
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=file,
                pass_fds=[theirs.fileno()],
            )
        self._ours.settimeout(READY_WITHIN_SECONDS)

    def bear(self, log: Path, *, clock: str) -> Born:
        """Fork a new server or courier, which writes to `log` and lives by this clock (tests/harness/day.py).

        Raises OSError or ValueError when the side could not be loaded.
        """
        self._ours.sendall(f"{clock}\t{log}\n".encode())
        return Born(int(self._ours.recv(64)))

    def close(self) -> None:
        """End it, and whatever it forked and was not ended before."""
        self._ours.close()
        self._process.kill()
        self._process.wait()


class Born:
    """A forked process, by what is needed of subprocess.Popen. Its nursery reaps it."""

    def __init__(self, pid: int) -> None:
        self.pid = pid

    def poll(self) -> int | None:
        """None while it runs."""
        try:
            state = Path(f"/proc/{self.pid}/stat").read_text(errors="replace").rpartition(")")[2].split()[0]
        except (FileNotFoundError, ProcessLookupError):
            return 0
        return 0 if state == "Z" else None

    def send_signal(self, how: signal.Signals) -> None:
        """Send it a signal."""
        try:
            os.kill(self.pid, how)
        except ProcessLookupError:
            return

    def wait(self, timeout: float) -> int:
        """Wait until it has ended. Raises subprocess.TimeoutExpired."""
        deadline = time.monotonic() + timeout
        while self.poll() is None:
            if time.monotonic() > deadline:
                raise subprocess.TimeoutExpired(str(self.pid), timeout)
            time.sleep(LOOKS_EVERY_SECONDS)
        return 0


def load(name: str) -> Callable[[], None]:
    """Load a side; returns what serves it, or carries the post, and never comes back."""
    if name in ("courier", "hatch"):
        start_clock(os.environ)
        perhaps_before_letting_go()
        from app import courier, hatch, settings, wiring
        from app.data.database import Database

        if name == "hatch":
            return hatch.serve
        read = settings.load_hub(os.environ)
        wiring.hub_side(read, Database(read.database_url))  # everything is read once
        return courier.carry

    from granian.constants import Interfaces
    from granian.log import LogLevels
    from granian.server import Server

    from app.processes import end_with_parent
    from tests.harness import serving

    app, templates = serving.app, serving.served.jinja_env
    for template in templates.list_templates(filter_func=lambda each: each.startswith(COMPILED[name])):
        templates.get_template(template)  # compiled once, and not by the first request of each process

    def loaded() -> Any:
        end_with_parent(os.getppid())  # in the worker: a killed server leaves nothing behind
        return app

    def serve() -> None:
        server = Server(
            "tests.harness.serving:app",
            address="127.0.0.1",
            port=int(os.environ[f"{name.upper()}_PORT"]),
            interface=Interfaces.WSGI,
            workers=1,
            blocking_threads=THREADS,
            respawn_failed_workers=True,
            websockets=False,
            log_level=LogLevels.warning,
        )
        server.serve(target_loader=loaded, wrap_loader=False)

    return serve


def main(name: str, orders: socket.socket) -> None:
    """Load the side, then fork a process for each line that comes: its clock, and the path of its log."""
    run, own = load(name), os.getpid()
    for line in orders.makefile("rb"):
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the kernel reaps what we fork
        pid = os.fork()
        if pid:
            orders.sendall(str(pid).encode())
            continue
        clock, _, log = line.decode().rstrip("\n").partition("\t")
        _become(Path(log), orders, own)
        start_clock({VARIABLE: clock})
        try:
            run()
        finally:
            os._exit(1)


def _become(log: Path, orders: socket.socket, parent: int) -> None:
    from app.processes import end_with_parent

    os.setsid()
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    end_with_parent(parent)
    orders.close()
    with log.open("ab", buffering=0) as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)


if __name__ == "__main__":
    main(sys.argv[1], socket.socket(fileno=int(sys.argv[2])))
