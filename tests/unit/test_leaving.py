"""Rules of leaving: when taking back counts at once, and how long things are kept."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from app.domain.change import Change, Delays, Standing, rule_on
from app.domain.retention import Periods
from app.settings import PERIODS, SettingsError, load_hub

NOW = datetime(2026, 3, 10, 10, 0, tzinfo=UTC)


def ruling(kind: Change, *, proven: bool = False, is_unread: bool = False) -> tuple[Standing, datetime | None]:
    """How a change stands for somebody whom the Hub could check by a way of theirs."""
    found = rule_on(kind, tightens=False, proven=proven, has_route=True, delays=Delays(), now=NOW, is_unread=is_unread)
    return found.standing, found.due_at


@pytest.mark.rule("rule 10")
def test_only_what_nobody_has_opened_is_taken_back_at_once() -> None:
    later = NOW + timedelta(days=7)
    assert ruling(Change.TAKE_BACK, is_unread=True) == (Standing.IN_FORCE, None)
    assert ruling(Change.TAKE_BACK) == (Standing.WAITING, later)
    assert ruling(Change.DELETE, is_unread=True) == (Standing.WAITING, later), "whoever deletes may have read it"
    assert ruling(Change.DELETE, proven=True) == (Standing.IN_FORCE, None)
    assert ruling(Change.CLOSE, is_unread=True) == (Standing.WAITING, None)


def test_nothing_goes_sooner_after_its_warning_than_was_promised() -> None:
    periods = Periods(closed=100, warn=20)
    assert periods.warns_at(NOW) == NOW + timedelta(days=80)
    assert periods.goes_at(NOW, now=NOW + timedelta(days=80)) == NOW + timedelta(days=100)
    assert periods.goes_at(NOW, now=NOW + timedelta(days=500)) == NOW + timedelta(days=520)


def test_the_periods_of_the_settings_are_those_of_the_rules() -> None:
    assert Periods(**{name: usual for name, (_, usual) in PERIODS.items()}) == Periods()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("KEEP_CLOSED_DAYS", "0"),
        ("KEEP_CLOSED_DAYS", "a year"),
        ("KEEP_CLOSED_DAYS", "29"),
        ("WARN_DAYS", "366"),
        ("KEEP_SETTLED_DAYS", "35"),
        ("KEEP_ASIDE_DAYS", "-1"),
    ],
)
def test_periods_that_would_break_a_promise_are_refused(name: str, value: str) -> None:
    environ = {"SIDE": "hub", "SECRET_KEY": "k3y" * 20}
    assert load_hub(environ | {"KEEP_CLOSED_DAYS": "400"}).keep["closed"] == 400
    with pytest.raises(SettingsError, match="_DAYS"):
        load_hub(environ | {name: value})
