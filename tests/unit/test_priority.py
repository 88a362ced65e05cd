"""The suggestion at the desk: which group, why, by when. It orders work and decides nothing."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain import referral as ids
from app.domain.hours import OpeningHours, Span
from app.domain.priority import Group, Reason, suggest

LONDON = ZoneInfo("Europe/London")
NINE_TO_FIVE = Span(time(9), time(17))
# The spring bank holiday of 2026 is a Monday.
HOURS = OpeningHours(
    weekly=dict.fromkeys(range(5), (NINE_TO_FIVE,)), holidays=frozenset({date(2026, 5, 25)}), zone=LONDON
)
SATURDAY_NIGHT = datetime(2026, 5, 23, 23, 0, tzinfo=LONDON)
FACTS = st.fixed_dictionaries(
    {},
    optional={
        "who": st.sampled_from(ids.WHO),
        "under_18": st.booleans(),
        "age_band": st.sampled_from(ids.AGE_BANDS),
        "help": st.lists(st.sampled_from(ids.HELP), unique=True),
        "to_whom": st.sampled_from(ids.TO_WHOM),
        "happened": st.lists(st.sampled_from(ids.HAPPENED), unique=True),
        "ongoing": st.sampled_from(ids.ONGOING),
        "police": st.sampled_from(ids.POLICE),
        "district": st.sampled_from(["fenland", "cambridge", "outside"]),
        "restricted": st.booleans(),
        "how_died": st.sampled_from(ids.HOW_DIED),
        "risk": st.booleans(),
    },
)


def of(**facts):
    return suggest(facts, HOURS, SATURDAY_NIGHT)


@pytest.mark.requirement("D1")
@pytest.mark.requirement("D3")
@pytest.mark.requirement("D4")
@pytest.mark.requirement("D6")
@pytest.mark.parametrize(
    ("facts", "group", "first"),
    [
        ({"happened": ["controlled"]}, Group.SERIOUS_CRIME, Reason.CONTROLLED),
        ({"happened": ["sexual"]}, Group.SERIOUS_CRIME, Reason.SEXUAL),
        ({"happened": ["hate"]}, Group.SERIOUS_CRIME, Reason.HATE),
        ({"happened": ["exploited"]}, Group.SERIOUS_CRIME, Reason.EXPLOITED),
        ({"to_whom": "died", "how_died": "road"}, Group.SERIOUS_CRIME, Reason.BEREAVED_ROAD),
        ({"to_whom": "died", "happened": ["collision"]}, Group.SERIOUS_CRIME, Reason.BEREAVED_ROAD),
        ({"to_whom": "died", "how_died": "killed"}, Group.SERIOUS_CRIME, Reason.BEREAVED_KILLED),
        ({"under_18": True}, Group.VULNERABLE, Reason.UNDER_18),
        ({"age_band": "16-17"}, Group.VULNERABLE, Reason.UNDER_18),
        ({"child_age": "13-15"}, Group.VULNERABLE, Reason.UNDER_18),
        ({"help": ["safer"]}, Group.VULNERABLE, Reason.AFRAID_OF_SOMEONE),
        ({"help": ["afraid-of-myself"]}, Group.VULNERABLE, Reason.AFRAID_OF_THEMSELVES),
        ({"help": ["dependant"]}, Group.VULNERABLE, Reason.DEPENDANT_AT_RISK),
        ({"restricted": True}, Group.VULNERABLE, Reason.INTIMIDATED),
        ({"happened": ["followed"]}, Group.PERSISTENT, Reason.FOLLOWED),
        ({"happened": ["antisocial"], "ongoing": "yes"}, Group.PERSISTENT, Reason.ANTISOCIAL_GOES_ON),
        ({"persistence": ["reported-often"]}, Group.PERSISTENT, Reason.REPORTED_OFTEN),
        ({"persistence": ["goes-on-long"]}, Group.PERSISTENT, Reason.GOES_ON_LONG),
    ],
)
def test_each_reason_suggests_its_group(facts, group, first):
    found = of(**facts)

    assert (found.group, found.reasons[0]) == (group, first)
    assert found.has_enhanced_rights


@pytest.mark.parametrize(
    "facts",
    [
        {},
        {"happened": ["burgled", "cheated"]},
        {"happened": ["antisocial"], "ongoing": "no"},
        {"to_whom": "died", "how_died": "another", "happened": ["collision"]},
        {"to_whom": "saw", "how_died": "killed"},
        {"happened": None, "help": None},
    ],
)
def test_without_a_reason_no_group_is_suggested(facts):
    found = of(**facts)

    assert (found.group, found.reasons, found.has_enhanced_rights) == (Group.NONE, (), False)


def test_all_reasons_are_told_those_of_the_group_first():
    found = of(happened=["followed", "sexual"], under_18=True)

    assert found.group is Group.SERIOUS_CRIME
    assert found.reasons == (Reason.SEXUAL, Reason.UNDER_18, Reason.FOLLOWED)


@given(FACTS, st.sampled_from(ids.POLICE), st.sampled_from(["fenland", "cambridge", None]))
@pytest.mark.requirement("A3")
@pytest.mark.requirement("D5")
def test_neither_the_police_nor_the_district_makes_a_difference(facts, police, district):
    assert of(**{**facts, "police": police, "district": district}) == of(**facts)


@given(FACTS, st.sampled_from(ids.HAPPENED))
@pytest.mark.requirement("C11")
def test_telling_more_never_takes_a_reason_away(facts, more):
    fuller = {**facts, "happened": [*facts.get("happened", []), more], "how_died": facts.get("how_died", "not-known")}

    assert set(of(**{**facts, "how_died": fuller["how_died"]}).reasons) <= set(of(**fuller).reasons)


# By when


@given(FACTS)
def test_without_a_target_nothing_is_due(facts):
    assert of(**facts).due is None


@pytest.mark.requirement("D2")
def test_what_is_due_runs_in_working_time_over_weekend_and_bank_holiday():
    found = suggest({}, HOURS, SATURDAY_NIGHT, targets={"first_answer": 10})

    assert found.due == datetime(2026, 5, 27, 11, 0, tzinfo=LONDON)  # all of Tuesday, two hours of Wednesday


@pytest.mark.requirement("D2")
def test_the_strictest_target_that_applies_holds():
    targets = {"first_answer": 16, "first_answer_serious_crime": 4, "first_answer_risk": 1}

    def hours_of(**facts):
        opening = datetime(2026, 5, 26, 9, 0, tzinfo=LONDON)
        return (suggest(facts, HOURS, opening, targets=targets).due - opening) / timedelta(hours=1)

    assert hours_of(happened=["hate"]) == 4
    assert hours_of(happened=["hate"], risk=True) == 1
    assert hours_of(happened=["burgled"]) == 32  # sixteen hours are two working days


@pytest.mark.requirement("A6")
def test_after_a_death_it_is_quiet_for_ninety_days():
    assert of(to_whom="died").quiet_until == SATURDAY_NIGHT + timedelta(days=90)
    assert of(to_whom="me").quiet_until is None
