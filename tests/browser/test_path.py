"""One person gets through, and is answered: the whole path in a real browser, with scripts and without."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from app.domain.journey import Place
from tests.browser.conftest import Browse
from tests.harness.browser import PHONE, assert_no_sideways_scroll, axe
from tests.harness.desk import Desk, until
from tests.harness.pages import Filled
from tests.harness.supervisor import Supervisor
from tests.harness.walker import Walker
from tests.stories import PARENT, STUDENT

WAITING, RECEIVED, READ = re.compile("safe here", re.I), re.compile("received", re.I), re.compile("read by a", re.I)
ANSWER = "I am Amira. I have read what you wrote. Shall I ring on Thursday morning?"
# What somebody may get wrong on the way: the step, what they type, and the field that the page must name.
SLIPS: tuple[tuple[str, dict[str, Filled], str], ...] = (
    ("reply", {"contact": "yes"}, "ways"),
    ("reply-call", {"address": "07"}, "address"),
    ("reply-email", {"address": "marie at example"}, "address"),
)


def sound(page: Page) -> None:
    """What every page must pass, whatever it shows."""
    axe(page)
    assert_no_sideways_scroll(page)


def assert_error(page: Page, field: str, *, javascript: bool) -> None:
    """The page names what to mend: in its title, on top with a link, at the field in the same words; and it is sound."""
    expect(page).to_have_title(re.compile("^Error: "))
    summary = page.locator(".govuk-error-summary")
    expect(summary).to_be_visible()
    link = summary.locator(f"a[href='#{field}']")
    words = link.inner_text()
    expect(page.locator(f"[id='{field}-error']")).to_contain_text(words)
    if javascript:
        expect(summary).to_be_focused()
    sound(page)
    # The link leads to the very control.
    link.click()
    expect(page.locator(f"[id='{field}']")).to_be_in_viewport()
    if javascript:
        assert page.evaluate("document.activeElement.id") == field


def sign_in(desk: Desk, *, javascript: bool) -> None:
    """Choose nobody first, then the co-ordinator."""
    desk.page.goto("/sign-in")
    sound(desk.page)
    desk.main.locator("button").click()
    assert_error(desk.page, "who", javascript=javascript)
    desk.sign_in()


@pytest.mark.requirement("A1")
@pytest.mark.requirement("A3")
@pytest.mark.requirement("B1")
@pytest.mark.requirement("E1")
@pytest.mark.requirement("F1")
@pytest.mark.rule("rule 1")
@pytest.mark.rule("rule 5")
@pytest.mark.parametrize(
    "javascript", [pytest.param(True, marks=pytest.mark.audit), False], ids=["scripts", "no-scripts"]
)
def test_somebody_gets_through_and_is_answered(browse: Browse, javascript: bool) -> None:
    marie = Walker(browse(javascript=javascript, size=PHONE), PARENT, look=sound)
    page = marie.page

    def slip(place: Place) -> None:
        for key, typed, field in SLIPS:
            if place.step.key == key:
                marie.fill(typed)
                marie.carry_on()
                assert_error(page, field, javascript=javascript)
                if "address" in typed:  # what was typed is still there, as it was typed
                    expect(page.locator("#address")).to_have_value(str(typed["address"]))

    # She asks, with a few slips, and keeps her number, with one more.
    marie.fill_in(stop=slip)
    for written in ("Marie", "07700 900111", "marie@example.org"):
        expect(marie.main).to_contain_text(written)
    marie.send()
    marie.fill({"last_row": "123456"})
    marie.carry_on()
    assert_error(page, "last_row", javascript=javascript)
    marie.keep_number()

    # The courier takes it to the Hub, where a colleague meets it.
    desk = Desk(browse("hub", javascript=javascript))
    sign_in(desk, javascript=javascript)
    until(desk.page, lambda: desk.main, re.compile(r"\s*".join(marie.reference)))
    sound(desk.page)
    desk.row(marie.reference).get_by_role("link").first.click()
    desk.page.wait_for_url("**/cases/*")
    sound(desk.page)
    desk.press("claim")
    expect(desk.main.locator("form[action$='/claim']")).to_have_count(0)
    expect(desk.main).not_to_contain_text("07700 900111")
    desk.press("open")
    expect(desk.main).not_to_contain_text("07700 900111")
    # The desk collects from the site first, and shows one way at a time.
    desk.press("show#way-call")
    expect(desk.main).to_contain_text("07700 900111")
    sound(desk.page)

    # The colleague answers: set words and words of her own.
    desk.press("status")
    assert_error(desk.page, "status", javascript=javascript)
    desk.main.locator("select[name=status]").select_option("working")
    desk.press("status")
    expect(desk.page).to_have_url(re.compile("#conversation$"))
    desk.press("message")
    assert_error(desk.page, "text", javascript=javascript)
    desk.main.locator("[name=text]").fill(ANSWER)
    desk.press("message")
    expect(desk.main).to_contain_text(ANSWER)
    sound(desk.page)

    # She comes back, mistypes her number first, reads, and writes.
    marie.come_back(marie.number[:-6] + "000000")
    assert_error(page, "number", javascript=javascript)
    marie.come_back(marie.number[:-1])
    assert_error(page, "number", javascript=javascript)
    marie.come_back()
    until(page, lambda: marie.main, ANSWER.partition("?")[0])
    expect(page.locator("#delivery")).to_contain_text(READ)
    sound(page)
    page.goto("/en/case/messages")
    marie.carry_on()
    assert_error(page, "text", javascript=javascript)
    page.goto("/en/case")
    marie.write(PARENT.message)
    expect(marie.main).to_contain_text(PARENT.message)
    marie.sign_out()
    page.goto("/en/case")
    expect(page).to_have_url(re.compile("/en/$"))

    # And the desk sees what she wrote.
    until(desk.page, lambda: desk.main, re.escape(PARENT.message[:40]))
    sound(desk.page)


@pytest.mark.requirement("E1")
def test_what_was_asked_waits_safely_until_the_hub_is_there(
    browse: Browse, new_site: Callable[..., Supervisor]
) -> None:
    """The Hub is away. Nothing is lost, nobody is told that it has arrived; once it is back, it arrives by itself."""
    own = new_site()
    own.start("portal")
    asking = Walker(browse(site=own, size=PHONE), STUDENT)
    asking.fill_in()
    # Sam chose that nobody may make contact: the page to check says what that means.
    expect(asking.page.locator("#no-contact")).to_be_visible()
    asking.send()
    state = asking.page.locator("#delivery")
    expect(state).to_contain_text(WAITING)
    asking.page.reload()
    expect(state).to_contain_text(WAITING)

    own.start("hub", "courier")
    until(asking.page, lambda: state, RECEIVED)
    expect(state).not_to_contain_text(WAITING)
    asking.keep_number()
    asking.come_back()
    expect(state).to_contain_text(RECEIVED)
