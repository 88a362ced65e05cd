"""The whole installation - PostgreSQL, RabbitMQ, two of what may be two - while what carries the post is taken away under it.

Whatever was answered "sent" arrives exactly once, in order per case, and nobody who asks notices anything.
"""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.harness import run
from tests.harness.people import Person
from tests.harness.postgresql import PostgresqlMissing, shared_server
from tests.harness.rabbitmq import Broker, RabbitmqMissing
from tests.harness.supervisor import Supervisor
from tests.stories import READER

NewSite = Callable[..., Supervisor]
PATIENCE_SECONDS = 300.0
pytestmark = [pytest.mark.audit, pytest.mark.timeout(900)]


@pytest.fixture(autouse=True)
def day() -> None:
    """The processes live on the fixed day; this one measures real time."""


@pytest.fixture
def broker() -> Iterator[Broker]:
    """A broker of this test's own, to do anything to. Its folder is not pytest's: the broker's own user must get there."""
    folder = Path(tempfile.mkdtemp(prefix="test-rabbitmq-"))
    folder.chmod(0o755)
    try:
        shared_server()
        own = Broker(folder / "broker")
    except (PostgresqlMissing, RabbitmqMissing) as missing:
        if run.in_ci():
            raise
        pytest.skip(str(missing))
    try:
        own.start()
        yield own
    finally:
        own.close()
        shutil.rmtree(folder, ignore_errors=True)


def hub_rows(site: Supervisor, query: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(site.database_urls["hub"].replace("+psycopg", "")) as connection:
        return connection.execute(query.encode("ascii")).fetchall()


def waiting(site: Supervisor) -> int:
    with psycopg.connect(site.database_urls["portal"].replace("+psycopg", "")) as connection:
        row = connection.execute("SELECT count(*) FROM outgoing WHERE state = 'waiting'").fetchone()
    assert row is not None
    return int(row[0])


def eventually(is_so: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not is_so():
        assert time.monotonic() < deadline, f"it did not come about in time: {what}"
        time.sleep(0.2)


def test_whatever_becomes_of_the_broker_each_request_arrives_once_and_in_order(
    new_site: NewSite, broker: Broker
) -> None:
    site = new_site(
        engine="postgresql",
        carrier="amqp",
        broker=broker.address,
        processes={"portal": 2, "courier": 2, "hatch": 2},
    )
    site.start()
    sent: list[Person] = []

    def ask(name: str = "portal") -> None:
        person = Person(site.visitor(name), READER)
        person.ask(keep=False)
        sent.append(person)

    def arrived() -> bool:
        references = [row[0] for row in hub_rows(site, 'SELECT reference FROM "case"')]
        return sorted(references) == sorted(person.reference for person in sent) and waiting(site) == 0

    def both_ask() -> None:
        both = [threading.Thread(target=ask, args=(name,)) for name in ("portal", "portal-2")]
        for each in both:
            each.start()
        for each in both:
            each.join()

    def somebody_is_told() -> bool:
        said = "".join(site.log(name) for name in site.names)
        return "the queue cannot be used" in said or "the portal cannot be reached" in said

    def stopped() -> None:
        broker.stop()
        both_ask()
        eventually(somebody_is_told, "an alarm, once it has lasted")
        broker.start()

    def killed() -> None:
        broker.kill()
        both_ask()
        broker.start()

    def hung() -> None:
        broker.hang()
        both_ask()
        time.sleep(20)  # longer than anything here waits for an answer
        broker.wake()

    def its_data_gone() -> None:
        broker.kill()
        broker.wipe()
        both_ask()
        broker.start()
        site.declare_queues()

    def processes_killed() -> None:
        for name in ("courier", "hatch", "courier-2", "hatch-2"):
            both_ask()
            site.kill(name)
        site.start()

    def one_of_each_hung() -> None:
        hanging = [site.pid(name) for name in ("hatch", "portal-2")]
        for pid in hanging:
            os.killpg(pid, signal.SIGSTOP)
        ask("portal")
        time.sleep(5)
        for pid in hanging:
            os.killpg(pid, signal.SIGCONT)

    both_ask()
    eventually(arrived, "nothing wrong yet")
    for fault in (stopped, hung, killed, its_data_gone, processes_killed, one_of_each_hung):
        fault()
        eventually(arrived, fault.__name__)
    # In order per case: what one person writes while all that happens is shown as it was written.
    her = sent[0]
    her.come_back()
    for number in range(3):
        her.write(f"Message {number}.")
        site.kill("hatch-2" if number % 2 else "courier-2")
        site.start()
    eventually(lambda: waiting(site) == 0, "her messages")
    numbers = hub_rows(site, "SELECT case_id, number FROM incoming ORDER BY case_id, number")
    assert len(numbers) == len(set(numbers)) == len(sent) + 3
    counted = hub_rows(site, "SELECT count(*), max(number) FROM incoming GROUP BY case_id")
    assert all(count == highest + 1 for count, highest in counted), "no gap and no double"
    assert "Traceback" not in "".join(site.log(name) for name in site.names)
