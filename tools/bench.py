"""How fast the site answers, as ratios to a bare Flask view on the same server in the same run.

Absolute figures depend on the machine; a ratio says what our own code costs. Everything is measured in turns, several
times, and the median counts. Writes docs/benchmarks.md.
"""

from __future__ import annotations

import json
import os
import platform
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import requests

from tests.harness.clients import HttpVisitor
from tests.harness.people import Person
from tests.harness.supervisor import Supervisor, free_port
from tests.stories import OWN_DEVICE, READER
from tools.bench_queue import HEADING

ROOT = Path(__file__).resolve().parents[1]
ROUNDS = 3
SECONDS = 4
CONNECTIONS = 16
SENDERS = 4
SUBMISSIONS = 40
FLAT, QUESTION = "bare Flask view, flat template", "question page (with a draft)"
BARE = """
import json
from pathlib import Path
from flask import Flask, render_template, request
app = Flask("bare")
WORDS = json.loads(Path("words.json").read_text(encoding="utf-8"))
@app.get("/")
def hello():
    return "Hello"
@app.get("/flat")
def flat():
    return render_template("flat.html", **WORDS)
@app.post("/")
def take():
    request.form.to_dict()
    return "", 303, {"Location": "/"}
"""
# What the flat template has as escaped words, in the order of the page.
WORDS_OF_THE_PAGE = {
    "language": r'<html lang="([^"]+)"',
    "action": r'<form method="post" action="([^"]+)"',
    "kept_until": r'id="time-limit">.*?(\d+:\d\d)',
}
SERVER = [
    "--interface",
    "wsgi",
    "--host",
    "127.0.0.1",
    "--workers",
    "1",
    "--blocking-threads",
    "4",
    "--no-ws",
    "--log-level",
    "error",
]


@dataclass(frozen=True)
class Row:
    """One measurement: what, how many a second, the ratio to the bare view of the same kind, and that to the flat template."""

    what: str
    rate: float
    ratio: float
    ratio_to_flat: float | None = None


@dataclass(frozen=True)
class Question:
    """A question page, and the cookie of the draft of whoever opens it."""

    name: str
    path: str
    cookie: str


def main() -> None:
    """Measure everything and write the page."""
    busy = os.getloadavg()[0]
    wrk = shutil.which("wrk") or installed_wrk()
    with tempfile.TemporaryDirectory() as folder:
        site = Supervisor(Path(folder) / "site", fixed_day=False)
        bare_port = free_port()
        bare_url = f"http://127.0.0.1:{bare_port}/"
        bare = None
        try:
            site.start("portal")
            questions = [
                Question(QUESTION, "/en/refer/help", draft_cookie(site, answered=2)),
                Question("the same, answered before", "/en/refer/help", draft_cookie(site, answered=3)),
            ]
            size = write_bare(Path(folder), fetched(site, questions[0]))
            bare = start_bare(Path(folder), bare_port)
            wait_for(bare_url)
            flat_size = len(requests.get(f"{bare_url}flat", timeout=5).content)
            if flat_size != size:
                raise SystemExit(
                    f"The flat template has {flat_size} bytes, the question page {size}: nothing to compare."
                )
            rows = measure(wrk, site, bare_url, questions=questions)
            weights = weigh(site)
        finally:
            if bare is not None:
                os.killpg(bare.pid, signal.SIGKILL)  # its worker too
            site.close()
    text = report(rows, weights, busy=busy)
    page = ROOT / "docs" / "benchmarks.md"
    # What tools/bench_queue.py measured stands at its end, and stays.
    _, mark, queue = page.read_text(encoding="utf-8").partition(f"\n{HEADING}\n")
    page.write_text(f"{text.rstrip()}\n{mark}{queue}" if mark else text, encoding="utf-8")
    print(text)


