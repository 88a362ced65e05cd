"""The browser harness itself: a page on either side and the checks that must notice a bad page."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from app.settings import Side
from tests.browser.conftest import Browse
from tests.harness.browser import (
    PHONE,
    AxeFailed,
    Guard,
    ReachedElsewhere,
    ScrollsSideways,
    assert_no_sideways_scroll,
    axe,
)

BAD = '<!DOCTYPE html><html lang="en"><title>Bad</title><main><h1>Bad</h1><img src="/x.png"><div style="width:2000px">.</div>'


@pytest.mark.parametrize("javascript", [True, False], ids=["scripts", "no-scripts"])
def test_both_sides_are_sound_on_a_phone(browse: Browse, javascript: bool) -> None:
    pages: tuple[tuple[Side, str], ...] = (("portal", "/en/"), ("portal", "/ar-XB/"), ("hub", "/sign-in"))
    for side, path in pages:
        page = browse(side, javascript=javascript, size=PHONE)
        page.goto(path)
        expect(page.locator("h1")).to_be_visible()
        assert_no_sideways_scroll(page)
        axe(page)


def test_a_colleague_stays_signed_in_at_the_desk(browse: Browse) -> None:
    page = browse("hub")
    page.goto("/sign-in")
    page.get_by_label("Amira Novak").check()
    page.locator("main button").click()
    expect(page.locator("main h1")).to_have_text("Since you were last here")
    page.goto("/queue")
    page.reload()
    assert page.url.endswith("/queue")


@pytest.mark.parametrize("javascript", [True, False], ids=["scripts", "no-scripts"])
def test_the_checks_notice_a_bad_page(browse: Browse, javascript: bool) -> None:
    page = browse(javascript=javascript, size=PHONE)
    page.route("**/bad", lambda route: route.fulfill(body=BAD, content_type="text/html"))
    page.goto("/bad")
    with pytest.raises(AxeFailed, match="image-alt"):
        axe(page)
    with pytest.raises(ScrollsSideways, match="2000px"):
        assert_no_sideways_scroll(page)


def test_the_guard_notices_a_request_elsewhere_and_lets_the_exit_be(browse: Browse, guards: list[Guard]) -> None:
    page = browse()
    page.goto("/en/")
    with page.expect_event("requestfailed"):
        page.evaluate("location.href = '/exit'")
    assert len(guards[0].left) == 1
    guards[0].assert_clean()
    other = browse()
    other.route(
        "**/bad", lambda route: route.fulfill(body='<img src="https://example.org/x.png">', content_type="text/html")
    )
    other.goto("/bad")
    with pytest.raises(ReachedElsewhere):
        guards[1].assert_clean()
    guards[1].elsewhere.clear()
