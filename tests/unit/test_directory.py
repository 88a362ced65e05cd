"""Finding support: what fits comes first, nobody finds nothing, and a filter in a web address says nothing."""

from dataclasses import replace
from datetime import date, datetime, time
from itertools import product
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.adapters.content import load_directory, load_help_now
from app.domain.directory import (
    ABOUT,
    NEED,
    WHO,
    Directory,
    DirectoryError,
    Filters,
    HelpNow,
    OpenNow,
    Service,
    WeeklyHours,
)
from app.domain.hours import OpeningHours, Span
from app.domain.phone import Phone

ROOT = Path(__file__).parents[2]
SHIPPED = load_directory(ROOT / "content")
CALDERWICK = load_directory(ROOT / "tests" / "area")


def names(services: list[Service] | tuple[Service, ...]) -> list[str]:
    return [service.id for service in services]


@pytest.fixture(scope="module")
def help_now() -> HelpNow:
    return load_help_now(ROOT / "content", SHIPPED)


# Finding


@pytest.mark.requirement("E9")
def test_what_names_the_trouble_comes_first_then_the_nearer_then_day_and_night():
    found = SHIPPED.find(about="home", who="me", district="peterborough")
    named = [service for service in found if "any" not in service.about]

    assert names(found).index("peterborough-womens-aid") < names(found).index("national-domestic-abuse-helpline")
    assert names(found).index("national-domestic-abuse-helpline") < names(found).index("galop")  # day and night first
    assert found[0].id == "peterborough-womens-aid"
    assert names(found).index("galop") < names(found).index(
        "housing-peterborough"
    )  # for this alone before among anything
    assert all("domestic-abuse" in one.about or "honour-based-abuse" in one.about for one in named)
    assert found[-1].is_national


@pytest.mark.requirement("E8")
@pytest.mark.parametrize("district", SHIPPED.districts, ids=lambda one: one.id)
def test_each_district_sees_its_own_services_the_countys_and_the_nations_and_no_others(district):
    found = SHIPPED.find(district=district.id)

    assert {one.area for one in found} <= {district.id, *district.within, "national"}
    assert any(one.area in district.within for one in found)
    assert any(one.is_national for one in found)


def test_somebody_from_elsewhere_sees_what_serves_the_whole_country():
    found = SHIPPED.search(SHIPPED.filters({"d": "9"}))

    assert found.services
    assert not found.nothing_fits
    assert all(service.is_national for service in found.services)


def test_without_a_district_no_district_comes_before_another():
    found = SHIPPED.find(need="shelter", about="home")
    local = [one for one in found if not one.is_national and one.about & {"domestic-abuse", "honour-based-abuse"}]

    by_hand = sorted(local, key=lambda one: ("any" in one.about, not one.all_hours, one.name.casefold()))
    assert local == by_hand


@pytest.mark.requirement("B6")
def test_every_choice_of_filters_finds_somebody():
    nowhere = [None, *SHIPPED.districts]
    for about, who, need, district in product(
        [None, *SHIPPED.about], [None, *SHIPPED.who], [None, *SHIPPED.need], nowhere
    ):
        found = SHIPPED.search(Filters(about=about, who=who, need=need, district=district))
        assert found.services
        assert len(set(found.services)) == len(found.services)


def test_when_nothing_fits_the_nearest_national_help_is_shown_and_it_is_said():
    found = CALDERWICK.search(CALDERWICK.filters({"a": "21", "n": "42", "d": "17"}))

    assert found.nothing_fits
    assert names(found.services) == ["emergency", "night-line"]


def test_what_names_the_trouble_is_told_apart_from_what_helps_with_anything():
    found = CALDERWICK.search(CALDERWICK.filters({"a": "21", "d": "17"}))

    assert names(found.for_this) == ["harbour"]
    assert names(found.for_anything) == ["emergency", "night-line"]
    assert CALDERWICK.search(Filters()).for_this == ()


def test_filters_meet_together():
    assert names(CALDERWICK.find(about="road", need="money")) == ["crossroads"]
    assert names(CALDERWICK.find(about="home", district="saltmere")) == ["harbour", "emergency", "night-line"]
    assert "harbour" not in names(CALDERWICK.find(about="home", district="calderwick-town"))


def test_a_choice_that_we_misspell_is_an_error_of_ours():
    with pytest.raises(DirectoryError, match="atlantis"):
        SHIPPED.find(district="atlantis")
    with pytest.raises(DirectoryError, match="raod"):
        SHIPPED.find(about="raod")


# Codes in web addresses


