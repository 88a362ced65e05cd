"""Every page of the portal, in every language that tests have: sound, in its own language, on a small phone, for any hands."""

from __future__ import annotations

from dataclasses import replace

import pytest
from playwright.sync_api import Page, expect

from app.domain.contact import Way
from app.domain.journey import Place
from app.forms.more import SECTIONS
from app.web.traps import LINE
from tests.browser.conftest import Browse
from tests.harness.browser import PHONE, AxeFailed, ScrollsSideways, assert_no_sideways_scroll, axe
from tests.harness.harm import HARM, PERSONAL, says_too_much
from tests.harness.looks import (
    exit_out_of_sight,
    order_of_landmarks,
    own_addresses,
    small_targets,
    tab_stops,
    untranslated,
)
from tests.harness.public_pages import reading_pages
from tests.harness.tongues import ALL
from tests.harness.walker import EXIT, Walker
from tests.stories import DAUGHTER_HELPS, FIFTEEN, PARENT, WATCHED, Story

LANGUAGES = {"en": ("en-GB", "ltr"), "en-XA": ("en-XA", "ltr"), "ar-XB": ("ar-XB", "rtl")}
ENGLISH, ACCENTED, MIRRORED = LANGUAGES
# A window of 1280 x 1024 pixels at 400 % (WCAG 1.4.10).
ZOOMED = (320, 256)
SERVICE_NAME = "Ask for Support"
# What no language changes: the site's own name, and the names of its cookies.
NAMES = (SERVICE_NAME, "portal-d", "portal-v")
CONTROLS = "button, select, input:not([type=hidden]), textarea"
# Pages to read whose titles are as neutral as those of a request; all others may say what they are about.
NEUTRAL_TO_READ = {
    "",
    "appearance",
    "feedback",
    "feedback/sent",
    "help-now",
    "languages",
    "nowhere",
    "refer/done",
    "refer/start",
    "return",
    "safety",
    "survey",
    "survey/sent",
}


def everything(story: Story) -> Story:
    """This person, who also meets every page that is only for some: the young, those at risk, each way to be reached."""
    told = {**PARENT.answers, **DAUGHTER_HELPS.answers, **WATCHED.answers}
    ways = {f"reply-{way.value}": told[f"reply-{way.value}"] for way in Way}
    reply = {**story.answers["reply"], "ways": tuple(way.value for way in Way)}
    return replace(story, answers={**story.answers, **ways, "reply": reply})


MEETS_EVERY_PAGE = everything(FIFTEEN)


class Inspector:
    """Looks at each page once, and collects what is wrong, so that one bad page does not hide the next."""

    def __init__(self, language: str) -> None:
        self.language = language
        self.seen: set[str] = set()
        self.orders: dict[tuple[str, ...], str] = {}
        self.wrong: list[str] = []

    def __call__(self, page: Page) -> None:
        """Look at the page as it stands."""
        path = page.url.partition("#")[0].partition(f"/{self.language}/")[2]
        if path not in self.seen:
            self.seen.add(path)
            self.wrong += [f"/{self.language}/{path}: {each}" for each in self._faults(page, path)]

    def again(self, page: Page) -> None:
        """Look once more at a page that now stands otherwise: sent empty, or with a choice made."""
        page.locator("[name=addition_id], .govuk-error-summary").first.wait_for(state="attached")
        path = page.url.partition("#")[0].partition(f"/{self.language}/")[2]
        self.wrong += [f"/{self.language}/{path}, otherwise: {each}" for each in self._faults(page, path)]

    def assert_well(self) -> None:
        """Raises AssertionError with everything that was wrong on any page."""
        assert not self.wrong, "\n".join(["", *self.wrong])
        # WCAG 3.2.6: help stands in the same order everywhere.
        assert len(self.orders) == 1, self.orders

    def _faults(self, page: Page, path: str) -> list[str]:
        root = page.locator("html")
        faults = []
        if (said := (root.get_attribute("lang"), root.get_attribute("dir"))) != LANGUAGES[self.language]:
            faults.append(f"is marked as {said}")
        try:
            # Two labels may come out alike in words of no sense.
            axe(page, without=("landmark-unique",) if self.language == MIRRORED else ())
            assert_no_sideways_scroll(page)
        except (AxeFailed, ScrollsSideways) as fault:
            faults.append(str(fault))
        order, missing = order_of_landmarks(page)
        self.orders.setdefault(order, path)
        faults += [*missing, *small_targets(page), *exit_out_of_sight(page)]
        faults += [f"leads to {address}" for address in own_addresses(page) if says_too_much(address)]
        if self.language == ACCENTED:
            names = (*NAMES, *page.locator("h1[lang]").all_inner_texts())
            faults += [f"is not translated: {words}" for words in untranslated(page, names=names)]
        if self.language == ENGLISH and (PERSONAL.match(f"/en/{path}") or path in NEUTRAL_TO_READ):
            faults += [f"its title says {word}" for word in HARM.findall(page.title())]
        return faults


