"""How somebody is doing: what is worse, what is a need, when to ask; and nothing of it asks for the police."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain import needs
from app.domain.needs import CATEGORIES, RISK_NAMES, SCALES, Level, Look
from app.domain.priority import Group
from app.domain.referral import HELP, POLICE, Addition
from app.forms import how
from app.forms.desk_needs import words_of
from app.forms.more import HOW_HARD, YES_NO_SURE

A_DAY = date(2026, 3, 10)
MOMENT = datetime(2026, 3, 10, 9, tzinfo=UTC)
ANSWERS = st.fixed_dictionaries({}, optional={name: st.sampled_from(scale) for name, scale in SCALES.items()})


@pytest.mark.requirement("C1")
@pytest.mark.requirement("C2")
@pytest.mark.requirement("C8")
def test_the_desk_asks_in_the_words_in_which_people_are_asked() -> None:
    """One tool: the same names, the same answers, the same words as "How are you doing" and "Tell us more"."""
    assert list(how.labels()) == [*CATEGORIES, *RISK_NAMES]
    assert len(CATEGORIES) == 8
    assert len(RISK_NAMES) == 4
    for name in CATEGORIES:
        assert words_of(name) == {key: HOW_HARD[key] for key in SCALES[name]}
    for name in RISK_NAMES:
        assert dict(words_of(name)) == YES_NO_SURE


@given(ANSWERS, ANSWERS)
def test_worse_is_worse_on_its_own_scale_and_nothing_else(before: Mapping[str, str], after: Mapping[str, str]) -> None:
    found = needs.worse(before, after)

    assert set(found) <= set(after)
    assert not set(found) & {needs.COPING, needs.RECOVERING}
    for name in (*CATEGORIES, *RISK_NAMES):
        known = name in before or name in RISK_NAMES
        was = before.get(name, "no")
        expected = name in after and known and SCALES[name].index(after[name]) > SCALES[name].index(was)
        assert (name in found) == expected


@given(ANSWERS)
def test_what_stays_as_it_is_is_never_worse(answers: Mapping[str, str]) -> None:
    assert needs.worse(answers, answers) == ()


@pytest.mark.requirement("C4")
def test_a_risk_that_was_not_known_is_new_and_a_need_told_first_is_not_worse() -> None:
    assert needs.worse({}, {"afraid_of_myself": "not-sure", "health": "very-hard"}) == ("afraid_of_myself",)
    assert needs.worse({"safer": "yes"}, {"safer": "yes"}) == ()
    assert needs.worse({"money": "fine"}, {"money": "a-bit-hard"}) == ("money",)
    assert needs.worse({"money": "very-hard"}, {"money": "fine"}) == ()


@given(st.lists(ANSWERS, max_size=5))
def test_the_latest_answer_to_each_counts(told: list[dict[str, str]]) -> None:
    looks = [Look(at=MOMENT + timedelta(days=place), answers=each) for place, each in enumerate(told)]
    found = needs.latest(looks)

    for name in SCALES:
        answered = [each[name] for each in told if name in each]
        assert found.get(name) == (answered[-1] if answered else None)


@given(st.dictionaries(st.sampled_from([*SCALES, "sex", "text"]), st.one_of(st.text(), st.integers(), st.none())))
def test_nothing_but_known_answers_comes_through(said: dict[str, object]) -> None:
    assert all(value in SCALES[name] for name, value in needs.known(said).items())
    assert needs.told_in(Addition(kind="words", content={"answers": said})) == {}


@given(st.lists(st.sampled_from(HELP)), st.sampled_from(POLICE), st.booleans(), st.sampled_from(list(Group)))
@pytest.mark.requirement("C11")
@pytest.mark.requirement("C12")
def test_the_suggested_level_is_the_same_whatever_the_police_know(
    wanted: list[str], police: str, risk: bool, group: Group
) -> None:
    facts = {"help": wanted, "risk": risk, "police": police}

    assert needs.suggested_level(facts, group) is needs.suggested_level({**facts, "police": "yes"}, group)


@pytest.mark.requirement("C12")
def test_nothing_about_needs_asks_for_the_police() -> None:
    assert '"police"' not in inspect.getsource(needs)


def test_a_level_to_begin_with() -> None:
    assert needs.suggested_level({"help": ["reading"]}, Group.NONE) is Level.INFORMATION
    assert needs.suggested_level({"help": ["talk"]}, Group.NONE) is Level.ONE_TALK
    assert needs.suggested_level({}, Group.NONE) is Level.ONE_TALK
    assert needs.suggested_level({"help": ["reading"]}, Group.PERSISTENT) is Level.REGULAR
    assert needs.suggested_level({"help": ["dependant"]}, Group.NONE) is Level.REGULAR


@given(st.dates(date(2026, 1, 1), date(2027, 1, 1)), st.none() | st.dates(date(2026, 1, 1), date(2027, 1, 1)))
@pytest.mark.requirement("C3")
def test_nobody_is_asked_in_the_quiet_time(day: date, quiet_until: date | None) -> None:
    first = needs.first_day_to_ask(day, quiet_until)

    assert first >= day
    assert not needs.is_quiet(first, quiet_until)
    assert needs.first_day_to_ask(first, quiet_until) == first


@given(st.integers(1, 52))
def test_the_next_asking_is_after_whole_weeks(weeks: int) -> None:
    assert needs.next_asking(A_DAY, weeks=weeks) - A_DAY == timedelta(weeks=weeks)


@pytest.mark.requirement("B3")
def test_a_need_is_what_is_hard_or_what_they_want_help_with() -> None:
    assert needs.is_need("a-bit-hard", None)
    assert needs.is_need("very-hard", "no")
    assert needs.is_need("fine", "later")
    assert not needs.is_need("fine", None)
    assert not needs.is_need(None, "no")


def test_what_was_ticked_names_needs_and_risks_of_the_same_words() -> None:
    assert set(needs.ASKED_NEED) | set(needs.ASKED_RISK) <= set(HELP)
    assert set(needs.ASKED_NEED.values()) <= set(CATEGORIES)
    assert set(needs.ASKED_RISK.values()) == set(RISK_NAMES)
    assert needs.told_in_request(["safer", "money"]) == {"safer": "yes"}
    assert needs.asked_in_request(["safer", "money"]) == {"money"}
