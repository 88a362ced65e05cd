"""Danger to life at the desk, by keyboard alone and without scripts: asked, agreed, shown. And the audit, on a small phone."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import Browse
from tests.harness.browser import PHONE, assert_no_sideways_scroll, axe
from tests.harness.desk import Desk
from tests.harness.people import Person
from tests.harness.supervisor import Supervisor
from tests.stories import PARENT

SUPERVISOR = "dev-carys"
MOST_TABS = 60


def tab_to(page: Page, selector: str) -> None:
    """Go on with the Tab key until what has the focus is this."""
    for _ in range(MOST_TABS):
        page.keyboard.press("Tab")
        if page.evaluate("chosen => document.activeElement.matches(chosen)", selector):
            return
    raise AssertionError(f"{selector} is not reached by keyboard on {page.url}")


@pytest.mark.requirement("D9")
@pytest.mark.rule("rule 5")
def test_danger_to_life_by_keyboard(browse: Browse, site: Supervisor) -> None:
    asked = Person(site.visitor(), PARENT).ask()
    supervisor = Desk(browse("hub", javascript=False))
    second = Desk(browse("hub", javascript=False, size=PHONE))
    supervisor.sign_in(SUPERVISOR)
    second.sign_in()
    supervisor.open_case(asked[:6])
    page = supervisor.page
    tab_to(page, "a[href$='/danger'][data-key]")
    page.keyboard.press("Enter")
    page.wait_for_url("**/danger")
    look(page)
    tab_to(page, "input[name=reason]")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Tab")
    page.keyboard.type("A neighbour rang: he is at her door.")
    tab_to(page, "main form button")
    page.keyboard.press("Enter")
    page.locator("#why").wait_for()
    look(page)

    other = second.page
    other.goto("/queue")
    tab_to(other, "#danger-waits a")
    other.keyboard.press("Enter")
    other.wait_for_url("**/danger")
    look(other)
    tab_to(other, "main a[href*='/cases/']")
    other.keyboard.press("Enter")
    other.locator("#why").wait_for()
    look(other)
    tab_to(other, "main form[action$='/agree'] button")
    other.keyboard.press("Enter")
    other.locator("#opened").wait_for()
    look(other)
    assert "07700 900111" in other.locator("#opened").inner_text()

    page.goto("/audit")
    look(page)
    page.set_viewport_size({"width": 320, "height": 640})
    look(page)


def look(page: Page) -> None:
    """It is sound for everybody, and nothing scrolls sideways."""
    axe(page)
    assert_no_sideways_scroll(page)
