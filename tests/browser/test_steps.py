"""Every step in every state that somebody may meet it in: empty, filled and come back to, in error, too late.

In both made-up languages, as where no script runs, on the narrowest window (WCAG 1.4.10).
"""

from __future__ import annotations

import pytest
from playwright.sync_api import Page

from app.forms.more import KINDS
from tests.browser.conftest import Browse
from tests.harness.browser import PHONE, AxeFailed, ScrollsSideways, Shelf, assert_no_sideways_scroll, axe
from tests.harness.every_step import Kind, State, every_state
from tests.harness.looks import clipped_text, exit_out_of_sight, overlapping_text, small_targets, untranslated
from tests.harness.supervisor import Supervisor

LANGUAGES = {"en-XA": "ltr", "ar-XB": "rtl"}
ACCENTED, MIRRORED = LANGUAGES
SERVICE_NAME = "Ask for Support"
# The things that "More about what happened" may be about are made of the same parts: the first stands for all in two states.
OTHERS = tuple(f"section 3, {about}" for about in KINDS)[1:]


def faults(page: Page, state: State, language: str) -> list[str]:
    """What is wrong with a page as it stands, one line each."""
    found = []
    root = page.locator("html")
    if (said := (root.get_attribute("lang"), root.get_attribute("dir"))) != (language, LANGUAGES[language]):
        found.append(f"is marked as {said}")
    try:
        assert_no_sideways_scroll(page)
        if state.step not in OTHERS or state.kind is Kind.IN_ERROR:
            # Two labels may come out alike in words of no sense.
            axe(page, without=("landmark-unique",) if language == MIRRORED else ())
    except (AxeFailed, ScrollsSideways) as fault:
        found.append(str(fault))
    found += [f"is cut off: {words}" for words in clipped_text(page)]
    found += [f"lies upon other words: {words}" for words in overlapping_text(page)]
    found += [*exit_out_of_sight(page), *small_targets(page)]
    if language == ACCENTED:
        found += [f"is not translated: {words}" for words in untranslated(page, names=(SERVICE_NAME,))]
    return found


@pytest.mark.requirement("A15")
@pytest.mark.requirement("B11")
@pytest.mark.rule("rule 5")
@pytest.mark.audit
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_step_is_sound_in_every_state(browse: Browse, site: Supervisor, language: str) -> None:
    page = browse(size=PHONE)
    shelf = Shelf(page, site.portal_url, below=f"/{language}/")
    wrong, met = [], set()
    for state in every_state(site.visitor, language=language):
        shelf.show(state.page.path, state.page.html)
        wrong += [f"{state!r}: {each}" for each in faults(page, state, language)]
        met.add((state.step, state.kind))
    assert not wrong, "\n".join(["", *wrong])
    asked = {step for step, kind in met if kind is Kind.IN_ERROR} - {"check", "section 3"}
    assert len(asked) >= 30
    assert {(step, kind) for step in asked for kind in (Kind.EMPTY, Kind.FILLED)} <= met


def test_what_is_shown_is_what_a_browser_without_scripts_shows(browse: Browse, site: Supervisor) -> None:
    with_shelf, without = browse(size=PHONE), browse(javascript=False, size=PHONE)
    shelf = Shelf(with_shelf, site.portal_url, below="/en/")
    without.goto("/en/refer/start")
    shelf.show("/en/refer/start", site.visitor().visit("/en/refer/start").html)
    measures = "[document.body.innerText, document.documentElement.scrollHeight, document.body.className]"
    assert with_shelf.evaluate(measures) == without.evaluate(measures)
    assert with_shelf.evaluate("document.scripts.length") == 0


def test_words_that_are_cut_off_are_noticed(browse: Browse) -> None:
    page = browse(size=PHONE)
    page.goto("/en/return")
    assert clipped_text(page) == []
    page.evaluate(
        """() => {
            const add = (html, style) => {
                document.querySelector("main").insertAdjacentHTML("beforeend", html);
                document.querySelector("main").lastElementChild.style.cssText = style;
            };
            add("<p>AsideAsideAsideAside</p>", "overflow: hidden; width: 40px; white-space: nowrap");
            add("<p>Below<br>it<br>goes</p>", "overflow: hidden; height: 20px");
            add("<p>Beyond</p>", "position: absolute; left: 310px");
            add("<select><option>x</option><option>A longer choice</option></select>", "width: 60px; min-width: 0");
        }"""
    )
    found = " ".join(clipped_text(page))
    for words in ("AsideAside", "goes", "Beyond", "<select"):
        assert words in found


def test_words_that_lie_upon_others_are_noticed(browse: Browse) -> None:
    page = browse(size=PHONE)
    page.goto("/en/return")
    assert overlapping_text(page) == []
    page.evaluate("document.querySelector('main p').style.marginBlockEnd = '-3rem'")
    assert overlapping_text(page) != []