@pytest.mark.requirement("A15")
@pytest.mark.requirement("B11")
@pytest.mark.rule("rule 3")
@pytest.mark.rule("rule 4")
@pytest.mark.rule("rule 5")
@pytest.mark.parametrize("language", [pytest.param(ENGLISH, marks=pytest.mark.audit), ACCENTED, MIRRORED])
def test_every_page_to_read_is_sound(browse: Browse, language: str) -> None:
    inspect = Inspector(language)
    page = browse(size=PHONE)
    for path in reading_pages():
        page.goto(f"/{language}/{path}")
        inspect(page)
    page.goto(f"/{language}/feedback")
    page.locator("main form button").click()
    inspect.again(page)  # sent empty
    inspect.assert_well()
    # Reading leaves nothing in the browser.
    assert page.context.cookies() == []
    assert page.evaluate("localStorage.length + sessionStorage.length") == 0


@pytest.mark.requirement("A15")
@pytest.mark.requirement("B11")
@pytest.mark.rule("rule 3")
@pytest.mark.rule("rule 5")
@pytest.mark.rule("rule 7")
@pytest.mark.parametrize(
    "language", [ACCENTED, *(pytest.param(each, marks=pytest.mark.audit) for each in (ENGLISH, MIRRORED))]
)
def test_every_page_of_a_request_and_a_space_is_sound(browse: Browse, language: str) -> None:
    inspect = Inspector(language)
    asking = Walker(browse(size=PHONE), MEETS_EVERY_PAGE, language=language, look=inspect)
    asking.begin()
    assert asking.page.context.cookies() == [], "a cookie before the first answer"
    asking.ask()
    asking.come_back()
    asking.write(MEETS_EVERY_PAGE.message)
    asking.go("case/more")
    for section in SECTIONS:  # each as it opens, and as it comes back when it was sent empty
        asking.go(f"case/more/{section.slug}")
        asking.main.locator("form button").first.click()
        inspect.again(asking.page)
    asking.go("case/more/3")
    asking.fill({"kind": "nearby"})
    asking.press("choose")
    inspect.again(asking.page)
    asking.go("case/more/3")
    asking.fill({"kind": "sexual"})
    asking.press("choose")
    asking.fill({"recent": "yes"})
    asking.carry_on()
    asking.at("case/more/next")
    asking.carry_on()
    asking.at("case/more/sent")
    asking.go("case/more/1")
    asking.fill({"safer": "yes"})
    asking.carry_on()
    asking.at("case/more/talk")
    asking.go("case")
    asking.sign_out()
    inspect.assert_well()
    assert len(inspect.seen) == len(asking.path()) + 15  # the ends, the space, and its pages
    assert not [address for address in asking.opened if says_too_much(address)]


@pytest.mark.rule("rule 5")
@pytest.mark.parametrize("width", [320, 360])
def test_the_way_out_and_the_name_of_the_site_have_room_beside_each_other(browse: Browse, width: int) -> None:
    page = browse(size=(width, 640))
    wrong = {}
    for language in (each.slug for each in ALL):
        page.goto(f"/{language}/cookies")
        assert_no_sideways_scroll(page)
        if found := exit_out_of_sight(page):
            wrong[language] = found
    assert not wrong


