"""Asking, coming back, writing and leaving with the keyboard alone, in every language that the site is shown in."""

from __future__ import annotations

import pytest

from app.pages.portal.doors import NEUTRAL_SITE
from tests.browser.conftest import Browse
from tests.harness.browser import PHONE, Guard
from tests.harness.hands import Keys
from tests.harness.people import spoken
from tests.harness.teller import Teller
from tests.harness.tongues import each_language
from tests.harness.walker import CONTINUE, EXIT
from tests.stories import STUDENT


@pytest.mark.requirement("A13")
@pytest.mark.requirement("A15")
@pytest.mark.requirement("B11")
@pytest.mark.rule("rule 5")
@pytest.mark.parametrize("language", each_language())
def test_the_whole_path_by_keyboard_alone(browse: Browse, guards: list[Guard], language: str) -> None:
    page = browse(size=PHONE)
    sam = Teller(page, STUDENT, language=language, hands=Keys())
    number = sam.ask()

    sam.go("return")
    sam.hands.write(sam.main.locator("[name=number]"), spoken(number))
    sam.hands.press(sam.main.locator(CONTINUE).first)
    sam.at("case")
    sam.hands.press(sam.main.locator(f"a[href='/{language}/case/messages']").first)
    sam.at("case/messages")
    sam.hands.write(sam.main.locator("[name=text]"), STUDENT.message)
    sam.hands.press(sam.main.locator(CONTINUE).first)
    sam.at("case")
    assert STUDENT.message in sam.main.inner_text()

    # Out: the first stop after the skip link, then Enter.
    sam.go("case")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    assert page.locator("a:focus").inner_text().strip() == page.locator(EXIT).inner_text().strip()
    with page.expect_event("requestfailed"):  # the neutral site, which tests never reach
        page.keyboard.press("Enter")
    assert guards[0].left == [NEUTRAL_SITE]
    assert page.context.cookies() == []
