"""What is too large, or not whole, is refused before anything looks at it, each with the calm page that a site has for that."""

from __future__ import annotations

from flask import Flask, abort, request

from app.web.door import REFUSAL

# A browser sends a kilobyte or two: names and values of all headers, and what stands after "?".
MOST_HEADER_BYTES = 16 * 1024
MOST_QUERY_BYTES = 4 * 1024
# The largest form of either side has some hundreds of fields; one with a thousand comes of no page of ours.
MOST_FIELDS = 1000
URL_ENCODED = "application/x-www-form-urlencoded"


def guard(app: Flask) -> None:
    """Put the guard before every request of this application."""

    @app.before_request
    def only_what_is_whole_and_not_too_large() -> None:
        environ = request.environ
        if REFUSAL in environ:
            abort(environ[REFUSAL])
        if len(environ.get("QUERY_STRING", "")) > MOST_QUERY_BYTES:
            abort(414)
        if (
            sum(len(name) + len(value) for name, value in environ.items() if name.startswith("HTTP_"))
            > MOST_HEADER_BYTES
        ):
            abort(431)
        if request.mimetype == URL_ENCODED and (request.content_length or 0) > MOST_FIELDS:
            # A hundred thousand of them fit into a form that is not too large.
            body = request.get_data(parse_form_data=False)
            if body.count(b"&") >= MOST_FIELDS:
                abort(413)
