"""The pages about contact, on a small phone and without scripts: sound, in their own language, for any hands."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page

from app.domain.contact import Way
from tests.browser.conftest import Browse
from tests.browser.test_pages import ACCENTED, MIRRORED, Inspector
from tests.harness.browser import PHONE
from tests.harness.pages import Page as ReadPage
from tests.harness.people import Person, shown_number
from tests.harness.supervisor import Supervisor
from tests.harness.walker import CONTINUE, Walker
from tests.stories import PARENT

SEND = "button[name='send']"


def keeping_a_copy(site: Supervisor) -> str:
    """Somebody asks, without a browser, and keeps a copy; returns the number."""
    asking = Person(site.visitor(), PARENT)
    check: ReadPage = asking.fill_in()
    sent = asking.client.submit(check, check.form("revision"), {"keep_copy": True})
    asking.number = shown_number(sent)
    asking.keep_number(sent)
    return asking.number


def look_again(inspect: Inspector, page: Page) -> None:
    """At an address that was looked at before, when something else stood there."""
    inspect.seen.clear()
    inspect(page)


@pytest.mark.requirement("B11")
@pytest.mark.rule("rule 5")
@pytest.mark.parametrize("language", [ACCENTED, MIRRORED])
def test_every_page_about_contact_is_sound_without_scripts(browse: Browse, site: Supervisor, language: str) -> None:
    inspect = Inspector(language)
    walking = Walker(browse(javascript=False, size=PHONE), PARENT, language=language, look=inspect)
    walking.number = keeping_a_copy(site)
    walking.come_back()
    walking.go("case/copy")
    walking.go("case/contact")
    for path in ("pause", "start", "change"):
        walking.go(f"case/contact/{path}")
        if path != "start":  # once more as it comes back when nothing was filled in
            walking.main.locator(CONTINUE).first.click()
            inspect.again(walking.page)
    walking.fill({"contact": "yes", "ways": tuple(way.value for way in Way)})
    walking.carry_on()
    walking.page.locator(SEND).wait_for()
    look_again(inspect, walking.page)
    walking.fill({"call-address": "12"})
    walking.page.locator(SEND).click()
    inspect.again(walking.page)
    walking.fill({"call-address": "01632 960999"})
    walking.page.locator(SEND).click()
    walking.at("case/contact/sent")
    walking.go("case")
    walking.page.locator("#stop").click()
    walking.page.locator("#stopped").wait_for()
    look_again(inspect, walking.page)
    inspect.assert_well()
