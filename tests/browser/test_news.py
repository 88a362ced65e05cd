"""The space with months in it, in a real browser: news, a case, what is cleared, and how somebody is doing."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Browse
from tests.browser.test_pages import ACCENTED, ENGLISH, MIRRORED, Inspector
from tests.browser.test_print import NO_EDGE, printed
from tests.harness.browser import PHONE
from tests.harness.desk import Desk, until
from tests.harness.walker import Walker
from tests.stories import PARENT


@pytest.mark.requirement("F1")
@pytest.mark.requirement("F2")
@pytest.mark.requirement("C3")
@pytest.mark.requirement("A15")
@pytest.mark.rule("rule 5")
@pytest.mark.parametrize("language", [ACCENTED, pytest.param(MIRRORED, marks=pytest.mark.audit)])
def test_the_space_is_sound_with_everything_in_it(browse: Browse, language: str) -> None:
    inspect = Inspector(language)
    asking = Walker(browse(size=PHONE), PARENT, language=language)
    asking.fill_in()
    asking.send()
    asking.keep_number()
    desk = Desk(browse("hub"))
    desk.sign_in()
    desk.open_case(asking.reference)
    desk.press("claim")
    desk.press("open")
    for step, day in (("charge", "2026-03-09"), ("hearing", "2026-03-30")):
        desk.main.locator("select[name=milestone]").select_option(step)
        desk.main.locator("#milestone-on").fill(day)
        desk.press("milestone")
    desk.main.locator("select[name=status]").select_option("no-news")
    desk.main.locator("#status-by").fill("2026-03-20")
    desk.main.locator("#status-stage").select_option("reported")
    desk.press("status")
    expect(desk.main.locator("#promised")).to_be_visible()

    asking.come_back()
    until(asking.page, lambda: asking.main.locator("#promise"), "20|٢٠")
    inspect(asking.page)
    asking.use(asking.main.locator(".talks__clear a").first)
    inspect(asking.page)
    asking.go("case/clear")
    inspect(asking.page)
    for answers in ({"health": "very-hard", "money": "fine"}, {"health": "a-bit-hard", "outlook": "fine"}):
        asking.go("case/how/now")
        inspect(asking.page)
        asking.fill(answers)
        asking.carry_on()
        asking.at("case/how")
    inspect(asking.page)
    # Time runs the way that the page is read.
    mirrored = asking.main.locator(".how-row__picture").first.evaluate("(each) => getComputedStyle(each).transform")
    assert mirrored.startswith("matrix(-1") == (language == MIRRORED)
    asking.go("case/how/clear/1")
    inspect(asking.page)
    asking.go("case/how/now")
    asking.fill({"safer": "yes"})
    asking.carry_on()
    asking.at("case/how/talk")
    inspect(asking.page)
    inspect.assert_well()


@pytest.mark.requirement("H4")
@pytest.mark.rule("rule 5")
def test_the_picture_reads_in_order_prints_without_the_site_and_stays_in_forced_colours(browse: Browse) -> None:
    page = browse(forced_colors="active")
    asking = Walker(page, PARENT, language=ENGLISH)
    asking.fill_in()
    asking.send()
    asking.keep_number()
    asking.come_back()
    for answers in ({"health": "very-hard"}, {"health": "fine", "work": "fine"}):
        asking.go("case/how/now")
        asking.fill(answers)
        asking.carry_on()
        asking.at("case/how")
    heard = page.locator("main").aria_snapshot()
    order = [
        "In a picture",
        "My health",
        "img",
        "Latest: Fine",
        "School, skills and work",
        "In words, newest first",
        "table",
    ]
    places = []
    for words in order:
        assert words in heard[places[-1] if places else 0 :], heard
        places.append(heard.index(words, places[-1] if places else 0))
    assert places == sorted(places)
    assert "Very hard; " in heard, "the image says its points in words"
    dot, behind = page.evaluate(
        """() => [getComputedStyle(document.querySelector(".how-row__dot--full")).fill,
                  getComputedStyle(document.body).backgroundColor]"""
    )
    assert dot != behind
    assert page.evaluate(NO_EDGE) == ["0px"]
    sheet = "".join(printed(page))
    assert "My health" in sheet
    for left_out in (
        "Exit this page",
        "Send this to the Hub",
        "Delete",
        "Clear",
        "127.0.0.1",
        "Ask for Support",
        "return number",
    ):
        assert left_out not in sheet
