"""Five hundred visitors at once on the default installation, with five to fifteen seconds between their requests.

Seven of ten read, two ask, one comes back with a number. Nobody may meet an error, and signing in may not take three times as
long as when nobody else is there.
"""

from __future__ import annotations

import http.client
import random
import statistics
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from app.domain.reference import rows
from tests.harness.clients import Fetched, Fields
from tests.harness.pages import Page
from tests.harness.people import Person, shown_number, spoken
from tests.harness.storm import Lost, QuickVisitor, Walk
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
Act = Callable[["Unhurried", random.Random], None]


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

    def told(self) -> dict[str, Any]:
        """All of it, to be handed to another process."""
        return {"taken": self.taken, "wrong": self.wrong}

    def went_wrong(self, what: str) -> None:
        """Somebody met an error."""
        with self._lock:
            self.wrong[what] += 1


class Unhurried(QuickVisitor):
    """A visitor who waits before each page that they open or send, as people do; a redirect is followed at once.

    Nothing is parsed but what a later step needs, so that what is measured is the site and not what visits it.
    """

    def __init__(self, base_url: str, notes: Notes, dice: random.Random, *, until: float) -> None:
        super().__init__(base_url)
        self._notes, self._dice, self._until = notes, dice, until

    def wait(self, shortest: float = PAUSE_SECONDS[0]) -> None:
        """Some seconds. Raises Over."""
        pause = self._dice.uniform(shortest, PAUSE_SECONDS[1])
        if time.monotonic() + pause > self._until:
            raise Over
        self.close()  # nobody counts on a connection that was idle for so long
        time.sleep(pause)

    def fetch(self, method: str, path: str, *, data: Fields | None = None, query: Fields | None = None) -> Fetched:
        """Make one request, and note how long it took."""
        started = time.perf_counter()
        fetched = super().fetch(method, path, data=data, query=query)
        self._notes.took(kind_of(method, path), (time.perf_counter() - started) * 1000)
        if fetched.status >= 400:
            self._notes.went_wrong(f"{method} {path} -> {fetched.status}")
        return fetched

    def send(self, path: str, data: Fields, then: str) -> Fetched:
        """Wait, post a form, and open the page that it must lead to. Raises Lost."""
        self.wait()
        arrived = urlsplit(self.fetch("POST", path, data=data).headers.get("Location", "")).path
        if arrived != then:
            raise Lost(f"{path} led to {arrived}, not to {then}")
        return self.fetch("GET", then)


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
            # In a process of its own, as they are one each: whatever else this one does would be measured too.
            with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
                idle = pool.submit(sign_in_alone, site.portal_url, numbers).result()
                notes = pool.submit(let_in, site.portal_url, numbers, options.visitors_for).result()
        finally:
            site.close()
    return report(idle, notes, seconds=options.visitors_for)


def sign_in_alone(url: str, numbers: list[str]) -> dict[str, Any]:
    """One after the other, while nobody else is there."""
    notes = Notes()
    for turn in range(IDLE_SIGN_INS):
        visitor = Unhurried(url, notes, random.Random(turn), until=0)
        visitor.fetch("GET", "/en/return")
        visitor.fetch("POST", "/en/return", data={"number": numbers[turn % NUMBERS]})
        visitor.close()
    return notes.told()


def let_in(url: str, numbers: list[str], seconds: float) -> dict[str, Any]:
    """Everybody, each on a thread of their own."""
    walks = [Walk.of(QuickVisitor(url), story) for story in (PARENT, STUDENT, READER)]
    notes, until = Notes(), time.monotonic() + seconds
    dice = random.Random(SEED)
    acts: dict[str, Act] = {
        "read": read,
        "ask": lambda visitor, own: ask(visitor, own.choice(walks)),
        "return": lambda visitor, own: come_back(visitor, own.choice(numbers)),
    }

    def live(act: Act, own: random.Random) -> None:
        try:
            Unhurried(url, notes, own, until=until).wait(0.0)  # they do not come all at once
            while True:
                act(Unhurried(url, notes, own, until=until), own)
        except Over:
            pass
        except (OSError, http.client.HTTPException, AssertionError, LookupError) as error:
            notes.went_wrong(f"{type(error).__name__}: {error}"[:200])

    threads = [
        threading.Thread(target=live, args=(acts[OF_TEN[turn % len(OF_TEN)]], random.Random(dice.random())))
        for turn in range(VISITORS)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return notes.told()


def read(visitor: Unhurried, dice: random.Random) -> None:
    """Look around in one's own language."""
    language = dice.choice(LANGUAGES)
    for _ in range(8):
        visitor.wait()
        visitor.fetch("GET", f"/{language}/{dice.choice(PATHS)}")


def ask(visitor: Unhurried, walk: Walk) -> None:
    """Ask for support, from the first question to "I have it"."""
    for path, fields, then in walk.posts:
        page = visitor.send(path, fields, then)
    checked = Page(url=walk.check, status=page.status, headers=page.headers, html=page.html)
    sent = walk.check.replace("/check", "/sent")
    page = visitor.send(walk.check, checked.form("revision").filled(), sent)
    shown = Page(url=sent, status=page.status, headers=page.headers, html=page.html)
    answers = {"last_row": rows(shown_number(shown))[-1], "code_word": "lighthouse"}
    kept = shown.form("last_row", "code_word").filled(answers)
    visitor.send(sent, kept, walk.check.replace("/check", "/done"))


def come_back(visitor: Unhurried, number: str) -> None:
    """Come back with a number, look at the space, and leave."""
    visitor.wait()
    visitor.fetch("GET", "/en/return")
    page = visitor.send("/en/return", {"number": spoken(number)}, "/en/case")
    space = Page(url="/en/case", status=page.status, headers=page.headers, html=page.html)
    form = space.form(to="/case/sign-out")
    visitor.wait()
    visitor.fetch("POST", form.action, data=form.filled())


def report(idle: dict[str, Any], notes: dict[str, Any], *, seconds: float) -> Found:
    """The section, and what is held to something."""
    alone, met = idle["taken"]["signing in"], notes["taken"].get("signing in", [0.0])
    wrong: Counter[str] = notes["wrong"]
    total, errors = sum(len(each) for each in notes["taken"].values()), wrong.total()
    lines = [
        f"{VISITORS} visitors for {seconds:.0f} seconds on the default installation with its courier, on SQLite: seven of ten",
        "read, two ask and one comes back, each with 5 to 15 seconds between two requests. What visits them shares the machine.",
        "",
        f"{total:,} requests, {total / seconds:.0f} a second; {errors} errors.",
        *(f"- {what}: {count}" for what, count in wrong.most_common(5)),
        "",
        "| request | how many | median, ms | 95 of 100 within, ms |",
        "|---|---:|---:|---:|",
        f"| signing in, nobody else there | {len(alone)} | {statistics.median(alone):.0f} | {quantile(alone, 0.95):.0f} |",
        *(
            f"| {kind} | {len(taken):,} | {statistics.median(taken):.0f} | {quantile(taken, 0.95):.0f} |"
            for kind, taken in sorted(notes["taken"].items())
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