def test_codes_come_back_as_the_filters_they_stand_for():
    chosen = SHIPPED.filters({"a": "3", "w": "4", "n": "5", "d": "5"})

    assert chosen.about is not None
    assert chosen.about.id == "home"
    assert chosen.district is not None
    assert chosen.district.id == "peterborough"
    assert SHIPPED.query(chosen) == {"a": 3, "w": 4, "n": 5, "d": 5}
    assert SHIPPED.query(SHIPPED.filters({"d": "9"})) == {"d": 9}


@given(st.dictionaries(st.sampled_from("awndrxq"), st.text(max_size=6) | st.integers(-5, 10**6).map(str)))
def test_unknown_codes_are_ignored(query):
    chosen = SHIPPED.filters(query)

    again = SHIPPED.filters({key: str(code) for key, code in SHIPPED.query(chosen).items()})
    assert chosen == again
    assert SHIPPED.search(chosen).services


def test_who_fears_the_police_keeps_that_filter_even_when_nothing_fits():
    chosen = CALDERWICK.filters({"a": "21", "n": "42", "r": "1"})

    assert CALDERWICK.query(chosen) == {"a": 21, "n": 42, "r": 1}
    assert names(CALDERWICK.search(chosen).services) == ["night-line"]


def test_no_filter_chosen_is_known():
    assert SHIPPED.filters({"a": "", "d": "seven"}).are_open
    assert not SHIPPED.filters({"d": "9"}).are_open


@pytest.mark.rule("rule 7")
def test_codes_never_change_their_meaning():
    assert {one.id: one.code for one in SHIPPED.about} == {
        "hurt": 7, "home": 3, "sexual": 11, "followed": 5, "targeted": 14, "nearby": 2, "road": 9, "property": 4,
        "cheated": 12, "online": 6, "work": 16, "marriage": 1, "child": 13, "older": 8, "death": 15, "attack": 10,
    }  # fmt: skip
    assert {one.id: one.code for one in SHIPPED.who} == {
        "me": 4, "close": 1, "bereaved": 6, "witness": 3, "young": 5, "parent": 2,
    }  # fmt: skip
    assert {one.id: one.code for one in SHIPPED.need} == {
        "health": 5, "shelter": 2, "family": 8, "work": 4, "substances": 1, "money": 7, "outlook": 3, "social": 6,
    }  # fmt: skip
    assert {one.id: one.code for one in SHIPPED.districts} == {
        "cambridge": 4, "east-cambridgeshire": 2, "fenland": 6, "huntingdonshire": 1, "peterborough": 5,
        "south-cambridgeshire": 3,
    }  # fmt: skip


def test_the_filters_cover_everything_that_services_are_about_or_for_or_meet():
    def covered(options: tuple[object, ...]) -> set[str]:
        return {value for option in options for value in option.values}  # type: ignore[attr-defined]

    assert {value for one in SHIPPED.all for value in one.about} - {"any"} == covered(SHIPPED.about)
    assert {value for one in SHIPPED.all for value in one.for_whom} == covered(SHIPPED.who)
    assert {value for one in SHIPPED.all for value in one.needs} == covered(SHIPPED.need)
    assert {option.id for option in SHIPPED.about} == set(ABOUT)
    assert {option.id for option in SHIPPED.who} == set(WHO)
    assert {option.id for option in SHIPPED.need} == set(NEED)


# What is shown


@pytest.mark.rule("rule 9")
@pytest.mark.parametrize("service", SHIPPED.all, ids=lambda one: one.id)
def test_a_number_shows_only_when_it_is_good_or_marked_beside_its_own_site(service):
    for number in service.numbers:
        assert number.confidence == "high" or number.checked_on is not None or number.site == service.web is not None


def test_what_nobody_can_reach_is_not_listed_until_its_number_is_checked():
    assert CALDERWICK.get("unreachable") is None
    assert "unreachable" not in names(CALDERWICK.find(need="money"))

    lost = next(one for one in CALDERWICK.all if one.id == "unreachable")
    assert lost.phone is not None
    rung = replace(lost, phone=replace(lost.phone, checked_on=date(2026, 11, 2)))
    assert replace(CALDERWICK, all=(*CALDERWICK.all[:-1], rung)).get("unreachable") is rung