def test_the_screens_that_matter_most_fit_at_400_percent(browse: Browse) -> None:
    page = browse(size=ZOOMED)
    wrong: list[str] = []

    def look(page: Page) -> None:
        assert_no_sideways_scroll(page)
        wrong.extend(exit_out_of_sight(page))

    asking = Walker(page, PARENT, look=look)
    asking.fill_in()
    asking.send()
    assert not wrong
    # Each row of the number stays on one line.
    for row in page.locator("main .number__row").all():
        assert row.evaluate("(each) => each.querySelector('bdi').getClientRects().length") == 1


@pytest.mark.audit
@pytest.mark.rule("rule 5")
def test_every_page_to_read_says_the_same_without_scripts(browse: Browse) -> None:
    """Nothing to read and nothing to fill in appears only where scripts run."""
    with_scripts, without = browse(size=PHONE), browse(javascript=False, size=PHONE)
    for path in reading_pages():
        said = []
        for page in (with_scripts, without):
            page.goto(f"/en/{path}")
            expect(page.locator("h1")).to_be_visible()
            said.append(page.evaluate("document.body.innerText").split("\n"))
        missing = [line for line in said[0] if line.strip() and line not in said[1]]
        assert not missing, f"/en/{path} says only with scripts: {missing}"
        without.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true; })")
        for control in without.locator("main").locator(CONTROLS).all():
            if control.get_attribute("name") == LINE:
                continue  # the trap: nobody who sees or hears the page meets it
            assert control.is_visible(), f"/en/{path} hides {control.evaluate('(each) => each.outerHTML')}"
    assert without.context.cookies() == []


@pytest.mark.rule("rule 5")
@pytest.mark.parametrize("javascript", [True, False], ids=["scripts", "no-scripts"])
def test_the_keyboard_reaches_everything_and_sees_where_it_is(browse: Browse, javascript: bool) -> None:
    """The exit is the second stop, and what has the focus is never hidden, forwards and backwards (WCAG 2.4.11)."""
    page = browse(javascript=javascript, size=PHONE)

    def tab_through(_place: Place) -> None:
        page.evaluate("document.activeElement.blur()")
        stops = tab_stops(page)
        assert [page.locator("a").nth(at).get_attribute("href") for at in (0, 1)] == ["#main", "/exit"]
        assert [stop.name for stop in stops[:2]] == [page.locator("a").nth(at).inner_text() for at in (0, 1)]
        controls = page.locator("main").locator(CONTROLS).all()
        wanted = {each.get_attribute("name") or "" for each in controls if each.is_visible()}
        assert wanted <= {stop.control for stop in stops}
        back = tab_stops(page, "Shift+Tab")
        hidden = [f"{stop.name!r} at {stop.hidden_at}" for stop in (*stops, *back) if stop.hidden_at]
        assert not hidden, f"{page.url}: out of sight: {hidden}"

    def look(place: Place) -> None:
        if place.step.key in {"start", "reply"}:
            tab_through(place)

    asking = Walker(page, PARENT)
    asking.fill_in(until="reply-call", stop=look)


def test_the_exit_shows_itself_to_the_keyboard(browse: Browse) -> None:
    page = browse(size=PHONE)
    page.goto("/en/refer/start")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.getAttribute('href')") == "/exit"
    expect(page.locator("a:focus")).to_be_in_viewport(ratio=1)


