"""What the whole default installation weighs once it was used, and how long each of its processes takes to start.

Memory is PSS: what a process has for itself, and its share of what it has together with others. It is that of `make run`: the
portal, the desk, the courier, and what starts them.
"""

from __future__ import annotations

import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from app.settings import HUB_VARIABLES, PORTAL_VARIABLES, SHARED_VARIABLES
from tests.harness.clients import HttpVisitor
from tests.harness.people import Colleague, Person
from tests.harness.run import free_port
from tests.harness.supervisor import Supervisor
from tests.stories import PARENT, READER, STUDENT
from tools import bench_apps
from tools.bench_parts import ROOT, Found, Held, Options, server, wait_for

MOST_MB = 250
SETTLES_SECONDS = 5.0
READ = ("", "pledge", "support", "guides/abuse-at-home", "rights", "how-it-works", "easy-read")
NAMES = {"serve portal": "portal", "serve hub": "desk", "app.courier": "courier", "tools/run.py": "what starts them"}


def run(options: Options) -> Found:
    """Weigh it, then time it."""
    with tempfile.TemporaryDirectory() as folder:
        site = Supervisor(Path(folder) / "site", fixed_day=False)
        try:
            weights = weigh(site)
            starts = time_starts(site, Path(folder), rounds=options.rounds)
        finally:
            site.close()
    total = sum(weights.values())
    bare = starts["bare Flask view"]
    lines = [
        "What `make run` starts, after some have read, asked and come back, and a colleague has opened a case.",
        "",
        "| process | PSS, MB |",
        "|---|---:|",
        *(f"| {name} | {weight:,.0f} |" for name, weight in weights.items()),
        f"| all together | {total:,.0f} |",
        "",
        "From the command until the first answer; for the courier until its first pass is over and it has ended.",
        "",
        "| process | seconds | ratio to the bare view |",
        "|---|---:|---:|",
        *(f"| {name} | {seconds:.2f} | {seconds / bare:.1f} |" for name, seconds in starts.items()),
    ]
    return Found(
        "Memory and start-up", lines, [Held("memory of the whole default installation", total, MOST_MB, True, " MB")]
    )


def weigh(site: Supervisor) -> dict[str, float]:
    """Megabytes of each part, with its workers."""
    ports = {"PORTAL_PORT": str(free_port()), "HUB_PORT": str(free_port())}
    own = SHARED_VARIABLES | PORTAL_VARIABLES | HUB_VARIABLES
    environ = {name: value for name, value in os.environ.items() if name not in own}
    environ |= {**ports, "DATA_DIR": str(site.data_dir), "DEV_SIGN_IN": "1"}
    whole = subprocess.Popen(
        [sys.executable, "-I", "-S", "tools/run.py", "Procfile"],
        cwd=ROOT,
        env=environ,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        portal, desk = (f"http://127.0.0.1:{ports[name]}" for name in ("PORTAL_PORT", "HUB_PORT"))
        for url in (portal, desk):
            wait_for(f"{url}/readyz")
        use(portal, desk)
        time.sleep(SETTLES_SECONDS)
        return by_part(whole.pid)
    finally:
        os.killpg(whole.pid, signal.SIGTERM)
        whole.wait()


def use(portal: str, desk: str) -> None:
    """A little of everything, so that what is made when it is first needed is there."""
    for language in ("en", "pl", "ur"):
        reader = HttpVisitor(portal)
        for path in READ:
            reader.visit(f"/{language}/{path}")
    people = [Person(HttpVisitor(portal), story) for story in (PARENT, STUDENT, READER)]
    for person in people:
        person.ask()
        person.come_back()
        person.space()
    time.sleep(SETTLES_SECONDS)  # the courier carries them
    colleague = Colleague(HttpVisitor(desk))
    colleague.sign_in()
    colleague.open(colleague.claim(colleague.case(people[0].reference)))


def by_part(root: int) -> dict[str, float]:
    """PSS in megabytes of a process and all that it started, by part."""
    found: dict[str, float] = {}
    waiting: list[tuple[int, str]] = [(root, "")]
    while waiting:
        pid, part = waiting.pop()
        told = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
        parts = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
        part = part or part_of(told, parts)
        rollup = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii")
        kilobytes = next(int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Pss:"))
        found[part] = found.get(part, 0.0) + kilobytes / 1024
        own = "" if part == NAMES["tools/run.py"] else part
        for task in Path(f"/proc/{pid}/task").iterdir():
            waiting += [(int(child), own) for child in (task / "children").read_text().split()]
    return found


def part_of(command: str, environ: list[bytes]) -> str:
    """Which part a process is, by its command and, once that was replaced by the server's, by its side."""
    for words, name in NAMES.items():
        if words in command:
            return name
    if "app.serving" in command:
        return "portal" if b"SIDE=portal" in environ else "desk"
    return NAMES["tools/run.py"]


def time_starts(site: Supervisor, folder: Path, *, rounds: int) -> dict[str, float]:
    """Seconds until each answers, the median; by turns."""
    bare = folder / "bare"
    bare.mkdir()
    (bare / "words.json").write_text("{}", encoding="ascii")
    bare_environ = {**os.environ, bench_apps.FOLDER: str(bare), "PYTHONPATH": str(ROOT)}
    taken: dict[str, list[float]] = {}
    for _ in range(rounds):
        port = free_port()
        command = server("tools.bench_apps:make_bare", port)
        with started(command, bare_environ, f"http://127.0.0.1:{port}/") as seconds:
            taken.setdefault("bare Flask view", []).append(seconds)
        serve = [sys.executable, "-m", "flask", "serve"]
        with started([*serve, "hub"], site.environment("hub"), f"{site.hub_url}/readyz") as seconds:
            taken.setdefault("desk", []).append(seconds)
        with started([*serve, "portal"], site.environment("portal"), f"{site.portal_url}/readyz") as seconds:
            taken.setdefault("portal", []).append(seconds)
            before = time.perf_counter()
            subprocess.run(
                [sys.executable, "-m", "flask", "courier", "--once"],
                cwd=ROOT,
                env=site.environment("courier"),
                check=True,
            )
            taken.setdefault("courier", []).append(time.perf_counter() - before)
    return {name: statistics.median(values) for name, values in taken.items()}


@contextmanager
def started(command: list[str], environ: dict[str, str], url: str) -> Iterator[float]:
    """While a server runs: the seconds from its command to its first answer."""
    before = time.perf_counter()
    process = subprocess.Popen(command, cwd=ROOT, env=environ, start_new_session=True)
    try:
        wait_for(url)
        yield time.perf_counter() - before
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
