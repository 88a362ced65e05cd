"""The area: neutral names, statements that nobody makes up, holidays, districts, and a number shown honestly."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from app.adapters.content import load_area
from app.domain.area import STATEMENTS, Area, AreaError, District, Holiday, OutsideContact, SignLanguage
from app.domain.phone import Phone, site_name

ROOT = Path(__file__).parents[2]
LONDON = ZoneInfo("Europe/London")


@pytest.fixture(scope="module")
def shipped() -> Area:
    return load_area(ROOT / "content")


@pytest.fixture(scope="module")
def lantern_house() -> Area:
    return load_area(ROOT / "tests" / "area")


def test_nothing_that_only_the_hub_may_say_is_made_up(shipped):
    assert shipped.missing_statements() == STATEMENTS


def test_an_area_with_every_statement_written_misses_none(lantern_house):
    assert lantern_house.missing_statements() == ()


def test_a_statement_of_blanks_is_missing(lantern_house):
    assert replace(lantern_house, controller="  ").missing_statements() == ("controller",)


@pytest.mark.parametrize("name", ["Victim Support Desk", "CRIME help", "Police support", "The Hub", "Abuse line"])
@pytest.mark.parametrize("key", ["service_name", "site_host"])
def test_a_name_that_leaves_the_site_gives_nobody_away(lantern_house, key, name):
    with pytest.raises(AreaError) as refused:
        replace(lantern_house, **{key: name})

    assert str(refused.value).startswith(f"{key}:")


@pytest.mark.parametrize("key", ["service_name", "area_name", "hub_name"])
def test_a_name_must_be_there(lantern_house, key):
    with pytest.raises(AreaError, match=key):
        replace(lantern_house, **{key: " "})


def test_a_reference_is_as_long_as_the_area_needs(shipped, lantern_house):
    assert (shipped.reference_digits, lantern_house.reference_digits) == (6, 8)
    for length in (5, 7, 12):
        with pytest.raises(AreaError, match="reference_digits"):
            replace(shipped, reference_digits=length)


@pytest.mark.parametrize(
    "given",
    [
        {"name": "Open Door"},
        {"site": "https://open-door.example.org"},
        {"name": " ", "site": "https://open-door.example.org"},
    ],
)
def test_somebody_outside_has_a_name_and_a_way_to_reach_them(given):
    with pytest.raises(AreaError, match="outside_contact"):
        OutsideContact(**given)


def test_the_number_of_somebody_outside_was_rung_first(lantern_house):
    number = Phone(number="01632 960 044", confidence="medium", seen="2026")

    with pytest.raises(AreaError, match="ring the number"):
        OutsideContact(name="Open Door", phone=number)
    assert lantern_house.outside_contact.phone.is_checked
    assert lantern_house.outside_contact.site_name == "open-door.example.org"


@pytest.mark.parametrize("left", ["provider", "link", "hours"])
def test_video_relay_is_told_whole_or_not_at_all(lantern_house, left):
    assert SignLanguage() != lantern_house.sign_language
    with pytest.raises(AreaError, match="sign_language"):
        replace(lantern_house.sign_language, **{left: ""})


def test_nobody_is_made_up_to_turn_to_or_to_interpret(shipped):
    assert (shipped.outside_contact, shipped.sign_language) == (OutsideContact(), SignLanguage())


def test_two_districts_never_share_a_code_with_each_other_or_with_the_outside(lantern_house):
    first, *others = lantern_house.districts

    with pytest.raises(AreaError, match="districts"):
        replace(lantern_house, districts=(first, replace(others[0], code=first.code)))
    with pytest.raises(AreaError, match="districts"):
        replace(lantern_house, outside_code=first.code)
    with pytest.raises(AreaError, match="districts"):
        replace(lantern_house, districts=())
    with pytest.raises(AreaError, match="districts"):
        replace(lantern_house, districts=(first, District(id=first.id, name="Again", code=99, within=())))


def test_holidays_and_opening_hours_cannot_drift_apart(lantern_house):
    with pytest.raises(AreaError, match="holidays"):
        replace(lantern_house, holidays=(Holiday(date(2026, 5, 4), "Early May bank holiday"),))


def easter(year: int) -> date:
    """Easter Sunday by Gauss's rule with the Gregorian corrections."""
    a, b, c = year % 19, year // 100, year % 100
    d = (19 * a + b - b // 4 - (b - (b + 8) // 25 + 1) // 3 + 15) % 30
    e = (32 + 2 * (b % 4) + 2 * (c // 4) - d - c % 4) % 7
    f = d + e - 7 * ((a + 11 * d + 22 * e) // 451) + 114
    return date(year, f // 31, f % 31 + 1)


def monday_from(day: date) -> date:
    return day + timedelta(days=-day.weekday() % 7)


def bank_holidays(year: int) -> set[date]:
    """England and Wales: Banking and Financial Dealings Act 1971, with substitute days."""
    found = {
        easter(year) - timedelta(days=2),
        easter(year) + timedelta(days=1),
        monday_from(date(year, 5, 1)),
        monday_from(date(year, 5, 25)),
        monday_from(date(year, 8, 25)),
    }
    for feast in (date(year, 1, 1), date(year, 12, 25), date(year, 12, 26)):
        kept = feast
        while kept.weekday() > 4 or kept in found:
            kept += timedelta(days=1)
        found.add(kept)
    return found


@pytest.mark.parametrize("year", [2026, 2027])
def test_every_bank_holiday_is_listed_and_whatever_else_is_listed_is_christmas(shipped, year):
    listed = {holiday.day for holiday in shipped.holidays if holiday.day.year == year}

    assert bank_holidays(year) <= listed
    assert listed - bank_holidays(year) <= {date(year, 12, 25), date(year, 12, 26)}


def test_holidays_are_known_to_the_end_of_the_last_year_listed(shipped, lantern_house):
    assert shipped.holidays_known_until == date(2027, 12, 31)
    assert (
        replace(
            lantern_house, holidays=(), hub_hours=replace(lantern_house.hub_hours, holidays=frozenset())
        ).holidays_known_until
        is None
    )


@pytest.mark.requirement("D9")
def test_a_risk_told_on_saturday_night_before_a_bank_holiday_is_read_on_tuesday(shipped):
    told = datetime(2026, 5, 2, 23, tzinfo=LONDON)

    opening = shipped.hub_hours.next_opening(told)

    assert opening is not None
    assert f"{opening:%A %H:%M}" == "Tuesday 08:00"


@pytest.mark.requirement("E20")
def test_another_county_has_its_own_hub_that_the_police_do_not_run(shipped, lantern_house):
    assert lantern_house.hub_name != shipped.hub_name
    assert lantern_house.hub_hours.open_at(datetime(2026, 11, 28, 1, tzinfo=LONDON))  # a night line
    assert {district.id for district in lantern_house.districts}.isdisjoint(one.id for one in shipped.districts)


@pytest.mark.requirement("E21")
def test_a_district_is_found_by_its_id(shipped):
    fenland = shipped.district("fenland")

    assert fenland is not None
    assert "cambridgeshire" in fenland.within
    assert shipped.district("atlantis") is None
    assert len(shipped.districts) == 6


@pytest.mark.rule("rule 9")
def test_an_unchecked_number_may_show_only_beside_its_owners_site():
    rumour = Phone(number="01632 960 001", confidence="medium", seen="2026")

    assert not rumour.may_show
    assert replace(rumour, site="https://example.org").may_show
    assert not replace(rumour, site="https://example.org").is_checked
    assert replace(rumour, confidence="high").is_checked
    assert replace(rumour, checked_on=date(2026, 11, 2)).is_checked
    assert replace(rumour, checked_on=date(2026, 11, 2)).may_show


def test_a_site_is_named_as_people_say_it():
    assert site_name("https://www.example.org/") == "example.org"
    assert site_name("https://www.example.org/help") == "example.org/help"
    assert site_name("https://example.org/a-path-that-nobody-would-ever-type/again") == "example.org"


def test_a_number_dials_as_digits():
    assert Phone(number="+44 (0)1632 960-001", confidence="high", seen="2026").dial == "+4401632960001"
    assert Phone(number="18001 101", confidence="high", seen="2026").dial == "18001101"
