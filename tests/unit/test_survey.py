"""The questionnaire's rules: who is offered it, what an answer may be, and how many go together."""

from __future__ import annotations

import json
import random
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from app.adapters.sealing import POOLED_SIZE
from app.domain.hours import OpeningHours
from app.domain.priority import QUIET_AFTER_DEATH, suggest
from app.domain.survey import (
    EQUALITY,
    FEWEST_TOGETHER,
    MOST_TOGETHER,
    NEVER,
    ONE_OF,
    SEVERAL,
    MalformedSurvey,
    Offer,
    Survey,
    month_of,
    offer_after,
    together,
)
from tests.stories import BROTHER, FIFTEEN, PARENT, STORIES, Story

NOW = datetime(2026, 3, 10, 9, 30, tzinfo=UTC)
TODAY = NOW.date()
MONTH = "2026-03"
NEVER_OPEN = OpeningHours(weekly={}, holidays=frozenset(), zone=ZoneInfo("Europe/London"))
# The largest set of answers that there can be.
EVERYTHING: dict[str, Any] = {
    **{name: max(codes, key=len) for name, codes in ONE_OF.items()},
    **{name: list(codes) for name, codes in SEVERAL.items()},
}
codes = st.fixed_dictionaries(
    {},
    optional={
        **{name: st.sampled_from(known) for name, known in ONE_OF.items()},
        **{
            name: st.sets(st.sampled_from(known), min_size=1).map(
                lambda chosen, known=known: [code for code in known if code in chosen]  # type: ignore[misc]
            )
            for name, known in SEVERAL.items()
        },
    },
)
districts = st.none() | st.integers(min_value=0, max_value=999)
ids = st.sets(st.binary(min_size=16, max_size=16), max_size=40).map(sorted)


# Who is offered it


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.key)
def test_everyone_is_offered_it_at_once_but_the_young_and_the_newly_bereaved(story: Story) -> None:
    offer = offer_after(story.answers, now=NOW)
    assert offer.is_open(TODAY) == (story not in (FIFTEEN, BROTHER))
    assert offer.is_open(TODAY + timedelta(days=3650)) == (story is not FIFTEEN)


@pytest.mark.parametrize(
    ("who", "child_age", "offered"),
    [
        ({"who": "me", "under_18": True}, None, False),  # how young is not asked, so nobody under 18 is pressed
        ({"who": "me-helped", "under_18": True}, None, False),
        ({"who": "other", "under_18": True}, None, False),
        ({"who": "other"}, "under-13", False),
        ({"who": "other"}, "13-15", False),
        ({"who": "other", "under_18": True}, "16-17", True),
        ({"who": "other"}, None, True),
        ({}, None, True),
    ],
)
def test_nobody_who_may_be_under_16_is_offered_it(who: dict[str, Any], child_age: str | None, offered: bool) -> None:
    answers = {"who": who, **({"child-age": {"child_age": child_age}} if child_age else {})}
    assert offer_after(answers, now=NOW).is_open(TODAY + timedelta(days=400)) is offered


@given(st.integers(0, 3 * 365 * 24 * 60))
def test_after_a_death_it_is_quiet_for_as_long_as_the_desk_is_told(minutes: int) -> None:
    now = NOW + timedelta(minutes=minutes)
    quiet_until = suggest({"to_whom": "died"}, NEVER_OPEN, now).quiet_until
    assert quiet_until is not None
    offer = offer_after(BROTHER.answers, now=now)
    assert not offer.is_open(quiet_until.date())
    assert offer.is_open(quiet_until.date() + timedelta(days=1))


def test_a_death_that_is_told_later_begins_the_quiet_time_and_opens_nothing() -> None:
    offered = offer_after(PARENT.answers, now=NOW)
    later = NOW + timedelta(days=40)
    assert not offered.after_death(later).is_open((later + QUIET_AFTER_DEATH).date())
    assert offered.after_death(later).after_death(NOW) == offered.after_death(later), "never sooner"
    assert NEVER.after_death(later) == NEVER


@given(st.none() | st.dates())
def test_an_offer_comes_back_as_it_was(day: date | None) -> None:
    assert Offer.from_text(Offer(day).to_text()) == Offer(day)


@given(st.text())
def test_what_is_no_offer_offers_nothing(text: str) -> None:
    offer = Offer.from_text(text)
    assert offer == NEVER or offer.to_text() == text or text.replace("-", "") == offer.to_text().replace("-", "")


# What an answer may be


@pytest.mark.requirement("H7")
def test_every_protected_characteristic_is_asked_in_the_order_of_the_law() -> None:
    """Equality Act 2010, section 4."""
    assert list(EQUALITY) == [
        "age", "disability", "gender", "partnership", "pregnancy", "ethnic_group", "religion", "sex", "orientation",
    ]  # fmt: skip
    assert "16-17" in EQUALITY["age"]
    assert not [code for code in EQUALITY["age"] if code.startswith(("0", "under"))], "the young are not asked"


