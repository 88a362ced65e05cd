"""Clocks that jump, forwards and back, on either side: what was sent arrives once all the same, and nothing waits for a day that
is far away."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import select

from app.adapters.carriers import BadToken, CarrierDown
from app.data import hub as hub_rows
from app.data import portal as portal_rows
from app.services.hub import desk
from app.web import clock
from tests.harness.people import Person
from tests.harness.sides import Sides
from tests.stories import PARENT

pytestmark = pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
AskedBy = Callable[..., Person]
A_YEAR, AN_HOUR = timedelta(days=365), timedelta(hours=1)


def references(sides: Sides) -> list[str]:
    with sides.hub_side.database.reading() as session:
        return sorted(session.scalars(select(hub_rows.Case.reference)))


def states(sides: Sides) -> set[str]:
    with sides.portal_side.database.reading() as session:
        return set(session.scalars(select(portal_rows.Outgoing.state)))


@pytest.mark.parametrize("jump", [A_YEAR, -A_YEAR], ids=["forwards", "back"])
def test_a_clock_that_jumps_and_is_put_right_holds_nothing_back(
    sides: Sides, person: AskedBy, day: time_machine.Traveller, jump: timedelta
) -> None:
    asking = [person(PARENT) for _ in range(3)]
    asking[0].ask()
    day.shift(jump)
    asking[1].ask()
    sides.make_pass()  # tried, and not answered yet: its next turn is by this clock
    day.shift(-jump)
    asking[2].ask()
    sides.deliver()
    assert references(sides) == sorted(each.reference for each in asking)
    assert states(sides) == {"received"}
    for each in asking:
        assert each.come_back().path == "/en/case"


@pytest.mark.parametrize("ahead", [AN_HOUR, -AN_HOUR], ids=["ahead", "behind"])
def test_sides_whose_clocks_differ_carry_nothing_until_they_agree_and_lose_nothing(
    sides: Sides, person: AskedBy, day: time_machine.Traveller, ahead: timedelta
) -> None:
    asking = person(PARENT)
    asking.ask()
    with pytest.raises((BadToken, CarrierDown)):  # a token is good for less than a minute
        sides.make_pass(now=clock.now() + ahead)
    assert references(sides) == []
    assert states(sides) == {"waiting"}
    day.shift(timedelta(minutes=6))
    sides.deliver()
    assert references(sides) == [asking.reference]


@pytest.mark.rule("rule 2")
def test_a_desk_whose_clock_was_put_back_does_not_take_an_old_pass_for_a_new_one(
    sides: Sides, day: time_machine.Traveller
) -> None:
    day.shift(A_YEAR)
    sides.deliver()
    day.shift(-A_YEAR)
    with sides.hub_side.database.reading() as session:
        assert desk.post_health(session, now=clock.now()).is_stale
    sides.deliver()
    with sides.hub_side.database.reading() as session:
        assert not desk.post_health(session, now=clock.now()).is_stale
