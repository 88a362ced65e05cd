"""What every test has: the fixed day, and one run's shared folder and servers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import time_machine
from hypothesis import HealthCheck, settings

from tests.harness import compiled, run
from tests.harness.day import travel
from tests.harness.pace import Effort, table
from tests.harness.postgresql import stop_shared_server
from tests.harness.rabbitmq import stop_shared_broker
from tests.harness.supervisor import Supervisor
from tests.stories import STORIES

# Whether an example is slow depends on what else the machine does: time is no verdict in a test. And the same examples
# each time, so that what is green stays green; `make test` is no lottery.
settings.register_profile("steady", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("steady")


def pytest_configure(config: pytest.Config) -> None:
    """Only the process that was started begins a run; its workers take part in it."""
    compiled.share()
    if not hasattr(config, "workerinput"):
        run.begin()


def pytest_unconfigure(config: pytest.Config) -> None:
    """Workers have ended by now: what they shared can go."""
    if not hasattr(config, "workerinput"):
        stop_shared_server()
        stop_shared_broker()
        run.end()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """What it costs a person to ask, as the walks through the stories counted it; workers tell it with their reports."""
    paces: dict[str, Effort] = {}
    for report in (*terminalreporter.stats.get("passed", ()), *terminalreporter.stats.get("failed", ())):
        for name, value in report.user_properties:
            if name == "pace":
                counts: dict[str, Any] = dict(value)
                key = counts.pop("story")
                paces[key] = Effort(**counts)
    if paces:
        terminalreporter.section("from home to number, in minutes (tests/harness/pace.py)")
        for line in table([(story.key, paces[story.key]) for story in STORIES if story.key in paces]):
            terminalreporter.write_line(line)


@pytest.fixture(autouse=True)
def day() -> Iterator[time_machine.Traveller]:
    """The fixed day. A test moves its clock with `day.shift(timedelta(...))` or `day.move_to(moment)`."""
    with travel() as clock:
        yield clock


@pytest.fixture
def new_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Supervisor]]:
    """Makes sites of a test's own, to stop and kill; takes what Supervisor takes. Nothing runs until it is started."""
    made: list[Supervisor] = []

    def make(**options: Any) -> Supervisor:
        made.append(Supervisor(tmp_path_factory.mktemp("site"), **options))
        return made[-1]

    yield make
    for each in made:
        each.close()
