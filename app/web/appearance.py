"""How pages look for this browser: kept in a cookie of its own, put on every page on its way out.

Pages are rendered and kept in one look (web/kept.py); whoever has chosen another gets the same page with class names on its
first element. So nobody's choice is ever in a page that is kept, and who has chosen nothing pays nothing for it.
"""

from __future__ import annotations

import gzip
from collections.abc import Iterable
from datetime import timedelta
from typing import TYPE_CHECKING

from flask import Flask
from werkzeug.http import parse_cookie
from werkzeug.wrappers import Response

from app.domain import appearance
from app.domain.appearance import USUAL, Appearance
from app.web.cookies import LOOKS, CookieJar

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

# Long enough for somebody who comes back now and then; each time that it is chosen anew it starts again.
LASTS = timedelta(days=180)
# Where templates/base.html begins; class names go in after it.
DOCUMENT = b'class="govuk-template'
# It is in the first element of the page or not there at all.
FIRST_BYTES = 400
FILES = "/static/"


def chosen(jar: CookieJar) -> Appearance:
    """What this browser has kept; as usual when it kept nothing."""
    return appearance.read(jar.read(LOOKS))


def keep(jar: CookieJar, response: Response, looks: Appearance, *, lasting: bool) -> None:
    """Keep a choice: for months, or until the browser is closed. What is as usual needs no cookie."""
    if looks == USUAL:
        jar.forget(response, LOOKS)
    else:
        jar.write(response, LOOKS, looks.text, lasts=LASTS if lasting else None)


def keep_shortly(jar: CookieJar, response: Response) -> None:
    """Somebody else may look at this device: what was kept for months now goes when the browser is closed."""
    if jar.read(LOOKS) is not None:
        keep(jar, response, chosen(jar), lasting=False)


class Dressed:
    """An application whose pages wear what the browser's cookie asks for."""

    def __init__(self, inner: WSGIApplication, *, cookie: str) -> None:
        """`cookie` is the full name of the cookie."""
        self.inner = inner
        self._cookie = cookie

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Pass on whatever is asked for; put the class names on a page for somebody who has chosen."""
        if self._cookie not in environ.get("HTTP_COOKIE", "") or environ["PATH_INFO"].startswith(FILES):
            return self.inner(environ, start_response)
        looks = appearance.read(parse_cookie(environ).get(self._cookie))
        if looks == USUAL:
            return self.inner(environ, start_response)
        return self._dressed(environ, looks)(environ, start_response)

    def _dressed(self, environ: WSGIEnvironment, looks: Appearance) -> Response:
        # Asked for whole and plain; that only its head was wanted, or that the browser has it already, counts afterwards.
        asked = {
            **environ,
            "REQUEST_METHOD": "GET" if environ["REQUEST_METHOD"] == "HEAD" else environ["REQUEST_METHOD"],
        }
        for name in ("HTTP_ACCEPT_ENCODING", "HTTP_IF_NONE_MATCH"):
            asked.pop(name, None)
        response = Response.from_app(self.inner, asked, buffered=True)
        if response.mimetype != "text/html":
            return response
        page = response.get_data()
        before, mark, after = page[:FIRST_BYTES].partition(DOCUMENT)
        if mark:
            response.set_data(before + mark + b" " + looks.classes.encode("ascii") + after + page[FIRST_BYTES:])
        if response.cache_control.public:
            _make_private(response, environ, looks)
        return response


def _make_private(response: Response, environ: WSGIEnvironment, looks: Appearance) -> None:
    """A page that was the same for everybody is now one person's: only their browser may keep it, under a tag of its own."""
    response.cache_control.public = False
    response.cache_control.private = True
    tag, _is_weak = response.get_etag()
    if tag is not None:
        response.set_etag(f"{tag}.{looks.text}")
        response.make_conditional(environ)
    if response.status_code == 200 and "gzip" in environ.get("HTTP_ACCEPT_ENCODING", ""):
        response.set_data(gzip.compress(response.get_data(), compresslevel=6, mtime=0))
        response.headers["Content-Encoding"] = "gzip"


def install(app: Flask, jar: CookieJar) -> None:
    """Put it in front of an application, and of the memory of its pages."""
    app.wsgi_app = Dressed(app.wsgi_app, cookie=jar.name(LOOKS))  # type: ignore[method-assign]
