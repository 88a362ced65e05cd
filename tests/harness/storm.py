"""Many people who ask at once while processes are killed under them, and what became of each request.

Each walks the question pages as READER of the stories does, over HTTP: every step is posted, every answer looked at. Somebody
whose browser cannot reach the site, or is told that nothing was kept, does what a person does: presses again. What a page said
when it said "not now" is held to the promise: the status, when to come again, and everything typed in the form that it offers.

Of the pages between two questions only the one to check is fetched: the others are seen by the tests of the journey.
"""

from __future__ import annotations

import http.client
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from http.cookies import SimpleCookie
from urllib.parse import urlencode, urlsplit

from requests.structures import CaseInsensitiveDict

from app.domain.reference import rows
from tests.harness.clients import Fetched, Fields, Visitor
from tests.harness.pages import Page
from tests.harness.people import Person, shown_number, spoken
from tests.stories import READER, Story

PATIENCE_SECONDS = 120.0
PAUSE_SECONDS = 0.05
BUSY_PAUSE_SECONDS = 0.3
NOT_NOW, CHANGED = 503, 409
NAME, FIRST = "reply", {"name": "Storm"}
FORM = "application/x-www-form-urlencoded"

Pairs = list[tuple[str, str]]


class Lost(AssertionError):
    """Something that a page had taken was not there any more, or a page broke a promise."""


class QuickVisitor(Visitor):
    """A browser without scripts, as cheap as can be: one connection kept open, cookies, nothing followed."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._url, self._host, self._port = url, parts.hostname or "", parts.port
        self._cookies: dict[str, str] = {}
        self._connection: http.client.HTTPConnection | None = None

    def fetch(self, method: str, path: str, *, data: Fields | None = None, query: Fields | None = None) -> Fetched:
        """Make one request. Raises OSError or http.client.HTTPException when the other end is gone."""
        headers = {"Accept": "text/html"}
        if self._cookies:
            headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in self._cookies.items())
        body = None
        if method == "POST":
            pairs = list(data.items()) if isinstance(data, Mapping) else list(data or ())
            body = urlencode(pairs)
            headers |= {"Content-Type": FORM, "Origin": self._url, "Sec-Fetch-Site": "same-origin"}
        if query:
            path = f"{path}?{urlencode(list(query.items()) if isinstance(query, Mapping) else list(query))}"
        try:
            if self._connection is None:
                self._connection = http.client.HTTPConnection(self._host, self._port, timeout=20)
            self._connection.request(method, path, body, headers)
            response = self._connection.getresponse()
            html = response.read().decode("utf-8")
        except (OSError, http.client.HTTPException):
            self.close()
            raise
        for value in response.headers.get_all("Set-Cookie") or ():
            for name, morsel in SimpleCookie(value).items():
                self._cookies[name] = morsel.value
                if morsel["max-age"] == "0":
                    del self._cookies[name]
        return Fetched(response.status, CaseInsensitiveDict(response.headers.items()), html)

    def close(self) -> None:
        """Let go of the connection."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None


@dataclass
class Tally:
    """What was said to those who asked, counted over all of them."""

    refused: Counter[str] = field(default_factory=Counter)
    unreachable: int = 0

    def told(self, path: str) -> None:
        """A page said "not now"."""
        self.refused[path.rpartition("/")[2]] += 1


