"""Error pages: calm, in the person's language, saying nothing of what went wrong inside."""

from __future__ import annotations

import logging

from flask import Flask, g, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.exceptions import HTTPException

from app.settings import Settings
from app.web import language, problems

log = logging.getLogger("errors")

# What can go wrong while keeping something: told plainly, with everything that was typed kept.
NOT_KEPT = (SQLAlchemyError, OSError)
KINDS = {
    403: "not-from-here",
    404: "not-found",
    405: "not-found",
    413: "too-large",
    414: "too-large",
    431: "too-large",
}


def install(app: Flask, settings: Settings) -> None:
    """One page for what is not there, one for what is not allowed, one for our own failures."""

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


def _page(code: int, settings: Settings) -> ResponseReturnValue:
    if settings.side == "portal" and "language" not in g:
        language.use_path(request.path, pseudo=settings.in_development)
    kind = KINDS.get(code, "failed")
    status = 404 if kind == "not-found" else code
    return render_template(f"{settings.side}/error.html", kind=kind), status
