"""One web server in one process: `python -m app.serving HOST PORT THREADS`, as `flask serve` starts it with one worker.

Granian always has a process that only watches its workers, 15 MB of it. With a single worker there is nothing to choose from:
whatever started this starts it again when it ends (docs/adr/0032).
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from typing import Any, Final, Protocol, cast

from granian.constants import Interfaces
from granian.log import LogLevels
from granian.server.mp import MPServer

from app.processes import REQUESTS_END_WITHIN_SECONDS

ENDING: Final = frozenset({signal.SIGINT, signal.SIGTERM})


class _Runs(Protocol):
    """What multiprocessing would start as a process, and what can be run where we are just as well."""

    def run(self) -> None: ...


class Alone(MPServer):
    """A server that is its own worker."""

    def _serve(self, spawn_target: Callable[..., None], target_loader: Callable[..., Any]) -> None:
        self._init_shared_socket()  # type: ignore[no-untyped-call]
        worker = self._spawn_worker(0, spawn_target, target_loader)
        cast(_Runs, worker.inner).run()


def serve(target: str, host: str, port: int, threads: int, *, factory: bool = False) -> None:
    """Serve a WSGI application (module:name, or with `factory` what makes one) until told to stop, and finish what is in hand."""
    end_in_time()
    Alone(
        target,
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        blocking_threads=threads,
        websockets=False,
        log_level=LogLevels.error,
        factory=factory,
    ).serve()


def end_in_time() -> None:
    """From the first signal to stop on, whatever still runs has so many seconds."""
    hears, tells = os.pipe()
    os.set_blocking(tells, False)
    signal.set_wakeup_fd(tells, warn_on_full_buffer=False)

    def wait() -> None:
        while not ENDING.intersection(os.read(hears, 1)):
            pass
        time.sleep(REQUESTS_END_WITHIN_SECONDS)
        os._exit(1)

    threading.Thread(target=wait, name="ends in time", daemon=True).start()


if __name__ == "__main__":
    serve("wsgi:app", sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
