"""Danger to life: its limits in time."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain import danger
from app.domain.danger import NEWS_OF, Reason, Stage
from app.domain.status import SENT_BY_ITSELF, Status
from app.forms.news import STATUS_WORDS
from tests.harness.day import DAY

QUARTER = timedelta(minutes=15)
seconds = st.integers(0, 3600).map(lambda each: timedelta(seconds=each))


@pytest.mark.requirement("C5")
@pytest.mark.rule("rule 2")
@given(seconds, seconds)
def test_both_the_answer_and_what_was_opened_end_at_fifteen_minutes_sharp(
    until_opened: timedelta, after: timedelta
) -> None:
    waits = danger.stage(asked_at=DAY, opened_at=None, now=DAY + until_opened)
    assert (waits is Stage.WAITING) == (until_opened < QUARTER)
    assert waits in {Stage.WAITING, Stage.EXPIRED}
    opened = danger.stage(asked_at=DAY, opened_at=DAY + until_opened, now=DAY + until_opened + after)
    assert (opened is Stage.OPEN) == (after < QUARTER)
    assert opened in {Stage.OPEN, Stage.OVER}


@given(st.datetimes(min_value=datetime(2026, 1, 1), max_value=datetime(2030, 1, 1)), st.booleans())  # noqa: DTZ001
def test_nobody_is_told_while_it_is_open(opened_at: datetime, alone: bool) -> None:
    from_then = danger.tell_from(opened_at, alone=alone)
    assert danger.stage(asked_at=opened_at, opened_at=opened_at, now=from_then) is Stage.OVER
    assert (from_then - opened_at > timedelta(days=1)) == alone


def test_every_reason_has_news_of_its_own_that_goes_by_itself_to_anybody() -> None:
    assert set(NEWS_OF) == set(Reason)
    assert len(set(NEWS_OF.values())) == len(Reason)
    assert set(NEWS_OF.values()) <= set(SENT_BY_ITSELF) & set(STATUS_WORDS) & set(Status)


@pytest.mark.parametrize(
    ("day", "quarter"), [(date(2026, 1, 1), "2026-Q1"), (date(2026, 3, 31), "2026-Q1"), (date(2026, 12, 31), "2026-Q4")]
)
def test_it_is_counted_by_quarter(day: date, quarter: str) -> None:
    assert danger.quarter_of(day) == quarter
