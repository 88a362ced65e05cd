"""The moment that costs: the final POST, from the page to check to the redirect that answers it, on both engines.

Against as many key derivations as the cores can do; and, with a key derivation that costs nothing, against a bare view that
parses the same form and commits one row of 4 KB. And what somebody who only reads notices meanwhile.
"""

from __future__ import annotations

import json
import os
import secrets
import statistics
import subprocess
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from multiprocessing import get_context
from pathlib import Path

import requests
from sqlalchemy import delete, text

from app.adapters import numbers, sealing
from app.data import portal as rows
from app.data.database import Database
from app.forms.refer import JOURNEY
from app.processes import cores
from app.services.portal import drafts
from app.services.portal.office import new_token, row_id
from app.web import clock
from app.web.cookies import DRAFT, token_text
from tests.harness import run as test_run
from tests.harness.databases import Copies
from tests.harness.postgresql import DURABLE, stop_shared_server
from tests.harness.supervisor import Supervisor
from tests.stories import PARENT
from tools import bench_apps
from tools.bench_parts import Found, Held, Options, Turns, found_wrk, quantile, serving, wrk

# So many a second nobody reaches who has not been measured yet: that many drafts must be there before.
MOST_A_SECOND = 2500
# And afterwards so many times what was measured. Not more: drafts that nobody sends make the table larger than it ever is.
ROOM = 2
# Fewer than find room at a slot of the slow step, whatever the cores: nobody is to be told that it is busy.
SENDERS = 6
BODY = "revision=1"
SENDING = """
local n, cookies = 0, {{}}
for line in io.lines("{cookies}") do cookies[#cookies + 1] = line end
request = function()
  n = n + 1
  return wrk.format("POST", nil, {{
    ["Cookie"] = cookies[n], ["Content-Type"] = "application/x-www-form-urlencoded", ["Origin"] = "{origin}",
    ["Sec-Fetch-Site"] = "same-origin",
  }}, "{body}")
end
"""
ENGINES = ("SQLite", "PostgreSQL")
LOOKS_EVERY_SECONDS = 0.02


def run(options: Options) -> Found:
    """Measure by turns."""
    os.environ[DURABLE] = "1"
    test_run.begin(in_memory=False)
    folder = Path(tempfile.mkdtemp(prefix="bench-sending-"))
    copies = Copies("postgresql", folder / "postgresql")
    try:
        return measure(folder, copies, options)
    finally:
        copies.drop()
        stop_shared_server()
        test_run.end()
        os.environ.pop(DURABLE)


def measure(folder: Path, copies: Copies, options: Options) -> Found:
    """Rates of each by turns, with every server up."""
    taken = Turns()
    with (
        portal(folder / "real", None) as real,
        portal(folder / "both", None, workers=cores()) as both,
        portal(folder / "lite", "make_portal_without_kdf") as lite,
        portal(folder / "large", "make_portal_without_kdf", address=copies.make("portal")) as large,
        serving("make_bare_deriver", os.environ, workers=cores()) as bare_deriver,
        keeper(f"sqlite:///{folder / 'bare.sqlite3'}") as bare_lite,
        keeper(copies.make("portal")) as bare_large,
    ):
        # What is made when it is first needed is there then.
        for site in (real, both, lite, large, bare_lite, bare_large):
            site.rate(1)
        for _ in range(options.rounds):
            taken.note("KDF", kdf_rate(options.seconds))
            derived, _ = wrk(f"{bare_deriver}/derived", seconds=options.seconds, connections=SENDERS)
            taken.note("bare derived", derived)
            taken.note("final", both.rate(options.seconds))
            taken.note("final, one worker", real.rate(options.seconds))
            for engine, site, bare in (("SQLite", lite, bare_lite), ("PostgreSQL", large, bare_large)):
                taken.note(f"bare {engine}", bare.rate(options.seconds))
                taken.note(f"rest {engine}", site.rate(options.seconds))
        idle = real.waiting_for_a_question(options.seconds, while_sending=False)
        busy = real.waiting_for_a_question(options.seconds, while_sending=True)
    return report(taken, idle, busy)


