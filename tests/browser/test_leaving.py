"""The pages about leaving, on a small phone and without scripts: sound, in their own language, for any hands."""

from __future__ import annotations

import pytest

from tests.browser.conftest import Browse
from tests.browser.test_contact import look_again
from tests.browser.test_pages import ACCENTED, MIRRORED, Inspector
from tests.harness.browser import PHONE
from tests.harness.people import Person
from tests.harness.supervisor import Supervisor
from tests.harness.walker import CONTINUE, Walker
from tests.stories import PARENT


@pytest.mark.requirement("B5")
@pytest.mark.rule("rule 5")
@pytest.mark.parametrize("language", [ACCENTED, pytest.param(MIRRORED, marks=pytest.mark.audit)])
def test_every_page_about_leaving_is_sound_without_scripts(browse: Browse, site: Supervisor, language: str) -> None:
    asking = Person(site.visitor(), PARENT)
    asking.ask()
    inspect = Inspector(language)
    walking = Walker(browse(javascript=False, size=PHONE), PARENT, language=language, look=inspect)
    walking.number = asking.number
    walking.come_back()
    for path in ("end", "end/back", "end/close", "end/asked", "end/delete"):
        walking.go(f"case/{path}")
    walking.main.locator(CONTINUE).first.click()
    walking.page.locator("#deleting-on").wait_for()
    look_again(inspect, walking.page)
    walking.page.locator("#not-me").click()
    walking.at("case/end/kept")
    look_again(inspect, walking.page)
    inspect.assert_well()
