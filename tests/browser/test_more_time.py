"""The question two minutes before a page ends: asked once, answered by one key, and never in the way out."""

from __future__ import annotations

import json
import re
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import Browse
from tests.browser.test_device import BRIEF
from tests.harness.browser import NEUTRAL_HOST, PHONE, axe
from tests.harness.looks import clipped_text
from tests.harness.walker import Walker

ALMOST = "18:05"  # of twenty minutes
NO_DIALOGS = "delete HTMLDialogElement.prototype.showModal"


def asks_for_time(page: Page, *, seconds: int) -> None:
    """The browser's clock goes on; the server's does not, so what it would say is said here. A press reaches it in earnest."""

    def say(route: Route) -> None:
        if route.request.method == "GET":
            route.fulfill(content_type="application/json", body=json.dumps({"seconds": seconds, "time": "10:20"}))
        else:
            route.continue_()

    page.route("**/stay/*", say)
    page.clock.fast_forward(ALMOST)


@pytest.mark.rule("rule 5")
@pytest.mark.parametrize("native", [True, pytest.param(False, marks=pytest.mark.audit)], ids=["dialogs", "no-dialogs"])
def test_one_key_adds_time_and_gives_the_focus_back(browse: Browse, native: bool) -> None:
    page = browse(size=PHONE)
    page.clock.install()
    if not native:
        page.add_init_script(NO_DIALOGS)
    asking = Walker(page, BRIEF)
    page.goto("/ar-XB/refer/start")
    asking.home = "/ar-XB/"
    asking.fill({"device": "shared"})
    asking.at("refer/who")
    field = page.locator("input[type=radio]").first
    field.focus()
    asks_for_time(page, seconds=115)
    dialog = page.get_by_role("dialog")
    expect(dialog).to_be_visible()
    expect(dialog.locator("[data-stay]")).to_be_focused()
    expect(dialog).to_contain_text("10:20")
    assert clipped_text(page) == []
    axe(page)
    for _ in range(4):  # the focus stays within
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement === document.body || !!document.activeElement.closest('dialog')")
    dialog.locator("[data-stay]").focus()
    page.keyboard.press("Enter")
    expect(dialog).to_be_hidden()
    expect(field).to_be_focused()
    expect(page.locator("body > [role=status]").last).not_to_be_empty()
    assert page.locator("[aria-hidden=true]:has(main)").count() == 0


@pytest.mark.audit
def test_when_the_time_is_over_nothing_shows_and_what_was_written_is_there_still(browse: Browse) -> None:
    page = browse(size=PHONE)
    page.clock.install()
    asking = Walker(page, BRIEF)
    asking.fill_in(until="reply-email")
    asking.fill({"address": "sam@example.org"})
    page.clock.fast_forward("40:00")
    asks_for_time(page, seconds=0)
    page.clock.fast_forward("30:00")
    dialog = page.get_by_role("dialog")
    expect(dialog.locator("[data-go-on]")).to_be_focused()
    expect(dialog).to_have_class(re.compile("more-time--over"))
    assert "sam@" not in dialog.inner_text()
    axe(page)
    page.keyboard.press("Enter")
    expect(dialog).to_be_hidden()
    expect(page.locator("#address")).to_have_value("sam@example.org")


@pytest.mark.audit
def test_the_question_is_not_in_the_way_out(browse: Browse) -> None:
    page = browse(size=PHONE)
    page.clock.install()
    asking = Walker(page, BRIEF)
    asking.fill_in(until="reply")
    page.clock.fast_forward("40:00")
    asks_for_time(page, seconds=110)
    page.clock.fast_forward("01:00")
    expect(page.get_by_role("dialog")).to_be_visible()
    with page.expect_event("requestfailed", lambda request: urlsplit(request.url).hostname == NEUTRAL_HOST):
        for _ in range(3):
            page.keyboard.press("Shift")
