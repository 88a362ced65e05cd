"""The desk says times, waiting and reasons in words."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from flask_babel import Babel

from app.adapters import content
from app.domain.change import Change
from app.domain.contact import IfAnswered, Reason, Way
from app.domain.status import CaseState
from app.pages.hub import words

LONDON = ZoneInfo("Europe/London")
# A Monday in summer time: 10:20 in London.
CONTENT = Path(__file__).parents[2] / "content"
MONDAY = datetime(2026, 6, 8, 9, 20, tzinfo=UTC)
SPACE = "\u00a0"


@pytest.fixture(autouse=True)
def _in_british_english() -> Iterator[None]:
    app = Flask("words")
    Babel(app, default_locale="en_GB", default_timezone="Europe/London")
    app.extensions["languages"] = content.load_languages(CONTENT)
    with app.test_request_context():
        yield


def test_a_reference_is_said_in_two_groups_that_stay_together() -> None:
    assert words.reference("412907") == f"412{SPACE}907"


@pytest.mark.parametrize(
    ("passed", "said"),
    [
        (timedelta(seconds=59), "0 min"),
        (timedelta(minutes=12, seconds=59), "12 min"),
        (timedelta(hours=3, minutes=20), "3 h 20 min"),
        (timedelta(hours=4), "4 h"),
        (timedelta(hours=47, minutes=59), "47 h 59 min"),
        (timedelta(hours=48, minutes=40), "48 h"),
        (timedelta(days=15), "360 h"),
        (timedelta(minutes=-5), "0 min"),
    ],
)
def test_waiting_is_said_in_hours_and_minutes(passed: timedelta, said: str) -> None:
    assert words.waiting(passed) == said.replace(" ", SPACE)


@pytest.mark.parametrize(
    ("moment", "said"),
    [
        (datetime(2026, 6, 8, 13, 20, tzinfo=UTC), "today 14:20"),
        (datetime(2026, 6, 9, 8, 0, tzinfo=UTC), "tomorrow 09:00"),
        (datetime(2026, 6, 7, 17, 5, tzinfo=UTC), "yesterday 18:05"),
        (datetime(2026, 6, 12, 8, 0, tzinfo=UTC), "Friday 12 June 09:00"),
        (datetime(2025, 12, 31, 8, 0, tzinfo=UTC), "Wednesday 31 December 2025 08:00"),
    ],
)
def test_a_moment_is_said_as_seen_from_now(moment: datetime, said: str) -> None:
    assert words.day_and_clock(moment, now=MONDAY, zone=LONDON) == said


def test_the_day_is_the_one_in_london_not_the_one_in_utc() -> None:
    just_after_midnight = datetime(2026, 6, 8, 23, 30, tzinfo=UTC)
    assert words.day(just_after_midnight, now=MONDAY, zone=LONDON) == "tomorrow"


def test_an_end_today_needs_no_day() -> None:
    noon = datetime(2026, 6, 8, 12, 0, tzinfo=LONDON)
    assert words.until(noon, now=MONDAY, zone=LONDON) == "12:00"
    assert words.until(noon + timedelta(days=1), now=MONDAY, zone=LONDON) == "tomorrow 12:00"


@pytest.mark.requirement("B1")
def test_every_refusal_has_a_line_of_its_own() -> None:
    lines = [words.refusal(reason) for reason in Reason]
    assert all(lines)
    assert len(set(lines)) == len(Reason)


@pytest.mark.requirement("B1")
@pytest.mark.parametrize("way", list(Way))
def test_a_message_that_is_not_wished_is_said_otherwise_than_one_that_is(way: Way) -> None:
    assert words.message_label(way)
    assert words.message_rule(way, allowed=True) != words.message_rule(way, allowed=False)


@pytest.mark.requirement("B1")
def test_what_to_do_when_another_answers_is_said_in_words_of_its_own() -> None:
    assert len({words.if_answered(choice) for choice in IfAnswered}) == len(IfAnswered)


@pytest.mark.requirement("B1")
def test_a_number_that_is_to_be_hidden_is_said_otherwise_than_one_that_may_show() -> None:
    assert words.number_rule(shown=True) != words.number_rule(shown=False)


def test_every_state_has_words_of_its_own() -> None:
    assert len({words.state(state) for state in CaseState}) == len(CaseState)


def test_who_asked_is_said_also_when_it_was_left_or_is_unknown() -> None:
    assert words.who(None) == words.who("a-later-release") != words.who("me")


@pytest.mark.requirement("A8")
@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ({}, ""),
        ({"under_18": False, "age_band": None, "child_age": None}, ""),
        ({"under_18": True}, "Under 18"),
        ({"under_18": True, "age_band": "13-15"}, "Under 18: 13 to 15"),
        ({"under_18": True, "age_band": "under-13"}, "Under 18: under 13"),
        ({"who": "other", "child_age": "16-17"}, "Under 18: 16 or 17"),
        ({"under_18": True, "age_band": "a-later-release"}, "Under 18"),
    ],
)
def test_the_age_is_marked_as_far_as_it_was_said(facts: dict[str, Any], said: str) -> None:
    assert words.under_18(facts) == said


def test_an_act_of_a_later_release_is_shown_as_it_is() -> None:
    assert words.act("claimed") != "claimed"
    assert words.act("did-something-new") == "did-something-new"


@pytest.mark.parametrize("kind", list(Change))
def test_every_change_that_can_be_asked_for_has_words(kind: Change) -> None:
    assert words.change(kind)
