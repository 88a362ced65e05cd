"""What both sides serve alike: built files, health, and where to report a security problem."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from flask import Blueprint, Response, abort, request

from app.web.assets import Assets

FOR_EVER = "public, max-age=31536000, immutable"
A_DAY = "public, max-age=86400"
LOOKS_EVERY_SECONDS = 15.0


class Seldom:
    """Looks at most every few seconds, and never twice at once, however often it is asked."""

    def __init__(self, look: Callable[[], str | None]) -> None:
        self._look = look
        self._said: str | None = None
        self._at = -LOOKS_EVERY_SECONDS
        self._alone = threading.Lock()

    def said(self) -> str | None:
        """What it saw last."""
        if time.monotonic() - self._at >= LOOKS_EVERY_SECONDS and self._alone.acquire(blocking=False):
            try:
                self._said, self._at = self._look(), time.monotonic()
            finally:
                self._alone.release()
        return self._said


def blueprint(
    *,
    is_ready: Callable[[], bool],
    assets: Assets,
    security_contact: str,
    queue: Callable[[], str | None] | None = None,
) -> Blueprint:
    """The shared pages over one side's state and files. `queue` says what is wrong with the queue, where there is one."""
    seen = None if queue is None else Seldom(queue)
    pages = Blueprint("shared", __name__)

    @pages.get("/static/<path:name>")
    def static(name: str) -> Response:
        file = assets.get(name)
        if file is None:
            abort(404)
        compressed = file.compressed is not None and "gzip" in request.headers.get("Accept-Encoding", "")
        response = Response(file.compressed if compressed else file.content, content_type=file.content_type)
        if compressed:
            response.headers["Content-Encoding"] = "gzip"
        response.headers["Vary"] = "Accept-Encoding"
        response.headers["Cache-Control"] = FOR_EVER
        response.set_etag(file.etag)
        response.make_conditional(request)
        return response

    @pages.get("/healthz")
    def healthz() -> Response:
        """The process answers."""
        return Response("ok\n", content_type="text/plain; charset=utf-8")

    @pages.get("/readyz")
    def readyz() -> Response:
        """The process can serve. Why it cannot is nobody's business outside: `flask doctor` says it.

        Where the queue does not answer, a second line says so: what people send waits here meanwhile, so that is no reason to
        turn them away.
        """
        ready = is_ready()
        said = "ok\n" if ready else "not ready\n"
        if ready and seen is not None and seen.said():  # which broker it is, and what is wrong, is not for everybody
            said += "the post waits: the queue is not as it should be (flask doctor)\n"
        return Response(
            said,
            status=200 if ready else 503,
            content_type="text/plain; charset=utf-8",
        )

    @pages.get("/robots.txt")
    def robots() -> Response:
        response = Response("User-agent: *\nAllow: /\n", content_type="text/plain; charset=utf-8")
        response.headers["Cache-Control"] = A_DAY
        return response

    @pages.get("/.well-known/security.txt")
    def security() -> Response:
        response = Response(security_contact, content_type="text/plain; charset=utf-8")
        response.headers["Cache-Control"] = A_DAY
        return response

    return pages