class PatientVisitor(QuickVisitor):
    """Presses again for as long as the site cannot be reached, or says that it could not keep what was sent."""

    def __init__(self, url: str, tally: Tally, *, look_after: Callable[[], None] = lambda: None) -> None:
        """`look_after` is called while the site cannot be reached: whatever starts again what has died."""
        super().__init__(url)
        self._tally, self._look_after = tally, look_after

    def fetch(self, method: str, path: str, *, data: Fields | None = None, query: Fields | None = None) -> Fetched:
        """Make one request, as often as it takes. Raises Lost when a page broke its promise, or patience has come to its end."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            if time.monotonic() > deadline:
                raise Lost(f"{method} {path} was not taken within {PATIENCE_SECONDS:.0f} seconds")
            try:
                fetched = super().fetch(method, path, data=data, query=query)
            except (OSError, http.client.HTTPException):
                self._tally.unreachable += 1
                self._look_after()
                time.sleep(PAUSE_SECONDS)
                continue
            if fetched.status == NOT_NOW:
                self._tally.told(path)
                if method == "POST":
                    data = kept(Page(url=path, status=NOT_NOW, headers=fetched.headers, html=fetched.html), data)
                time.sleep(BUSY_PAUSE_SECONDS)
                continue
            if fetched.status >= 500:
                raise Lost(f"{method} {path} was answered with {fetched.status}")
            return fetched


def kept(page: Page, sent: Fields | None) -> Pairs:
    """What the form on a page that says "not now" sends when its button is pressed: all that was sent. Else raises Lost."""
    pairs = list(sent.items()) if isinstance(sent, Mapping) else list(sent or ())
    if not page.headers.get("Retry-After", "").isdigit():
        raise Lost(f"{page.path} does not say when to come again")
    typed = {(name, "".join(value.split())) for name, value in pairs if value.strip()}
    for form in page.forms:
        buttons = [(control.name, control.value) for control in form.controls if control.kind == "button"]
        pressed = dict(pair for pair in pairs if pair in buttons)
        there = form.filled(pressed, press=next(iter(pressed), None))
        if typed <= {(name, "".join(value.split())) for name, value in there}:
            return there
    offered = [form.filled() for form in page.forms]
    raise Lost(f"{page.path} lost what was typed: {sorted(typed)} is not in {offered}; it says: {page.text[:300]}")


@dataclass(frozen=True)
class Sent:
    """One request that was answered "sent": its number, and what was sent in its order, to be found again at the Hub."""

    number: str
    name: str
    code_word: str
    messages: tuple[str, ...] = ()

    @property
    def reference(self) -> str:
        """The first row of the number."""
        return self.number[:6]


@dataclass(frozen=True)
class Walk:
    """The posts from the first page to the one to check: address, fields, and where each leads."""

    posts: tuple[tuple[str, tuple[tuple[str, str], ...], str], ...]
    check: str

    @classmethod
    def of(cls, visitor: Visitor, story: Story = READER) -> Walk:
        """Learn them from the pages, once, by walking through all of them: nothing is posted that no page offers."""
        own = replace(story, answers={**story.answers, NAME: FIRST})
        learning = _Learning(visitor)
        page = Person(learning, own).fill_in()
        return cls(tuple(learning.posts), page.path)

    def named(self, name: str) -> list[tuple[str, Pairs, str]]:
        """The posts of somebody with this name."""
        return [
            (path, [(key, name if value == FIRST["name"] else value) for key, value in fields], then)
            for path, fields, then in self.posts
        ]


class _Learning(Visitor):
    def __init__(self, inner: Visitor) -> None:
        self._inner = inner
        self.posts: list[tuple[str, tuple[tuple[str, str], ...], str]] = []

    def fetch(self, method: str, path: str, *, data: Fields | None = None, query: Fields | None = None) -> Fetched:
        fetched = self._inner.fetch(method, path, data=data, query=query)
        if method == "POST":
            pairs = data.items() if isinstance(data, Mapping) else data or ()
            self.posts.append((path, tuple(pairs), _location(fetched)))
        return fetched


def ask(visitor: Visitor, walk: Walk, place: int) -> Sent:
    """One request from its first question to "I have it", with a name and a code word of its own. Raises Lost."""
    name, word = f"Storm {place}", f"word {place}"
    for path, fields, then in walk.named(name):
        arrived = _location(visitor.fetch("POST", path, data=fields))
        if arrived != then:
            raise Lost(f"{path} led to {arrived}, not to {then}")
    sent = walk.check.replace("/check", "/sent")
    while True:
        page = visitor.visit(walk.check)
        if page.path == sent:
            break
        answer = visitor.fetch("POST", walk.check, data=page.form("revision").filled())
        if answer.status != CHANGED and _location(answer) == sent:
            page = visitor.visit(sent)
            break
        if answer.status != CHANGED:
            raise Lost(f"the request was neither sent nor refused: {answer.status}")
    number = shown_number(page)
    answers = {"last_row": rows(number)[-1], "code_word": word}
    done = _location(visitor.fetch("POST", sent, data=page.form("last_row", "code_word").filled(answers)))
    if not done.endswith("/done"):
        raise Lost(f"the number was kept, and led to {done}")
    return Sent(number, name, word)


def write(visitor: Visitor, sent: Sent, count: int) -> Sent:
    """Come back with the number and write so many messages, one after the other. Raises Lost."""
    texts = tuple(f"{sent.name}, message {place}" for place in range(count))
    page = visitor.visit("/en/return")
    page = visitor.submit(page, page.form("number"), {"number": spoken(sent.number)})
    if page.path != "/en/case":
        raise Lost(f"the number of {sent.name} opens nothing: {page!r}")
    for text in texts:
        page = visitor.visit("/en/case/messages")
        page = visitor.submit(page, page.form("text"), {"text": text})
        if page.path != "/en/case":
            raise Lost(f"a message of {sent.name} led to {page!r}")
    return Sent(sent.number, sent.name, sent.code_word, texts)


def _location(fetched: Fetched) -> str:
    return urlsplit(fetched.headers.get("Location", "")).path


class Storm:
    """People who ask by turns on several threads, until so many requests were sent."""

    def __init__(
        self,
        url: str,
        *,
        requests: int,
        senders: int,
        writes_every: int = 5,
        look_after: Callable[[], None] = lambda: None,
    ) -> None:
        """`writes_every`: one in so many comes back and writes two messages."""
        self._url, self._requests, self._writes_every = url, requests, writes_every
        self._look_after = look_after
        self._next, self._lock = 0, threading.Lock()
        self.sent: list[Sent] = []
        self.problems: list[BaseException] = []
        self.tally = Tally()
        self._walk = Walk.of(self._visitor())
        self._threads = [threading.Thread(target=self._send, daemon=True) for _ in range(senders)]

    def start(self) -> None:
        """Begin."""
        for thread in self._threads:
            thread.start()

    @property
    def is_over(self) -> bool:
        """True when everybody has asked, or something went wrong."""
        return bool(self.problems) or not any(thread.is_alive() for thread in self._threads)

    def _visitor(self) -> PatientVisitor:
        return PatientVisitor(self._url, self.tally, look_after=self._look_after)

    def _send(self) -> None:
        try:
            while (place := self._turn()) is not None and not self.problems:
                visitor = self._visitor()
                made = ask(visitor, self._walk, place)
                self.sent.append(made)
                if place % self._writes_every == 0:
                    self.sent[self.sent.index(made)] = write(visitor, made, 2)
                visitor.close()
        except BaseException as problem:  # told by whoever waits for the end
            self.problems.append(problem)

    def _turn(self) -> int | None:
        with self._lock:
            if self._next >= self._requests:
                return None
            self._next += 1
            return self._next
