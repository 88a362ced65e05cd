"""Error pages: calm, in the person's language, saying nothing of what went wrong inside."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence

from flask import Flask, Response, g, make_response, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.exceptions import HTTPException

from app.settings import Settings
from app.web import language, problems

log = logging.getLogger("errors")

# What can go wrong while keeping something: told plainly, with everything that was typed kept.
NOT_KEPT = (SQLAlchemyError, OSError)
UNAVAILABLE = 503
KINDS = {
    403: "not-from-here",
    404: "not-found",
    405: "not-found",
    413: "too-large",
    414: "too-large",
    431: "too-large",
    UNAVAILABLE: "not-now",
}
# When to come again after a page that could not be made or a form that could not be kept (RFC 9110, 10.2.3).
AGAIN_AFTER_SECONDS = 5


def install(
    app: Flask,
    settings: Settings,
    *,
    for_pages: Callable[[str], str],
    without_database: Callable[[], None] = lambda: None,
) -> None:
    """One page for what is not there, one for what is not allowed, one for our own failures.

    `for_pages` makes what somebody typed fit to stand in a page; `without_database` is called before a page is made that can
    ask the database nothing.
    """

    @app.errorhandler(HTTPException)
    def http_error(error: HTTPException) -> ResponseReturnValue:
        code = error.code or 500
        if error.response is not None:
            return error.response
        if 300 <= code < 400:
            return error.get_response()
        if problems.is_under(request.path):
            return problems.answer_to(error)
        return _page(code, settings)

    @app.errorhandler(Exception)
    def failure(error: Exception) -> ResponseReturnValue:
        # Never the text or the trace: they may hold what somebody typed.
        log.error("alarm: a page failed kind=%s endpoint=%s", type(error).__name__, request.endpoint)
        if problems.is_under(request.path):
            return problems.answer(problems.Problem("failed"))
        return _page(500, settings)

    def not_now(error: Exception) -> ResponseReturnValue:
        # As above; but this passes, and a form that was sent stays on the page, to be sent again by one press.
        log.error("alarm: a page could not be made kind=%s endpoint=%s", type(error).__name__, request.endpoint)
        if problems.is_under(request.path):
            return problems.answer(problems.Problem("failed"))
        without_database()
        return _page(UNAVAILABLE, settings, typed=_typed(for_pages))

    for each in NOT_KEPT:
        app.register_error_handler(each, not_now)

    @app.after_request
    def say_when(response: Response) -> Response:
        if response.status_code == UNAVAILABLE:
            response.headers.setdefault("Retry-After", str(AGAIN_AFTER_SECONDS))
        return response


def _typed(for_pages: Callable[[str], str]) -> list[tuple[str, str]]:
    """Every field of the form that was sent, as a page can hold it."""
    if request.method != "POST":
        return []
    try:
        return [(for_pages(name), for_pages(value)) for name, value in request.form.items(multi=True)]
    except HTTPException:  # more than we take
        return []


def _page(code: int, settings: Settings, *, typed: Sequence[tuple[str, str]] = ()) -> ResponseReturnValue:
    if settings.side == "portal" and "language" not in g:
        language.use_path(request.path, pseudo=settings.in_development)
    kind = KINDS.get(code, "failed")
    address = request.full_path if request.query_string else request.path
    page = render_template(f"{settings.side}/error.html", kind=kind, typed=typed, address=address)
    return make_response(page, 404 if kind == "not-found" else code)
