"""RabbitMQ as three nodes that are one, behind a door: any one of them may go, and the post goes on; of two, it waits."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.harness import run
from tests.harness.people import Person
from tests.harness.postgresql import PostgresqlMissing, shared_server
from tests.harness.rabbitmq import Cluster, RabbitmqMissing
from tests.harness.supervisor import Supervisor
from tests.integration.test_broker_faults import eventually, hub_rows, waiting
from tests.stories import READER

NewSite = Callable[..., Supervisor]
pytestmark = [pytest.mark.audit, pytest.mark.timeout(900)]


@pytest.fixture(autouse=True)
def day() -> None:
    """The processes live on the fixed day; this one measures real time."""


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    """Three nodes of this test's own. Their folder is not pytest's: the broker's own user must get there."""
    folder = Path(tempfile.mkdtemp(prefix="test-rabbitmq-"))
    folder.chmod(0o755)
    try:
        shared_server()
        own = Cluster(folder)
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


@pytest.mark.rule("rule 6")
def test_any_one_node_may_go_and_the_post_goes_on_and_without_two_it_waits(new_site: NewSite, cluster: Cluster) -> None:
    site = new_site(engine="postgresql", carrier="amqp", broker=cluster.address, processes={"courier": 2, "hatch": 2})
    site.start()
    sent: list[Person] = []

    def ask() -> None:
        person = Person(site.visitor(), READER)
        person.ask(keep=False)
        sent.append(person)

    def arrived() -> bool:
        references = [row[0] for row in hub_rows(site, 'SELECT reference FROM "case"')]
        return sorted(references) == sorted(person.reference for person in sent) and waiting(site) == 0

    ask()
    eventually(arrived, "nothing wrong yet")
    for number, node in enumerate(cluster.nodes):  # one of them leads each queue: whichever it is, it goes
        node.kill()
        ask()
        eventually(arrived, f"without node {number}")
        node.start()
        ask()
        eventually(arrived, f"node {number} is back")
    for node in cluster.nodes[1:]:  # a quorum of three is two: one alone confirms nothing
        node.kill()
    for _ in range(3):
        ask()
    assert waiting(site) >= 3
    for node in cluster.nodes[1:]:
        node.start()
    eventually(arrived, "the others are back")
    counted = hub_rows(site, "SELECT count(*), max(number) FROM incoming GROUP BY case_id")
    assert len(counted) == len(sent)
    assert all(count == highest + 1 for count, highest in counted), "no gap and no double"
    assert "Traceback" not in "".join(site.log(name) for name in site.names)
