"""Pages that are the same for everybody, rendered once and kept for a while: compressed, with a tag for conditional requests.

Only what a view calls public is kept, never anything with a cookie; and never past the next opening or closing of the
Hub, because every page says whether anybody is reading.
"""

from __future__ import annotations

import gzip
import hashlib
import re
import secrets
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from threading import Lock
from typing import TYPE_CHECKING, Any, TypeVar, cast

from flask import Flask, Response, g, request
from markupsafe import escape

from app.domain.hours import OpeningHours
from app.web.clock import now
from app.web.turns import TURNS

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

KEPT_FOR = timedelta(seconds=60)
MOST_PAGES = 600
MOST_MADE_AT_ONCE = 64
WAITS_FOR_A_PAGE_SECONDS = 1.0
PUBLIC = f"public, max-age={int(KEPT_FOR.total_seconds())}"
# The same for everybody but for how it looks, which hangs on a cookie (web/appearance.py).
VARIES_BY = "Cookie"
# What a kept page never repeats from the response that it was made of.
MADE_ANEW = frozenset({"content-length", "content-encoding", "etag", "vary"})

Key = tuple[str, str, str]
Name = TypeVar("Name", bound=Hashable)


@dataclass(frozen=True, slots=True)
class KeptPage:
    """One page as it goes over the wire, plain and compressed."""

    plain: bytes
    compressed: bytes
    headers: tuple[tuple[str, str], ...]
    compressed_headers: tuple[tuple[str, str], ...]
    etag: str
    until: datetime


