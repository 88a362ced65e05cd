"""Faults that really happen: processes killed with SIGKILL, in real processes, over real HTTP."""

from __future__ import annotations

import random
import sqlite3
import tempfile
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.harness.arrived import look
from tests.harness.keeper import Keeper
from tests.harness.killing import VARIABLE
from tests.harness.people import Person
from tests.harness.storm import PatientVisitor, Storm, Tally
from tests.harness.supervisor import Supervisor
from tests.stories import READER
from tools import chaos

A_FEW_DEATHS, MANY_DEATHS = 20, 50
REFERRALS_UNDER_KILLS = 300
KILL_EVERY_SECONDS = 0.9
SENDERS = 4
SEED = 20260310


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
    site = new_site(forked=True, environ={VARIABLE: str(flag)})
    site.start("portal")
    numbers: set[str] = set()
    for _ in range(deaths):
        # The server replaces a dead worker, but ends when that dies at once too: then what runs it starts it anew.
        visitor = PatientVisitor(site.portal_url, Tally(), look_after=lambda: site.start("portal"))
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


@pytest.mark.timeout(600)
@pytest.mark.rule("rule 6")
def test_three_hundred_requests_under_random_kills_arrive_once_each_in_order(
    new_site: Callable[..., Supervisor],
) -> None:
    site = new_site(forked=True)
    site.start()
    keeper = Keeper(site, seed=SEED)
    storm = Storm(site.portal_url, requests=REFERRALS_UNDER_KILLS, senders=SENDERS)
    storm.start()
    keeper.kill_until(lambda: storm.is_over, every=KILL_EVERY_SECONDS)
    assert not storm.problems, storm.problems[0]
    assert min(keeper.killed.values()) > 0, keeper.killed
    site.kill()
    site.skip(timedelta(minutes=6))  # past any back-off
    site.start()
    eventually(lambda: waiting(site) == 0, within=90)
    assert len({each.number for each in storm.sent}) == len(storm.sent) == REFERRALS_UNDER_KILLS
    arrived = look(site.environment("hub"), storm.sent)
    assert arrived.is_whole, arrived
    assert arrived.requests == REFERRALS_UNDER_KILLS
    # And what was sent can be come back to.
    for each in random.Random(SEED).sample(storm.sent, 3):
        returning = Person(PatientVisitor(site.portal_url, Tally()), READER)
        assert returning.come_back(each.number).path == "/en/case"
        assert "Received" in returning.space().part("delivery")


@pytest.mark.audit
@pytest.mark.timeout(900)
@pytest.mark.rule("rule 6")
def test_nothing_is_lost_either_when_database_and_broker_are_killed_too() -> None:
    # No folder of pytest's: the broker's own user must get there.
    with tempfile.TemporaryDirectory(prefix="test-storm-") as folder:
        Path(folder).chmod(0o755)
        outcome = chaos.storm(
            Path(folder), requests=REFERRALS_UNDER_KILLS, engine="postgresql", carrier="amqp", every=0.4
        )
    assert outcome.is_well, outcome.lines()
    assert outcome.sent == REFERRALS_UNDER_KILLS
    assert min(outcome.killed[each] for each in ("database", "broker", "hatch", "courier", "portal")) > 0
