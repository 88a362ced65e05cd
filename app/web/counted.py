"""Counting requests at the door: what they were for in the coarsest of words, the class of the answer, and how long it took.

Only where counts are told at all. Nothing of a request is looked at but its method and the beginning of its path; neither is
kept.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from flask import Flask

from app import counts

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

# The machine's own paths, which say nothing about a person; everything else is somebody who reads or sends.
BEGINNINGS = (
    ("/static/", "files"),
    ("/healthz", "files"),
    ("/readyz", "files"),
    ("/post/", "post"),
    ("/api/", "machines"),
)


def install(app: Flask) -> None:
    """Count what an application answers. Must be installed last, so that it stands in front of everything."""
    app.wsgi_app = Counted(app.wsgi_app)  # type: ignore[method-assign]


def group_of(method: str, path: str) -> str:
    """What a request was for."""
    for beginning, group in BEGINNINGS:
        if path.startswith(beginning):
            return group
    return "reading" if method in ("GET", "HEAD") else "sending"


class Counted:
    """An application whose answers are counted."""

    def __init__(self, application: WSGIApplication) -> None:
        self._application = application

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer, and count it."""
        began = time.perf_counter()
        group = group_of(environ["REQUEST_METHOD"], environ.get("PATH_INFO", ""))

        def start(status: str, headers: list[tuple[str, str]], *rest: Any) -> Any:
            found = f"{status[:1]}xx"
            counts.add("requests", group, found)
            if found == "5xx":
                counts.add("request_failures")
            return start_response(status, headers, *rest)

        answer = self._application(environ, start)
        counts.observe("request_seconds", group, seconds=time.perf_counter() - began)
        return answer
