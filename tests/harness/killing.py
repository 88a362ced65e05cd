"""Processes that die at the worst moment: the request is committed, the answer not yet given."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

# Names a file: while it is there, the next request that is sent is the portal's last.
VARIABLE = "TEST_DIE_AFTER_SEND"
# Names a file: while it is there, the next parcel or answer that was taken out of a queue is not let go of any more.
BEFORE_LETTING_GO = "TEST_DIE_BEFORE_LETTING_GO"


class DiesAfterSend:
    """The application, killed with SIGKILL after it has committed a request and before it answers."""

    def __init__(self, application: WSGIApplication, flag: Path) -> None:
        self._application = application
        self._flag = flag

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Serve a request, perhaps as the last."""
        statuses: list[str] = []

        def start(status: str, headers: list[tuple[str, str]], *rest: Any) -> Any:
            statuses.append(status)
            return start_response(status, headers, *rest)

        body = self._application(environ, start)
        is_send = environ["REQUEST_METHOD"] == "POST" and environ["PATH_INFO"].endswith("/refer/check")
        if is_send and statuses[0].startswith("303") and self._flag.exists():
            self._flag.unlink()
            os.kill(os.getpid(), signal.SIGKILL)
        return body


def perhaps(application: WSGIApplication) -> WSGIApplication:
    """The application, made mortal when the test asks for it."""
    flag = os.environ.get(VARIABLE)
    return DiesAfterSend(application, Path(flag)) if flag else application


def perhaps_before_letting_go() -> None:
    """Make this process mortal, when the test asks for it: killed when a parcel is served and its answer confirmed, or an
    answer is read, and the broker has not been told yet."""
    told = os.environ.get(BEFORE_LETTING_GO)
    if not told:
        return
    from amqp import Channel

    flag, real = Path(told), Channel.basic_ack

    def die_or_let_go(channel: Any, *about: Any, **more: Any) -> Any:
        if flag.exists():
            flag.unlink()
            os.kill(os.getpid(), signal.SIGKILL)
        return real(channel, *about, **more)

    Channel.basic_ack = die_or_let_go
