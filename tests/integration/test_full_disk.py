"""A disk that really is full, again and again while people ask: what was told "sent" is sent, all others are told and keep it.

The disk is a small one of memory, filled to its last byte beside the databases of the portal and the Hub, and emptied again.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path

import pytest

from tests.harness.arrived import look
from tests.harness.databases import EngineName
from tests.harness.own_postgresql import OwnPostgresql
from tests.harness.storm import Storm
from tests.harness.supervisor import Supervisor

REQUESTS, SENDERS = 60, 4
# Room for what the databases have at the beginning, and a little more; PostgreSQL begins with 16 MB of log alone.
MEGABYTES: dict[EngineName, int] = {"sqlite": 12, "postgresql": 160}
FULL_SECONDS, EMPTY_SECONDS = 2.0, 1.5
BLOCK = b"\0" * 4096

pytestmark = [pytest.mark.audit, pytest.mark.timeout(600)]


@pytest.fixture(autouse=True)
def day() -> None:
    """The processes live on the fixed day; this one measures real time."""


@pytest.fixture
def disk(engine_name: EngineName) -> Iterator[Path]:
    """A small disk of its own. Only who may mount one can have it."""
    folder = Path(tempfile.mkdtemp(prefix="disk-"))
    folder.chmod(0o755)  # PostgreSQL runs as a user of its own
    options = f"size={MEGABYTES[engine_name]}m,mode=755"
    made = subprocess.run(["mount", "-t", "tmpfs", "-o", options, "small", folder], capture_output=True, check=False)
    if made.returncode:
        pytest.skip("only who may mount a disk can fill one")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)
        folder.rmdir()


def fill(ballast: Path) -> None:
    """Write until nothing fits any more, however often something is freed meanwhile."""
    with ballast.open("ab", buffering=0) as file:
        until = time.monotonic() + FULL_SECONDS
        while time.monotonic() < until:
            try:
                file.write(BLOCK)
            except OSError:  # no room; if it is anything else, nobody is refused, and the test fails
                time.sleep(0.005)


@pytest.mark.rule("rule 6")
@pytest.mark.parametrize("engine_name", ["sqlite", "postgresql"])
def test_nothing_that_was_taken_is_lost_when_the_disk_is_full_again_and_again(
    new_site: Callable[..., Supervisor], disk: Path, engine_name: EngineName
) -> None:
    with ExitStack() as held:
        server = None
        if engine_name == "postgresql":
            server = held.enter_context(OwnPostgresql(disk))
            for side in ("portal", "hub"):
                server.do(f'CREATE DATABASE "{side}"')
            environ = {f"{side.upper()}_DATABASE_URL": server.url(side) for side in ("portal", "hub")}
        else:
            environ = {f"{side.upper()}_DATABASE_URL": f"sqlite:///{disk}/{side}.sqlite3" for side in ("portal", "hub")}
        site = new_site(environ=environ)
        held.callback(site.close)
        site.start()
        storm = Storm(site.portal_url, requests=REQUESTS, senders=SENDERS)
        ballast, times = disk / "ballast", 0
        storm.start()
        while not storm.is_over:
            fill(ballast)
            times += 1
            os.truncate(ballast, 0)
            if server is not None and not server.is_up:  # PostgreSQL gives up where its log finds no room
                server.crash()
            site.start(wait=False)
            time.sleep(EMPTY_SECONDS)
        assert not storm.problems, storm.problems[0]
        assert times > 2
        assert sum(storm.tally.refused.values()) > 0, "nobody noticed that the disk was full"
        site.kill()
        site.skip(timedelta(minutes=6))  # past any back-off
        site.start()
        deadline = time.monotonic() + 120
        while not (arrived := look(site.environment("hub"), storm.sent)).is_whole:
            assert time.monotonic() < deadline, arrived
            time.sleep(1)
        assert arrived.requests == len(storm.sent) == REQUESTS
