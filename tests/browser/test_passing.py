"""The pages for agreeing and asking, on a small phone and without scripts: sound, in their own language, for any hands."""

from __future__ import annotations

import pytest

from app.domain.asking import BY_NUMBER
from app.domain.handover import Kind
from tests.browser.conftest import Browse
from tests.browser.test_pages import ACCENTED, MIRRORED, Inspector
from tests.harness.browser import PHONE
from tests.harness.desk import LOOKS_EVERY_MS, Desk
from tests.harness.people import Person
from tests.harness.supervisor import Supervisor
from tests.harness.walker import Walker
from tests.stories import PARENT

LOOKS = 60


@pytest.mark.requirement("B11")
@pytest.mark.rule("rule 5")
@pytest.mark.parametrize("language", [ACCENTED, pytest.param(MIRRORED, marks=pytest.mark.audit)])
def test_every_page_for_agreeing_and_asking_is_sound_without_scripts(
    browse: Browse, site: Supervisor, language: str
) -> None:
    asking = Person(site.visitor(), PARENT)
    asked = asking.ask()
    desk = Desk(browse("hub"))
    desk.sign_in()
    desk.open_case(asked[:6])
    case = desk.page.url
    desk.press("open")
    desk.page.goto(f"{case}/handover")
    desk.main.locator("select[name=service]").select_option(index=3)
    desk.main.locator("input[name=why][value='knows-more']").check()
    for kind in Kind:
        desk.main.locator(f"input[name=kinds][value='{kind.value}']").check()
    desk.main.get_by_role("button", name="Ask them").click()
    desk.page.locator("#handovers h3").first.wait_for()

    inspect = Inspector(language)
    walking = Walker(browse(javascript=False, size=PHONE), PARENT, language=language, look=inspect)
    walking.number = asked
    walking.come_back()
    link = "a[href*='/case/approve/']"
    for _ in range(LOOKS):
        if walking.main.locator(link).count():
            break
        walking.page.wait_for_timeout(LOOKS_EVERY_MS)
        walking.page.reload()
    walking.use(walking.main.locator(link).first)
    walking.page.locator("button[value=approve]").wait_for()
    inspect(walking.page)
    walking.page.locator("button[value=approve]").click()
    inspect.again(walking.page)
    walking.page.locator("input[name=kind_name][value=pass]").check()
    walking.page.locator("button[value=approve]").click()
    walking.page.locator("#stands").wait_for()
    inspect.seen.clear()
    inspect(walking.page)
    walking.go("case/approve")
    for number in BY_NUMBER:
        walking.go(f"case/ask/{number}")
    walking.page.locator("textarea[name=words]").fill("x")
    walking.page.locator("main form button").click()
    walking.at(f"case/ask/{number}/sent")
    walking.go("case/ask")
    inspect.assert_well()
