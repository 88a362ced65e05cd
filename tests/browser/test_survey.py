"""The questionnaire in a small window without scripts, in both made-up languages: from the number to the thanks."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Browse
from tests.harness.browser import assert_no_sideways_scroll, axe
from tests.harness.looks import exit_out_of_sight, small_targets, untranslated
from tests.harness.walker import Walker
from tests.stories import READER

SMALL = (320, 640)
NAMES = ("Ask for Support", "Cambridge", "East Cambridgeshire", "Fenland", "Huntingdonshire", "Peterborough")


@pytest.mark.requirement("H7")
@pytest.mark.requirement("H6")
@pytest.mark.requirement("A15")
@pytest.mark.rule("rule 5")
@pytest.mark.parametrize("language", ["en-XA", pytest.param("ar-XB", marks=pytest.mark.audit)])
def test_the_questionnaire_without_scripts_on_the_smallest_screen(browse: Browse, language: str) -> None:
    # Two labels may come out alike in words of no sense.
    without = ("landmark-unique",) if language == "ar-XB" else ()

    def look(page: Page) -> None:
        if "/survey" not in page.url:
            return
        axe(page, without=without)
        assert_no_sideways_scroll(page)
        assert [*small_targets(page), *exit_out_of_sight(page)] == []
        if language == "en-XA":
            assert untranslated(page, names=NAMES) == []

    asking = Walker(browse(javascript=False, size=SMALL), READER, language=language, look=look)
    asking.fill_in()
    asking.send()
    asking.press("then")
    asking.at("survey")
    assert asking.main.locator("input:checked").count() == 0, "nothing is preselected"
    assert asking.page.context.cookies() == [], "nothing of the request is left in the browser"
    asking.carry_on()  # empty: said, and not sent
    expect(asking.main.locator(".govuk-error-summary")).to_be_visible()
    look(asking.page)
    asking.go("survey")
    asking.fill({"religion": "none", "district": "4", "still_hard": ("money",), "kept-need-first": "partly"})
    asking.carry_on()
    asking.at("survey/sent")
    asking.page.go_back()
    assert asking.main.locator("input:checked").count() == 0, "Back shows nothing that was answered"
    assert not [address for address in asking.opened if "?" in address]
    assert asking.page.context.cookies() == []