def measure(wrk: str, site: Supervisor, bare: str, *, questions: Sequence[Question]) -> list[Row]:
    """Rates of everything, in turns."""
    portal = site.portal_url
    pages: dict[str, Callable[[], float]] = {
        "bare Flask view": lambda: wrk_rate(wrk, bare),
        FLAT: lambda: wrk_rate(wrk, f"{bare}flat"),
        "home": lambda: wrk_rate(wrk, f"{portal}/en/"),
        "pledge": lambda: wrk_rate(wrk, f"{portal}/en/pledge"),
        "a guide": lambda: wrk_rate(wrk, f"{portal}/en/guides/abuse-at-home"),
        "local help, filtered": lambda: wrk_rate(wrk, f"{portal}/en/support?a=11"),
        **{each.name: partial(wrk_rate, wrk, portal + each.path, cookie=each.cookie) for each in questions},
        "start page": lambda: wrk_rate(wrk, f"{portal}/en/refer/start"),
    }
    taken: dict[str, list[float]] = {name: [] for name in pages}
    posts: list[float] = []
    bare_posts: list[float] = []
    for _ in range(ROUNDS):
        for name, run in pages.items():
            taken[name].append(run())
        bare_posts.append(bare_post_rate(bare))
        posts.append(submission_rate(site))
    bare_rate = statistics.median(taken["bare Flask view"])
    flat_rate = statistics.median(taken[FLAT])
    compared = {FLAT, *(each.name for each in questions)}
    rows = [
        Row(name, rate, rate / bare_rate, rate / flat_rate if name in compared else None)
        for name, rate in ((name, statistics.median(rates)) for name, rates in taken.items())
    ]
    bare_post = statistics.median(bare_posts)
    rows.append(Row("bare Flask view that takes a form (same client)", bare_post, 1.0))
    rows.append(
        Row(
            "a full submission: every page, sent, number kept",
            statistics.median(posts),
            statistics.median(posts) / bare_post,
        )
    )
    return rows


def wrk_rate(wrk: str, url: str, *, cookie: str = "") -> float:
    """Requests a second; every answer must be a 200."""
    command = [wrk, "-t1", f"-c{CONNECTIONS}", f"-d{SECONDS}s", "-H", "Accept-Encoding: gzip"]
    if cookie:
        command += ["-H", f"Cookie: {cookie}"]
    out = subprocess.run([*command, url], check=True, capture_output=True, text=True).stdout
    if "Non-2xx" in out or "Socket errors" in out:
        raise SystemExit(f"{url} did not answer as it should:\n{out}")
    found = re.search(r"Requests/sec:\s+([\d.]+)", out)
    assert found
    return float(found[1])


def draft_cookie(site: Supervisor, *, answered: int) -> str:
    """The cookie of somebody who has answered so many pages, on a device that nobody else uses."""
    visitor = HttpVisitor(site.portal_url)
    person = Person(visitor, replace(READER, answers={**READER.answers, "start": OWN_DEVICE}))
    page = person.begin()
    for place in person.path()[:answered]:
        page = person.answer(page, place)
    return "; ".join(f"{cookie.name}={cookie.value}" for cookie in visitor.session.cookies)


def fetched(site: Supervisor, question: Question) -> str:
    """The question page as its visitor gets it."""
    with requests.Session() as session:
        session.trust_env = False
        answer = session.get(site.portal_url + question.path, headers={"Cookie": question.cookie})
    answer.raise_for_status()
    return answer.text


def write_bare(folder: Path, page: str) -> int:
    """Write the bare application and its flat template: this page, with three escaped words in it. Returns its bytes."""
    words: dict[str, str] = {}
    flat, end = "", 0
    for name, pattern in WORDS_OF_THE_PAGE.items():
        found = re.compile(pattern, re.DOTALL).search(page, end)
        assert found, pattern
        words[name] = found[1]
        flat += f"{{% raw %}}{page[end : found.start(1)]}{{% endraw %}}{{{{ {name} }}}}"
        end = found.end(1)
    flat += f"{{% raw %}}{page[end:]}{{% endraw %}}"
    (folder / "templates").mkdir()
    (folder / "templates" / "flat.html").write_text(flat, encoding="utf-8")
    (folder / "words.json").write_text(json.dumps(words), encoding="utf-8")
    (folder / "bare.py").write_text(BARE, encoding="utf-8")
    return len(page.encode("utf-8"))


def submission_rate(site: Supervisor) -> float:
    """Whole submissions a second, by several people at once."""
    return rate_of(lambda: Person(HttpVisitor(site.portal_url), READER).ask() and None, SUBMISSIONS)


def bare_post_rate(bare: str) -> float:
    """Forms a second that a bare view takes from the same client."""
    local = threading.local()

    def post() -> None:
        if not hasattr(local, "session"):
            local.session = requests.Session()
            local.session.trust_env = False
        local.session.post(bare, data={"a": "b"}, allow_redirects=False)

    return rate_of(post, SUBMISSIONS * 20)


