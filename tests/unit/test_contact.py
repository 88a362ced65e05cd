"""When and how somebody may be contacted: the plan of one person, asked at many moments."""

from dataclasses import fields, replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.contact import (
    FRESH_FOR,
    SCREEN_WAYS,
    VOICE_WAYS,
    Allowed,
    Box,
    ContactPlan,
    IfAnswered,
    Reason,
    Refused,
    Wait,
    Way,
    WayPlan,
    decide,
    keeping,
    meet,
    plan_from_answers,
    plan_of,
    tightens,
    ways_chosen,
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
# Open in two parts that touch; with a break at noon; and until the day is over, on all days but one.
IN_PARTS = OpeningHours(
    {day: (Span(time(9), time(12)), Span(time(12), time(17))) for day in range(5)}, HOLIDAYS, LONDON
)
WITH_A_BREAK = OpeningHours(
    {day: (Span(time(8), time(12, 30)), Span(time(13), time(20))) for day in range(7)}, frozenset(), LONDON
)
LATE = OpeningHours({day: (Span(time(7), time(0)),) for day in range(7) if day != 2}, frozenset(), LONDON)
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


# Each way as it is


def a_way(way: Way, **said) -> WayPlan:
    """A way that may be used on weekdays from 9 to 5, but for what is said otherwise."""
    as_a_rule = {
        "address": "1 High Street",
        "boxes": frozenset({Box.WEEKDAY_MORNING, Box.WEEKDAY_AFTERNOON}),
        "message_allowed": True,
        "shared": "only-me",
        "may_be_told": True,
    }
    return WayPlan(way=way, **{**as_a_rule, **said})


def by(way: Way, moment: datetime | None = None, **said):
    """The decision for a plan of that one way, on a Wednesday at ten unless told otherwise."""
    only = ContactPlan(wanted=True, ways=(a_way(way, **said),))
    return asked(only, moment or at(2026, 6, 3, 10), way=way)


def test_a_letter_has_no_hours_but_needs_a_yes():
    night = at(2026, 6, 3, 23)

    assert by(Way.LETTER, night, boxes=frozenset()) == Allowed(at(2026, 6, 4))
    assert by(Way.LETTER, night, boxes=frozenset(Box), message_allowed=False) == Refused(Reason.NO_LETTER)
    assert by(Way.LETTER, shared=None) == Allowed(at(2026, 6, 4))


@pytest.mark.parametrize("who", ["others", "not-sure"])
def test_no_letter_goes_where_someone_else_might_open_it(who):
    assert by(Way.LETTER, shared=who) == Refused(Reason.MIGHT_BE_OPENED)


@pytest.mark.requirement("A9")
def test_somebody_under_18_chooses_a_letter_twice():
    def letter(*, under_18: bool, **second):
        answers = {
            "who": {"under_18": under_18},
            "reply": {"contact": "yes", "ways": ["letter"]},
            "reply-letter": {"address": "1 High Street", "message": "yes", **second},
        }
        return asked(plan_of(answers), at(2026, 6, 3, 10), way=Way.LETTER)

    assert letter(under_18=True) == Refused(Reason.NOT_TWICE)
    assert letter(under_18=True, sure="yes") == Refused(Reason.NOT_TWICE)
    assert isinstance(letter(under_18=True, sure=True), Allowed)
    assert isinstance(letter(under_18=False), Allowed)


@pytest.mark.requirement("A9")
@pytest.mark.parametrize("who", ["other", "professional"])
def test_who_asks_for_somebody_under_18_is_reached_as_a_grown_up(who):
    """The plan is of the one who asks: nobody offers them a second yes or school hours."""
    answers = {
        "who": {"who": who, "under_18": True},
        "reply": {"contact": "yes", "ways": ["letter", "call"]},
        "reply-letter": {"address": "1 High Street", "message": "yes"},
        "reply-call": {"address": "01632 960123", "times": [Box.WEEKDAY_MORNING.value]},
    }
    found = plan_of(answers)

    assert isinstance(asked(found, at(2026, 6, 3, 10), way=Way.LETTER), Allowed)
    assert isinstance(asked(found, at(2026, 6, 3, 10), way=Way.CALL), Allowed)


@pytest.mark.parametrize("way", sorted(SCREEN_WAYS))
def test_what_shows_on_a_screen_needs_leave_to_show(way):
    assert by(way, message_allowed=False) == Refused(Reason.NO_MESSAGE)
    assert isinstance(by(way), Allowed)


@pytest.mark.parametrize("way", sorted(VOICE_WAYS))
def test_a_voice_needs_no_leave_to_leave_a_message_but_a_window(way):
    assert by(way, message_allowed=False) == Allowed(at(2026, 6, 3, 17))
    assert by(way, at(2026, 6, 3, 18)) == Wait(at(2026, 6, 4, 9))
    assert by(way, boxes=frozenset()) == Refused(Reason.NO_TIMES)


def test_nobody_is_asked_to_pass_on_what_they_may_not_know():
    assert by(Way.TRUSTED, may_be_told=False) == Refused(Reason.NOT_TOLD)


# School hours


@pytest.mark.requirement("A9")
def test_school_hours_are_cut_out_of_the_day():
    def not_in_school(moment):
        return by(Way.CALL, moment, not_in_school_hours=True, boxes=frozenset(Box))

    assert not_in_school(at(2026, 6, 3, 8, 29)) == Allowed(at(2026, 6, 3, 8, 30))  # the Hub opens at eight
    assert not_in_school(at(2026, 6, 3, 8, 30)) == Wait(at(2026, 6, 3, 15, 30))
    assert not_in_school(at(2026, 6, 3, 15, 29)) == Wait(at(2026, 6, 3, 15, 30))
    assert not_in_school(at(2026, 6, 3, 15, 30)) == Allowed(at(2026, 6, 3, 20))
    assert not_in_school(at(2026, 6, 6, 10)) == Allowed(at(2026, 6, 6, 20))  # a Saturday


def test_on_a_bank_holiday_there_is_no_school():
    holiday = by(
        Way.CALL, at(2026, 5, 4, 10), not_in_school_hours=True, boxes=frozenset({Box.WEEKEND_MORNING, Box.ANY})
    )

    assert holiday == Allowed(at(2026, 5, 4, 12))


def test_a_morning_that_is_all_school_is_told_so():
    assert by(Way.CALL, not_in_school_hours=True, boxes=frozenset({Box.WEEKDAY_MORNING})) == Refused(Reason.ONLY_SCHOOL)


@pytest.mark.requirement("A9")
@pytest.mark.parametrize(
    ("under_18", "ticked", "kept_out"),
    [(False, "", False), (False, "not-school", True), (True, "", True), (True, "school-fine", False),
     (True, "not-school", True)],
)  # fmt: skip
def test_the_young_are_not_disturbed_at_school_unless_they_say_so(under_18, ticked, kept_out):
    read = plan_of(
        {
            "who": {"under_18": under_18},
            "reply": {"contact": "yes", "ways": ["call"]},
            "reply-call": {"address": "1", "times": ["weekday-morning", ticked]},
        }
    )

    assert read.ways[0].not_in_school_hours is kept_out


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
    not_in_school_hours=st.booleans(),
    own_times=st.sampled_from(["", "any time at all, day or night"]),
    ask_for=st.sampled_from(["", "Jo"]),
    say=st.sampled_from(["", "Anna"]),
    show_number=st.booleans(),
    if_answered=st.sampled_from(IfAnswered),
    how=st.sampled_from([None, "video", "relay", "meet"]),
    avoid=st.frozensets(st.sampled_from(["known", "relative"])),
    woman_or_man=st.sampled_from([None, "woman", "man", "either"]),
    person=st.sampled_from(["", "Ruth"]),
    may_be_told=st.booleans(),
    awaits_second_yes=st.booleans(),
)
PLANS = st.builds(
    ContactPlan,
    wanted=st.sampled_from([True, True, True, False, None]),
    ways=st.lists(WAY_PLANS, max_size=len(Way), unique_by=lambda each: each.way).map(tuple),
    frozen=st.sampled_from([False, False, False, True]),
    sign=st.sampled_from(["", "blue"]),
)


