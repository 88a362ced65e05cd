"""More time: what a page's scripts are told of the time that is left, and the one press that adds as much again."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine

from tests.harness.clients import BrowsingClient
from tests.harness.people import Person
from tests.harness.sides import Sides

pytestmark = pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)

AskedBy = Callable[..., Person]
DRAFT, VISIT = "/en/stay/1", "/en/stay/2"


def told(person: Person, method: str, path: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(person.client.fetch(method, path).html)
    return found


def test_a_request_lasts_as_long_again_with_each_press_and_only_then(
    person: AskedBy, day: time_machine.Traveller
) -> None:
    asking = person()
    asking.fill_in()
    lasts = told(asking, "GET", DRAFT)["seconds"]
    for _ in range(11):  # ten times at the least (WCAG 2.2.1)
        day.shift(timedelta(seconds=lasts - 60))
        assert 0 < told(asking, "GET", DRAFT)["seconds"] <= 60, "asking adds nothing"
        assert told(asking, "POST", DRAFT)["seconds"] >= lasts - 60
    assert "data-more-time" in asking.client.visit("/en/refer/check").html
    day.shift(timedelta(seconds=lasts + 60))
    assert told(asking, "POST", DRAFT) == {"seconds": 0, "time": ""}
    assert "data-more-time" not in asking.client.visit("/en/refer/who").html


def test_a_visit_lasts_as_long_again_but_not_beyond_its_twelve_hours(
    person: AskedBy, day: time_machine.Traveller
) -> None:
    asking = person()
    asking.ask()
    assert "data-more-time" in asking.come_back().html
    first = told(asking, "GET", VISIT)
    assert 1190 <= first["seconds"] <= 1200
    assert first["time"]
    pressed = 0
    while (left := told(asking, "POST", VISIT)["seconds"]) > 600:
        day.shift(timedelta(seconds=1100))
        assert 0 < told(asking, "GET", VISIT)["seconds"] <= 110
        pressed += 1
    assert pressed >= 30
    assert left >= 0
    day.shift(timedelta(seconds=left + 60))
    assert told(asking, "POST", VISIT)["seconds"] == 0


def test_a_stranger_is_told_of_nothing_and_nothing_begins(sides: Sides) -> None:
    client: BrowsingClient = sides.portal_client()
    for path in (DRAFT, VISIT):
        for method in ("GET", "POST"):
            fetched = client.fetch(method, path)
            assert json.loads(fetched.html) == {"seconds": 0, "time": ""}
            assert "Set-Cookie" not in fetched.headers
    assert "data-more-time" not in client.visit("/en/help-now").html
