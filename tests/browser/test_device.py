"""What the browser's own Back shows: with scripts it leaves the site where others may look, and never anything personal."""

from __future__ import annotations

import re
from dataclasses import replace
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, Route, expect

from app.domain.journey import Place
from tests.browser.conftest import Browse
from tests.harness.browser import NEUTRAL_HOST, PHONE, Guard, axe
from tests.harness.walker import EXIT, Walker
from tests.stories import OWN_DEVICE, SHARED_DEVICE, STUDENT, WATCHED, Story

# Short, with something that was typed.
BRIEF = replace(
    STUDENT,
    answers={
        "start": OWN_DEVICE,
        "who": {"who": "me"},
        "help": {"help": ("talk",)},
        "reply": {"name": "Sam", "contact": "yes", "ways": ("email",)},
        "reply-email": {"address": "sam@example.org", "message": "no"},
    },
)
TYPED = ("Sam", "sam@example.org", "harbour")


def entries(page: Page) -> int:
    """How many pages the browser remembers for this tab."""
    length = page.evaluate("history.length")
    assert isinstance(length, int)
    return length


def on_shared_device(story: Story) -> Story:
    return replace(story, answers={**story.answers, "start": SHARED_DEVICE})


@pytest.mark.requirement("A13")
@pytest.mark.rule("rule 5")
def test_where_others_may_look_a_request_is_one_entry_and_back_leaves_the_site(browse: Browse) -> None:
    page = browse(size=PHONE)
    asking = Walker(page, WATCHED)
    lengths: set[int] = set()

    def slip(place: Place) -> None:
        lengths.add(entries(page))
        if place.step.key != "reply-trusted":
            return
        # Something to put right: the same page, with its title, the focus and what was typed.
        asking.fill({"person": "Ruth"})
        asking.carry_on()
        summary = page.locator(".govuk-error-summary")
        expect(summary).to_be_focused()
        expect(page).to_have_title(re.compile("^Error: "))
        expect(page.locator("#person")).to_have_value("Ruth")
        axe(page)
        summary.locator("a").click()
        expect(page.locator("#address")).to_be_focused()
        # More time, with what was typed.
        page.locator("#address").fill("07700")
        asking.press("stay")
        expect(page.locator(".govuk-notification-banner")).to_contain_text("You have more time now")
        expect(page.locator("#address")).to_have_value("07700")
        assert page.evaluate("document.activeElement.tagName") == "MAIN"
        assert page.evaluate("scrollY") == 0
        axe(page)

    asking.fill_in(stop=slip)
    # Back and forth on the page's own links, and in another language.
    page.locator(".answers__change a").nth(1).click()
    asking.at("refer/help")
    expect(page.locator("#unseen")).to_be_visible()
    page.locator(".govuk-back-link").click()
    asking.at("refer/who")
    page.locator("a[hreflang='pl']").first.click()
    page.wait_for_url("**/pl/refer/who")
    page.locator("a[hreflang='en-GB']").first.click()
    asking.at("refer/who")
    asking.carry_on()
    asking.at("refer/check")
    expect(asking.main).to_contain_text("Ruth")
    lengths.add(entries(page))
    assert lengths == {2}  # the blank page of a new tab, and this
    page.go_back()
    assert page.url == "about:blank"

    # A page outside of the request is an entry, so that one can come back from it.
    page.go_forward()
    asking.at("refer/check")
    page.locator("footer a[href$='/help-now']").first.click()
    asking.at("help-now")
    page.go_back()
    asking.at("refer/check")

    asking.send()
    asking.keep_number()
    page.go_back()
    assert page.url == "about:blank"


