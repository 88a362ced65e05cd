"""From a question to "All languages" and back to the same question; and young words beside their English."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from app.forms.refer import JOURNEY
from app.forms.young import WORDS
from tests.harness.people import Person
from tests.harness.sides import Sides
from tests.stories import FIFTEEN, PARENT

sqlite_only = pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)

AskedBy = Callable[..., Person]


@sqlite_only
def test_every_language_on_the_list_leads_back_to_the_question(person: AskedBy) -> None:
    asking = person(PARENT)
    page = asking.answer(asking.begin(), asking.path()[0])
    assert page.path == "/en/refer/who"
    ways = [href for href, _ in page.links if "/languages" in href]
    assert ways == ["/en/languages?q=who"]
    there = asking.client.visit(ways[0])
    listed = [href for href, _ in there.links if href.endswith("/refer/who")]
    assert {"/en/refer/who", "/pl/refer/who", "/ar-XB/refer/who"} <= set(listed)
    assert asking.client.visit("/pl/refer/who").path == "/pl/refer/who"


@sqlite_only
@pytest.mark.parametrize(
    "asked", ["nowhere", "../../exit", "//elsewhere.example", "https://elsewhere.example", "reply-99"]
)
def test_nothing_else_is_followed(sides: Sides, asked: str) -> None:
    page = sides.portal_client().visit(f"/en/languages?q={asked}")
    assert page.status == 200
    assert not [href for href, _ in page.links if "elsewhere" in href.partition("?")[0] or "/refer/" in href]


def test_every_step_has_an_address_that_may_be_led_back_to() -> None:
    assert {place.slug for place in JOURNEY.path(PARENT.answers)} <= JOURNEY.slugs
    assert {"start", "check", "reply-1", "who-2"} <= JOURNEY.slugs


@sqlite_only
def test_young_words_of_safety_stand_beside_their_english(person: AskedBy) -> None:
    check = person(FIFTEEN, language="en-XA").fill_in()
    beside = [each.text for each in check.main.all("span") if each.attributes.get("class") == "vital-english"]
    assert WORDS["check.once"] in beside
