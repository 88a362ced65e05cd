"""Where a case stands in the queue: by its tier, the window that closes soonest, and what is due."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.contact import Box, ContactPlan, Way, WayPlan, codes_of, decide, plan_of_codes
from app.domain.hours import OpeningHours
from app.domain.queue import AT_RISK, NEVER, OTHERS, OURS, QUIET, coded, reach, rules_of, tier_of, timed
from app.domain.status import CaseState
from tests.harness.day import LONDON
from tests.unit.test_priority import HOURS

TUESDAY = datetime(2026, 3, 10, 10, 0, tzinfo=LONDON)
MOMENTS = st.integers(0, 240 * 24 * 60).map(lambda minutes: TUESDAY.astimezone(UTC) + timedelta(minutes=minutes))
PLANS = st.builds(
    ContactPlan,
    wanted=st.sampled_from([True, True, True, False, None]),
    frozen=st.booleans(),
    paused_until=st.none() | MOMENTS,
    ways=st.lists(
        st.builds(
            WayPlan,
            way=st.sampled_from(Way),
            address=st.sampled_from(["07700 900111", ""]),
            boxes=st.frozensets(st.sampled_from(Box)),
            message_allowed=st.booleans(),
            shared=st.sampled_from(["only-me", "others", None]),
            not_in_school_hours=st.booleans(),
            may_be_told=st.booleans(),
        ),
        max_size=3,
        unique_by=lambda each: each.way,
    ).map(tuple),
)


def facts_of(plan: ContactPlan) -> dict[str, object]:
    return {
        "contact": {True: "yes", False: "no", None: None}[plan.wanted],
        "frozen": plan.frozen,
        "paused": plan.paused_until.isoformat(timespec="seconds") if plan.paused_until else None,
        "windows": codes_of(plan),
    }


@pytest.mark.requirement("B1")
@given(PLANS, MOMENTS)
def test_the_codes_say_of_every_way_what_the_plan_says(plan: ContactPlan, at: datetime) -> None:
    """A way that the codes have is decided as in the plan itself; one that they have not is never open there either."""
    told = plan_of_codes(facts_of(plan))
    known = {each.way for each in told.ways}
    for way in Way:
        said = decide(plan, way, at, known_at=at, hours=HOURS)
        if way in known:
            assert decide(told, way, at, known_at=at, hours=HOURS) == said
        else:
            assert not hasattr(said, "until")


@pytest.mark.rule("rule 7")
@given(PLANS)
def test_the_codes_hold_no_address_and_no_word(plan: ContactPlan) -> None:
    allowed = {each.value for each in Box} | {each.value for each in Way} | {"not-school"}
    codes = codes_of(plan)
    assert set(codes) | {word for words in codes.values() for word in words} <= allowed


@pytest.mark.parametrize(
    ("state", "at_risk", "review_due", "tier"),
    [
        ("new", True, False, AT_RISK),
        ("ours", True, False, AT_RISK),
        ("new", False, False, OURS),
        ("theirs", True, False, OTHERS),
        ("waiting", False, False, OTHERS),
        ("quiet", True, False, QUIET),
        ("quiet", False, True, OURS),
        ("quiet", True, True, AT_RISK),
    ],
)
def test_those_at_risk_who_wait_for_us_come_first(state: str, at_risk: bool, review_due: bool, tier: int) -> None:
    assert tier_of(state, at_risk=at_risk, review_due=review_due) == tier


def at(facts: dict[str, object], moment: datetime, **values: object) -> object:
    given_values: dict[str, object] = {
        "received_at": TUESDAY - timedelta(hours=5),
        "waiting_since": TUESDAY - timedelta(hours=5),
        "answered_at": None,
        "quiet_until": None,
        "hours": HOURS,
        "targets": {},
        "state": CaseState.NEW.value,
        **values,
    }
    return timed(facts, given_values.pop("state"), now=moment, **given_values)  # type: ignore[arg-type]


MORNINGS = {
    "contact": "yes",
    "windows": {"call": ["weekday-morning"], "text": ["weekday-morning", "weekday-afternoon"]},
}


def test_the_soonest_of_the_open_windows_counts_and_holds_until_something_turns() -> None:
    noon = TUESDAY.replace(hour=12)
    found = at(MORNINGS, TUESDAY)
    assert (found.closes_at, found.turns_at) == (noon, noon)  # type: ignore[attr-defined]
    later = at(MORNINGS, noon)
    assert later.closes_at == noon.replace(hour=17)  # type: ignore[attr-defined]
    night = at(MORNINGS, TUESDAY.replace(hour=23))
    assert night.closes_at == NEVER  # type: ignore[attr-defined]
    assert night.turns_at == TUESDAY.replace(day=11, hour=9)  # type: ignore[attr-defined]


@given(PLANS, MOMENTS)
def test_nothing_turns_before_it_is_said_to(plan: ContactPlan, moment: datetime) -> None:
    """Until `turns_at` everybody is as reachable as now."""
    facts = facts_of(plan)
    found = at(facts, moment)
    assert found.turns_at > moment  # type: ignore[attr-defined]
    before = min(found.turns_at - timedelta(seconds=1), moment + timedelta(days=1))  # type: ignore[attr-defined]
    assert [(way, type(said)) for way, said in reach(facts, moment, HOURS)] == [
        (way, type(said)) for way, said in reach(facts, before, HOURS)
    ]


def test_nobody_is_reachable_under_a_freeze() -> None:
    assert at({**MORNINGS, "frozen": True}, TUESDAY).closes_at == NEVER  # type: ignore[attr-defined]


def test_a_target_counts_until_the_first_answer() -> None:
    targets = {"first_answer": 8, "first_answer_risk": 2}
    waits = at({"risk": True}, TUESDAY, targets=targets)
    assert waits.due_at == waits.sort_at  # type: ignore[attr-defined]
    assert waits.due_at < at({}, TUESDAY, targets=targets).due_at  # type: ignore[attr-defined]
    answered = at({"risk": True}, TUESDAY, targets=targets, answered_at=TUESDAY, waiting_since=None)
    assert answered.due_at is None  # type: ignore[attr-defined]


def test_a_quiet_case_turns_on_its_review_date() -> None:
    day = TUESDAY + timedelta(days=3)
    resting = at({}, TUESDAY, state="quiet", quiet_until=day)
    assert (resting.tier, resting.turns_at) == (QUIET, day)  # type: ignore[attr-defined]
    assert at({}, day, state="quiet", quiet_until=day).tier == OURS  # type: ignore[attr-defined]


def test_other_hours_or_targets_have_another_name() -> None:
    others = OpeningHours(weekly={0: HOURS.weekly[0]}, holidays=HOURS.holidays, zone=HOURS.zone)
    names = {rules_of(HOURS, {}), rules_of(HOURS, {"first_answer": 8}), rules_of(others, {})}
    assert len(names) == 3
    assert rules_of(HOURS, {}) in names


def test_facts_that_somebody_mangled_say_nothing() -> None:
    found = coded({"windows": "x", "promised": {"by": 7}, "hidden_from": None, "risk": "yes"}, "new")
    assert (found.at_risk, found.promised_by, found.hidden_from) == (False, None, "")
    assert reach({"contact": "yes", "windows": ["call"], "paused": 3}, TUESDAY, HOURS) == []
