"""Both sides in this process, on either engine."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal, cast

import pytest
import time_machine

from app.adapters import queues
from app.settings import Side, queue_address
from tests.harness import run
from tests.harness.databases import SIDES, Copies, EngineName
from tests.harness.people import Colleague, Person
from tests.harness.postgresql import PostgresqlMissing, shared_server
from tests.harness.rabbitmq import RabbitmqMissing, shared_broker, take_vhost
from tests.harness.sides import Sides
from tests.stories import PARENT, Story

CarrierName = Literal["http", "amqp"]

# The desk has more tests than a run of a quarter of an hour can hold. In each run: those that show a rule that is never bent, on
# SQLite, and one in so many of all others, on either engine. `make audit` runs every one on both.
DESKS = frozenset(
    {
        "test_api", "test_api_generated", "test_audit_chain", "test_audit_pages", "test_before_you_ring", "test_call",
        "test_case_page", "test_danger", "test_find", "test_named_days", "test_needs", "test_on_call", "test_packets",
        "test_people", "test_queue", "test_reports", "test_second_person", "test_sign_in", "test_translation_desk",
    }
)  # fmt: skip
ONE_IN = {"sqlite": 3, "postgresql": 12}


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave most of the desk's tests to `make audit`."""
    found = dict.fromkeys(ONE_IN, 0)
    for item in items:
        engine = item.callspec.params.get("engine_name") if hasattr(item, "callspec") else None
        if item.path.stem not in DESKS or engine not in ONE_IN:
            continue
        if engine == "sqlite" and item.get_closest_marker("rule"):
            continue
        found[engine] += 1
        if found[engine] % ONE_IN[engine]:
            item.add_marker(pytest.mark.audit)


@pytest.fixture(params=["sqlite", "postgresql"])
def engine_name(request: pytest.FixtureRequest) -> EngineName:
    """The engine of this test's databases. One only: `@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)`."""
    if request.param == "postgresql":
        try:
            shared_server()
        except PostgresqlMissing as missing:
            if run.in_ci():
                raise
            pytest.skip(str(missing))
    return cast(EngineName, request.param)


@pytest.fixture
def carrier_name() -> CarrierName:
    """By what the post goes: HTTP, unless a test says `@pytest.mark.parametrize("carrier_name", ["http", "amqp"])`."""
    return "http"


@pytest.fixture
def queue_urls(carrier_name: CarrierName) -> dict[Side, str]:
    """Where each side finds the queues, declared and empty, in a virtual host of this test's own; nothing for HTTP."""
    if carrier_name == "http":
        return {}
    try:
        broker = shared_broker()
    except RabbitmqMissing as missing:
        if run.in_ci():
            raise
        pytest.skip(str(missing))
    vhost = take_vhost()
    owner = queue_address({"QUEUE_URL": broker.url(vhost)})
    assert owner is not None
    queues.declare(owner)
    return {side: broker.url(vhost, side) for side in SIDES}


@pytest.fixture
def new_sides(
    engine_name: EngineName,
    queue_urls: dict[Side, str],
    tmp_path_factory: pytest.TempPathFactory,
    day: time_machine.Traveller,
) -> Iterator[Callable[[], Sides]]:
    """Makes both sides, with nothing in them yet; as often as a test needs."""
    made: list[tuple[Sides, Copies]] = []

    def make() -> Sides:
        data_dir: Path = tmp_path_factory.mktemp("data")
        copies = Copies(engine_name, data_dir)
        urls: dict[Side, str] = {side: copies.make(side) for side in SIDES}
        sides = Sides(data_dir, database_urls=urls, queue_urls=queue_urls)
        made.append((sides, copies))
        return sides

    yield make
    for sides, copies in made:
        sides.close()
        copies.drop()


@pytest.fixture
def sides(new_sides: Callable[[], Sides]) -> Sides:
    """The portal and the Hub, with nothing in them yet."""
    return new_sides()


@pytest.fixture
def person(sides: Sides) -> Callable[..., Person]:
    """Makes somebody from the stories in a browser of their own, who has not asked yet."""

    def make(story: Story = PARENT, *, language: str = "en") -> Person:
        return Person(sides.portal_client(), story, language=language)

    return make


@pytest.fixture
def colleague(sides: Sides) -> Colleague:
    """A co-ordinator, signed in at the desk."""
    made = Colleague(sides.hub_client())
    made.sign_in()
    return made
