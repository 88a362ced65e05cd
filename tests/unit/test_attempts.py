"""What follows from an attempt to reach somebody."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.attempts import BEGINS_WITHIN, HOLDS, Outcome, Ruling, held_ways, is_within_plan, offered
from app.domain.contact import Allowed, Box, ContactPlan, Reason, Refused, Way, WayPlan, decide
from app.domain.hours import OpeningHours
from app.domain.referral import News
from app.domain.status import MESSAGE
from app.services.hub.desk import mark_of
from tests.harness.day import DAY, LONDON

HOURS = OpeningHours(weekly={}, holidays=frozenset(), zone=LONDON)
NUMBER = "07700 900111"


@dataclass(frozen=True)
class Tried:
    way: str
    outcome: str
    ruling: str | None = None


def way(which: Way, address: str = NUMBER, *, message: bool = True) -> WayPlan:
    return WayPlan(way=which, address=address, boxes=frozenset(Box), message_allowed=message, shared="only-me")


def plan(*ways: WayPlan, held: frozenset[Way] = frozenset()) -> ContactPlan:
    return ContactPlan(wanted=True, ways=ways, held=held)


def asked(found: ContactPlan, which: Way) -> object:
    return decide(found, which, DAY, known_at=DAY, hours=HOURS)


@pytest.mark.requirement("B1")
@pytest.mark.rule("rule 2")
@pytest.mark.parametrize("outcome", Outcome)
def test_only_after_somebody_else_or_a_wrong_number_a_way_is_held(outcome: Outcome) -> None:
    held = held_ways([Tried("call", outcome.value)])
    assert held == ({Way.CALL} if outcome in HOLDS else set())


def test_the_newest_that_holds_counts_with_what_was_decided() -> None:
    first = Tried("call", "someone-else", Ruling.AGAIN.value)
    assert held_ways([first]) == set()
    assert held_ways([Tried("call", "wrong-number"), first]) == {Way.CALL}
    assert held_ways([Tried("call", "reached"), replace(first, ruling=Ruling.NEVER.value)]) == {Way.CALL}
    assert held_ways([Tried("pigeon", "someone-else")]) == set(), "a way that this release does not know holds nothing"


@pytest.mark.requirement("B1")
@pytest.mark.rule("rule 2")
@pytest.mark.parametrize("typed", [NUMBER, "+44 7700 900111", "0044 (0)7700-900111".replace("(0)", ""), "447700900111"])
def test_a_held_way_is_refused_and_so_is_every_way_to_the_same_number(typed: str) -> None:
    found = plan(way(Way.CALL), way(Way.TEXT, typed), way(Way.EMAIL, "m@example.org"), held=frozenset({Way.CALL}))
    assert asked(found, Way.CALL) == asked(found, Way.TEXT) == Refused(Reason.HELD)
    assert isinstance(asked(found, Way.EMAIL), Allowed)


@given(st.sets(st.sampled_from(Way)), st.lists(st.sampled_from(Way), unique=True, min_size=1))
def test_holding_only_ever_refuses(held: set[Way], chosen: list[Way]) -> None:
    free = plan(*(way(each, f"0770090{place}") for place, each in enumerate(chosen)))
    found = replace(free, held=frozenset(held))
    for each in Way:
        before, after = asked(free, each), asked(found, each)
        assert after == before or (isinstance(before, Allowed) and after == Refused(Reason.HELD)) or each in held


def test_a_message_is_offered_only_where_the_plan_allows_one() -> None:
    assert Outcome.MESSAGE_LEFT in offered(way(Way.CALL))
    assert Outcome.MESSAGE_LEFT not in offered(way(Way.CALL, message=False))
    assert offered(way(Way.TEXT)) == (Outcome.MESSAGE_LEFT, Outcome.WRONG_NUMBER)


def test_an_attempt_is_inside_the_plan_when_its_number_was_shown_shortly_before() -> None:
    now = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
    assert is_within_plan(now - BEGINS_WITHIN, at=now)
    assert not is_within_plan(now - BEGINS_WITHIN - timedelta(seconds=1), at=now)
    assert not is_within_plan(None, at=now)
    assert not is_within_plan(now + timedelta(seconds=1), at=now)


def test_what_was_read_of_a_plan_is_another_as_soon_as_the_card_is_another() -> None:
    before = plan(way(Way.CALL))
    same = plan(way(Way.CALL, "07700 900999"))
    assert mark_of(before, Way.CALL) == mark_of(same, Way.CALL), "the address is not read before it is shown"
    for changed in (
        plan(way(Way.CALL, message=False)),
        plan(replace(way(Way.CALL), say="Anna from the choir")),
        plan(replace(way(Way.CALL), boxes=frozenset({Box.ANY}))),
        replace(before, sign="the blue curtains"),
    ):
        assert mark_of(changed, Way.CALL) != mark_of(before, Way.CALL)
    assert mark_of(before, Way.TEXT) == ""


def test_a_message_carries_how_it_was_translated_and_an_older_reader_reads_it_still() -> None:
    sent = News(kind=MESSAGE, at=DAY.isoformat(), text="Witaj", language="pl", data={"translated_by": "person"})
    assert News.from_bytes(sent.to_bytes()) == sent
