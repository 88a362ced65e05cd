"""The pages about notices, on a small phone and without scripts: sound, in their own language, for any hands."""

from __future__ import annotations

import pytest

from tests.browser.conftest import Browse
from tests.browser.test_contact import SEND, look_again
from tests.browser.test_pages import ACCENTED, MIRRORED, SERVICE_NAME, Inspector
from tests.harness.browser import PHONE
from tests.harness.people import Person
from tests.harness.supervisor import Supervisor
from tests.harness.walker import Walker
from tests.stories import PARENT


@pytest.mark.requirement("B11")
@pytest.mark.rule("rule 5")
@pytest.mark.parametrize("language", [ACCENTED, pytest.param(MIRRORED, marks=pytest.mark.audit)])
def test_every_page_about_notices_is_sound_without_scripts(browse: Browse, site: Supervisor, language: str) -> None:
    inspect = Inspector(language)
    walking = Walker(browse(javascript=False, size=PHONE), PARENT, language=language, look=inspect)
    walking.number = Person(site.visitor(), PARENT).ask()
    walking.come_back()
    walking.go("case/notices")
    walking.fill({"way": "email", "words": "own", "own": SERVICE_NAME})
    walking.carry_on()
    walking.page.locator(SEND).wait_for()
    walking.page.locator("#tells").wait_for()
    look_again(inspect, walking.page)
    walking.page.locator(SEND).click()
    walking.page.locator("#stands").wait_for()
    look_again(inspect, walking.page)
    inspect.assert_well()