class Site:
    """A portal that runs, or a bare view in its place (`database` None)."""

    def __init__(self, url: str, folder: Path, database: Database | None, address: str) -> None:
        self.url, self._folder, self._database, self._address = url, folder, database, address
        self._most_a_second = MOST_A_SECOND

    def rate(self, seconds: int) -> float:
        """Final POSTs a second; each one must have been kept."""
        before = self._kept()
        script = self._script(seconds)
        rate, count = wrk(f"{self.url}{self._path}", seconds=seconds, connections=SENDERS, script=script)
        kept = self._kept() - before
        # As wrk ends, what is in hand on each connection is kept and not counted, and perhaps what was just answered.
        if not count <= kept <= count + 2 * SENDERS:
            raise SystemExit(f"{count} were answered, {kept} are there: not every one was sent.")
        self._most_a_second = round(rate * ROOM)
        self._forget_drafts()
        return rate

    def waiting_for_a_question(self, seconds: int, *, while_sending: bool) -> list[float]:
        """Milliseconds until a question's page is there, again and again, while others send as fast as it goes, or nobody."""
        cookie, sending = self._cookies(1)[0], None
        if while_sending:
            script = self._script(seconds + 1)
            sending = subprocess.Popen(
                [found_wrk(), "-t1", f"-c{SENDERS}", f"-d{seconds + 1}s", "-s", str(script), f"{self.url}{self._path}"],
                stdout=subprocess.DEVNULL,
            )  # fmt: skip
            time.sleep(0.5)
        taken: list[float] = []
        until = time.monotonic() + seconds
        with requests.Session() as session:
            session.trust_env = False
            while time.monotonic() < until:
                started = time.perf_counter()
                answer = session.get(
                    f"{self.url}/en/refer/help", headers={"Cookie": cookie}, allow_redirects=False, timeout=20
                )
                taken.append((time.perf_counter() - started) * 1000)
                assert answer.status_code == 200, answer.status_code
                time.sleep(LOOKS_EVERY_SECONDS)
        if sending is not None:
            sending.wait()
        return taken

    @property
    def _path(self) -> str:
        return "/en/refer/check" if self._database is not None else "/refer/check"

    def _script(self, seconds: int) -> Path:
        cookies = self._folder / "cookies"
        drafts_wanted = seconds * self._most_a_second + SENDERS
        cookies.write_text("\n".join(self._cookies(drafts_wanted)), encoding="ascii")
        script = self._folder / "sending.lua"
        script.write_text(SENDING.format(cookies=cookies, origin=self.url, body=BODY), encoding="ascii")
        return script

    def _cookies(self, count: int) -> list[str]:
        """So many cookies, each of a draft that is ready to be sent."""
        tokens = [new_token() for _ in range(count)]
        if self._database is not None:
            answers = {place.step.key: PARENT.answers.get(place.step.key, {}) for place in JOURNEY.path(PARENT.answers)}
            answers.pop("check", None)
            plain = json.dumps(answers, ensure_ascii=False, separators=(",", ":")).encode("utf-8")
            until = clock.now() + timedelta(minutes=60)
            with self._database.writing_by_hand() as hand:
                for token in tokens:
                    own = row_id(token)
                    sealed = sealing.seal_box(token, plain, purpose=drafts.PURPOSE, bound=own)
                    rows.save_draft(hand, own, sealed=sealed, expected_revision=0, expires_at=until)
        return [f"portal-{DRAFT}={token_text(token)}" for token in tokens]

    def _forget_drafts(self) -> None:
        """What was not sent goes, so that each turn begins as the first one did."""
        if self._database is not None:
            with self._database.writing() as session:
                session.execute(delete(rows.Draft))

    def _kept(self) -> int:
        if self._database is None:
            return bench_apps.rows_in_table(self._address)
        with self._database.reading() as session:
            return int(session.execute(text('SELECT count(*) FROM "case"')).scalar_one())


@contextmanager
def portal(folder: Path, target: str | None, *, address: str = "", workers: int = 1) -> Iterator[Site]:
    """A portal of its own: as it is (`target` None), with so many workers, or as tools/bench_apps.py makes it, with one."""
    folder.mkdir(parents=True)
    supervisor = Supervisor(
        folder / "site",
        fixed_day=False,
        environ={"PORTAL_DATABASE_URL": address} if address else {},
        workers=workers,
    )
    database = Database(address or f"sqlite:///{supervisor.data_dir / 'portal' / 'portal.sqlite3'}")
    try:
        if target is None:
            supervisor.start("portal")
            yield Site(supervisor.portal_url, folder, database, address)
        else:
            with serving(target, supervisor.environment("portal"), path="/readyz") as url:
                yield Site(url, folder, database, address)
    finally:
        database.close()
        supervisor.close()


