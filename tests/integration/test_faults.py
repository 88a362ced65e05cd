"""Faults that really happen: processes killed with SIGKILL, in real processes, over real HTTP."""

from __future__ import annotations

import random
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.harness.clients import Fetched, Fields, HttpVisitor
from tests.harness.killing import VARIABLE
from tests.harness.people import Person
from tests.harness.supervisor import Supervisor
from tests.stories import READER, Story

A_FEW_DEATHS, MANY_DEATHS = 20, 50
REFERRALS_UNDER_KILLS = 200
SENDERS = 4
SEED = 20260310
PATIENCE_SECONDS = 90.0
BUSY = 503


class PatientVisitor(HttpVisitor):
    """Presses "reload" for as long as the site cannot be reached, or says that it is busy."""

    service_manager: Supervisor | None = None

    def fetch(self, method: str, path: str, *, data: Fields | None = None, query: Fields | None = None) -> Fetched:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                fetched = super().fetch(method, path, data=data, query=query)
            except (requests.ConnectionError, requests.Timeout, requests.exceptions.ChunkedEncodingError):
                if time.monotonic() > deadline:
                    raise
                # The server replaces a dead worker, but ends when that dies at once too: then what runs it starts it anew.
                if self.service_manager is not None and not self.service_manager.is_running("portal"):
                    self.service_manager.start("portal")
                time.sleep(0.1)
                continue
            if fetched.status == BUSY and time.monotonic() < deadline:
                time.sleep(0.5)  # the page says that nothing was kept, and to press the button again
                continue
            assert fetched.status < 500, f"{method} {path} -> {fetched.status}"
            return fetched


@pytest.fixture
def new_site(tmp_path: Path) -> Iterator[Callable[..., Supervisor]]:
    made: list[Supervisor] = []

    def make(**options: Any) -> Supervisor:
        made.append(Supervisor(tmp_path / f"site-{len(made)}", **options))
        return made[-1]

    yield make
    for site in made:
        site.close()


@pytest.fixture(autouse=True)
def day() -> None:
    """The processes live on the fixed day; this one measures real time."""


def rows_of(database: Path, query: str) -> list[tuple[Any, ...]]:
    connection = sqlite3.connect(f"file:{database}?mode=ro", uri=True)
    try:
        return connection.execute(query).fetchall()
    finally:
        connection.close()


def hub_references(site: Supervisor) -> list[str]:
    return [row[0] for row in rows_of(site.data_dir / "hub" / "hub.sqlite3", 'SELECT reference FROM "case"')]


def waiting(site: Supervisor) -> int:
    return rows_of(
        site.data_dir / "portal" / "portal.sqlite3", "SELECT count(*) FROM outgoing WHERE state = 'waiting'"
    )[0][0]


def eventually(what: Callable[[], bool], *, within: float) -> None:
    deadline = time.monotonic() + within
    while not what():
        assert time.monotonic() < deadline, "it did not come about in time"
        time.sleep(0.2)


@pytest.mark.rule("rule 6")
@pytest.mark.parametrize("deaths", [A_FEW_DEATHS, pytest.param(MANY_DEATHS, marks=pytest.mark.audit)])
def test_the_portal_killed_between_commit_and_answer_sends_once_and_shows_the_same_number(
    new_site: Callable[..., Supervisor], tmp_path: Path, deaths: int
) -> None:
    flag = tmp_path / "die"
    site = new_site(environ={VARIABLE: str(flag)})
    site.start("portal")
    numbers: set[str] = set()
    for _ in range(deaths):
        visitor = PatientVisitor(site.portal_url)
        visitor.service_manager = site
        person = Person(visitor, READER)
        checked = person.fill_in()
        worker = site.workers("portal")
        flag.touch()
        # The first press is the one that dies; the visitor presses again once the site is back.
        sent = person.send(checked)
        assert not flag.exists()
        assert site.workers("portal") != worker, "nothing was killed"
        number = person.number
        person.send(checked)
        assert person.number == number
        assert sent.path == "/en/refer/sent"
        person.keep_number(sent)
        numbers.add(number)
    assert len(numbers) == deaths
    site.start("hub", "courier")
    eventually(lambda: waiting(site) == 0, within=60)
    assert sorted(hub_references(site)) == sorted(number[:6] for number in numbers)


def test_two_hundred_requests_under_random_kills_arrive_once_each(new_site: Callable[..., Supervisor]) -> None:
    site = new_site()
    site.start()
    numbers: list[str] = []
    problems: list[BaseException] = []
    story: Story = READER

    def send_some() -> None:
        try:
            for _ in range(REFERRALS_UNDER_KILLS // SENDERS):
                numbers.append(Person(PatientVisitor(site.portal_url), story).ask())
        except BaseException as problem:  # told by the test below
            problems.append(problem)

    senders = [threading.Thread(target=send_some, daemon=True) for _ in range(SENDERS)]
    for sender in senders:
        sender.start()
    dice = random.Random(SEED)
    killed = {"portal": 0, "hub": 0, "courier": 0}
    while any(sender.is_alive() for sender in senders):
        time.sleep(dice.uniform(0.3, 1.5))
        victim = dice.choice(("portal", "hub", "courier", "courier"))
        site.kill(victim)
        killed[victim] += 1
        site.start(victim)
    assert not problems, problems[0]
    assert min(killed.values()) > 0, killed
    eventually(lambda: waiting(site) == 0, within=90)
    references = hub_references(site)
    assert len(numbers) == REFERRALS_UNDER_KILLS
    assert sorted(references) == sorted(number[:6] for number in numbers), "lost or doubled"
    # And what was sent can be come back to.
    for number in random.Random(SEED).sample(numbers, 5):
        returning = Person(PatientVisitor(site.portal_url), story)
        assert returning.come_back(number).path == "/en/case"
        assert "Received" in returning.space().part("delivery")
