"""Films and recordings as they go over the wire: in parts where a browser asks for parts (RFC 9110, 14)."""

from __future__ import annotations

from flask import Flask, Response, abort, send_file, url_for

from app.domain.recordings import Film, Recording
from app.pages.portal import outer
from app.web import language
from app.web.portal import portal

A_YEAR = 31536000


@outer.get("/recordings/<name>")
def recording(name: str) -> Response:
    """One file. Its name comes from its content, so it may be kept for ever."""
    found = portal().recordings.by_name.get(name)
    if found is None:
        abort(404)
    response = send_file(found.path, mimetype=found.content_type, conditional=True, etag=name, max_age=A_YEAR)
    response.headers["Cache-Control"] = f"public, max-age={A_YEAR}, immutable"
    return response


def install(app: Flask) -> None:
    """What pages ask: is there a film, or a recording in this language, and where."""

    def film_of(page: str) -> Film | None:
        return portal().recordings.films.get(page)

    def sound_of(page: str) -> Recording | None:
        return portal().recordings.sounds.get((language.language().slug, page))

    def recording_url(found: Recording) -> str:
        return url_for("doors.recording", name=found.name)

    app.jinja_env.globals.update(film_of=film_of, sound_of=sound_of, recording_url=recording_url)
