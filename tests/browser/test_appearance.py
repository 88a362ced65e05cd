"""How pages look, as a browser draws it: every choice readable, nothing off the screen, every script with the room it needs."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page

from app.domain.appearance import CHOICES, Appearance
from tests.browser.conftest import Browse
from tests.harness.browser import PHONE, assert_no_sideways_scroll, axe
from tests.harness.looks import clipped_text

# Home, a question and help now.
PLACES = ("/en/", "/en/refer/who", "/en/help-now")
WEAR = "names => { document.documentElement.className = 'govuk-template ' + names }"
SPEAK = "tag => { document.documentElement.lang = tag }"


def wear(page: Page, looks: Appearance) -> None:
    """Put these looks on the page that is open, as the cookie would."""
    page.evaluate(WEAR, looks.classes)


def begun(page: Page) -> None:
    """Begin a request, on one's own device."""
    page.goto("/en/refer/start")
    page.locator("button[value='own']").click()


def style(page: Page, selector: str, name: str) -> str:
    """One computed value of the first element that fits."""
    found: str = page.evaluate("([s, n]) => getComputedStyle(document.querySelector(s))[n]", [selector, name])
    return found


@pytest.mark.rule("rule 5")
def test_every_choice_of_colours_is_readable(browse: Browse) -> None:
    """Light, and as the device has it, are what every other test of a page looks at."""
    page = browse()
    begun(page)
    for place in PLACES:
        page.goto(place)
        grounds = {style(page, "body", "backgroundColor")}
        for colours in ("calm", "dark", "contrast", "cream"):
            wear(page, Appearance(colours=colours))
            grounds.add(style(page, "body", "backgroundColor"))
            axe(page)
        assert len(grounds) == 5


@pytest.mark.rule("rule 5")
def test_what_a_device_asks_for_counts_until_somebody_has_chosen(browse: Browse) -> None:
    page = browse()
    page.goto("/en/")
    wear(page, Appearance(page="plain", reading="easier"))
    axe(page)
    wear(page, Appearance())
    page.emulate_media(contrast="more")
    assert style(page, "body", "backgroundColor") == "rgb(255, 255, 255)"
    assert style(page, "body", "color") == "rgb(0, 0, 0)"
    axe(page)
    page.emulate_media(contrast="more", color_scheme="dark")
    assert style(page, "body", "backgroundColor") == "rgb(0, 0, 0)"
    wear(page, Appearance(colours="light"))
    assert style(page, "body", "backgroundColor") not in {"rgb(0, 0, 0)", "rgb(255, 255, 255)"}
    page.emulate_media(contrast="no-preference", color_scheme="light", forced_colors="active")
    wear(page, Appearance(colours="contrast", page="plain"))
    axe(page)


@pytest.mark.rule("rule 5")
def test_the_largest_letters_fit_on_the_smallest_screen(browse: Browse) -> None:
    page = browse(size=PHONE)
    begun(page)
    for place in (*PLACES, "/en/appearance", "/en/support", "/ar-XB/appearance"):
        page.goto(place)
        for looks in (Appearance(size="largest", space="wider"), Appearance(size="largest", reading="easier")):
            wear(page, looks)
            assert_no_sideways_scroll(page)
            assert not clipped_text(page), place


def test_a_choice_is_shown_at_once_and_kept_when_it_is_sent(browse: Browse) -> None:
    page = browse()
    page.goto("/en/appearance")
    usual = style(page, "body", "backgroundColor")
    page.get_by_label("Dark", exact=True).check()
    page.get_by_label("Largest", exact=True).check()
    assert style(page, "body", "backgroundColor") != usual
    assert style(page, "html", "fontSize") == "32px"
    page.goto("/en/")
    assert style(page, "html", "fontSize") == "16px"
    page.goto("/en/appearance")
    page.get_by_label("Large", exact=True).check()
    with page.expect_navigation():
        page.get_by_role("button", name="Use these settings").click()
    assert style(page, "html", "fontSize") == "20px"
    # A page that the browser holds from before is not shown in its old looks.
    page.goto("/en/")
    assert style(page, "html", "fontSize") == "20px"
    page.goto("/en/appearance")
    with page.expect_navigation():
        page.get_by_role("button", name="Put everything back").click()
    page.goto("/en/")
    assert style(page, "html", "fontSize") == "16px"


def test_without_scripts_it_works_all_the_same(browse: Browse) -> None:
    page = browse(javascript=False)
    page.goto("/en/appearance")
    page.get_by_label("Plain page", exact=True).check()
    with page.expect_navigation():
        page.get_by_role("button", name="Use these settings").click()
    assert page.locator("html.plain").count() == 1
    page.goto("/en/pledge")
    assert page.locator("html.plain").count() == 1


@pytest.mark.requirement("A8")
def test_every_script_has_the_letters_and_the_room_that_it_needs(browse: Browse) -> None:
    page = browse()
    page.goto("/ar-XB/refer/start")
    page.evaluate("() => { document.querySelector('main p').innerHTML = '<em id=slanted>x</em><bdi id=one>x</bdi>' }")

    def ratio(selector: str) -> float:
        return float(style(page, selector, "lineHeight")[:-2]) / float(style(page, selector, "fontSize")[:-2])

    for tag, least in (("ur", 2.0), ("ar", 1.8), ("fa-AF", 1.8), ("pa-Guru", 1.7), ("zh-Hans", 1.7)):
        page.evaluate(SPEAK, tag)
        for space in CHOICES["space"]:
            for reading in CHOICES["reading"]:
                wear(page, Appearance(space=space, reading=reading))
                assert ratio("main p") >= least, (tag, space, reading)
        wear(page, Appearance())
        assert style(page, "main p", "letterSpacing") == "normal"
        assert style(page, "#slanted", "fontStyle") == "normal"
        assert style(page, "html", "fontSize") == ("17.6px" if tag in {"ur", "ar", "fa-AF"} else "16px")
    page.evaluate(SPEAK, "ur")
    assert style(page, "main p", "fontFamily").startswith('"Noto Nastaliq Urdu"')
    assert style(page, ".govuk-radios__label, .govuk-button", "fontWeight") == "400"
    wear(page, Appearance(letters="naskh"))
    assert "Nastaliq" not in style(page, "main p", "fontFamily")
    assert ratio("main p") >= 2.0
    page.evaluate(SPEAK, "fa-AF")
    assert "Nastaliq" not in style(page, "main p", "fontFamily")
    wear(page, Appearance(letters="nastaliq"))
    assert style(page, "main p", "fontFamily").startswith('"Noto Nastaliq Urdu"')
    wear(page, Appearance())
    page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
    for tag, hyphens in (("lt", "auto"), ("ru", "auto"), ("en-GB", "manual"), ("ur", "manual")):
        page.evaluate(SPEAK, tag)
        assert style(page, "main p", "hyphens") == hyphens, tag
        assert style(page, "#one", "hyphens") == "manual"