@st.composite
def narrowed(draw, of: ContactPlan) -> ContactPlan:
    """This plan with any number of things made tighter, and nothing made looser."""

    def maybe(tighter, as_it_was):
        return tighter if draw(st.booleans()) else as_it_was

    def way(each: WayPlan) -> WayPlan:
        careful = ["only-me", None, "not-sure", "others"]
        return replace(
            each,
            address=maybe("", each.address),
            boxes=each.boxes - draw(BOXES),
            message_allowed=maybe(False, each.message_allowed),
            shared=draw(st.sampled_from(careful[careful.index(each.shared) :])),
            not_in_school_hours=maybe(True, each.not_in_school_hours),
            own_times=maybe("not on Tuesdays", each.own_times),
            show_number=maybe(False, each.show_number),
            if_answered=maybe(IfAnswered.HANG_UP, each.if_answered),
            avoid=each.avoid | draw(st.frozensets(st.sampled_from(["known", "relative"]))),
            may_be_told=maybe(False, each.may_be_told),
            awaits_second_yes=maybe(True, each.awaits_second_yes),
        )

    return ContactPlan(
        wanted=draw(st.sampled_from([of.wanted, False, None])),
        ways=tuple(way(each) for each in of.ways if draw(st.booleans())),
        frozen=maybe(True, of.frozen),
        sign=of.sign or draw(st.sampled_from(["", "blue"])),
    )


