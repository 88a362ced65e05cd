"""Visitors that walk a site like a browser without scripts: in this process, or over HTTP to a running one."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urldefrag, urljoin, urlsplit

import requests
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.harness.pages import Filled, Form, Page

ORIGIN = "http://127.0.0.1"
MOST_REDIRECTS = 5
UNSAFE = frozenset({"POST", "PUT", "PATCH", "DELETE"})
REDIRECTS = frozenset({301, 302, 303, 307, 308})

Fields = Mapping[str, Any] | Sequence[tuple[str, str]]


class TooManyRedirects(AssertionError):
    """Sent from one address to the next without end."""


@dataclass(frozen=True)
class Fetched:
    """One response, read."""

    status: int
    headers: Mapping[str, str]
    html: str


class Visitor:
    """Opens addresses and sends forms, following redirects one by one. Addresses are paths on one side of the site."""

    @abstractmethod
    def fetch(self, method: str, path: str, *, data: Fields | None = None, query: Fields | None = None) -> Fetched:
        """Make one request, and follow nothing."""

    def visit(self, path: str) -> Page:
        """Open an address and go where it leads."""
        return self._arrive(path, self.fetch("GET", path))

    def post_form(self, path: str, data: Fields) -> Page:
        """Post fields to an address and go where the answer leads."""
        return self._arrive(path, self.fetch("POST", path, data=data))

    def submit(
        self, page: Page, form: Form, values: Mapping[str, Filled] | None = None, *, press: str | None = None
    ) -> Page:
        """Fill in a form of a page and press a button of it. Raises NotOffered."""
        path, data = urldefrag(urljoin(page.url, form.action)).url, form.filled(values, press=press)
        if form.method == "get":
            return self._arrive(path, self.fetch("GET", path, query=data))
        return self.post_form(path, data)

    def _arrive(self, path: str, fetched: Fetched) -> Page:
        for _ in range(MOST_REDIRECTS):
            if fetched.status not in REDIRECTS:
                return Page(url=path, status=fetched.status, headers=fetched.headers, html=fetched.html)
            path = urljoin(path, fetched.headers["Location"])
            parts = urlsplit(path)
            if parts.netloc:  # away from the site: nobody follows there
                return Page(url=path, status=fetched.status, headers=fetched.headers, html=fetched.html)
            fetched = self.fetch("GET", parts._replace(fragment="").geturl())
        raise TooManyRedirects(path)


class BrowsingClient(FlaskClient, Visitor):
    """Flask's test client as a visitor: it says where its posts come from, as browsers do."""

    def open(self, *args: Any, **options: Any) -> TestResponse:
        """Make one request. `origin=None` leaves out what a browser would say of where a post comes from."""
        origin = options.pop("origin", ORIGIN)
        options.setdefault("base_url", ORIGIN)
        if options.get("method", "GET").upper() in UNSAFE and origin is not None:
            headers = dict(options.pop("headers", None) or {})
            headers.setdefault("Origin", origin)
            headers.setdefault("Sec-Fetch-Site", "same-origin" if origin == ORIGIN else "cross-site")
            options["headers"] = headers
        return super().open(*args, **options)

    def fetch(self, method: str, path: str, *, data: Fields | None = None, query: Fields | None = None) -> Fetched:
        """Make one request, and follow nothing."""
        response = self.open(path, method=method, data=_gathered(data), query_string=_gathered(query))
        return Fetched(response.status_code, dict(response.headers), response.get_data(as_text=True))


class AuditingClient(BrowsingClient):
    """A visitor under whom no response goes by unless its headers are complete and its HTML is right."""

    def open(self, *args: Any, **options: Any) -> TestResponse:
        """Make one request and audit what came back. Raises AuditFailed."""
        from tests.harness.audit import audit  # only tests have its parser

        response = super().open(*args, **options)
        audit(response)
        return response


class HttpVisitor(Visitor):
    """A visitor of running processes. Every failure to connect is `requests.ConnectionError`."""

    def __init__(self, base_url: str, *, certificate: Path | None = None, timeout_seconds: float = 20.0) -> None:
        """`base_url` is one side's address without a path; `certificate` the one to trust over TLS."""
        self.base_url = base_url
        self._timeout = timeout_seconds
        self.session = requests.Session()
        self.session.trust_env = False
        if certificate is not None:
            self.session.verify = str(certificate)

    def fetch(self, method: str, path: str, *, data: Fields | None = None, query: Fields | None = None) -> Fetched:
        """Make one request, and follow nothing."""
        headers = {"Origin": self.base_url, "Sec-Fetch-Site": "same-origin"} if method in UNSAFE else {}
        response = self.session.request(
            method,
            self.base_url + path,
            data=_gathered(data),
            params=_gathered(query),
            headers=headers,
            timeout=self._timeout,
            allow_redirects=False,
        )
        response.encoding = "utf-8"
        return Fetched(response.status_code, response.headers, response.text)


def _gathered(fields: Fields | None) -> dict[str, Any] | None:
    """Fields with all values of each name together, as both clients take them."""
    if fields is None or isinstance(fields, Mapping):
        return None if fields is None else dict(fields)
    gathered: dict[str, list[str]] = {}
    for name, value in fields:
        gathered.setdefault(name, []).append(value)
    return gathered
