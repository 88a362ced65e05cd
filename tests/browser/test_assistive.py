"""For every body: where the focus goes and how it shows, how large things are, what they are called, and the way out first.

WCAG 2.2: 2.1.1, 2.2.1, 2.4.3, 2.4.11, 2.4.13, 2.5.3, 2.5.5, 3.2.6.
"""

from __future__ import annotations

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import Browse
from tests.harness.browser import PHONE, AxeFailed, axe
from tests.harness.looks import GOOD_TARGET_PX, order_of_landmarks, small_targets, tab_stops
from tests.harness.people import Person
from tests.harness.public_pages import reading_pages
from tests.harness.supervisor import Supervisor
from tests.harness.tongues import ALL, MIRRORED, each_language
from tests.harness.walker import EXIT, Walker
from tests.stories import PARENT

ZOOMED = (320, 256)
SPOKEN_AS_SEEN = ("label-content-name-mismatch",)
# Where somebody is most likely to be in a hurry, afraid, or shaking.
MATTER_MOST = ("help-now", "return", "refer/start", "case", "case/messages", "case/contact")


def inside(page: Page, site: Supervisor, language: str = "en") -> Walker:
    """Somebody who asked elsewhere, in their space."""
    asked = Person(site.visitor(), PARENT)
    asked.ask()
    walker = Walker(page, PARENT, language=language)
    walker.number = asked.number
    walker.come_back()
    return walker


def unseen_stops(page: Page) -> list[str]:
    """Stops of the Tab key, forwards and back, that are hidden by something, or have no mark of the focus."""
    page.evaluate("document.activeElement.blur()")
    stops = [*tab_stops(page), *tab_stops(page, "Shift+Tab")]
    assert len(stops) > 10, "nothing to stop at"
    hidden = [f"{page.url}: {each.name!r} is hidden at {each.hidden_at}" for each in stops if each.hidden_at]
    return hidden + [f"{page.url}: {each.name!r} is not marked" for each in stops if not each.is_marked]


@pytest.mark.requirement("B11")
@pytest.mark.rule("rule 5")
def test_whatever_has_the_focus_is_seen_and_marked(browse: Browse, site: Supervisor) -> None:
    """Also where the window is so low that the way out covers much of it."""
    page = browse(size=ZOOMED)
    walker = inside(page, site)
    wrong = unseen_stops(page)
    for path in MATTER_MOST:
        walker.go(path)
        wrong += unseen_stops(page)
    assert not wrong, "\n".join(["", *wrong])


@pytest.mark.audit
@pytest.mark.requirement("B11")
@pytest.mark.parametrize("language", each_language())
def test_whatever_has_the_focus_is_seen_and_marked_on_every_page(browse: Browse, language: str) -> None:
    page, wrong = browse(size=PHONE), []
    for path in reading_pages():
        page.goto(f"/{language}/{path}")
        wrong += unseen_stops(page)
    assert not wrong, "\n".join(["", *wrong])


@pytest.mark.requirement("B11")
def test_where_it_matters_most_everything_is_large_enough_for_a_shaking_hand(browse: Browse, site: Supervisor) -> None:
    page = browse(size=PHONE)
    walker = inside(page, site, MIRRORED)
    wrong: list[str] = []

    def look(page: Page) -> None:
        wrong.extend(f"{page.url}: {each}" for each in small_targets(page, least=GOOD_TARGET_PX, within="body"))

    for path in MATTER_MOST:
        walker.go(path)
        look(page)
    walker.look = look
    walker.fill_in(until="reply")
    assert not wrong, "\n".join(["", *sorted(set(wrong))])


@pytest.mark.requirement("B11")
def test_whoever_speaks_to_their_device_can_say_what_they_see(browse: Browse, site: Supervisor) -> None:
    """The words on each link, button and field are in the name that a device knows it by."""
    page = browse()
    walker = inside(page, site)
    for path in MATTER_MOST:
        walker.go(path)
        axe(page, only=SPOKEN_AS_SEEN)
    page.evaluate("document.querySelector('main button').setAttribute('aria-label', 'Something else')")
    with pytest.raises(AxeFailed, match="label-content-name-mismatch"):
        axe(page, only=SPOKEN_AS_SEEN)


@pytest.mark.requirement("A13")
@pytest.mark.rule("rule 5")
def test_the_way_out_is_the_first_stop_after_the_skip_link_in_every_language(browse: Browse) -> None:
    """It goes by the words that stand on it, in the page's own language, and help is in the same place everywhere."""
    page = browse(size=PHONE)
    orders, words = set(), {}
    for language in ALL:
        page.goto(f"/{language.slug}/")
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.getAttribute('href')") == "#main"
        page.keyboard.press("Tab")
        focused = page.locator("a:focus")
        assert focused.get_attribute("href") == "/exit"
        seen = page.locator(EXIT).inner_text().strip()
        assert seen
        assert focused.inner_text().strip() == seen
        for role, exact in (("link", seen), ("button", seen)):
            assert page.get_by_role(role, name=exact, exact=True).count() == 1  # type: ignore[arg-type]
        words[language.slug] = seen
        order, missing = order_of_landmarks(page)
        assert not missing, (language.slug, missing)
        orders.add(order)
    assert len(orders) == 1
    own = {slug: said for slug, said in words.items() if slug != "en"}
    assert words["en"] not in own.values(), own


@pytest.mark.requirement("A13")
def test_every_page_of_a_space_says_when_it_closes_and_how_to_stay(browse: Browse, site: Supervisor) -> None:
    """WCAG 2.2.1: the time is told before it is up, and opening a page begins it anew."""
    page = browse()
    walker = inside(page, site)
    for path in ("case", "case/messages", "case/contact", "case/more/1", "case/how/now", "case/ask/1", "case/end"):
        walker.go(path)
        assert page.locator("#time-limit").is_visible(), path
    (before,) = [each for each in page.context.cookies() if each["name"] == "portal-v"]
    page.wait_for_timeout(1100)
    page.reload()
    (after,) = [each for each in page.context.cookies() if each["name"] == "portal-v"]
    assert after["expires"] > before["expires"]
