"""The way out: by a link, by a click, by the Shift key. It ends everything, and nothing personal can be brought back."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, Response, expect

from app.pages.portal.doors import NEUTRAL_SITE
from tests.browser.conftest import Browse
from tests.harness.browser import NEUTRAL_HOST, PHONE, Guard
from tests.harness.people import Person
from tests.harness.supervisor import Supervisor
from tests.harness.walker import EXIT, Walker
from tests.stories import PARENT

PATIENCE_MS = 5000
# Long enough for a page to leave if it were going to.
A_MOMENT_MS = 400


class Leaving:
    """Watches what a page asks for when it leaves; the neutral site itself never arrives here."""

    def __init__(self, page: Page, guard: Guard) -> None:
        self.page, self.guard = page, guard
        self._answers: list[Response] = []
        page.on("response", self._note)

    def by(self, press: str) -> None:
        """Leave: click a link, or press a key three times."""
        with self.page.expect_event("requestfailed", lambda request: urlsplit(request.url).hostname == NEUTRAL_HOST):
            if press == "Shift":
                for _ in range(3):
                    self.page.keyboard.press("Shift")
            else:
                self.page.locator(press).click(no_wait_after=True)
        assert self.guard.left == [NEUTRAL_SITE]
        self.page.wait_for_url(re.compile("^chrome-error:"))

    def _note(self, answer: Response) -> None:
        self._answers.append(answer)

    @property
    def answer(self) -> Response:
        """The server's answer to the one request for `/exit`."""
        (found,) = [each for each in self._answers if urlsplit(each.url).path == "/exit"]
        return found


def begun(page: Page) -> Walker:
    """Somebody in the middle of their request, with a name and an address typed."""
    asking = Walker(page, PARENT)
    asking.fill_in(until="reply-email")
    return asking


def come_back(page: Page, site: Supervisor) -> Walker:
    """Somebody who asked elsewhere some time ago, in their space."""
    asked = Person(site.visitor(), PARENT)
    asked.ask()
    walker = Walker(page, PARENT)
    walker.number = asked.number
    walker.come_back()
    return walker


@pytest.mark.requirement("A13")
@pytest.mark.rule("rule 5")
@pytest.mark.rule("rule 13")
@pytest.mark.parametrize("javascript", [True, False], ids=["scripts", "no-scripts"])
def test_leaving_deletes_what_was_begun_and_ends_the_visit(
    browse: Browse, guards: list[Guard], site: Supervisor, javascript: bool
) -> None:
    page = browse(javascript=javascript, size=PHONE)
    come_back(page, site)
    begun(page)  # somebody who has a space begins another request: a draft and a visit at once
    cookies = page.context.cookies()
    assert {each["name"] for each in cookies} == {"portal-d", "portal-v"}

    leaving = Leaving(page, guards[0])
    leaving.by(EXIT)

    sent = leaving.answer.all_headers()
    assert leaving.answer.status == 303
    assert sent["location"] == NEUTRAL_SITE
    # On loopback "cookies" would sign the desk out too; over TLS it is there (test_tls.py).
    assert sent["clear-site-data"] == '"cache", "storage"'
    assert sent["cache-control"] == "no-store"
    assert page.context.cookies() == []
    page.context.add_cookies(cookies)  # type: ignore[arg-type]
    for path, public in (
        ("refer/help", "refer/start"),
        ("refer/check", "refer/start"),
        ("case", ""),
        ("refer/sent", ""),
    ):
        page.goto(f"/en/{path}")
        assert urlsplit(page.url).path == f"/en/{public}"
    expect(page.locator("main")).not_to_contain_text("Marie")


@pytest.mark.parametrize("way", [EXIT, "Shift"], ids=["click", "three-shifts"])
def test_with_scripts_the_page_is_replaced_and_back_shows_nothing_personal(
    browse: Browse, guards: list[Guard], way: str
) -> None:
    page = browse(size=PHONE)
    begun(page)
    page.locator("#address").fill("marie@example.org")
    pages_before = page.evaluate("history.length")
    Leaving(page, guards[0]).by(way)
    assert page.evaluate("history.length") == pages_before

    # Back through all that was there: the first page of a request, and nothing that anybody typed.
    addresses = []
    while page.go_back() is not None:
        addresses.append(urlsplit(page.url).path)
        html = page.content()
        for typed in ("Marie", "marie@example.org", "07700 900111"):
            assert typed not in html
    assert set(addresses) == {"/en/refer/start"}
    assert len(addresses) == pages_before - 2  # the blank page and the one that was replaced


