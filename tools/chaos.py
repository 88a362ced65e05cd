"""Nothing is lost: thousands of requests to a real installation while its processes are killed under it, and what arrived.

Run as ``python -m tools.chaos [--requests 10000] [--engine sqlite|postgresql] [--carrier http|amqp] [--every 0.4]``.

Everything is real but one thing: the portal and the desk are the web server of `flask serve`, its main process and its worker,
the courier is `flask courier`, each a process of its own; each person walks the question pages over HTTP, gets a number, keeps
it with a code word, and one in five comes back with it and writes two messages. The one thing: a process that was killed is
forked anew from one that had read the code and the content before (tests/harness/forking.py), because a start from nothing takes
longer than the time between two kills.

About every 0.4 s one of them is killed with SIGKILL: the portal's main process, its worker alone, the desk, the courier; with
PostgreSQL the database server too, and with RabbitMQ the broker and the hatch. Whoever is told "not now" must be told so with
status 503, when to come again, and with everything typed in the form on the page; then they press again. At the end all of it is
opened at the Hub with its keys and compared with what each person sent. Exit status 1 when anything is lost, twice, unreadable or
out of order.
"""

from __future__ import annotations

import argparse
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path

from sqlalchemy import func, select
from sqlalchemy.exc import OperationalError

from app.data import portal as portal_rows
from app.data.database import Database
from app.settings import load_portal
from tests.harness import run
from tests.harness.arrived import Arrived, look
from tests.harness.keeper import Keeper, Other
from tests.harness.own_postgresql import OwnPostgresql
from tests.harness.rabbitmq import Broker
from tests.harness.storm import Storm
from tests.harness.supervisor import Supervisor

REQUESTS, EVERY_SECONDS, SENDERS = 10_000, 0.4, 6
SEED = 20260310
SAYS_EVERY_SECONDS = 30.0
SETTLES_WITHIN_SECONDS = 600.0
LONGEST_BACK_OFF = timedelta(minutes=6)
SAY = partial(print, flush=True)
# What is run when nothing else was asked for.
USUAL = (("sqlite", "http"), ("postgresql", "amqp"))


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
            f"arrived:    {found.requests} requests in {found.envelopes} envelopes, "
            f"{self.settled_seconds:.0f} s after the last kill",
            f"twice:      {len(found.twice)}",
            f"missing:    {len(found.missing)}, and {self.waiting} envelopes still wait",
            f"unreadable: {len(found.unreadable)}; out of order: {len(found.disordered)}; "
            f"never sent: {found.unasked}; set aside: {found.aside}",
            *(f"problem:    {each}" for each in self.problems),
        ]


def storm(
    folder: Path, *, requests: int, engine: str, carrier: str, every: float, senders: int = SENDERS, seed: int = SEED,
    say: Callable[[str], None] = SAY,
) -> Outcome:  # fmt: skip
    """One storm in a new folder, from the set-up to what arrived."""
    with ExitStack() as held:
        environ: dict[str, str] = {}
        others: dict[str, Other] = {}
        if engine == "postgresql":
            server = held.enter_context(OwnPostgresql())
            for side in ("portal", "hub"):
                server.do(f'CREATE DATABASE "{side}"')
                environ[f"{side.upper()}_DATABASE_URL"] = server.url(side)
            others["database"] = (1, server.crash)
        broker = lifter = None
        if carrier == "amqp":
            broker = held.enter_context(_broker(folder / "broker"))
            lifter = Lifter(broker)
            others["broker"] = (1, lifter.crash)
            held.callback(lifter.wait)
        site = held.enter_context(_site(folder / "site", environ, broker))
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
        if lifter is not None:
            lifter.wait()
        seconds = time.monotonic() - began
        for problem in people.problems:
            say(f"  {type(problem).__name__}: {problem}")
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


class Lifter:
    """Kills a broker and brings it back beside everything else: it takes seconds to start."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker
        self._lifting: threading.Thread | None = None

    def crash(self) -> bool:
        """Kill it, and begin to start it; False while it still starts."""
        if self._lifting is not None and self._lifting.is_alive():
            return False
        self._broker.kill()
        self._lifting = threading.Thread(target=self._broker.start, daemon=True)
        self._lifting.start()
        return True

    def wait(self) -> None:
        """Until it is up."""
        if self._lifting is not None:
            self._lifting.join()


@contextmanager
def _broker(folder: Path) -> Iterator[Broker]:
    folder.parent.chmod(0o755)  # the broker runs as a user of its own
    made = Broker(folder)
    made.start()
    try:
        yield made
    finally:
        made.close()


@contextmanager
def _site(folder: Path, environ: dict[str, str], broker: Broker | None) -> Iterator[Supervisor]:
    carried = {"carrier": "amqp", "broker": broker.address} if broker is not None else {}
    site = Supervisor(folder, forked=True, environ=environ, **carried)
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
            try:
                with database.reading() as session:
                    left = session.scalar(waiting) or 0
            except OperationalError:  # it recovers
                left = -1
            if not left or time.monotonic() > deadline:
                return left
            time.sleep(0.5)
            site.start(wait=False)  # one that began while a database or broker still recovered has ended, and says so
    finally:
        database.close()


def main(arguments: Sequence[str]) -> int:
    """Make one storm, or one on each engine, and print the figures."""
    read = argparse.ArgumentParser(prog="python -m tools.chaos", description=__doc__.partition("\n")[0])
    read.add_argument("--requests", type=int, default=REQUESTS)
    read.add_argument(
        "--engine", choices=("sqlite", "postgresql"), help="default: SQLite with HTTP, then PostgreSQL with RabbitMQ"
    )
    read.add_argument("--carrier", choices=("http", "amqp"), help="default: amqp with PostgreSQL, else http")
    read.add_argument("--every", type=float, default=EVERY_SECONDS, help="seconds between two kills, about")
    read.add_argument("--senders", type=int, default=SENDERS)
    asked = read.parse_args(arguments)
    wanted = [(engine, asked.carrier or carrier) for engine, carrier in USUAL if asked.engine in (None, engine)]
    is_well = True
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # nothing is left behind
    run.begin()
    for engine, carrier in wanted:
        print(f"{asked.requests} requests, a kill about every {asked.every} s, on {engine} by {carrier}", flush=True)
        with tempfile.TemporaryDirectory(prefix="chaos-", ignore_cleanup_errors=True) as folder:
            outcome = storm(
                Path(folder), requests=asked.requests, engine=engine, carrier=carrier, every=asked.every,
                senders=asked.senders,
            )  # fmt: skip
        for line in outcome.lines():
            print(f"  {line}", flush=True)
        is_well = is_well and outcome.is_well and outcome.sent == asked.requests
    run.end()
    print("Nothing was lost." if is_well else "SOMETHING WAS LOST OR SAID WRONGLY.", flush=True)
    return 0 if is_well else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
