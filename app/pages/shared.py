"""What both sides serve alike: built files, health, and where to report a security problem."""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, Response, abort, request

from app.web.assets import Assets

FOR_EVER = "public, max-age=31536000, immutable"
A_DAY = "public, max-age=86400"


def blueprint(*, is_ready: Callable[[], bool], assets: Assets, security_contact: str) -> Blueprint:
    """The shared pages over one side's state and files."""
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
        """The process can serve. Why it cannot is nobody's business outside: `flask doctor` says it."""
        ready = is_ready()
        return Response(
            "ok\n" if ready else "not ready\n",
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