@pytest.mark.requirement("A13")
@pytest.mark.rule("rule 7")
@pytest.mark.parametrize(
    ("story", "javascript"),
    [(BRIEF, True), (BRIEF, False), (on_shared_device(BRIEF), False)],
    ids=["own-scripts", "own-no-scripts", "shared-no-scripts"],
)
def test_back_after_sending_shows_nothing_personal(browse: Browse, story: Story, javascript: bool) -> None:
    page = browse(javascript=javascript, size=PHONE)
    asking = Walker(page, story)
    asking.fill_in()
    if story is BRIEF:  # one's own device: Back is as everywhere, and shows what one answered
        page.go_back()
        expect(page.locator("#address")).to_have_value("sam@example.org")
        page.go_forward()
        asking.at("refer/check")
    asking.send()
    page.go_back()  # while the number waits, every page of the request leads to it
    asking.at("refer/sent")
    asking.keep_number()
    addresses = set()
    while page.go_back() is not None:
        addresses.add(urlsplit(page.url).path)
        html = page.content()
        assert not [typed for typed in TYPED if typed in html]
        assert asking.number[-6:] not in "".join(page.locator("main").inner_text().split())
    assert addresses
    assert addresses <= {"/en/", "/en/refer/start", "/en/refer/done"}


def test_the_way_out_wins_over_an_answer_that_is_still_on_its_way(browse: Browse, guards: list[Guard]) -> None:
    page = browse(size=PHONE)
    asking = Walker(page, WATCHED)
    asking.fill_in(until="help")
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route(lambda url: urlsplit(url).path == "/en/refer/help", hold)
    with page.expect_request("**/refer/help"):
        asking.carry_on()
    expect(page.locator("main form[aria-busy=true]")).to_have_count(1)

    def answer_first(route: Route) -> None:
        """The answer comes in while the browser already asks for the way out."""
        held.pop().fulfill(status=200, content_type="text/uri-list; charset=utf-8", body="/en/refer/check")
        route.continue_()

    page.route("**/exit", answer_first)
    with page.expect_event("requestfailed", lambda request: urlsplit(request.url).hostname == NEUTRAL_HOST):
        page.locator(EXIT).click(no_wait_after=True)
    page.wait_for_url(re.compile("^chrome-error:"))
    assert len(guards[0].left) == 1


@pytest.mark.rule("rule 6")
def test_when_the_script_cannot_send_the_browser_does_and_no_word_is_lost(browse: Browse) -> None:
    page = browse(size=PHONE)
    asking = Walker(page, on_shared_device(BRIEF))
    asking.fill_in(until="reply-email")
    page.route(
        "**/refer/*", lambda route: route.abort() if route.request.resource_type == "fetch" else route.continue_()
    )
    asking.fill({"address": "sam@example.org"})
    asking.carry_on()
    asking.at("refer/check")
    expect(asking.main).to_contain_text("sam@example.org")
    # The button that was pressed goes with it.
    page.locator(".answers__change a").last.click()
    asking.at("refer/reply-1")
    asking.press("remove")
    asking.at("refer/check")
    expect(asking.main).not_to_contain_text("sam@example.org")


def test_a_page_of_the_request_may_ask_this_site_and_no_other(browse: Browse) -> None:
    page = browse()
    for path, own in (("refer/start", True), ("help-now", False)):
        page.goto(f"/en/{path}")
        for address, allowed in (("/healthz", own), ("https://elsewhere.example/", False)):
            went = page.evaluate("(address) => fetch(address).then(() => true, () => false)", address)
            assert went == allowed, (path, address)


@pytest.mark.parametrize("javascript", [True, False], ids=["scripts", "no-scripts"])
def test_two_tabs_share_one_request(browse: Browse, javascript: bool) -> None:
    """What one tab answers is there in the other; a page that has gone from the path leads to the first open question."""
    first = browse(javascript=javascript, size=PHONE)
    asking = Walker(first, on_shared_device(BRIEF))
    asking.fill_in(until="reply-email")
    second = Walker(first.context.new_page(), asking.story)
    second.go("refer/reply")
    second.fill({"contact": "no"})
    second.carry_on()
    second.at("refer/check")

    asking.fill({"address": "sam@example.org"})
    asking.carry_on()
    asking.at("refer/check")
    expect(asking.main).to_contain_text("Sam")
    expect(asking.main).not_to_contain_text("sam@example.org")
    expect(asking.page.locator("#no-contact")).to_be_visible()