OLD_AND_NARROWED = PLANS.flatmap(lambda old: st.tuples(st.just(old), narrowed(old)))
AGES = st.one_of(st.none(), st.integers(-3600, 3600).map(lambda seconds: timedelta(seconds=seconds)))
HOURS = st.sampled_from([HUB, NIGHT_HUB, NEVER_OPEN, IN_PARTS, WITH_A_BREAK, LATE])


def is_in_a_chosen_window(boxes: frozenset[Box], moment: datetime, hours: OpeningHours) -> bool:
    """The same rule told another way: which hour of which day is it on the wall, and is the Hub open?"""
    local = moment.astimezone(LONDON)
    kind = "weekend" if local.weekday() >= 5 or local.date() in hours.holidays else "weekday"
    part = {range(9, 12): "morning", range(12, 17): "afternoon", range(17, 20): "evening"}
    chosen = [f"{kind}-{name}" for span, name in part.items() if local.hour in span]
    return any(box in boxes for box in chosen) or (Box.ANY in boxes and hours.open_at(moment))


def is_at_school(moment: datetime, hours: OpeningHours) -> bool:
    """Monday to Friday from half past eight to half past three, but for bank holidays."""
    local = moment.astimezone(LONDON)
    on_a_school_day = local.weekday() < 5 and local.date() not in hours.holidays
    return on_a_school_day and time(8, 30) <= local.time() < time(15, 30)


def says_yes(chosen: WayPlan, moment: datetime, hours: OpeningHours) -> bool:
    """What each way asks for besides a fresh plan, told another way."""
    if not chosen.address.strip():
        return False
    if chosen.way is Way.LETTER:
        return chosen.message_allowed and chosen.shared in (None, "only-me") and not chosen.awaits_second_yes
    if chosen.way in {Way.TEXT, Way.EMAIL} and not chosen.message_allowed:
        return False
    if chosen.way is Way.TRUSTED and not chosen.may_be_told:
        return False
    if chosen.not_in_school_hours and is_at_school(moment, hours):
        return False
    return is_in_a_chosen_window(chosen.boxes, moment, hours)