@given(codes, districts)
def test_answers_come_back_as_they_were_and_fit_one_envelope(answers: dict[str, Any], district: int | None) -> None:
    assume(answers or district is not None)
    survey = Survey(month=MONTH, district=district, answers=answers)
    assert Survey.from_bytes(survey.to_bytes(), today=TODAY) == survey
    assert (
        Survey(month=MONTH, district=district, answers=dict(reversed(answers.items()))).to_bytes() == survey.to_bytes()
    )


def test_the_fullest_answers_fit_the_one_size_with_room_for_half_as_much_again() -> None:
    assert len(Survey(month=MONTH, district=999, answers=EVERYTHING).to_bytes()) * 1.5 < POOLED_SIZE


@pytest.mark.parametrize(
    "spoiled",
    [
        {"month": "2026-3"}, {"month": "2026-13"}, {"month": "2026-03-10"}, {"month": "March"}, {"month": None},
        {"month": "2026-04"}, {"month": "\u0662026-03"}, {"district": "fenland"}, {"district": -1}, {"district": 1000},
        {"district": True}, {"district": 1.0}, {"answers": {}, "district": None}, {"answers": []}, {"answers": None},
        {"answers": {"age": "31"}}, {"answers": {"age": ["25-34"]}}, {"answers": {"age": None}},
        {"answers": {"words": "I live at the mill"}}, {"answers": {"sex": "female", "name": "Marie"}},
        {"answers": {"got_better": []}}, {"answers": {"got_better": "money"}}, {"answers": {"got_better": ["words"]}},
        {"answers": {"got_better": ["money", "money"]}}, {"answers": {"got_better": ["money", "health"]}},
        {"answers": {"kept-nothing": "yes"}}, {"version": 2}, {"case_id": "00"}, {"sent_at": "2026-03-10T09:30"},
    ],
    ids=str,
)  # fmt: skip
def test_one_unknown_word_refuses_all(spoiled: dict[str, Any]) -> None:
    good = json.loads(Survey(month=MONTH, district=4, answers={"sex": "female"}).to_bytes())
    assert Survey.from_bytes(json.dumps(good).encode(), today=TODAY).district == 4
    with pytest.raises(MalformedSurvey):
        Survey.from_bytes(json.dumps({**good, **spoiled}).encode(), today=TODAY)


@given(st.binary(max_size=200) | st.text().map(str.encode))
def test_any_other_bytes_are_refused_by_name(raw: bytes) -> None:
    with pytest.raises(MalformedSurvey):
        Survey.from_bytes(raw, today=TODAY)


def test_the_sides_may_be_on_two_sides_of_midnight() -> None:
    raw = Survey(month="2026-04", district=4).to_bytes()
    assert Survey.from_bytes(raw, today=date(2026, 3, 31)).month == month_of(date(2026, 4, 1))
    with pytest.raises(MalformedSurvey):
        Survey.from_bytes(raw, today=date(2026, 3, 30))


# How many go together


def shuffled(fresh: list[bytes], tried: list[bytes], seed: int = 0) -> list[bytes]:
    return together(fresh=fresh, tried=tried, shuffle=random.Random(seed).shuffle)


@given(ids, ids, st.integers())
def test_never_fewer_than_ten_go_and_new_ones_never_by_less_than_ten(
    fresh: list[bytes], tried: list[bytes], seed: int
) -> None:
    tried = [each for each in tried if each not in fresh]
    chosen = shuffled(fresh, tried, seed)
    assert not chosen or len(chosen) >= FEWEST_TOGETHER == 10
    new = set(chosen) & set(fresh)
    assert not new or len(new) >= FEWEST_TOGETHER
    assert len(set(chosen)) == len(chosen)
    assert set(chosen) <= {*fresh, *tried}
    # Whatever can go, goes: nothing waits for ever behind others.
    if len(fresh) >= FEWEST_TOGETHER and len(tried) < FEWEST_TOGETHER:
        assert set(chosen) == {*fresh, *tried}
    if len(tried) >= FEWEST_TOGETHER:
        assert set(chosen) == set(tried)


def test_a_pass_carries_a_bounded_number() -> None:
    many = [number.to_bytes(16, "big") for number in range(1000)]
    assert len(shuffled(many, [])) == len(shuffled([], many)) == MOST_TOGETHER
    mixed = shuffled(many[:990], many[990:999])
    assert len(mixed) == MOST_TOGETHER
    assert set(many[990:999]) <= set(mixed)


def test_the_order_says_nothing_of_who_came_first() -> None:
    """Each comes to stand in each place about as often as any other."""
    came = [bytes([number]) * 16 for number in range(10)]
    rounds = 3000
    first = [0] * 10
    for seed in range(rounds):
        first[came.index(shuffled(came, [], seed)[0])] += 1
    assert min(first) > rounds / 10 * 0.75
    assert max(first) < rounds / 10 * 1.25