class KeptPages:
    """A small, bounded memory of public pages in front of the application."""

    def __init__(self, inner: WSGIApplication, hours: OpeningHours) -> None:
        self._inner = inner
        self._hours = hours
        self._pages: OrderedDict[Key, KeptPage] = OrderedDict()
        self._lock = Lock()
        self._making = [Lock() for _ in range(MOST_MADE_AT_ONCE)]

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer from memory, or let the application answer, one page at a time."""
        if environ["REQUEST_METHOD"] not in {"GET", "HEAD"}:
            return self._inner(environ, start_response)
        page = self._fresh(environ)
        if page is None:
            with self._made_once(environ), TURNS.taken():
                page = self._fresh(environ)  # somebody may have made it while others waited
                if page is None:
                    return self._inner(environ, start_response)
        return _answer(page, environ, start_response)

    @contextmanager
    def _made_once(self, environ: WSGIEnvironment) -> Iterator[None]:
        """A page that was kept before is made anew by whoever comes first; the others wait for it, for a while."""
        key = _key(environ)
        if key not in self._pages:
            yield
            return
        making = self._making[hash(key) % len(self._making)]
        is_mine = making.acquire(timeout=WAITS_FOR_A_PAGE_SECONDS)
        try:
            yield
        finally:
            if is_mine:
                making.release()

    def _fresh(self, environ: WSGIEnvironment) -> KeptPage | None:
        page = self._pages.get(_key(environ))
        return page if page is not None and now() < page.until else None

    def forget(self) -> None:
        """Hold nothing any more."""
        with self._lock:
            self._pages.clear()

    def keep(self, environ: WSGIEnvironment, response: Response) -> KeptPage:
        """Remember a response. The oldest goes when there are too many."""
        moment = now()
        until = min(moment + KEPT_FOR, next_change(self._hours, moment) or moment + KEPT_FOR)
        plain = response.get_data()
        compressed = gzip.compress(plain, compresslevel=6, mtime=0)
        etag = f'"{hashlib.sha256(plain).hexdigest()[:20]}"'
        shared = [(name, value) for name, value in response.headers if name.lower() not in MADE_ANEW]
        shared += [("Vary", f"Accept-Encoding, {VARIES_BY}"), ("ETag", etag)]
        page = KeptPage(
            plain=plain,
            compressed=compressed,
            headers=(*shared, ("Content-Length", str(len(plain)))),
            compressed_headers=(*shared, ("Content-Encoding", "gzip"), ("Content-Length", str(len(compressed)))),
            etag=etag,
            until=until,
        )
        with self._lock:
            self._pages[_key(environ)] = page
            while len(self._pages) > MOST_PAGES:
                self._pages.popitem(last=False)
        return page


class Moulds:
    """Pages that are the same for everybody but for what stands in their slots: rendered once, then filled in.

    Nothing that anybody typed or chose may be in one, so `render` gets stand-ins instead; the caller's key says everything
    else that the page depends on. What is put into a slot is escaped, and never looked at for slots: a page is taken apart
    once, before anybody's words are in it. So a slot may stand in text or in a quoted attribute, and nowhere else.
    """

    def __init__(self) -> None:
        # By turns what stays, and the name of a slot.
        self._parts: dict[Hashable, list[Any]] = {}
        # No text of ours or of the Hub's can hold this by chance.
        self._mark = f"@{secrets.token_hex(8)}@"

    def fill(self, key: Hashable, word: Callable[[Name], str], render: Callable[[Callable[[Name], str]], str]) -> str:
        """The page with `word(name)` in each slot. When the page is new, `render` gets what makes a stand-in for a name."""
        parts = self._parts.get(key)
        if parts is None:
            parts = self._taken_apart(render)
            if len(self._parts) >= MOST_PAGES:
                self._parts.clear()
            self._parts[key] = parts
        filled = parts.copy()
        filled[1::2] = [escape(said) if (said := word(name)) else "" for name in parts[1::2]]
        return "".join(filled)

    def _taken_apart(self, render: Callable[[Callable[[Any], str]], str]) -> list[Any]:
        names: list[Any] = []

        def stand_in(name: Any) -> str:
            names.append(name)
            return f"{self._mark}{len(names) - 1}@"

        parts: list[Any] = re.split(rf"{self._mark}(\d+)@", render(stand_in))
        parts[1::2] = [names[int(number)] for number in parts[1::2]]
        return parts


def install(app: Flask, hours: OpeningHours) -> None:
    """Put the memory in front of an application. Must be the last thing that is installed: it keeps finished responses."""
    pages = KeptPages(app.wsgi_app, hours)
    app.wsgi_app = pages  # type: ignore[method-assign]
    app.extensions["kept"] = pages

    @app.after_request
    def remember(response: Response) -> Response:
        if g.get("is_public") and response.status_code == 200 and "Set-Cookie" not in response.headers:
            # Whoever asks first gets it as all others will: compressed, with its tag, or not at all when they have it.
            return _as_response(pages.keep(request.environ, response), request.environ)
        return response

    # Flask runs these in reverse order: the first one registered sees the finished response.
    app.after_request_funcs[None].insert(0, app.after_request_funcs[None].pop())


def public(response: Response, *, query_is_plain: bool = False) -> Response:
    """Say of a response that it is the same for everybody, so that it is kept here and in browsers for a minute.

    With a query it is kept here only when the caller knows that the query is one of few: nobody can fill the memory with
    made-up ones.
    """
    g.is_public = query_is_plain or not request.query_string
    response.headers["Cache-Control"] = PUBLIC
    response.headers["Vary"] = VARIES_BY
    return response


def next_change(hours: OpeningHours, moment: datetime) -> datetime | None:
    """When the Hub next opens or closes."""
    return hours.closes_at(moment) if hours.open_at(moment) else hours.next_opening(moment)


def _key(environ: WSGIEnvironment) -> Key:
    return environ.get("HTTP_HOST", ""), environ["PATH_INFO"], environ.get("QUERY_STRING", "")


def _as_response(page: KeptPage, environ: WSGIEnvironment) -> Response:
    return cast(Response, Response.from_app(partial(_answer, page), environ))


def _answer(page: KeptPage, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    if page.etag in environ.get("HTTP_IF_NONE_MATCH", ""):
        start_response("304 Not Modified", [pair for pair in page.headers if pair[0] != "Content-Length"])
        return [b""]
    if "gzip" in environ.get("HTTP_ACCEPT_ENCODING", ""):
        start_response("200 OK", list(page.compressed_headers))
        body = page.compressed
    else:
        start_response("200 OK", list(page.headers))
        body = page.plain
    return [b"" if environ["REQUEST_METHOD"] == "HEAD" else body]
