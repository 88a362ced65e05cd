"""A service reads and answers a document: by keyboard, on a small screen, right to left, on paper; and the desk that sends it."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page

from app.domain.handover import Kind
from tests.browser.conftest import Browse
from tests.harness.browser import PHONE, assert_no_sideways_scroll, axe
from tests.harness.desk import Desk, until
from tests.harness.people import Person
from tests.harness.supervisor import Supervisor
from tests.stories import PARENT

RIGHT_TO_LEFT = "ar"


def look(page: Page) -> None:
    """The page is sound and fits."""
    axe(page)
    assert_no_sideways_scroll(page)


def type_into(page: Page, name: str, words: str) -> None:
    """Reach a field by the keyboard alone and type."""
    for _ in range(80):
        if page.evaluate("document.activeElement.name") == name:
            break
        page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.name") == name
    page.keyboard.type(words)


@pytest.mark.requirement("E2")
@pytest.mark.rule("rule 5")
def test_from_a_yes_to_a_service_that_takes_over(browse: Browse, site: Supervisor) -> None:
    asking = Person(site.visitor(), PARENT)
    reference = asking.ask()[:6]
    desk = Desk(browse("hub"))
    desk.sign_in()
    desk.open_case(reference)
    case = desk.page.url
    desk.press("open")
    desk.page.goto(f"{case}/handover")
    desk.main.locator("select[name=service]").select_option(index=3)
    desk.main.locator("input[name=why][value='knows-more']").check()
    for kind in Kind:
        desk.main.locator(f"input[name=kinds][value='{kind.value}']").check()
    desk.main.get_by_role("button", name="Ask them").click()
    desk.page.locator("#handovers h3").first.wait_for()

    asking.come_back()
    for _ in range(60):
        links = [href for href, _ in asking.client.visit("/en/case").links if "/case/approve/" in href]
        if links:
            break
        desk.page.wait_for_timeout(250)
    page = asking.client.visit(links[0])
    answers = {f"kind_{kind.value}": "pass" for kind in Kind}
    asking.client.submit(page, page.form("note"), {**answers, "decision": "approve"})

    desk.page.goto(f"{case}/passing")
    until(desk.page, lambda: desk.main, "They said yes")
    look(desk.page)
    desk.main.get_by_role("button", name="look at what would go").click()
    desk.page.locator("#packet").wait_for()
    look(desk.page)
    desk.main.locator("button[name=send]").click()
    desk.page.locator("#made").wait_for()
    look(desk.page)
    code = re.sub(r"\D", "", desk.page.locator("#made").inner_text())
    number = re.sub(r"\D", "", desk.page.locator("#reference").inner_text())
    desk.page.goto(f"{case}/passing")
    until(desk.page, lambda: desk.main, "Passed on")

    service = browse(javascript=False, size=PHONE)
    service.goto(f"/{RIGHT_TO_LEFT}/handover")
    look(service)
    type_into(service, "reference", f"{number[:4]} {number[4:]}")
    type_into(service, "code", code)
    service.keyboard.press("Enter")
    service.locator("#packet, .govuk-error-summary").first.wait_for()
    while not service.locator("#packet").count():  # the courier has to bring it; each wrong try costs one of twenty
        service.wait_for_timeout(2000)
        service.locator("input[name=code]").fill(code)
        service.locator("main form button").click()
        service.wait_for_load_state()
    look(service)
    assert PARENT.answers["reply"]["name"] in service.locator("#packet").inner_text()
    service.emulate_media(media="print")
    assert not service.locator("#answer").is_visible()
    assert service.locator("#packet").is_visible()
    service.emulate_media(media="screen")
    type_into(service, "worker", "Sam Okafor")
    type_into(service, "first_on", "1 1")
    service.keyboard.press("Enter")
    service.wait_for_url("**/handover/answered")
    look(service)
    until(desk.page, lambda: desk.main, "Sam Okafor")
    look(desk.page)
