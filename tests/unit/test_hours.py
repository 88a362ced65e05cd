"""Opening hours, told as days in the life of a place that is open on weekdays and Saturday mornings."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.hours import HORIZON_DAYS, HoursError, OpeningHours, Span

LONDON = ZoneInfo("Europe/London")
MAY_BANK_HOLIDAY = date(2026, 5, 4)
CLOCKS_FORWARD = date(2026, 3, 29)
CLOCKS_BACK = date(2026, 10, 25)
MINUTE = timedelta(minutes=1)

WEEK = {day: (Span(time(8), time(19)),) for day in range(5)} | {5: (Span(time(9), time(17)),)}
HUB = OpeningHours(WEEK, frozenset({MAY_BANK_HOLIDAY}), LONDON)
ALWAYS = OpeningHours({day: (Span(time(0), time(0)),) for day in range(7)}, frozenset(), LONDON)
NEVER = OpeningHours({}, frozenset(), LONDON)


def at(year: int, month: int, day: int, hour: int = 0, minute: int = 0) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=LONDON)


def utc(moment: datetime) -> datetime:
    return moment.astimezone(UTC)


# Examples


def test_saturday_night_before_a_bank_holiday_names_the_tuesday():
    saturday_night = at(2026, 5, 2, 23)

    assert not HUB.open_at(saturday_night)
    assert HUB.next_opening(saturday_night) == at(2026, 5, 5, 8)


def test_open_from_the_first_minute_until_just_before_the_last():
    monday = (2026, 11, 23)

    assert not HUB.open_at(at(*monday, 7, 59))
    assert HUB.open_at(at(*monday, 8))
    assert HUB.open_at(at(*monday, 18, 59))
    assert not HUB.open_at(at(*monday, 19))
    assert HUB.closes_at(at(*monday, 8)) == at(*monday, 19)
    assert HUB.closes_at(at(*monday, 19)) is None


def test_the_next_opening_of_a_moment_when_open_is_that_moment():
    assert HUB.next_opening(at(2026, 11, 23, 12, 30)) == at(2026, 11, 23, 12, 30)


def test_a_moment_told_in_another_zone_is_the_same_moment():
    one_in_the_afternoon = datetime(2026, 7, 6, 12, 0, tzinfo=UTC)
    in_sydney = one_in_the_afternoon.astimezone(ZoneInfo("Australia/Sydney"))

    assert HUB.closes_at(in_sydney) == at(2026, 7, 6, 19)
    closing = HUB.closes_at(in_sydney)
    assert closing is not None
    assert closing.tzinfo is LONDON
    assert closing.hour == 19


def test_opening_hours_follow_the_clock_change():
    friday_evening, saturday_night = at(2026, 3, 27, 19), at(2026, 3, 28, 17)

    assert HUB.next_opening(friday_evening) == datetime(2026, 3, 28, 9, tzinfo=UTC)
    assert HUB.next_opening(saturday_night) == datetime(2026, 3, 30, 7, tzinfo=UTC)  # 8 am in summer time


def test_a_place_that_never_closes_has_no_closing_time_and_counts_every_hour():
    assert ALWAYS.open_at(at(2026, 12, 25, 3))
    assert ALWAYS.closes_at(at(2026, 12, 25, 3)) is None
    assert ALWAYS.working_time_between(at(2026, 3, 29), at(2026, 3, 30)) == timedelta(hours=23)
    assert ALWAYS.working_time_between(at(2026, 10, 25), at(2026, 10, 26)) == timedelta(hours=25)


def test_a_place_without_hours_never_opens_and_says_so():
    now = at(2026, 11, 22, 12)

    assert NEVER.next_opening(now) is None
    assert NEVER.working_time_between(now, now + timedelta(days=30)) == timedelta(0)
    with pytest.raises(HoursError, match="60 days"):
        NEVER.add_working_time(now, MINUTE)


def test_an_opening_further_away_than_the_horizon_is_not_promised():
    shut = frozenset(date(2026, 1, 1) + timedelta(days=n) for n in range(HORIZON_DAYS + 1))
    daily = OpeningHours({day: (Span(time(8), time(9)),) for day in range(7)}, shut, LONDON)

    assert daily.next_opening(at(2026, 1, 1)) is None
    assert daily.next_opening(at(2026, 1, 3)) == at(2026, 1, 1, 8) + timedelta(days=HORIZON_DAYS + 1)


def test_an_opening_across_midnight_is_one_opening():
    nights = OpeningHours({4: (Span(time(22), time(0)),), 5: (Span(time(0), time(6)),)}, frozenset(), LONDON)

    assert nights.open_at(at(2026, 11, 27, 23, 59))
    assert nights.closes_at(at(2026, 11, 27, 22)) == at(2026, 11, 28, 6)


def test_a_time_that_the_clock_jumps_over_counts_from_the_jump():
    small_hours = OpeningHours({6: (Span(time(1, 30), time(3)),)}, frozenset(), LONDON)

    assert small_hours.next_opening(at(2026, 3, 29)) == datetime(2026, 3, 29, 1, 0, tzinfo=UTC)
    assert small_hours.working_time_between(at(2026, 3, 29), at(2026, 3, 30)) == timedelta(hours=1)


def test_a_time_that_happens_twice_is_not_two_openings():
    small_hours = OpeningHours({6: (Span(time(0), time(1, 30)),)}, frozenset(), LONDON)

    closing = small_hours.closes_at(at(2026, 10, 25))
    assert closing is not None
    assert utc(closing) == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    assert small_hours.working_time_between(at(2026, 10, 25), at(2026, 10, 26)) == timedelta(minutes=90)


def test_working_time_skips_nights_sundays_and_holidays():
    friday_six = at(2026, 5, 1, 18)

    assert HUB.add_working_time(friday_six, timedelta(hours=2)) == at(2026, 5, 2, 10)
    assert HUB.add_working_time(friday_six, timedelta(hours=1)) == at(2026, 5, 1, 19)
    assert HUB.add_working_time(friday_six, timedelta(hours=10)) == at(2026, 5, 5, 9)


@pytest.mark.parametrize(
    "make",
    [
        lambda: Span(time(9), time(9)),
        lambda: Span(time(10), time(9)),
        lambda: Span(time(9, tzinfo=UTC), time(10)),
        lambda: OpeningHours({7: ()}, frozenset(), LONDON),
        lambda: OpeningHours({0: (Span(time(9), time(12)), Span(time(11), time(13)))}, frozenset(), LONDON),
        lambda: OpeningHours({0: (Span(time(9), time(0)), Span(time(11), time(13)))}, frozenset(), LONDON),
        lambda: HUB.open_at(datetime(2026, 5, 1, 9)),  # noqa: DTZ001 - a moment without a zone is the point
        lambda: HUB.add_working_time(at(2026, 5, 1), -MINUTE),
    ],
)
def test_what_makes_no_sense_is_refused(make):
    with pytest.raises(HoursError):
        make()


# Properties

moments = st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31)).map(lambda naive: naive.replace(tzinfo=UTC))  # noqa: DTZ001
around_a_clock_change = st.sampled_from([CLOCKS_FORWARD, CLOCKS_BACK]).flatmap(
    lambda day: st.integers(-36 * 60, 48 * 60).map(lambda n: datetime.combine(day, time(0), tzinfo=UTC) + n * MINUTE)
)
any_moment = st.one_of(moments, around_a_clock_change)
amounts = st.integers(0, 200 * 60).map(lambda minutes: minutes * MINUTE)


@st.composite
def opening_hours(draw: st.DrawFn) -> OpeningHours:
    weekly = {}
    for day in range(7):
        edges = sorted(draw(st.sets(st.integers(0, 24 * 60), max_size=6)))
        spans = [
            Span(time(start // 60, start % 60), time(end // 60 % 24, end % 60))
            for start, end in zip(edges[::2], edges[1::2], strict=False)
        ]
        weekly[day] = tuple(spans)
    weekly[2] = weekly[2] or (Span(time(10), time(11)),)
    holidays = draw(st.frozensets(st.dates(date(2026, 1, 1), date(2027, 12, 31)), max_size=4))
    return OpeningHours(weekly, holidays, LONDON)


def minutes_open(hours: OpeningHours, start: datetime, end: datetime) -> set[datetime]:
    """An oracle made differently: walk the minutes of each local day, and let the wall clock never go back."""
    found: set[datetime] = set()
    day, seen = None, time(0)
    moment = datetime.combine(start.astimezone(LONDON).date(), time(0), tzinfo=LONDON).astimezone(UTC)
    while moment < end:
        local = moment.astimezone(LONDON)
        seen = max(seen, local.time()) if local.date() == day else local.time()
        day = local.date()
        is_open = day not in hours.holidays and any(
            span.start <= seen and (seen < span.end or span.end == time(0))
            for span in hours.weekly.get(day.weekday(), ())
        )
        if is_open and moment >= start:
            found.add(moment)
        moment += MINUTE
    return found


@given(opening_hours(), around_a_clock_change, st.integers(0, 40 * 60))
@settings(max_examples=60, deadline=None)
def test_agrees_with_watching_the_clock_minute_by_minute(hours, start, length):
    end = start + length * MINUTE
    watched = minutes_open(hours, start, end)

    assert hours.working_time_between(start, end) == len(watched) * MINUTE
    for moment in (start + n * 7 * MINUTE for n in range(length // 7)):
        assert hours.open_at(moment) == (moment in watched)
    opening = hours.next_opening(start)
    if watched:
        assert opening is not None
        assert utc(opening) == min(watched)
    else:
        assert opening is None or utc(opening) >= end


@given(opening_hours(), any_moment, any_moment, any_moment)
@settings(max_examples=60, deadline=None)
def test_working_time_adds_up(hours, a, b, c):
    assert hours.working_time_between(a, b) + hours.working_time_between(b, c) == hours.working_time_between(a, c)
    assert hours.working_time_between(a, b) == -hours.working_time_between(b, a)


@given(opening_hours(), any_moment, amounts)
@settings(max_examples=60, deadline=None)
def test_adding_working_time_is_undone_by_measuring_it(hours, start, amount):
    due = utc(hours.add_working_time(start, amount))

    assert due >= start
    assert hours.working_time_between(start, due) == amount
    if amount:
        assert hours.working_time_between(start, due - timedelta(microseconds=1)) < amount  # and no earlier


@given(opening_hours(), any_moment, amounts, amounts)
@settings(max_examples=40, deadline=None)
def test_adding_twice_is_adding_the_sum(hours, start, one, other):
    in_two_steps = hours.add_working_time(hours.add_working_time(start, one), other)

    assert utc(in_two_steps) == utc(hours.add_working_time(start, one + other))


@given(opening_hours(), any_moment)
@settings(max_examples=100, deadline=None)
def test_open_closed_and_next_never_contradict_each_other(hours, moment):
    opening = hours.next_opening(moment)
    if hours.open_at(moment):
        assert opening is not None
        assert utc(opening) == moment
        closing = hours.closes_at(moment)
        assert closing is None or (utc(closing) > moment and not hours.open_at(closing))
    else:
        assert hours.closes_at(moment) is None
        if opening is not None:
            assert utc(opening) > moment
            assert hours.open_at(opening)
            assert hours.working_time_between(moment, opening) == timedelta(0)


@given(opening_hours(), st.integers(0, 24 * 60 - 1))
@settings(max_examples=60, deadline=None)
def test_never_open_on_a_holiday(hours, minute):
    for holiday in hours.holidays:
        moment = datetime.combine(holiday, time(minute // 60, minute % 60), tzinfo=LONDON)
        assert not hours.open_at(moment)
