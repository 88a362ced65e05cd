"""What test servers load in place of `wsgi`: the same application, on the fixed day when TEST_CLOCK is set.

The browser lives in real time. `Max-Age` is relative and means the same to both; an absolute `Expires` does not, and
Flask's session cookie has nothing else: so here, and only here, each cookie's lifetime is told to the browser as `Max-Age`.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import replace
from email.utils import parsedate_to_datetime
from time import time
from typing import TYPE_CHECKING, Any

from tests.harness.day import VARIABLE, start_clock
from tests.harness.killing import perhaps

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

start_clock(os.environ)

from wsgi import app as served  # noqa: E402 - the clock must be set before anything looks at it

if os.environ["SIDE"] == "portal":
    # Tests fill a form in at once.
    served.extensions["side"] = replace(served.extensions["side"], fewest_seconds=0)


def in_browser_time(cookie: str, *, now: float) -> str:
    """A Set-Cookie value with its `Expires` replaced by the `Max-Age` that it stands for; `now` is the server's time."""
    parts = [part.strip() for part in cookie.split(";")]
    kept = [part for part in parts if not part.lower().startswith("expires=")]
    if len(kept) < len(parts) and not any(part.lower().startswith("max-age=") for part in kept):
        expires = next(part.partition("=")[2] for part in parts if part.lower().startswith("expires="))
        kept.append(f"Max-Age={max(0, int(parsedate_to_datetime(expires).timestamp() - now))}")
    return "; ".join(kept)


class InBrowserTime:
    """The application around which cookies are told in relative time."""

    def __init__(self, application: WSGIApplication) -> None:
        self._application = application

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Serve a request."""

        def start(status: str, headers: list[tuple[str, str]], *rest: Any) -> Any:
            told = [
                (name, in_browser_time(value, now=time()) if name.lower() == "set-cookie" else value)
                for name, value in headers
            ]
            return start_response(status, told, *rest)

        return self._application(environ, start)


app: WSGIApplication = perhaps(InBrowserTime(served.wsgi_app) if os.environ.get(VARIABLE) else served.wsgi_app)
