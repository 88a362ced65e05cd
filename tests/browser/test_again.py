"""When too many come at once, the number page tries again by itself, with what was typed."""

from __future__ import annotations

import pytest
from playwright.sync_api import Route

from tests.browser.conftest import Browse
from tests.harness.browser import PHONE
from tests.harness.people import Person
from tests.harness.supervisor import Supervisor
from tests.stories import READER


@pytest.mark.rule("rule 6")
def test_a_busy_page_sends_the_number_again_by_itself(browse: Browse, site: Supervisor) -> None:
    owner = Person(site.visitor(), READER)
    number = owner.ask()
    page = browse(size=PHONE)
    sent: list[str] = []

    def busy_once(route: Route) -> None:
        """The first time, the page as it is when every place is taken: tests/integration/test_return.py holds it to that."""
        if route.request.method != "POST":
            route.continue_()
            return
        sent.append(route.request.post_data or "")
        if len(sent) > 1:
            route.continue_()
            return
        empty = route.fetch(method="GET")
        body = (
            empty.text()
            .replace("novalidate", "novalidate data-again", 1)
            .replace('name="number"', f'name="number" value="{number}"')
        )
        assert f'value="{number}"' in body
        route.fulfill(response=empty, status=503, body=body)

    page.route("**/en/return", busy_once)
    page.goto("/en/return")
    page.locator("[name=number]").fill(number)
    page.locator("main form button").first.click()
    page.wait_for_url("**/en/case")
    assert len(sent) == 2
    assert all(number in each for each in sent)
