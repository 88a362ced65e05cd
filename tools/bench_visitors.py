"""Five hundred visitors at once on the default installation, with five to fifteen seconds between their requests.

Seven of ten read, two ask, one comes back with a number. Nobody may meet an error, and signing in may not take three times as
long as when nobody else is there.
"""

from __future__ import annotations

import random
import statistics
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import requests

from tests.harness.clients import Fetched, Fields, HttpVisitor
from tests.harness.people import Person
from tests.harness.supervisor import Supervisor
from tests.stories import PARENT, READER, STUDENT
from tools.bench_parts import Found, Held, Options, quantile

VISITORS = 500
PAUSE_SECONDS = (5.0, 15.0)
OF_TEN = ["read"] * 7 + ["ask"] * 2 + ["return"]
IDLE_SIGN_INS = 40
NUMBERS = 25
PATHS = ("", "pledge", "support", "guides/abuse-at-home", "rights", "how-it-works", "help-now", "refer/start", "safety")
LANGUAGES = ("en", "en", "en", "pl", "ur", "lt")
SEED = 20261101


class Over(Exception):
    """The time is over."""


class Notes:
    """What everybody met: how long each kind of request took, in milliseconds, and what went wrong."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.taken: dict[str, list[float]] = {}
        self.wrong: Counter[str] = Counter()

    def took(self, kind: str, milliseconds: float) -> None:
        """One request was answered."""
        with self._lock:
            self.taken.setdefault(kind, []).append(milliseconds)

    def went_wrong(self, what: str) -> None:
        """Somebody met an error."""
        with self._lock:
            self.wrong[what] += 1


class Unhurried(HttpVisitor):
    """A visitor who waits before each page that they open or send, as people do; a redirect is followed at once."""

    def __init__(self, base_url: str, notes: Notes, dice: random.Random, *, until: float) -> None:
        super().__init__(base_url, timeout_seconds=30)
        self._notes, self._dice, self._until = notes, dice, until

    def visit(self, path: str) -> Any:
        """Wait, then open an address."""
        self.wait()
        return super().visit(path)

    def post_form(self, path: str, data: Fields) -> Any:
        """Wait, then send a form."""
        self.wait()
        return super().post_form(path, data)

    def wait(self, longest: float = PAUSE_SECONDS[1]) -> None:
        """Some seconds. Raises Over."""
        pause = self._dice.uniform(min(PAUSE_SECONDS[0], longest), longest)
        if time.monotonic() + pause > self._until:
            raise Over
        time.sleep(pause)

    def fetch(self, method: str, path: str, *, data: Fields | None = None, query: Fields | None = None) -> Fetched:
        """Make one request, and note how long it took."""
        started = time.perf_counter()
        fetched = super().fetch(method, path, data=data, query=query)
        self._notes.took(kind_of(method, path), (time.perf_counter() - started) * 1000)
        if fetched.status >= 400:
            self._notes.went_wrong(f"{method} {path} -> {fetched.status}")
        return fetched


def kind_of(method: str, path: str) -> str:
    """What a request is, for the table."""
    if method == "POST":
        return "signing in" if path.endswith("/return") else "sending" if path.endswith("/check") else "answering"
    return "a page"


def run(options: Options) -> Found:
    """Measure idle, then let them all in."""
    with tempfile.TemporaryDirectory() as folder:
        site = Supervisor(Path(folder) / "site", fixed_day=False)
        try:
            site.start()
            numbers = [Person(site.visitor(), READER).ask() for _ in range(NUMBERS)]
            idle = Notes()
            for turn in range(IDLE_SIGN_INS):
                sign_in(Unhurried(site.portal_url, idle, random.Random(turn), until=0), numbers[turn % NUMBERS])
            notes = let_in(site, numbers, seconds=options.visitors_for)
        finally:
            site.close()
    return report(idle, notes, seconds=options.visitors_for)


def sign_in(visitor: HttpVisitor, number: str) -> None:
    """Give a number and press the button, without a pause."""
    page = HttpVisitor.visit(visitor, "/en/return")
    fields = page.form("number").filled({"number": number})
    HttpVisitor.post_form(visitor, "/en/return", fields)


def let_in(site: Supervisor, numbers: list[str], *, seconds: float) -> Notes:
    """Everybody, each on a thread of their own."""
    notes, until = Notes(), time.monotonic() + seconds
    dice = random.Random(SEED)
    acts: dict[str, Callable[[Unhurried, random.Random], None]] = {
        "read": read,
        "ask": ask,
        "return": lambda visitor, own: come_back(visitor, own, numbers),
    }

    def live(act: Callable[[Unhurried, random.Random], None], own: random.Random) -> None:
        try:
            Unhurried(site.portal_url, notes, own, until=until).wait()  # they do not come all at once
            while True:
                act(Unhurried(site.portal_url, notes, own, until=until), own)
        except Over:
            pass
        except (requests.RequestException, AssertionError, LookupError) as error:
            notes.went_wrong(type(error).__name__)

    threads = [
        threading.Thread(target=live, args=(acts[OF_TEN[turn % len(OF_TEN)]], random.Random(dice.random())))
        for turn in range(VISITORS)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return notes


def read(visitor: Unhurried, dice: random.Random) -> None:
    """Look around in one's own language."""
    language = dice.choice(LANGUAGES)
    visitor.session.headers["Accept-Encoding"] = "gzip"
    for _ in range(8):
        visitor.wait()
        visitor.fetch("GET", f"/{language}/{dice.choice(PATHS)}")


def ask(visitor: Unhurried, dice: random.Random) -> None:
    """Ask for support, from the first question to "I have it"."""
    Person(visitor, dice.choice((PARENT, STUDENT, READER))).ask()


def come_back(visitor: Unhurried, dice: random.Random, numbers: list[str]) -> None:
    """Come back with a number, look at the space, and leave."""
    person = Person(visitor, READER)
    person.number = dice.choice(numbers)
    person.come_back()
    person.space()
    person.sign_out()


def report(idle: Notes, notes: Notes, *, seconds: float) -> Found:
    """The section, and what is held to something."""
    alone, met = idle.taken["signing in"], notes.taken.get("signing in", [0.0])
    total, errors = sum(len(each) for each in notes.taken.values()), notes.wrong.total()
    lines = [
        f"{VISITORS} visitors for {seconds:.0f} seconds on the default installation with its courier, on SQLite: seven of ten",
        "read, two ask and one comes back, each with 5 to 15 seconds between two requests. What visits them shares the machine.",
        "",
        f"{total:,} requests, {total / seconds:.0f} a second; {errors} errors.",
        *(f"- {what}: {count}" for what, count in notes.wrong.most_common(5)),
        "",
        "| request | how many | median, ms | 95 of 100 within, ms |",
        "|---|---:|---:|---:|",
        f"| signing in, nobody else there | {len(alone)} | {statistics.median(alone):.0f} | {quantile(alone, 0.95):.0f} |",
        *(
            f"| {kind} | {len(taken):,} | {statistics.median(taken):.0f} | {quantile(taken, 0.95):.0f} |"
            for kind, taken in sorted(notes.taken.items())
        ),
    ]
    return Found(
        "Five hundred visitors",
        lines,
        [
            Held("errors that 500 visitors meet", errors, 0, True, " errors"),
            Held(
                "signing in among 500 visitors, 95 of 100 within, against nobody else there",
                quantile(met, 0.95) / quantile(alone, 0.95),
                3.0,
                True,
            ),
        ],
    )