def rate_of(act: Callable[[], None], times: int) -> float:
    """How often a second an act is done by SENDERS threads."""

    def some() -> None:
        for _ in range(times // SENDERS):
            act()

    threads = [threading.Thread(target=some) for _ in range(SENDERS)]
    started = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return times / (time.perf_counter() - started)


def weigh(site: Supervisor) -> list[tuple[str, int, int]]:
    """Bytes over the wire of a page alone, and with style and script (compressed, headers left out)."""
    found = []
    with requests.Session() as session:
        session.trust_env = False
        for name, path in (
            ("home", "/en/"),
            ("start", "/en/refer/start"),
            ("pledge", "/en/pledge"),
            ("local help", "/en/support"),
            ("a guide", "/en/guides/abuse-at-home"),
        ):
            page = session.get(site.portal_url + path)
            total = wire_size(session, site.portal_url + path)
            for linked in set(re.findall(r'(?:href|src)="(/static/[^"]+)"', page.text)):
                if not linked.endswith(".svg"):
                    total += wire_size(session, site.portal_url + linked)
            found.append((name, wire_size(session, site.portal_url + path), total))
    return found


def wire_size(session: requests.Session, url: str) -> int:
    """Bytes of a compressed answer."""
    with session.get(url, headers={"Accept-Encoding": "gzip"}, stream=True) as response:
        return len(response.raw.read(decode_content=False))


def report(rows: list[Row], weights: list[tuple[str, int, int]], *, busy: float) -> str:
    """The page for docs/."""
    lines = [
        "# How fast it is",
        "",
        "Made by `make bench`. Each figure is a median of three turns; a ratio compares with a bare Flask view on the same",
        "server (granian, one worker, four threads) in the same run. The absolute figures say more about the machine.",
        "",
        f"Machine: {os.cpu_count()} cores, {platform.machine()}, {platform.system()}, Python {platform.python_version()}.",
        f"Load: wrk, one thread, {CONNECTIONS} connections, gzip accepted. The client shares the machine.",
        "Database: SQLite, synchronous=FULL.",
        f"Before it began, the machine's load was {busy:.1f}: what is well above 0 says that others were at work on it.",
        "",
        "| what | a second | ratio to the bare view | ratio to the flat template |",
        "|---|---:|---:|---:|",
        *(f"| {row.what} | {row.rate:,.0f} | {row.ratio:.3f} | {to_flat(row)} |" for row in rows),
        "",
        "The flat template is a bare Flask view without a database: the question page's own HTML, byte for byte, as one Jinja",
        "template that is compiled once and has three escaped words. The question page reads the draft, opens its seal, and",
        "works out the path. Held to: at least 0.25 of the flat template, and above 0.075 of the bare view; aimed at 0.15.",
        "",
        "A full submission is twelve requests, one of them with the key derivation (about 20 ms of one core on purpose).",
        "",
        "| page | bytes over the wire | with style and script |",
        "|---|---:|---:|",
        *(f"| {name} | {alone:,} | {total:,} |" for name, alone, total in weights),
        "",
    ]
    return "\n".join(lines)


def to_flat(row: Row) -> str:
    """The ratio to the flat template in figures, where there is one."""
    return "" if row.ratio_to_flat is None else f"{row.ratio_to_flat:.3f}"


def start_bare(folder: Path, port: int) -> subprocess.Popen[bytes]:
    """The bare Flask views on the same kind of server."""
    return subprocess.Popen(
        [sys.executable, "-m", "granian", "bare:app", *SERVER, "--port", str(port)],
        cwd=folder,
        stdout=subprocess.DEVNULL,
        start_new_session=True,
    )


def wait_for(url: str) -> None:
    """Until it answers."""
    for _ in range(100):
        try:
            requests.get(url, timeout=2)
        except requests.ConnectionError:
            time.sleep(0.1)
        else:
            return
    raise SystemExit(f"{url} does not answer.")


def installed_wrk() -> str:
    """wrk from Debian, when that can be had."""
    if os.geteuid() == 0 and shutil.which("apt-get"):
        subprocess.run(["apt-get", "update", "-qq"], check=True)
        subprocess.run(["apt-get", "install", "-y", "-qq", "wrk"], check=True, stdout=subprocess.DEVNULL)
    found = shutil.which("wrk")
    if not found:
        raise SystemExit("make bench needs wrk: install Debian's package wrk.")
    return found


if __name__ == "__main__":
    main()
