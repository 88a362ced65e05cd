"""What may be shared with another agency's system, what is said of contact, and how often it may ask."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import combinations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.contact import Box, ContactPlan, Way, WayPlan
from app.domain.handover import Kind
from app.domain.sharing import (
    MILLI,
    NEWS_OF_OTHERS,
    Bucket,
    Contact,
    Limit,
    Purpose,
    Wait,
    contact_now,
    gives_address,
    may_be_shared,
    scopes_of,
    take,
)
from app.domain.status import ABOUT_TROUBLE, Status

NOW = datetime(2026, 3, 10, 10, tzinfo=UTC)
CALL = WayPlan(
    way=Way.CALL, address="07700 900111", boxes=frozenset({Box.ANY}), message_allowed=False, shared="only-me"
)
OPEN = ContactPlan(wanted=True, ways=(CALL,))
LIMIT = Limit(burst=5, per_second=2)


@pytest.mark.parametrize(
    ("facts", "state", "may"),
    [
        ({"who": "me"}, "new", True),
        ({"who": "me-helped", "asked": ["plan"]}, "ours", True),
        ({"who": "me", "restricted": True}, "ours", False),
        ({"who": "other"}, "ours", False),
        ({"who": "professional"}, "ours", False),
        ({}, "ours", False),
        ({"who": "me"}, "closed", False),
        ({"who": "me", "asked": ["delete"]}, "ours", False),
        ({"who": "me", "asked": ["take-back"]}, "ours", False),
        ({"who": "me", "asked": ["plan", "close"]}, "ours", False),
    ],
)
def test_only_open_cases_of_those_who_asked_for_themselves_are_shared(
    facts: dict[str, Any], state: str, *, may: bool
) -> None:
    assert may_be_shared(facts, state) is may


@pytest.mark.requirement("B1")
@pytest.mark.parametrize("wanted", [True, False, None])
@pytest.mark.parametrize("frozen", [True, False])
@pytest.mark.parametrize("paused", [timedelta(0), timedelta(days=1), timedelta(days=-1)])
def test_an_address_is_given_exactly_when_plan_and_way_were_agreed_and_nothing_stops_contact(
    wanted: bool | None, frozen: bool, paused: timedelta
) -> None:
    until = NOW + paused if paused else None
    plan = ContactPlan(wanted=wanted, ways=(CALL,), frozen=frozen, paused_until=until)
    for kinds in (set(each) for size in range(len(Kind) + 1) for each in combinations(Kind, size)):
        contact = contact_now(plan, kinds, now=NOW)
        is_stopped = frozen or not wanted or paused > timedelta(0)
        assert gives_address(CALL, contact, kinds) is (not is_stopped and {Kind.PLAN, Kind.REACH} <= kinds)
        assert (contact is Contact.BY_PLAN) is (not is_stopped and Kind.PLAN in kinds)
        if frozen:
            assert contact is Contact.FROZEN


def test_a_way_that_may_never_be_used_has_no_address() -> None:
    no_times = WayPlan(way=Way.CALL, address="07700 900111", boxes=frozenset(), message_allowed=False, shared=None)
    assert gives_address(CALL, Contact.BY_PLAN, set(Kind))
    assert not gives_address(no_times, Contact.BY_PLAN, set(Kind))


def test_only_who_may_send_news_has_leave_to() -> None:
    assert scopes_of([Purpose.SUPPORT.value]) == ("cases:read",)
    assert scopes_of([Purpose.CASE_NEWS.value]) == ("cases:read", "news:write")


def test_others_say_nothing_that_speaks_for_the_hub() -> None:
    assert set(NEWS_OF_OTHERS) <= {Status.NO_NEWS, *ABOUT_TROUBLE}
    assert Status.ASB_ASKED not in NEWS_OF_OTHERS  # "We have asked the council"


@given(st.lists(st.integers(min_value=0, max_value=3_000), max_size=60))
def test_nobody_ever_gets_more_than_the_bucket_and_what_dripped_in(pauses: list[int]) -> None:
    bucket, now_ms, got = Bucket(LIMIT.burst * MILLI, 0), 0, 0
    for pause in pauses:
        now_ms += pause
        after = take(LIMIT, bucket, now_ms=now_ms)
        if isinstance(after, Bucket):
            bucket, got = after, got + 1
        else:
            # Whoever waits as long as they were told is let in.
            assert isinstance(take(LIMIT, bucket, now_ms=now_ms + after.seconds * 1000), Bucket)
        assert 0 <= bucket.level <= LIMIT.burst * MILLI
        assert got <= LIMIT.burst + now_ms * LIMIT.per_second / 1000


def test_a_clock_that_was_set_back_fills_nothing() -> None:
    empty = Bucket(0, 1_000_000)
    assert isinstance(take(LIMIT, empty, now_ms=0), Wait)
