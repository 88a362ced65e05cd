"""Before somebody is rung: the desk collects first, and decides on the plan as it is then. On both engines."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import select

from app.adapters.carriers import HttpCarrier
from app.data import hub as rows
from app.data.database import Busy
from app.domain.change import Change
from app.services.hub import post as hub_post
from app.web import clock
from tests.harness.inside import Inside
from tests.harness.people import Colleague, Person
from tests.harness.sides import Sides
from tests.stories import PARENT

AskedBy = Callable[..., Person]
PHONE = "07700 900111"


@pytest.fixture
def inside(sides: Sides, person: AskedBy) -> Inside:
    """A parent in their space, who may be rung at this hour."""
    return Inside(sides, person(PARENT))


def acts(sides: Sides) -> list[tuple[str, str]]:
    with sides.hub_side.database.reading() as session:
        return [(row.action, row.detail) for row in session.scalars(select(rows.Audit).order_by(rows.Audit.id))]


@pytest.mark.requirement("B1")
@pytest.mark.requirement("B5")
@pytest.mark.rule("rule 2")
@pytest.mark.parametrize("carrier_name", ["http", "amqp"])
def test_a_freeze_of_a_second_ago_is_seen_before_a_number_is_shown(
    inside: Inside, colleague: Colleague, day: time_machine.Traveller
) -> None:
    case = colleague.open(colleague.case(inside.person.reference))
    day.shift(timedelta(seconds=30))
    shown = colleague.show(colleague.client.visit(case.path))
    assert PHONE in shown.text, "the last pass was half a minute ago, and this made one"
    assert ("showed-way", "call") in acts(inside.sides)

    day.shift(timedelta(seconds=29))
    inside.ask(Change.FREEZE)
    day.shift(timedelta(seconds=1))
    stopped = colleague.show(shown)
    assert PHONE not in stopped.text
    assert "They have stopped all contact." in stopped.text
    assert acts(inside.sides).count(("showed-way", "call")) == 1


@pytest.mark.requirement("B1")
@pytest.mark.rule("rule 2")
def test_nothing_is_shown_while_the_site_cannot_be_reached(
    inside: Inside, colleague: Colleague, day: time_machine.Traveller
) -> None:
    case = colleague.open(colleague.case(inside.person.reference))
    inside.sides.make_pass()
    inside.sides.is_cut = True
    cut = colleague.show(case)
    assert PHONE not in cut.text, "even right after a pass: that it is cut just now may be what a freeze waits for"
    assert "We could not collect from the site just now" in cut.text

    inside.sides.is_cut = False
    assert PHONE in colleague.show(cut).text


@pytest.mark.rule("rule 2")
def test_a_pass_that_left_something_behind_shows_nothing(
    inside: Inside, colleague: Colleague, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = colleague.open(colleague.case(inside.person.reference))
    inside.ask(Change.FREEZE)

    def fail(*_args: object, **_options: object) -> None:
        raise OSError("the disk is full")

    with monkeypatch.context() as broken:
        broken.setattr(hub_post.changes, "write_down", fail)
        assert PHONE not in colleague.show(case).text


def test_whoever_has_not_opened_the_request_is_shown_nothing_and_nothing_is_collected(
    inside: Inside, colleague: Colleague, day: time_machine.Traveller
) -> None:
    case = colleague.open(colleague.case(inside.person.reference))
    day.shift(timedelta(minutes=16))
    case = colleague.client.visit(case.path)  # still at the desk, but leave to read ends after half an hour
    day.shift(timedelta(minutes=15))
    inside.ask(Change.FREEZE)
    closed = colleague.show(case)
    assert PHONE not in closed.text
    assert "Open the request first." in closed.text
    assert not inside.record().plan.frozen


def test_passes_that_want_to_run_at_once_run_one_after_the_other(
    inside: Inside, caplog: pytest.LogCaptureFixture
) -> None:
    """Two at once would both take the same envelope in: one of them fails, alarms, and makes no plan fresh."""
    inside.person.come_back()
    for text in ("One.", "Two.", "Three."):
        inside.person.write(text)
    own, url = inside.sides.hub_side, inside.sides.portal_url
    both = threading.Barrier(2)
    met: list[int] = []
    made: list[hub_post.PassMade] = []

    class Together(HttpCarrier):
        """Waits a moment for the other to be on its way too."""

        def exchange(self, body: bytes, token: str) -> tuple[bytes, str]:
            with suppress(threading.BrokenBarrierError):
                met.append(both.wait(0.5))
            return super().exchange(body, token)

    def make_pass() -> None:
        made.append(
            hub_post.make_pass(
                own.database, Together(url), trust=own.trust, keys=own.post_keys, opener=own.opener, now=clock.now()
            )
        )

    passes = [threading.Thread(target=make_pass) for _ in range(2)]
    for each in passes:
        each.start()
    for each in passes:
        each.join()
    assert not met, "one waited for the other"
    assert [each.has_all for each in made] == [True, True]
    assert sum(each.taken_in for each in made) == 3
    assert "alarm" not in caplog.text


def test_a_desk_that_meets_a_long_pass_gives_up_and_nothing_is_lost(inside: Inside, colleague: Colleague) -> None:
    case = colleague.open(colleague.case(inside.person.reference))
    database = inside.sides.hub_side.database
    with database.alone(hub_post.PASS, wait_seconds=1):
        with pytest.raises(Busy), database.alone(hub_post.PASS, wait_seconds=0.1):
            raise AssertionError("two at once")
        assert "We could not collect from the site just now" in colleague.show(case).text
    assert PHONE in colleague.show(case).text
