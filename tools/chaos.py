"""Nothing is lost: thousands of requests to a real installation while its processes are killed under it, and what arrived.

Run as ``python -m tools.chaos [--requests 10000] [--engine sqlite|postgresql] [--carrier http|amqp] [--every 0.4]``.

Everything is real but one thing: the portal and the desk are the web server of `flask serve` with its main process and its worker,
the courier is `flask courier`, each a process of its own; each person walks the question pages over HTTP, gets a number, keeps it
with a code word, and one in five comes back with it and writes two messages. The one thing: a process that was killed is forked
anew from one that had read the code and the content before (tests/harness/forking.py), because a start from nothing takes longer
than the time between two kills.

About every 0.4 s one of them is killed with SIGKILL: the portal's main process, its worker alone, the desk, the courier; with
PostgreSQL the database server too, and with RabbitMQ the broker. Whoever is told "not now" must be told so with status 503, when to
come again, and with everything typed in the form on the page; then they press again. At the end everything is opened at the Hub
with its keys and compared with what each person sent. Exit status 1 when anything is lost, twice, unreadable or out of order.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from sqlalchemy import func, select

from app.data import portal as portal_rows
from app.data.database import Database
from app.settings import load_portal
from tests.harness.arrived import Arrived, look
from tests.harness.keeper import Keeper
from tests.harness.own_postgresql import OwnPostgresql
from tests.harness.storm import Storm
from tests.harness.supervisor import Supervisor

REQUESTS, EVERY_SECONDS, SENDERS = 10_000, 0.4, 6
SEED = 20260310
SAYS_EVERY_SECONDS = 30.0
SETTLES_WITHIN_SECONDS = 600.0
LONGEST_BACK_OFF = timedelta(minutes=6)
ENGINES, CARRIERS = ("sqlite", "postgresql"), ("http",)


@dataclass(frozen=True)
class Outcome:
    """What one storm came to."""

    sent: int
    refused: dict[str, int]
    unreachable: int
    killed: dict[str, int]
    arrived: Arrived
    seconds: float
    settled_seconds: float
    waiting: int
    problems: tuple[str, ...]

    @property
    def is_well(self) -> bool:
        """All that was sent is there, and nobody met anything but "sent" and "not now"."""
        return self.arrived.is_whole and not self.problems and not self.waiting and self.arrived.requests == self.sent

    def lines(self) -> list[str]:
        """The figures, one a line."""
        refused = ", ".join(f"{count} at {page}" for page, count in sorted(self.refused.items()))
        killed = ", ".join(f"{count} x {name}" for name, count in sorted(self.killed.items()))
        found = self.arrived
        return [
            f"sent:       {self.sent} requests, in {self.seconds:.0f} s",
            f"refused:    {sum(self.refused.values())} times told so, with all that was typed kept ({refused or 'never'})",
            f"no answer:  {self.unreachable} times, pressed again",
            f"kills:      {sum(self.killed.values())} ({killed})",
            f"arrived:    {found.requests} requests in {found.envelopes} envelopes, {self.settled_seconds:.0f} s after the last kill",
            f"twice:      {len(found.twice)}",
            f"missing:    {len(found.missing)}, and {self.waiting} envelopes still wait",
            f"unreadable: {len(found.unreadable)}; out of order: {len(found.disordered)}; "
            f"never sent: {found.unasked}; set aside: {found.aside}",
            *(f"problem:    {each}" for each in self.problems),
        ]


def storm(
    folder: Path, *, requests: int, engine: str, every: float, senders: int = SENDERS, seed: int = SEED,
    say: Callable[[str], None] = print,
) -> Outcome:  # fmt: skip
    """One storm in a new folder, from the set-up to what arrived."""
    with ExitStack() as held:
        environ: dict[str, str] = {}
        others = {}
        if engine == "postgresql":
            server = held.enter_context(OwnPostgresql())
            for side in ("portal", "hub"):
                server.do(f'CREATE DATABASE "{side}"')
                environ[f"{side.upper()}_DATABASE_URL"] = server.url(side)
            others["database"] = (1, server.crash)
        site = held.enter_context(_site(folder, environ))
        site.start()
        keeper = Keeper(site, seed=seed, others=others)
        people = Storm(site.portal_url, requests=requests, senders=senders)
        began = said = time.monotonic()
        people.start()

        def is_over() -> bool:
            nonlocal said
            if time.monotonic() - said > SAYS_EVERY_SECONDS:
                said = time.monotonic()
                say(f"  {len(people.sent)} sent, {sum(keeper.killed.values())} killed, {said - began:.0f} s")
            return people.is_over

        keeper.kill_until(is_over, every=every)
        seconds = time.monotonic() - began
        site.kill()
        site.skip(LONGEST_BACK_OFF)
        site.start()
        calm = time.monotonic()
        left = _settled(site)
        return Outcome(
            sent=len(people.sent),
            refused=dict(people.tally.refused),
            unreachable=people.tally.unreachable,
            killed=dict(keeper.killed),
            arrived=look(site.environment("hub"), people.sent),
            seconds=seconds,
            settled_seconds=time.monotonic() - calm,
            waiting=left,
            problems=tuple(f"{type(each).__name__}: {each}" for each in people.problems),
        )


@contextmanager
def _site(folder: Path, environ: dict[str, str]) -> Iterator[Supervisor]:
    site = Supervisor(folder, forked=True, environ=environ)
    try:
        yield site
    finally:
        site.close()


def _settled(site: Supervisor) -> int:
    """Wait until nothing waits at the portal any more; returns how many envelopes do when patience has come to its end."""
    database = Database(load_portal(site.environment("portal")).database_url)
    waiting = select(func.count()).select_from(portal_rows.Outgoing).where(portal_rows.Outgoing.state == "waiting")
    deadline = time.monotonic() + SETTLES_WITHIN_SECONDS
    try:
        while True:
            with database.reading() as session:
                left = session.scalar(waiting) or 0
            if not left or time.monotonic() > deadline:
                return left
            time.sleep(0.5)
    finally:
        database.close()


def main(arguments: Sequence[str]) -> int:
    """Make one storm, or one on each engine, and print the figures."""
    read = argparse.ArgumentParser(prog="python -m tools.chaos", description=__doc__.partition("\n")[0])
    read.add_argument("--requests", type=int, default=REQUESTS)
    read.add_argument("--engine", choices=ENGINES, help="default: one storm on each")
    read.add_argument("--carrier", choices=CARRIERS, default="http")
    read.add_argument("--every", type=float, default=EVERY_SECONDS, help="seconds between two kills, about")
    read.add_argument("--senders", type=int, default=SENDERS)
    asked = read.parse_args(arguments)
    is_well = True
    for engine in [asked.engine] if asked.engine else ENGINES:
        print(f"{asked.requests} requests, a kill about every {asked.every} s, on {engine} by {asked.carrier}", flush=True)
        with tempfile.TemporaryDirectory(prefix="chaos-") as folder:
            outcome = storm(
                Path(folder) / "site", requests=asked.requests, engine=engine, every=asked.every, senders=asked.senders
            )
        for line in outcome.lines():
            print(f"  {line}", flush=True)
        is_well = is_well and outcome.is_well and outcome.sent == asked.requests
    print("Nothing was lost." if is_well else "SOMETHING WAS LOST OR SAID WRONGLY.", flush=True)
    return 0 if is_well else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
