"""When and how somebody may be contacted: the plan of one person, asked at many moments."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.contact import (
    FRESH_FOR,
    Allowed,
    Box,
    ContactPlan,
    Reason,
    Refused,
    Wait,
    Way,
    WayPlan,
    decide,
    plan_from_answers,
)
from app.domain.hours import OpeningHours, Span

LONDON = ZoneInfo("Europe/London")
GOOD_FRIDAY, MAY_BANK_HOLIDAY, CHRISTMAS = date(2026, 4, 3), date(2026, 5, 4), date(2026, 12, 25)
HOLIDAYS = frozenset({GOOD_FRIDAY, MAY_BANK_HOLIDAY, CHRISTMAS})
HUB = OpeningHours(
    {day: (Span(time(8), time(19)),) for day in range(5)} | {5: (Span(time(9), time(17)),)}, HOLIDAYS, LONDON
)
NIGHT_HUB = OpeningHours({4: (Span(time(22), time(0)),), 5: (Span(time(0), time(2)),)}, frozenset(), LONDON)
NEVER_OPEN = OpeningHours({}, frozenset(), LONDON)
SECOND = timedelta(seconds=1)

pytestmark = [pytest.mark.requirement("B1"), pytest.mark.rule("rule 2")]


def at(year: int, month: int, day: int, hour: int = 0, minute: int = 0, *, fold: int = 0) -> datetime:
    """A moment by the clock on the wall, in UTC as the site keeps it."""
    return datetime(year, month, day, hour, minute, tzinfo=LONDON, fold=fold).astimezone(UTC)


def plan(*boxes: Box, way: Way = Way.CALL, address: str = "01632 960 123", wanted: bool | None = True) -> ContactPlan:
    chosen = WayPlan(way=way, address=address, boxes=frozenset(boxes), message_allowed=False, shared=None)
    return ContactPlan(wanted=wanted, ways=(chosen,))


def asked(of: ContactPlan, moment: datetime, *, way: Way = Way.CALL, hours: OpeningHours = HUB):
    """The decision for a plan that is known to be fresh."""
    return decide(of, way, moment, known_at=moment, hours=hours)


# One person's week


def test_in_a_chosen_window_contact_may_begin_until_it_closes():
    assert asked(plan(Box.WEEKDAY_MORNING), at(2026, 6, 3, 9)) == Allowed(at(2026, 6, 3, 12))
    assert asked(plan(Box.WEEKDAY_MORNING), at(2026, 6, 3, 11, 59)) == Allowed(at(2026, 6, 3, 12))


def test_at_the_end_of_the_window_it_is_over_and_the_next_one_is_named():
    assert asked(plan(Box.WEEKDAY_MORNING), at(2026, 6, 3, 12)) == Wait(at(2026, 6, 4, 9))
    assert asked(plan(Box.WEEKDAY_MORNING), at(2026, 6, 5, 12)) == Wait(at(2026, 6, 8, 9))  # Friday noon: Monday


def test_windows_that_touch_are_one():
    assert asked(plan(Box.WEEKDAY_MORNING, Box.WEEKDAY_AFTERNOON), at(2026, 6, 3, 10)) == Allowed(at(2026, 6, 3, 17))


@pytest.mark.parametrize("day", [GOOD_FRIDAY, MAY_BANK_HOLIDAY, CHRISTMAS], ids=str)
def test_a_bank_holiday_counts_as_weekend(day):
    morning = at(day.year, day.month, day.day, 10)

    assert isinstance(asked(plan(Box.WEEKDAY_MORNING), morning), Wait)
    assert isinstance(asked(plan(Box.WEEKEND_MORNING), morning), Allowed)


def test_any_time_the_hub_is_open_is_the_hubs_own_hours():
    any_time = plan(Box.ANY)

    assert asked(any_time, at(2026, 6, 3, 18, 59)) == Allowed(at(2026, 6, 3, 19))
    assert asked(any_time, at(2026, 6, 3, 19)) == Wait(at(2026, 6, 4, 8))
    assert asked(any_time, at(2026, 5, 2, 23)) == Wait(at(2026, 5, 5, 8))  # Saturday night before a bank holiday


def test_a_window_that_ends_at_midnight_lasts_until_midnight_and_goes_on_after_it():
    friday_night = at(2026, 6, 5, 23)

    assert asked(plan(Box.ANY), friday_night, hours=NIGHT_HUB) == Allowed(at(2026, 6, 6, 2))
    assert asked(plan(Box.ANY), at(2026, 6, 6, 1), hours=NIGHT_HUB) == Allowed(at(2026, 6, 6, 2))
    assert asked(plan(Box.ANY), at(2026, 6, 5, 21), hours=NIGHT_HUB) == Wait(at(2026, 6, 5, 22))


def test_a_hub_that_is_never_open_never_contacts_any_time():
    assert asked(plan(Box.ANY), at(2026, 6, 3, 10), hours=NEVER_OPEN) == Refused(Reason.NO_TIMES)


@pytest.mark.parametrize(("day", "offset"), [(date(2026, 3, 29), 1), (date(2026, 10, 25), 0)], ids=["March", "October"])
def test_on_the_sunday_when_the_clocks_change_the_wall_clock_counts(day, offset):
    nine = datetime(day.year, day.month, day.day, 9 - offset, tzinfo=UTC)

    assert asked(plan(Box.WEEKEND_MORNING), nine - SECOND) == Wait(nine)
    assert asked(plan(Box.WEEKEND_MORNING), nine) == Allowed(nine + timedelta(hours=3))


def test_the_night_when_the_clocks_go_back_is_one_window_with_an_hour_more():
    through_the_night = OpeningHours({6: (Span(time(0), time(3)),)}, frozenset(), LONDON)
    midnight = at(2026, 10, 25, 0)

    assert asked(plan(Box.ANY), midnight, hours=through_the_night) == Allowed(midnight + timedelta(hours=4))


def test_the_same_moment_gets_the_same_answer_in_whatever_zone_it_is_told():
    short = OpeningHours({6: (Span(time(1), time(1, 30)),)}, frozenset(), LONDON)
    second_time_round = datetime(2026, 10, 25, 1, 15, tzinfo=LONDON, fold=1)

    told_here = asked(plan(Box.ANY), second_time_round, hours=short)
    told_in_utc = asked(plan(Box.ANY), second_time_round.astimezone(UTC), hours=short)

    assert told_here == told_in_utc
    assert not isinstance(told_here, Allowed)


# Why not


def test_each_refusal_says_why():
    moment = at(2026, 6, 3, 10)

    assert asked(replace(plan(Box.WEEKDAY_MORNING), frozen=True), moment) == Refused(Reason.FROZEN)
    assert asked(plan(Box.WEEKDAY_MORNING, wanted=False), moment) == Refused(Reason.NO_CONTACT)
    assert asked(plan(Box.WEEKDAY_MORNING), moment, way=Way.EMAIL) == Refused(Reason.NOT_CHOSEN)
    assert asked(plan(Box.WEEKDAY_MORNING, address="  "), moment) == Refused(Reason.NO_ADDRESS)
    assert asked(plan(), moment) == Refused(Reason.NO_TIMES)


@pytest.mark.requirement("B12")
def test_a_question_that_was_left_means_no_contact():
    assert asked(plan(Box.WEEKDAY_MORNING, wanted=None), at(2026, 6, 3, 10)) == Refused(Reason.NO_CONTACT)


def test_a_plan_is_trusted_for_ten_seconds_and_not_one_more():
    moment = at(2026, 6, 3, 10)

    def known(before: timedelta | None):
        return decide(
            plan(Box.WEEKDAY_MORNING),
            Way.CALL,
            moment,
            known_at=None if before is None else moment - before,
            hours=HUB,
        )

    assert isinstance(known(timedelta(0)), Allowed)
    assert isinstance(known(FRESH_FOR), Allowed)
    assert known(FRESH_FOR + SECOND) == Refused(Reason.STALE)
    assert known(-SECOND) == Refused(Reason.STALE)  # a clock that runs ahead proves nothing
    assert known(None) == Refused(Reason.STALE)


def test_an_hour_that_happens_twice_does_not_make_an_old_plan_fresh():
    any_hour = OpeningHours({6: (Span(time(0), time(5)),)}, frozenset(), LONDON)
    first = datetime(2026, 10, 25, 1, 0, tzinfo=LONDON)
    an_hour_later = datetime(2026, 10, 25, 1, 0, 5, tzinfo=LONDON, fold=1)

    assert decide(plan(Box.ANY), Way.CALL, an_hour_later, known_at=first, hours=any_hour) == Refused(Reason.STALE)


def test_a_moment_without_its_zone_is_refused():
    with pytest.raises(ValueError, match="zone"):
        asked(plan(Box.ANY), datetime(2026, 6, 3, 10))  # noqa: DTZ001


# Any plan at any moment

MOMENTS = st.one_of(
    st.integers(0, 364 * 24 * 3600).map(lambda seconds: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)),
    # Near the changes of the clock, midnights and bank holidays, where it would go wrong.
    st.builds(
        lambda day, seconds: datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(seconds=seconds),
        st.sampled_from([date(2026, 3, 29), date(2026, 10, 25), GOOD_FRIDAY, MAY_BANK_HOLIDAY, CHRISTMAS]),
        st.integers(-2 * 3600, 26 * 3600),
    ),
)
BOXES = st.frozensets(st.sampled_from(Box))
WAY_PLANS = st.builds(
    WayPlan,
    way=st.sampled_from(Way),
    address=st.sampled_from(["", " ", "01632 960 123", "name@example.org"]),
    boxes=BOXES,
    message_allowed=st.booleans(),
    shared=st.sampled_from([None, "only-me", "others", "not-sure"]),
)
PLANS = st.builds(
    ContactPlan,
    wanted=st.sampled_from([True, True, True, False, None]),
    ways=st.lists(WAY_PLANS, max_size=3, unique_by=lambda each: each.way).map(tuple),
    frozen=st.sampled_from([False, False, False, True]),
)
AGES = st.one_of(st.none(), st.integers(-3600, 3600).map(lambda seconds: timedelta(seconds=seconds)))
HOURS = st.sampled_from([HUB, NIGHT_HUB, NEVER_OPEN])


def is_in_a_chosen_window(boxes: frozenset[Box], moment: datetime, hours: OpeningHours) -> bool:
    """The same rule told another way: which hour of which day is it on the wall, and is the Hub open?"""
    local = moment.astimezone(LONDON)
    kind = "weekend" if local.weekday() >= 5 or local.date() in hours.holidays else "weekday"
    part = {range(9, 12): "morning", range(12, 17): "afternoon", range(17, 20): "evening"}
    chosen = [f"{kind}-{name}" for span, name in part.items() if local.hour in span]
    return any(box in boxes for box in chosen) or (Box.ANY in boxes and hours.open_at(moment))


@given(PLANS, st.sampled_from(Way), MOMENTS, AGES, HOURS)
def test_contact_is_allowed_exactly_when_everything_says_so(any_plan, way, moment, age, hours):
    known_at = None if age is None else moment - age
    chosen = any_plan.way(way)

    decision = decide(any_plan, way, moment, known_at=known_at, hours=hours)

    may = (
        not any_plan.frozen
        and any_plan.wanted is True
        and chosen is not None
        and bool(chosen.address.strip())
        and age is not None
        and timedelta(0) <= age <= FRESH_FOR
        and is_in_a_chosen_window(chosen.boxes, moment, hours)
    )
    assert isinstance(decision, Allowed) == may


@given(PLANS, st.sampled_from(Way), MOMENTS, HOURS)
def test_a_frozen_plan_is_always_refused(any_plan, way, moment, hours):
    decision = decide(replace(any_plan, frozen=True), way, moment, known_at=moment, hours=hours)

    assert decision == Refused(Reason.FROZEN)


@given(PLANS, st.sampled_from(Way), MOMENTS, HOURS)
def test_what_is_said_about_the_end_and_the_beginning_is_true(any_plan, way, moment, hours):
    decision = decide(any_plan, way, moment, known_at=moment, hours=hours)

    if isinstance(decision, Wait):
        assert decision.until > moment
        assert isinstance(decide(any_plan, way, decision.until, known_at=decision.until, hours=hours), Allowed)
        just_before = decision.until.astimezone(UTC) - SECOND
        assert not isinstance(decide(any_plan, way, just_before, known_at=just_before, hours=hours), Allowed)
    if isinstance(decision, Allowed):
        end = decision.until.astimezone(UTC)
        last = end - SECOND
        assert end > moment
        assert isinstance(decide(any_plan, way, last, known_at=last, hours=hours), Allowed)
        assert not isinstance(decide(any_plan, way, end, known_at=end, hours=hours), Allowed)


@given(PLANS, st.sampled_from(Way), MOMENTS, HOURS, BOXES, st.frozensets(st.sampled_from(Way)), st.booleans())
def test_taking_something_away_never_allows_more(any_plan, way, moment, hours, dropped_boxes, dropped_ways, unwanted):
    """Requirement B2: whatever the person narrows, contact can only become less."""
    narrower = replace(
        any_plan,
        wanted=None if unwanted else any_plan.wanted,
        ways=tuple(
            replace(each, boxes=each.boxes - dropped_boxes) for each in any_plan.ways if each.way not in dropped_ways
        ),
    )

    before = decide(any_plan, way, moment, known_at=moment, hours=hours)
    after = decide(narrower, way, moment, known_at=moment, hours=hours)

    if isinstance(after, Allowed):
        assert isinstance(before, Allowed)
        assert after.until <= before.until


# The plan as it is read from what was sent


def test_the_plan_is_what_was_ticked():
    read = plan_from_answers(
        {"contact": "yes", "ways": ["text"]},
        {"text": {"address": "07700 900 123", "times": ["weekday-morning"], "message": "yes", "shared": "others"}},
    )

    assert read == ContactPlan(
        wanted=True,
        ways=(
            WayPlan(
                way=Way.TEXT,
                address="07700 900 123",
                boxes=frozenset({Box.WEEKDAY_MORNING}),
                message_allowed=True,
                shared="others",
            ),
        ),
    )


def test_answers_for_a_way_that_was_unticked_later_are_not_used():
    read = plan_from_answers({"contact": "yes", "ways": ["email"]}, {"call": {"address": "1", "times": ["any"]}})

    assert read.way(Way.CALL) is None


JUNK = st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=8), st.lists(st.text(max_size=8)))
WORDS = st.one_of(JUNK, st.sampled_from(["yes", "no"]), st.lists(st.sampled_from([*Box, *Way, "night", ""])))


@given(
    st.dictionaries(st.sampled_from(["contact", "other"]), WORDS),
    st.lists(st.sampled_from(["call", "text", "email", "post", "fax"])),
    st.dictionaries(
        st.sampled_from(["call", "text", "email", "fax"]),
        st.fixed_dictionaries({}, optional={"address": st.text(), "message": JUNK, "times": st.lists(st.text())}),
    ),
)
def test_unknown_words_only_tighten(reply, ways, answers):
    read = plan_from_answers({**reply, "ways": ways}, answers)

    assert read.wanted is ({"yes": True, "no": False}.get(str(reply.get("contact"))))
    assert {each.way.value for each in read.ways} == set(ways) & {"call", "text", "email"}
    for each in read.ways:
        assert {box.value for box in each.boxes} <= set((answers.get(each.way.value) or {}).get("times") or ())