@given(PLANS, st.sampled_from(Way), MOMENTS, AGES, HOURS)
def test_contact_is_allowed_exactly_when_everything_says_so(any_plan, way, moment, age, hours):
    known_at = None if age is None else moment - age
    chosen = any_plan.way(way)

    decision = decide(any_plan, way, moment, known_at=known_at, hours=hours)

    may = (
        not any_plan.frozen
        and any_plan.wanted is True
        and chosen is not None
        and age is not None
        and timedelta(0) <= age <= FRESH_FOR
        and says_yes(chosen, moment, hours)
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
        # A letter has no hours: its end is only the end of the day.
        assert isinstance(decide(any_plan, way, end, known_at=end, hours=hours), Allowed) == (way is Way.LETTER)


@given(PLANS, st.sampled_from(Way), MOMENTS, AGES, HOURS)
def test_their_own_words_about_times_never_widen_anything(any_plan, way, moment, age, hours):
    known_at = None if age is None else moment - age
    without = replace(any_plan, ways=tuple(replace(each, own_times="") for each in any_plan.ways))

    assert decide(any_plan, way, moment, known_at=known_at, hours=hours) == decide(
        without, way, moment, known_at=known_at, hours=hours
    )


def never_allows_more(new: ContactPlan, old: ContactPlan, way: Way, moment: datetime, hours: OpeningHours) -> None:
    after = decide(new, way, moment, known_at=moment, hours=hours)
    if isinstance(after, Allowed):
        before = decide(old, way, moment, known_at=moment, hours=hours)
        assert isinstance(before, Allowed)
        assert after.until <= before.until


@pytest.mark.requirement("B2")
@pytest.mark.rule("rule 10")
@given(OLD_AND_NARROWED, st.sampled_from(Way), MOMENTS, HOURS)
def test_a_tighter_plan_never_allows_more(plans, way, moment, hours):
    old, new = plans

    assert tightens(new, old)
    never_allows_more(new, old, way, moment, hours)


@pytest.mark.rule("rule 10")
@given(PLANS, PLANS, st.sampled_from(Way), MOMENTS, HOURS)
def test_whatever_is_called_tighter_is_so(new, old, way, moment, hours):
    if tightens(new, old, hours=hours):
        never_allows_more(new, old, way, moment, hours)


@pytest.mark.rule("rule 10")
@given(BOXES, BOXES, st.booleans(), MOMENTS, HOURS)
def test_other_times_are_tighter_only_when_no_moment_is_added(new_boxes, old_boxes, is_any, moment, hours):
    old = plan(*old_boxes, *([Box.ANY] if is_any else []))
    new = plan(*new_boxes)
    if tightens(new, old, hours=hours):
        never_allows_more(new, old, Way.CALL, moment, hours)
    both = meet(new, old, hours=hours)
    never_allows_more(both, old, Way.CALL, moment, hours)
    never_allows_more(both, new, Way.CALL, moment, hours)


@pytest.mark.requirement("B2")
@pytest.mark.rule("rule 10")
@pytest.mark.parametrize(
    ("box", "hours", "lies_within"),
    [
        (Box.WEEKDAY_MORNING, HUB, True),
        (Box.WEEKDAY_AFTERNOON, HUB, True),
        (Box.WEEKDAY_EVENING, HUB, False),  # the Hub closes an hour before
        (Box.WEEKEND_MORNING, HUB, False),  # that box holds bank holidays too, when the Hub is closed
        (Box.WEEKDAY_AFTERNOON, IN_PARTS, True),
        (Box.WEEKDAY_AFTERNOON, WITH_A_BREAK, False),
        (Box.WEEKDAY_EVENING, WITH_A_BREAK, True),
        (Box.WEEKDAY_EVENING, LATE, False),  # closed on Wednesdays
        (Box.WEEKDAY_MORNING, NEVER_OPEN, False),
        (Box.WEEKDAY_MORNING, None, False),
    ],
)
def test_a_part_of_the_opening_hours_is_tighter_than_all_of_them(box, hours, lies_within):
    any_time, part = plan(Box.ANY), plan(box)

    assert tightens(part, any_time, hours=hours) == lies_within
    assert not tightens(any_time, part, hours=hours)
    # Meanwhile, the part that both hold goes on.
    for both in (meet(part, any_time, hours=hours), meet(any_time, part, hours=hours)):
        assert both.ways[0].boxes == (frozenset({box}) if lies_within else frozenset())


@pytest.mark.rule("rule 10")
@given(PLANS, PLANS, st.sampled_from(Way), MOMENTS, HOURS)
def test_while_a_change_waits_nothing_is_allowed_that_either_plan_refuses(new, old, way, moment, hours):
    both = meet(new, old, hours=hours)

    never_allows_more(both, old, way, moment, hours)
    never_allows_more(both, new, way, moment, hours)


@pytest.mark.requirement("B1")
@pytest.mark.requirement("B2")
@pytest.mark.rule("rule 10")
@given(PLANS, PLANS, st.sampled_from(Way), MOMENTS, HOURS)
def test_after_an_unproven_change_nothing_is_allowed_that_was_not_before(new, old, way, moment, hours):
    asked = keeping(new, old)
    counts = asked if tightens(asked, old, hours=hours) else meet(asked, old, hours=hours)

    never_allows_more(counts, old, way, moment, hours)


@given(PLANS, PLANS)
def test_what_was_left_empty_stays_and_what_was_said_is_taken(new, old):
    kept = keeping(new, old)

    assert [each.way for each in kept.ways] == [each.way for each in new.ways]
    for after, said in zip(kept.ways, new.ways, strict=True):
        before = old.way(said.way)
        assert after.address == (said.address if said.address.strip() or before is None else before.address)
        # What allows something is never taken from before: not ticked is a no.
        assert (after.boxes, after.message_allowed, after.show_number, after.may_be_told) == (
            said.boxes, said.message_allowed, said.show_number, said.may_be_told,
        )  # fmt: skip
    assert kept.sign == (new.sign or old.sign)


@given(PLANS, MOMENTS)
def test_a_pause_waits_until_its_end_and_then_the_plan_counts_as_it_was(any_plan, moment):
    end = moment + timedelta(days=3)
    paused = replace(any_plan, paused_until=end)
    for way in Way:
        before = decide(paused, way, moment, known_at=moment, hours=HUB)
        assert not isinstance(before, Allowed)
        if isinstance(before, Wait):
            assert before.until >= end
        assert decide(paused, way, end, known_at=end, hours=HUB) == decide(any_plan, way, end, known_at=end, hours=HUB)


@given(PLANS)
def test_a_plan_is_no_looser_than_itself(any_plan):
    assert tightens(any_plan, any_plan)


FULL = a_way(
    Way.TRUSTED,
    address="01632 960 123",
    boxes=frozenset({Box.WEEKDAY_EVENING}),
    message_allowed=False,
    shared="not-sure",
    not_in_school_hours=True,
    may_be_told=False,
    awaits_second_yes=True,
    in_doubt=True,
)
LOOSER = {
    "address": "01632 960 999",
    "boxes": frozenset({Box.WEEKDAY_EVENING, Box.ANY}),
    "message_allowed": True,
    "shared": "only-me",
    "not_in_school_hours": False,
    "ask_for": "Jo",
    "say": "the Hub",
    "show_number": True,
    "if_answered": IfAnswered.ASK,
    "how": "meet",
    "woman_or_man": "man",
    "person": "Ruth",
    "may_be_told": True,
    "awaits_second_yes": False,
    "in_doubt": False,
}


@pytest.mark.rule("rule 10")
@pytest.mark.parametrize("name", sorted(LOOSER))
def test_one_thing_loosened_is_no_tightening(name):
    old = ContactPlan(wanted=True, ways=(FULL,))

    assert not tightens(replace(old, ways=(replace(FULL, **{name: LOOSER[name]}),)), old)


def test_every_answer_of_a_way_is_weighed_when_a_plan_changes():
    """`avoid` loosens when it shrinks; `own_times` decides nothing; `way` is which way it is."""
    assert {each.name for each in fields(WayPlan)} == set(LOOSER) | {"way", "own_times", "avoid"}

    old = ContactPlan(wanted=True, ways=(replace(FULL, avoid=frozenset({"known"})),))
    assert not tightens(ContactPlan(wanted=True, ways=(FULL,)), old)


@pytest.mark.rule("rule 10")
def test_a_new_way_a_wish_for_contact_an_end_of_the_freeze_and_another_sign_are_no_tightening():
    old = ContactPlan(wanted=True, ways=(FULL,), sign="blue")

    assert not tightens(replace(old, ways=(FULL, a_way(Way.CALL, address=""))), old)
    assert not tightens(old, replace(old, wanted=None))
    assert not tightens(replace(old, wanted=False), replace(old, frozen=True))
    assert not tightens(replace(old, sign=""), old)


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
        under_18=False,
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
    read = plan_from_answers(
        {"contact": "yes", "ways": ["email"]}, {"call": {"address": "1", "times": ["any"]}}, under_18=False
    )

    assert read.way(Way.CALL) is None


def test_what_was_left_is_read_the_tightest_way():
    read = plan_of({"reply": {"contact": "yes", "ways": list(Way)}})

    for each in read.ways:
        assert each.missing is Reason.NO_ADDRESS
        assert not each.message_allowed
        assert not each.show_number
        assert not each.may_be_told
        assert each.if_answered is IfAnswered.HANG_UP
    assert read.sign == ""


def test_everything_that_was_said_about_a_way_is_in_the_plan():
    answers = {
        "reply": {"contact": "yes", "ways": ["trusted", "bsl"], "sign": "blue"},
        "reply-trusted": {
            "address": "01632 960 123", "person": "Ruth", "told": "may-be-told", "ask_for": "Ruth", "say": "Anna",
            "number": "show", "if_answered": "ask", "own_times": "not on Tuesdays", "times": ["any"],
        },
        "reply-bsl": {"address": "e.field@example.org", "how": "video", "avoid": ["known"], "woman_or_man": "woman"},
    }  # fmt: skip
    read = plan_of(answers)
    trusted, bsl = read.way(Way.TRUSTED), read.way(Way.BSL)

    assert read.sign == "blue"
    assert (trusted.person, trusted.ask_for, trusted.say) == ("Ruth", "Ruth", "Anna")
    assert trusted.may_be_told
    assert trusted.show_number
    assert trusted.if_answered is IfAnswered.ASK
    assert trusted.own_times == "not on Tuesdays"
    assert (bsl.how, bsl.avoid, bsl.woman_or_man) == ("video", frozenset({"known"}), "woman")


@pytest.mark.requirement("A15")
def test_bsl_by_text_is_a_text_and_follows_all_its_rules():
    """No way of its own that would be looser: the page about texts gives number, times and what may show on the screen."""
    text = {"address": "07700 900555", "times": ["weekday-morning"], "message": "yes"}
    answers = {"reply": {"contact": "yes", "ways": ["bsl"]}, "reply-bsl": {"how": "text"}, "reply-text": text}
    read = plan_of(answers)

    assert [each.way for each in read.ways] == [Way.TEXT]
    assert asked(read, at(2026, 6, 3, 10), way=Way.TEXT) == Allowed(at(2026, 6, 3, 12))
    assert asked(read, at(2026, 6, 3, 13), way=Way.TEXT) == Wait(at(2026, 6, 4, 9))
    assert asked(read, at(2026, 6, 3, 10), way=Way.BSL) == Refused(Reason.NOT_CHOSEN)
    for left, why in (
        ({"message": "no"}, Reason.NO_MESSAGE),
        ({"address": ""}, Reason.NO_ADDRESS),
        ({"times": []}, Reason.NO_TIMES),
    ):
        narrower = plan_of({**answers, "reply-text": {**text, **left}})
        assert asked(narrower, at(2026, 6, 3, 10), way=Way.TEXT) == Refused(why)


@given(st.lists(st.sampled_from(list(Way)), unique=True), st.sampled_from(["text", "video", "relay", "meet", None, 3]))
def test_the_ways_are_those_ticked_but_for_bsl_by_text(ways, how):
    chosen = ways_chosen({"ways": [way.value for way in ways]}, {"how": how})

    by_text = how == "text" and Way.BSL in ways
    assert set(chosen) == ({*ways, Way.TEXT} - {Way.BSL} if by_text else set(ways))
    assert len(chosen) == len(set(chosen))


JUNK = st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=8), st.lists(st.text(max_size=8)))
WORDS = st.one_of(JUNK, st.sampled_from(["yes", "no"]), st.lists(st.sampled_from([*Box, *Way, "night", ""])))