@pytest.mark.requirement("A13")
def test_who_fears_the_police_finds_services_that_have_nothing_to_do_with_them():
    found = SHIPPED.independent()

    assert {"samaritans", "victim-support", "rape-sexual-abuse-support-line"} <= set(names(found))
    assert {one.run_by for one in found} == {"independent"}
    close = {"crimestoppers", "bobby-scheme", "neighbourhood-watch", "peterborough-womens-aid"}
    assert not close & set(names(found))
    assert not {"victim-witness-hub", "idva-cambridgeshire-peterborough", "citizens-advice-witness-service"} & set(
        names(found)
    )
    fenland = next(one for one in SHIPPED.districts if one.id == "fenland")
    assert "rosmini-centre" in names(SHIPPED.independent(fenland))
    assert "parca" not in names(SHIPPED.independent(fenland))


@pytest.mark.requirement("A20")
def test_help_after_sexual_violence_needs_no_police():
    found = SHIPPED.find(about="sexual", who="me")

    without = [one for one in found if one.self_refer and not one.needs_police_report]
    assert {"the-elms-sarc", "caprcp-isva", "rape-sexual-abuse-support-line"} <= set(names(without))


# Help now


@pytest.mark.requirement("C13")
def test_help_now_begins_with_life_and_with_a_voice_for_the_night(help_now):
    assert names(help_now.danger.services)[0] == "police-999"
    assert "999-bsl" in names(help_now.danger.services)
    assert names(help_now.cope.services)[:2] == ["first-response-service", "samaritans"]
    assert all(service.all_hours for service in help_now.cope.services)


@pytest.mark.rule("rule 9")
def test_help_now_shows_what_is_sure_before_what_is_not(help_now):
    for group in (help_now.danger, help_now.cope, *help_now.kinds):
        assert group.checked or group.unchecked
        assert set(group.checked) | set(group.unchecked) == set(group.services)
        assert all(number.is_checked for one in group.checked for number in one.numbers)
        assert all(any(not number.is_checked for number in one.numbers) for one in group.unchecked)


def test_somebody_always_answers_at_night(help_now):
    anything = help_now.kinds[-1]

    assert anything.id == "anything"
    assert any(service.all_hours and service.is_checked for service in anything.services)


# What is refused


def service(**changes: object) -> Service:
    plain = Service(
        id="one", name="One", summary="Helps.", run_by="independent", area="national", for_whom=frozenset({"direct-victim"}),
        about=frozenset({"any"}), needs=frozenset(), self_refer=True, needs_police_report=False, seen="2026",
        phone=Phone(number="01632 960 001", confidence="high", seen="2026"),
    )  # fmt: skip
    return replace(plain, **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "services",
    [
        (service(), service()),
        (service(), service(id="two", area="atlantis")),
        (service(about=frozenset({"fraud"})),),
        (service(phone=None),),
        (service(run_by="police"),),
    ],
)
def test_a_directory_that_contradicts_itself_is_refused(services):
    with pytest.raises(DirectoryError):
        Directory(all=services, about=(), who=(), need=(), districts=SHIPPED.districts, outside_code=9)


def test_two_choices_never_share_a_code():
    first, second, *_ = SHIPPED.about

    with pytest.raises(DirectoryError, match="twice"):
        replace(SHIPPED, about=(first, replace(second, code=first.code)))


# Whether it is open now


LONDON = ZoneInfo("Europe/London")
WEEKDAYS = OpeningHours({day: (Span(time(9), time(17)),) for day in range(5)}, frozenset(), LONDON)
GOOD_FRIDAY, EASTER_MONDAY = date(2026, 4, 3), date(2026, 4, 6)


def at(day: int, hour: int) -> datetime:
    return datetime(2026, 4, day, hour, tzinfo=LONDON)


def test_a_service_with_known_hours_says_until_when_or_from_when():
    hours = WeeklyHours(WEEKDAYS)

    assert hours.at(at(1, 10)) == OpenNow(is_open=True, closes=at(1, 17))
    assert hours.at(at(1, 18)) == OpenNow(is_open=False, opens=at(2, 9))


def test_on_a_bank_holiday_nothing_is_said_unless_the_service_said_it():
    unsure = WeeklyHours(WEEKDAYS, frozenset({GOOD_FRIDAY, EASTER_MONDAY}))
    closed = WeeklyHours(replace(WEEKDAYS, holidays=frozenset({GOOD_FRIDAY, EASTER_MONDAY})))

    assert unsure.at(at(3, 10)) is None
    assert unsure.at(at(2, 18)) == OpenNow(is_open=False)  # the next opening would be a bank holiday
    assert closed.at(at(3, 10)) == OpenNow(is_open=False, opens=at(7, 9))


def test_hours_to_reckon_with_stand_beside_the_words_for_them():
    with_hours = [service for service in SHIPPED.all if service.weekly]

    assert len(with_hours) >= 10
    assert all(service.hours for service in with_hours)
