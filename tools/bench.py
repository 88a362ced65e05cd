"""How fast the site answers, as ratios to a bare Flask view on the same server in the same run.

Absolute figures depend on the machine; a ratio says what our own code costs. Everything is measured in turns, several
times, and the median counts. Writes docs/benchmarks.md.
"""

from __future__ import annotations

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
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import requests

from tests.harness.clients import HttpVisitor
from tests.harness.people import Person
from tests.harness.supervisor import Supervisor, free_port
from tests.stories import READER

ROOT = Path(__file__).resolve().parents[1]
ROUNDS = 3
SECONDS = 4
CONNECTIONS = 16
SENDERS = 4
SUBMISSIONS = 40
BARE = """
from flask import Flask, request
app = Flask("bare")
@app.get("/")
def hello():
    return "Hello"
@app.post("/")
def take():
    request.form.to_dict()
    return "", 303, {"Location": "/"}
"""
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
    """One measurement: what, how many a second, and the ratio to the bare view of the same kind."""

    what: str
    rate: float
    ratio: float


def main() -> None:
    wrk = shutil.which("wrk") or installed_wrk()
    with tempfile.TemporaryDirectory() as folder:
        site = Supervisor(Path(folder) / "site", fixed_day=False)
        bare_port = free_port()
        bare = start_bare(Path(folder), bare_port)
        try:
            site.start("portal")
            wait_for(f"http://127.0.0.1:{bare_port}/")
            rows = measure(wrk, site, f"http://127.0.0.1:{bare_port}/")
            weights = weigh(site)
        finally:
            os.killpg(bare.pid, signal.SIGKILL)  # its worker too
            site.close()
    text = report(rows, weights)
    (ROOT / "docs" / "benchmarks.md").write_text(text, encoding="utf-8")
    print(text)


def measure(wrk: str, site: Supervisor, bare: str) -> list[Row]:
    """Rates of everything, in turns."""
    cookie = draft_cookie(site)
    portal = site.portal_url
    pages: dict[str, Callable[[], float]] = {
        "bare Flask view": lambda: wrk_rate(wrk, bare),
        "home": lambda: wrk_rate(wrk, f"{portal}/en/"),
        "pledge": lambda: wrk_rate(wrk, f"{portal}/en/pledge"),
        "local help, filtered": lambda: wrk_rate(wrk, f"{portal}/en/support?a=11"),
        "question page (with a draft)": lambda: wrk_rate(wrk, f"{portal}/en/refer/help", cookie=cookie),
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
    rows = [Row(name, statistics.median(rates), statistics.median(rates) / bare_rate) for name, rates in taken.items()]
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


def draft_cookie(site: Supervisor) -> str:
    """The cookie of somebody who is at the second question."""
    visitor = HttpVisitor(site.portal_url)
    person = Person(visitor, READER)
    page = person.begin()
    for place in person.path()[:2]:
        page = person.answer(page, place)
    return "; ".join(f"{cookie.name}={cookie.value}" for cookie in visitor.session.cookies)


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


def report(rows: list[Row], weights: list[tuple[str, int, int]]) -> str:
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
        "",
        "| what | a second | ratio to the bare view |",
        "|---|---:|---:|",
        *(f"| {row.what} | {row.rate:,.0f} | {row.ratio:.3f} |" for row in rows),
        "",
        "A full submission is twelve requests, one of them with the key derivation (about 20 ms of one core on purpose).",
        "",
        "| page | bytes over the wire | with style and script |",
        "|---|---:|---:|",
        *(f"| {name} | {alone:,} | {total:,} |" for name, alone, total in weights),
        "",
    ]
    return "\n".join(lines)


def start_bare(folder: Path, port: int) -> subprocess.Popen[bytes]:
    """The bare Flask view on the same kind of server."""
    (folder / "bare.py").write_text(BARE, encoding="utf-8")
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
