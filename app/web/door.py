"""The outermost door: what tells where a visitor came from stays outside, and a body is there in full before it is looked at.

Behind it no code can see an address or the name of a browser, not even by mistake. For a form that is sent it leaves the number
of a bucket (domain/limits.py), when the proxy says an address in a header that was agreed on.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from io import BytesIO
from ipaddress import ip_address
from threading import BoundedSemaphore
from typing import TYPE_CHECKING

from app.adapters.carriers import MOST_PARCEL_BYTES, PASS_PATH
from app.adapters.salts import Salts
from app.domain.limits import bucket_of, network_of
from app.settings import Network
from app.web.clock import now

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

# What the door leaves for those inside.
BUCKET, REFUSAL = "door.bucket", "door.refusal"
TELLING = (
    "REMOTE_ADDR",
    "REMOTE_HOST",
    "REMOTE_PORT",
    "HTTP_FORWARDED",
    "HTTP_TRUE_CLIENT_IP",
    "HTTP_USER_AGENT",
    "HTTP_VIA",
    "HTTP_X_CLIENT_IP",
    "HTTP_X_FORWARDED_FOR",
    "HTTP_X_REAL_IP",
)
WITH_A_BODY = frozenset({"POST", "PUT", "PATCH", "DELETE"})
# How many bodies may be on their way at once. Behind a proxy that buffers, each is there at once; without one, a few who send
# slowly hold these and no more, and pages can still be read.
AT_ONCE = 2
WAIT_SECONDS, WAITS = 1.0, 10
CUT_OFF, TOO_MANY = 400, 503


class Door:
    """In front of everything else of an application."""

    def __init__(
        self,
        inner: WSGIApplication,
        *,
        most_bytes: int,
        header: str = "",
        proxies: Sequence[Network] = (),
        salts: Salts | None = None,
    ) -> None:
        """`header` is where a proxy among `proxies` says an address. `most_bytes`: of a form."""
        self.inner = inner
        self._most_bytes = most_bytes
        self._header = "HTTP_" + header.upper().replace("-", "_") if header else ""
        self._proxies = proxies
        self._salts = salts
        self._telling = (*TELLING, self._header) if self._header else TELLING
        self._arriving = BoundedSemaphore(AT_ONCE)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Take away what tells, take in what is sent, and go on."""
        is_sent = environ["REQUEST_METHOD"] in WITH_A_BODY
        bucket = self._bucket(environ) if is_sent and self._header else None
        for name in self._telling:
            environ.pop(name, None)
        if bucket is not None:
            environ[BUCKET] = bucket
        if is_sent:
            self._take_in(environ)
        return self.inner(environ, start_response)

    def _bucket(self, environ: WSGIEnvironment) -> int | None:
        """The bucket of whoever the proxy says it is; None when nobody says so whom we believe."""
        said = environ.get(self._header, "")
        if not said or self._salts is None or not self._is_believed(environ.get("REMOTE_ADDR", "")):
            return None
        # Of several the last: the one that the nearest proxy has put there.
        network = network_of(said.rpartition(",")[2])
        return None if network is None else bucket_of(network, self._salts.of(now()))

    def _is_believed(self, peer: str) -> bool:
        if not peer:
            return True  # through a socket in a folder that only the proxy can open
        try:
            found = ip_address(peer)
        except ValueError:
            return False
        return any(found in each for each in self._proxies)

    def _take_in(self, environ: WSGIEnvironment) -> None:
        """Read the body, unless it is too large in any case; what is cut off is never taken for the whole."""
        most = MOST_PARCEL_BYTES if environ.get("PATH_INFO") == PASS_PATH else self._most_bytes
        told = environ.get("CONTENT_LENGTH", "")
        length = int(told) if told.isascii() and told.isdigit() and len(told) < 12 else None
        is_endless = length is None and bool(environ.get("wsgi.input_terminated"))
        if length == 0 or (length is None and not is_endless) or (length is not None and length > most):
            return
        # In short turns, that are counted: a machine that stood still for a while must not turn away all who waited meanwhile.
        if not any(self._arriving.acquire(timeout=WAIT_SECONDS / WAITS) for _ in range(WAITS)):
            environ[REFUSAL] = TOO_MANY
            return
        try:
            body = environ["wsgi.input"].read(most + 1 if length is None else length)
        except OSError:
            body = b""
        finally:
            self._arriving.release()
        if length is not None and len(body) < length:
            environ[REFUSAL] = CUT_OFF
        environ["wsgi.input"] = BytesIO(body)
        environ["wsgi.input_terminated"] = True
        environ["CONTENT_LENGTH"] = str(len(body))
