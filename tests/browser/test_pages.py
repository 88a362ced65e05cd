"""Every page of the portal, in every language that tests have: sound, in its own language, on a small phone, for any hands."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from urllib.parse import urlsplit

import pytest
from flask import Flask
from playwright.sync_api import Page, expect

from app import factory
from app.domain.journey import Place
from app.domain.referral import RISKS
from app.pages.portal import outer, pages
from tests.browser.conftest import Browse
from tests.harness.browser import DESKTOP, PHONE, assert_no_sideways_scroll, axe
from tests.harness.looks import (
    exit_out_of_sight,
    order_of_landmarks,
    own_addresses,
    small_targets,
    tab_stops,
    untranslated,
)
from tests.harness.walker import EXIT, Look, Walker
from tests.stories import FIFTEEN, PARENT, STORIES, Story

LANGUAGES = {"en": ("en-GB", "ltr"), "en-XA": ("en-XA", "ltr"), "ar-XB": ("ar-XB", "rtl")}
ACCENTED = "en-XA"
# A phone of 1280 x 1024 pixels at 400 % (WCAG 1.4.10).
ZOOMED = (320, 256)
SERVICE_NAME = "Ask for Support"
# Pages that need a visit or a draft lead elsewhere without; they are met on the walk through the request.
NEEDS_SOMETHING = {"refer/", "refer/sent", "case", "case/messages"}
# Beside those of the map: a search, services with everything and with little, the end of a request, and no page at all.
MORE_PAGES = ("support?a=3&d=4", "support/samaritans", "support/elms-sarc", "refer/start", "refer/done", "nowhere")

# What nobody reads over a shoulder or in a list of visited pages, except on pages that are there to be read.
HARM = re.compile(
    r"abus|assault|attack|burgl|crime|criminal|court|danger|dead|death|died|domestic|exploit|harm|hate|hub\b|hurt|injur|"
    r"justice|murder|offence|offend|police|rape|robb|sex|stalk|suicid|terror|threat|traffick|trauma|victim|violen|witness",
    re.IGNORECASE,
)
NEUTRAL_PAGES = ("", "return", "help-now", "safety", "appearance", "refer/start", "refer/done", "languages", "status")
# The addresses that a request and a space may have. "police" names a question that everybody meets.
STEP = re.compile(
    r"^/[A-Za-z-]+/(refer/(start|who|who-\d|help|help-\d|about|about-\d|police|reply|reply-\d|check|sent|done|forget|nothing)"
    r"|return|case|case/messages|case/sign-out)$"
)


def everything(story: Story) -> Story:
    """This person, who also meets every page that is only for some: the young, those at risk, each way to be reached."""
    ways = {f"reply-{way}": PARENT.answers.get(f"reply-{way}", story.answers["reply-text"]) for way in ("call", "email")}
    reply = {**story.answers["reply"], "ways": ("call", "text", "email")}
    return replace(story, answers={**story.answers, **ways, "reply": reply})


MEETS_EVERY_PAGE = everything(FIFTEEN)


def reading_pages() -> list[str]:
    """Every page that anybody can open, by the portal's own map, below the language."""
    factory.import_screens("portal")
    app = Flask("map")
    app.register_blueprint(pages)
    app.register_blueprint(outer)
    found = [
        rule.rule.removeprefix("/<lang>/")
        for rule in app.url_map.iter_rules()
        if rule.endpoint.startswith("portal.") and "GET" in (rule.methods or ()) and rule.arguments <= {"lang", "template"}
    ]
    return sorted(set(found) - NEEDS_SOMETHING) + list(MORE_PAGES)


def journey_titles_and_words(language: str) -> Look:
    """What is looked at on each page, in one language. Raises AssertionError with all that is wrong with the page."""
    tag, direction = LANGUAGES[language]

    def look(page: Page) -> None:
        root = page.locator("html")
        assert (root.get_attribute("lang"), root.get_attribute("dir")) == (tag, direction)
        axe(page)
        assert_no_sideways_scroll(page)
        wrong = [*small_targets(page), *exit_out_of_sight(page), *order_of_landmarks(page)[1]]
        if language == ACCENTED:
            wrong += [f"not translated: {words}" for words in untranslated(page, names=names_on(page))]
        assert not wrong, "\n  ".join([page.url, *wrong])

    return look


def names_on(page: Page) -> tuple[str, ...]:
    """Proper names, which no language changes: the site's own, and that of the service which the page is about."""
    service = page.locator("h1[lang]")
    return (SERVICE_NAME, *service.all_inner_texts())


def each(look: Look, page: Page, paths: list[str]) -> Iterator[str]:
    """Open every page and look; gives what is wrong, so that one bad page does not hide the next."""
    for path in paths:
        page.goto(path)
        try:
            look(page)
        except AssertionError as wrong:
            yield f"{path}: {wrong}"


@pytest.mark.requirement("A15")
@pytest.mark.rule("rule 4")
@pytest.mark.rule("rule 5")
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_page_to_read_is_sound(browse: Browse, language: str) -> None:
    page = browse(size=PHONE)
    paths = [f"/{language}/{path}" for path in reading_pages()]
    assert not list(each(journey_titles_and_words(language), page, paths))
    # Reading leaves nothing in the browser.
    assert page.context.cookies() == []
    assert page.evaluate("localStorage.length + sessionStorage.length") == 0


@pytest.mark.requirement("A15")
@pytest.mark.rule("rule 5")
@pytest.mark.rule("rule 7")
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_page_of_a_request_and_a_space_is_sound(browse: Browse, language: str) -> None:
    look = journey_titles_and_words(language)
    wrong: list[str] = []
    seen: set[str] = set()

    def look_once(page: Page) -> None:
        path = urlsplit(page.url).path
        if path not in seen:
            seen.add(path)
            try:
                look(page)
            except AssertionError as problem:
                wrong.append(f"{path}: {problem}")
            if language == "en" and HARM.search(page.title().removesuffix(SERVICE_NAME)):
                wrong.append(f"{path}: the title says too much: {page.title()}")
            wrong.extend(f"{path} leads to {address}" for address in own_addresses(page) if says_too_much(address))

    asking = Walker(browse(size=PHONE), MEETS_EVERY_PAGE, language=language, look=look_once)
    asking.ask()
    asking.come_back()
    asking.write(MEETS_EVERY_PAGE.message)
    asking.sign_out()
    wrong += [f"opened {address}" for address in asking.opened if says_too_much(address)]
    assert not wrong, "\n".join(wrong)
    assert len(seen) >= len(asking.path()) + 6  # home, sent, done, return, the space, a message


def says_too_much(address: str) -> bool:
    """True for an address of a request or a space that is not one of the few neutral ones, or carries anything at all."""
    parts = urlsplit(address)
    if not re.match(r"^/[A-Za-z-]+/(refer|return|case)", parts.path):
        return False
    return not STEP.match(parts.path) or bool(parts.query) or bool(HARM.search(parts.path.replace("refer/police", "")))