def test_without_scripts_back_shows_nothing_personal_either(browse: Browse, guards: list[Guard]) -> None:
    page = browse(javascript=False, size=PHONE)
    begun(page)
    Leaving(page, guards[0]).by(EXIT)
    page.go_back()
    assert urlsplit(page.url).path == "/en/refer/start"
    page.go_back()
    assert urlsplit(page.url).path == "/en/refer/start"
    assert "Marie" not in page.content()


def test_after_leaving_the_space_is_not_brought_back(browse: Browse, guards: list[Guard], site: Supervisor) -> None:
    page = browse(size=PHONE)
    walker = come_back(page, site)
    walker.write(PARENT.message)
    Leaving(page, guards[0]).by(EXIT)
    while page.go_back() is not None:
        assert urlsplit(page.url).path in {"/en/", "/en/return"}
        assert PARENT.message not in page.content()
        assert walker.number[-6:] not in "".join(page.locator("main").inner_text().split())


def test_only_three_presses_of_shift_alone_leave(browse: Browse, guards: list[Guard]) -> None:
    """Never the Escape key, never capital letters, never the way back by Tab, never two presses and a pause."""
    page = browse(size=PHONE)
    page.clock.install()
    asking = Walker(page, PARENT)
    asking.fill_in(until="reply")
    for keys in (
        ("Escape",) * 3,
        ("Shift+Tab",) * 4,
        ("Shift+A",) * 4,
        ("Shift", "a", "Shift", "Shift"),
        ("Control+Shift",) * 3,
    ):
        page.locator("#name").focus()
        for key in keys:
            page.keyboard.press(key)
        page.keyboard.press("Escape")  # forgets what was counted
    page.keyboard.press("Shift")
    page.keyboard.press("Shift")
    page.clock.fast_forward(PATIENCE_MS + 1)
    page.keyboard.press("Shift")
    page.keyboard.press("Shift")
    page.wait_for_timeout(A_MOMENT_MS)
    assert guards[0].left == []
    assert urlsplit(page.url).path == "/en/refer/reply"

    # The third press within five seconds does.
    page.clock.fast_forward(PATIENCE_MS // 2)
    with page.expect_event("requestfailed"):
        page.keyboard.press("Shift")
    assert guards[0].left == [NEUTRAL_SITE]


def test_the_page_is_covered_at_once(browse: Browse) -> None:
    """On a slow line nobody reads on while the answer is on its way."""
    page = browse(size=PHONE)
    page.goto("/en/refer/start")
    covered = page.evaluate(
        """(exit) => {
            document.querySelector(exit).click();
            const places = [[20, 20], [innerWidth / 2, innerHeight / 2], [innerWidth - 5, innerHeight - 5]];
            return places.map(([x, y]) => document.elementFromPoint(x, y).getAttribute("role"));
        }""",
        EXIT,
    )
    assert covered == ["alert"] * 3


def test_a_browser_that_fetches_ahead_ends_nothing(browse: Browse) -> None:
    page = browse(size=PHONE)
    begun(page)
    for headers in ({"Sec-Purpose": "prefetch"}, {"Sec-Purpose": "prefetch;prerender"}, {"Purpose": "prefetch"}):
        ahead = page.request.get("/exit", headers=headers, max_redirects=0)
        assert ahead.status == 204
        assert not {"clear-site-data", "set-cookie", "location"} & set(ahead.headers)
    page.goto("/en/refer/reply")
    expect(page.locator("#name")).to_have_value("Marie")


@pytest.mark.rule("rule 6")
def test_everything_is_deleted_on_request_too(browse: Browse) -> None:
    """The page to check has a button for it, which leaves the site as the exit does."""
    page = browse(size=PHONE)
    Walker(page, PARENT).fill_in()
    cookies = page.context.cookies()
    with page.expect_event("requestfailed"):  # the neutral site, which tests never reach
        page.locator("main a[href='/exit']").click()
    assert page.context.cookies() == []
    page.context.add_cookies(cookies)  # type: ignore[arg-type]
    page.goto("/en/refer/check")
    assert urlsplit(page.url).path == "/en/refer/start"