@pytest.mark.rule("rule 5")
def test_buttons_keep_an_edge_in_forced_colours(browse: Browse) -> None:
    """Where the device paints over every background, a border is what is left of a button."""
    page = browse(size=PHONE, forced_colors="active")
    for path in ("", "refer/start"):
        page.goto(f"/en/{path}")
        assert page.evaluate("matchMedia('(forced-colors: active)').matches")
        buttons = page.locator(f"{EXIT}, main .govuk-button, main button").all()
        assert len(buttons) > 1
        for button in buttons:
            width, style, colour, behind = button.evaluate(
                """(each) => {
                    const own = getComputedStyle(each), around = getComputedStyle(document.body);
                    return [parseFloat(own.borderTopWidth), own.borderTopStyle, own.borderTopColor, around.backgroundColor];
                }"""
            )
            assert width >= 1, button
            assert style == "solid", button
            assert colour != behind, button


@pytest.mark.parametrize("reduced_motion", ["reduce", "no-preference"])
def test_nothing_moves_by_itself(browse: Browse, reduced_motion: str) -> None:
    page = browse(size=PHONE, reduced_motion=reduced_motion)
    for path in ("", "refer/start", "help-now"):
        page.goto(f"/en/{path}")
        assert page.evaluate("document.getAnimations().length") == 0
        scroll, moving = page.evaluate(
            """() => [getComputedStyle(document.documentElement).scrollBehavior,
                [...document.querySelectorAll("*")].filter((each) => getComputedStyle(each).animationName !== "none").length]"""
        )
        assert moving == 0
        if reduced_motion == "reduce":
            assert scroll == "auto"


def test_the_checks_notice_what_they_are_for(browse: Browse) -> None:
    """Each check is fed a page that it must not pass."""
    page = browse(size=PHONE)
    page.goto(f"/{ACCENTED}/return")
    before = untranslated(page, names=NAMES)
    page.evaluate(
        """() => {
            const main = document.querySelector("main");
            main.insertAdjacentHTML("beforeend", "<p>Plain words</p><p lang=fr>Mots</p><p>[Ŵöŕðš <bdi>07700</bdi> ~~]</p>");
            main.insertAdjacentHTML("beforeend", "<button aria-label='Spoken words' id=tiny>x</button>");
            document.querySelector("#tiny").style = "all: unset; width: 10px; height: 10px; display: inline-block";
            // Beside it, and large enough itself, whatever fonts there are.
            document.querySelector("#tiny").insertAdjacentHTML("afterend", "<a href='#main' id=beside>[ẋ ~]</a>");
            document.querySelector("#beside").style = "display: inline-block; width: 80px; height: 40px";
        }"""
    )
    assert set(untranslated(page, names=NAMES)) - set(before) == {"Plain words", "Spoken words", "x"}
    assert "tiny" in " ".join(small_targets(page))

    assert exit_out_of_sight(page) == []
    page.evaluate("document.querySelector('.masthead__inner').style.padding = '0'")
    page.evaluate("document.querySelector('.masthead__name').append('A name as long as the band is wide. '.repeat(9))")
    assert "lies upon" in " ".join(exit_out_of_sight(page))
    page.evaluate("document.querySelector('.masthead__name').lastChild.remove()")

    order, missing = order_of_landmarks(page)
    assert not missing
    page.evaluate("document.querySelector('footer').after(document.querySelector('header'))")
    assert order_of_landmarks(page)[0] != order
    page.evaluate("document.querySelector('footer a[href$=\"/help-now\"]').remove()")
    assert order_of_landmarks(page)[1] == ["no get help now"]

    assert exit_out_of_sight(page) == []
    page.evaluate("document.querySelector('.govuk-exit-this-page').style.position = 'static'")
    assert exit_out_of_sight(page) != []
    page.evaluate(
        """() => {
            const cover = document.body.appendChild(document.createElement("div"));
            cover.style = "position: fixed; inset: 0; z-index: 9999";
            document.activeElement.blur();
        }"""
    )
    assert all(stop.hidden_at for stop in tab_stops(page))

    for said in ("/en/refer/controlled", "/en/refer/start?who=me", "/en/case/123456", "/en/return?number=1"):
        assert says_too_much(f"http://127.0.0.1{said}")
    assert not says_too_much("http://127.0.0.1/en/refer/reply-2")
    assert HARM.search("Write to the Hub")
    assert not HARM.search("What would help you now?")