@given(
    st.dictionaries(st.sampled_from(["contact", "other"]), WORDS),
    st.lists(st.sampled_from([*Way, "post", "fax"])),
    st.dictionaries(
        st.sampled_from([*Way, "fax"]),
        st.fixed_dictionaries(
            {},
            optional={
                "address": st.text(), "message": JUNK, "times": st.lists(st.text()), "shared": JUNK, "told": JUNK,
                "number": JUNK, "if_answered": JUNK, "sure": JUNK, "avoid": JUNK, "how": JUNK, "say": JUNK, "person": JUNK,
            },
        ),
    ),
    st.booleans(),
)  # fmt: skip
def test_unknown_words_only_tighten(reply, ways, answers, under_18):
    read = plan_from_answers({**reply, "ways": ways}, answers, under_18=under_18)

    assert read.wanted is ({"yes": True, "no": False}.get(str(reply.get("contact"))))
    assert {each.way.value for each in read.ways} == set(ways) & {way.value for way in Way}
    for each in read.ways:
        answer = answers.get(each.way.value) or {}
        assert {box.value for box in each.boxes} <= set(answer.get("times") or ())
        assert not each.may_be_told
        assert not each.show_number
        assert each.if_answered is IfAnswered.HANG_UP
        assert tightens(ContactPlan(wanted=True, ways=(each,)), ContactPlan(wanted=True, ways=(each,)))