@contextmanager
def keeper(address: str) -> Iterator[Site]:
    """The bare view that keeps a row."""
    bench_apps.make_table(address)
    environ = {**os.environ, bench_apps.DATABASE: address}
    with tempfile.TemporaryDirectory() as folder, serving("make_bare_keeper", environ) as url:
        yield Site(url, Path(folder), None, address)


def kdf_rate(seconds: float) -> float:
    """Key derivations a second, on all cores at once and nothing else."""
    begin_at = time.time() + 2.5
    with ProcessPoolExecutor(cores(), mp_context=get_context("spawn")) as pool:
        return sum(pool.map(derive_for, [seconds] * cores(), [begin_at] * cores())) / seconds


def derive_for(seconds: float, begin_at: float) -> int:
    """How many key derivations one core does from a moment on."""
    time.sleep(max(0.0, begin_at - time.time()))
    count, until = 0, time.monotonic() + seconds
    secret, case_id, pepper = secrets.token_bytes(32), sealing.new_id(), secrets.token_bytes(32)
    while time.monotonic() < until:
        numbers.wrap_secret(secret, "0" * 24, case_id=case_id, pepper=pepper)
        count += 1
    return count


def report(taken: Turns, idle: list[float], busy: list[float]) -> Found:
    """The section, and what is held to something."""
    lines = [
        "The last press, from the page to check until the redirect that answers it; each one is counted in the database",
        "afterwards. The key derivation is Argon2id with 19 MiB and two passes, as in service.",
        "",
        "| what | a second | ratio |",
        "|---|---:|---:|",
        f"| key derivations alone, on {cores()} cores | {taken.median('KDF'):,.0f} | 1.00 |",
        *(
            f"| the final POST, SQLite, {words} | {taken.median(name):,.0f} | {taken.ratio(name, 'KDF'):.2f} |"
            for name, words in (("final", f"{cores()} workers"), ("final, one worker", "one worker"))
        ),
        f"| a bare view that only derives a key, {cores()} workers | {taken.median('bare derived'):,.0f} "
        f"| {taken.ratio('bare derived', 'KDF'):.2f} |",
    ]
    for engine in ENGINES:
        bare, rest = f"bare {engine}", f"rest {engine}"
        ratio = taken.ratio(rest, bare)
        lines += [
            f"| a bare view that commits one row of 4 KB, {engine} | {taken.median(bare):,.0f} | 1.00 |",
            f"| the final POST with the key derivation set aside, {engine} | {taken.median(rest):,.0f} | {ratio:.2f} |",
        ]
    lines += [
        "",
        "SQLite has synchronous=FULL; PostgreSQL fsync and synchronous_commit on. Both wait for the same disk.",
        f"{cores()} workers are what docs/operations/systemd starts on as many cores; all else here has one, as `make run` has.",
        "One worker is held up by itself: the kernel gives a process its 19 MiB page by page under one lock, for which its",
        "other threads wait. The bare view that only derives a key shows what is lost by serving alone, whatever the press does.",
        "",
        "Nothing blocks on the key derivation: while requests are sent as fast as the cores can derive, with six always in",
        "hand, somebody else opens a question's page.",
        "",
        "| a question's page | median, ms | 95 of 100 within, ms |",
        "|---|---:|---:|",
        f"| nobody sends | {statistics.median(idle):.1f} | {quantile(idle, 0.95):.1f} |",
        f"| others send as fast as it goes | {statistics.median(busy):.1f} | {quantile(busy, 0.95):.1f} |",
    ]
    held = [
        Held(
            f"the final POST with {cores()} workers, against {cores()} cores that only derive keys",
            taken.ratio("final", "KDF"),
            0.8,
        )
    ]
    for engine in ENGINES:
        held.append(
            Held(
                f"the rest of it, against a bare view that commits one row, {engine}",
                taken.ratio(f"rest {engine}", f"bare {engine}"),
                0.35,
            )
        )
    return Found("Sending a request", lines, held)
