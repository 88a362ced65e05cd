"""A co-ordinator takes a call with the keyboard alone, finds the case again, and every page of it is sound."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, Page

from tests.browser.conftest import Browse
from tests.harness.browser import PHONE, assert_no_sideways_scroll, axe
from tests.harness.desk import Desk

MOST_TABS = 60
READ_OUT = re.compile(r"\d{3}\s\d{3}")


def tab_to(page: Page, wanted: Locator, *, key: str = "Tab") -> None:
    """Press Tab until this has the focus. Raises AssertionError."""
    for _ in range(MOST_TABS):
        if wanted.evaluate("element => element === document.activeElement"):
            return
        page.keyboard.press(key)
    raise AssertionError(f"Tab does not lead to {wanted}")


def press(page: Page, wanted: Locator, key: str = "Enter") -> None:
    """Go there with Tab, and press a key."""
    tab_to(page, wanted)
    page.keyboard.press(key)


@pytest.mark.requirement("B11")
@pytest.mark.requirement("E13")
@pytest.mark.rule("rule 5")
def test_a_call_is_taken_with_the_keyboard_alone(browse: Browse) -> None:
    desk = Desk(browse("hub"))
    desk.sign_in()
    page, main = desk.page, desk.main
    page.goto("/call")
    axe(page)
    press(page, main.locator("input[value=phone]"), "Space")
    press(page, main.get_by_role("button", name="Begin"))
    page.wait_for_url("**/call/*")
    axe(page)
    press(page, main.get_by_role("link", name="How to reach them"))
    tab_to(page, main.locator("#reply-name"))
    page.keyboard.type("Maria by keyboard")
    press(page, main.locator("input[name=reply-contact][value=yes]"), "Space")
    press(page, main.locator("input[name=reply-ways][value=call]"), "Space")
    tab_to(page, main.locator("#reply-call-address"))
    page.keyboard.type("07700 900876")
    press(page, main.locator("input[name=reply-call-times][value=any]"), "Space")
    press(page, main.locator("#taken-asked_how"), "Space")
    press(page, main.get_by_role("button", name="Keep How to reach them"))
    page.wait_for_url("**/call/*#reach")
    tab_to(page, main.get_by_role("link", name="Their number"), key="Shift+Tab")
    page.keyboard.press("Enter")
    press(page, main.locator("input[name=taken-number][value=code]"), "Space")
    press(page, main.get_by_role("button", name="Send", exact=True))
    main.locator(".govuk-error-summary").wait_for()
    axe(page)
    press(page, main.locator(".govuk-error-summary a").first)
    assert main.locator("#taken-said_yes").evaluate("element => element === document.activeElement")
    page.keyboard.press("Space")
    press(page, main.get_by_role("button", name="Send", exact=True))
    main.locator("#reference").wait_for()
    axe(page)
    found = READ_OUT.search(main.locator("#reference").inner_text())
    assert found
    reference = r"\s*".join(digit for digit in found.group() if digit.isdigit())
    press(page, main.get_by_role("button", name="I have read it out"))
    page.wait_for_url("**/call")
    page.goto("/find")
    tab_to(page, main.locator("#wanted"))
    page.keyboard.type("maria keyboard")
    page.keyboard.press("Enter")
    main.locator("#found").wait_for()
    axe(page)
    press(page, main.get_by_role("link", name=re.compile(reference)))
    page.wait_for_url("**/cases/*")
    axe(page)
    press(page, main.get_by_role("link", name="The same person?"))
    page.wait_for_url("**/same")
    press(page, main.get_by_role("button", name="Look for the same person"))
    main.locator("#opened").wait_for()
    axe(page)


@pytest.mark.requirement("B11")
@pytest.mark.rule("rule 5")
def test_every_question_is_there_without_scripts_on_the_narrowest_screen(browse: Browse) -> None:
    desk = Desk(browse("hub", javascript=False, size=PHONE))
    desk.sign_in()
    page, main = desk.page, desk.main
    page.goto("/call")
    main.get_by_role("button", name="Begin").click()
    page.wait_for_url("**/call/*")
    for name in ("young-age_band", "work-name", "reply-letter-address", "child-age-child_age", "loss-their_name"):
        assert main.locator(f"[name={name}]").first.is_visible(), name
    assert_no_sideways_scroll(page)
    axe(page)
