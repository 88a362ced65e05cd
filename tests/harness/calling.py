"""A colleague who takes a request at the desk, through the pages alone."""

from __future__ import annotations

from collections.abc import Mapping

from tests.harness.pages import Filled, Page
from tests.harness.people import Colleague
from tests.stories import Story

# Somebody who rings: what the colleague fills in, by the names on the page.
MARIA: Mapping[str, Filled] = {
    "taken-source": "phone",
    "reply-name": "Maria",
    "reply-contact": "yes",
    "reply-ways": ("call",),
    "reply-call-address": "+44 (0) 7700 900-321",
    "reply-call-times": ("any",),
    "who-who": "me",
    "help-help": ("talk", "safer"),
    "about-to_whom": "me",
    "about-happened": ("followed",),
    "police-police": "no",
    "taken-words": "He waits at the bus stop.",
    "taken-asked_how": True,
    "taken-said_yes": True,
    "taken-number": "none",
}


def begin_call(desk: Colleague, source: str = "phone") -> Page:
    """Begin to take a request; returns the page with all questions."""
    page = desk.client.visit("/call")
    return desk.client.submit(page, page.form("source"), {"source": source})


def keep_call(desk: Colleague, page: Page, values: Mapping[str, Filled], *, part: str = "start") -> Page:
    """Fill in and keep."""
    data = [each for each in page.form("taken-words").filled(values) if each[0] not in {"part", "send", "drop"}]
    return desk.client.post_form(page.path, [*data, ("part", part)])


def send_call(desk: Colleague, page: Page, values: Mapping[str, Filled]) -> Page:
    """Fill in and send; returns what comes."""
    return desk.client.submit(page, page.form("taken-words"), values, press="send")


def take(desk: Colleague, values: Mapping[str, Filled] = MARIA, **more: Filled) -> Page:
    """A whole call; returns what is to be read out."""
    changed = {name.replace("__", "-"): value for name, value in more.items()}
    return send_call(desk, begin_call(desk), {**values, **changed})


def reference_on(page: Page) -> str:
    """The reference that is read out."""
    return "".join(each for each in page.part("reference") if each.isdigit())


def code_on(page: Page) -> str:
    """The code that is read out."""
    return "".join(each for each in page.part("made") if each.isdigit())


def as_typed(story: Story) -> dict[str, Filled]:
    """What a colleague types for one of the stories."""
    typed: dict[str, Filled] = {"taken-source": "phone", "taken-asked_how": True, "taken-said_yes": True}
    for key, answer in story.answers.items():
        if key != "start":
            typed |= {f"{key}-{name}": value for name, value in answer.items()}
    return typed
