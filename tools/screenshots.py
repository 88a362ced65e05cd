"""Pictures of the site, for looking at: python -m tools.screenshots [--docs]

Starts a site of its own on the day of the tests, lets the stories happen on it, and walks portal and desk in Chromium: on a
phone and on a desktop, from right to left, in the dark, in forced colours, at 400 % and on paper. Writes to screenshots/,
which is not committed. With --docs, the few pictures that the documentation shows go to docs/pictures/, made small.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Browser, Page, sync_playwright

from app.domain.status import Status
from tests.harness.browser import launch, new_context
from tests.harness.pages import NotOffered
from tests.harness.pages import Page as ReadPage
from tests.harness.people import CO_ORDINATOR, Colleague, Person
from tests.harness.supervisor import NotReady, Supervisor
from tests.harness.walker import Walker
from tests.stories import PARENT, STORIES, Story
from tools.png import shrunk
from tools.programs import CHROMIUM_HINT, chromium_path

ROOT = Path(__file__).resolve().parent.parent
PICTURES, DOCS = ROOT / "screenshots", ROOT / "docs" / "pictures"
PHONE, DESKTOP = (390, 844), (1280, 900)
# 1280 x 1024 at 400 % (WCAG 1.4.10).
ZOOMED, ZOOM = (320, 256), 4
WITHIN_SECONDS = 60.0
MOST_BYTES = 150_000

READING = {
    "pledge": "pledge",
    "services": "support?a=3&d=4",
    "all-services": "support",
    "service": "support/samaritans",
    "help-now": "help-now",
    "come-back": "return",
    "how-it-works": "how-it-works",
    "safety": "safety",
}
# Pages of the request by the end of their address.
ASKING = {
    "start": "start",
    "who": "question-who",
    "help": "question-help",
    "help-1": "risk",
    "about": "question-about",
    "police": "question-police",
    "reply": "question-reply",
    "reply-1": "question-call",
    "check": "check",
    "sent": "number",
}
ANSWER = "Thank you for telling us. I am Amira. I can ring on Thursday morning. Is that all right for you?"


class TooLarge(Exception):
    """A picture for the documentation is larger than a page should carry."""


@dataclass(frozen=True)
class View:
    """A way of looking at the site. Its pictures are named `<page>-<view>.png`."""

    name: str
    size: tuple[int, int]
    language: str = "en"
    options: dict[str, Any] = field(default_factory=dict)
    has_desk: bool = True


QUEUE_SHOWN_IN = View("desktop", DESKTOP)
PLAIN = (View("phone", PHONE), QUEUE_SHOWN_IN)
OTHERS = (
    View("phone-rtl", PHONE, language="ar-XB", has_desk=False),
    View("desktop-rtl", DESKTOP, language="ar-XB", has_desk=False),
    View("phone-dark", PHONE, options={"color_scheme": "dark"}),
    View("desktop-dark", DESKTOP, options={"color_scheme": "dark"}),
    View("phone-forced-colours", PHONE, options={"forced_colors": "active"}),
    View("desktop-forced-colours", DESKTOP, options={"forced_colors": "active"}),
    View("zoomed", ZOOMED, options={"device_scale_factor": ZOOM}, has_desk=False),
)


class Photographer:
    """Takes pictures in one view of a running site."""

    def __init__(self, browser: Browser, site: Supervisor, view: View) -> None:
        self.browser, self.site, self.view = browser, site, view
        self._contexts: list[Any] = []

    def page(self, *, hub: bool = False) -> Page:
        """A new browser on one side. Never both sides in one: cookies know no ports."""
        base_url = self.site.hub_url if hub else self.site.portal_url
        context = new_context(self.browser, base_url=base_url, size=self.view.size, **self.view.options)
        self._contexts.append(context)
        return context.new_page()

    def take(self, page: Page, name: str) -> None:
        """A picture of the whole page, from its top: an address may have led further down."""
        page.evaluate("scrollTo(0, 0)")
        page.screenshot(path=PICTURES / f"{name}-{self.view.name}.png", full_page=True)

    def take_asking(self, page: Page) -> None:
        """A picture of a page of the request, under its own name; what else a walk passes is left out."""
        name = ASKING.get(urlsplit(page.url).path.rpartition("/")[2])
        if name and "/refer/" in page.url:
            self.take(page, name)

    def portal(self, story: Story) -> Walker:
        """The pages to read, then the request up to the number, as this person meets them."""
        walker = Walker(self.page(), story, language=self.view.language)
        walker.go("")
        self.take(walker.page, "home")
        for name, path in READING.items():
            walker.go(path)
            self.take(walker.page, name)
        walker.look = self.take_asking
        walker.fill_in()
        walker.send()
        return walker

    def desk(self, case: str) -> Page:
        """Sign in, the queue, and the case at this address. Returns the browser at the desk."""
        page = self.page(hub=True)
        page.goto("/sign-in")
        self.take(page, "desk-sign-in")
        page.locator(f"input[value='{CO_ORDINATOR}']").check()
        page.locator("main form button").click()
        page.wait_for_selector(".first")
        self.take(page, "desk-first")
        page.goto("/queue")
        self.take(page, "desk-queue")
        page.goto(case)
        self.take(page, "desk-case")
        return page

    def close(self) -> None:
        """Close the browsers of this view."""
        for context in self._contexts:
            context.close()


def main() -> int:
    """Take the pictures; return the exit code."""
    parser = argparse.ArgumentParser(description="Take pictures of the site into screenshots/.")
    parser.add_argument("--docs", action="store_true", help="also make the pictures of the documentation")
    arguments = parser.parse_args()
    if chromium_path() is None:
        print(CHROMIUM_HINT, file=sys.stderr)
        return 1
    shutil.rmtree(PICTURES, ignore_errors=True)
    PICTURES.mkdir()
    try:
        take_all(for_docs=arguments.docs)
    except (NotReady, TooLarge) as problem:
        print(f"screenshots: {problem}", file=sys.stderr)
        return 1
    print(f"{len(list(PICTURES.glob('*.png')))} pictures are in {PICTURES.relative_to(ROOT)}/.")
    return 0


def take_all(*, for_docs: bool) -> None:
    """Start a site, take every picture, and end it, whatever happens."""
    with tempfile.TemporaryDirectory(prefix="screenshots-") as folder, sync_playwright() as playwright:
        site = Supervisor(Path(folder) / "site")
        browser = launch(playwright)
        try:
            site.start()
            _let_stories_happen(site)
            for view in (*PLAIN, *OTHERS):
                print(view.name, flush=True)
                _take_view(browser, site, view, for_docs=for_docs)
        finally:
            browser.close()
            site.close()


def _let_stories_happen(site: Supervisor) -> None:
    """Others have asked before; some of them were answered."""
    people = [Person(site.visitor(), story) for story in STORIES if story is not PARENT]
    for person in people:
        person.ask()
    colleague = Colleague(site.visitor("hub"))
    colleague.sign_in("dev-ben")
    for person in [each for each in people if not each.story.is_for_few][2:6]:
        case = _when_there(lambda reference=person.reference: colleague.case(reference))  # type: ignore[misc]
        colleague.open(colleague.claim(case))


def _take_view(browser: Browser, site: Supervisor, view: View, *, for_docs: bool) -> None:
    """Everything in one view: the portal, an answer from the desk, the space, the desk."""
    photographer = Photographer(browser, site, view)
    try:
        walker = photographer.portal(PARENT)
        if view in PLAIN:
            _print(walker.page, f"number-{view.name}")
            if for_docs:
                _take_for_docs(walker.page, f"number-{view.name}", at=".number")
        walker.look = lambda _page: None
        walker.keep_number()
        colleague = Colleague(site.visitor("hub"))
        colleague.sign_in()
        case = _when_there(lambda: colleague.case(walker.reference))
        colleague.open(colleague.claim(case))
        colleague.send_status(colleague.case(walker.reference), Status.WORKING.value)
        colleague.write(colleague.case(walker.reference), ANSWER)
        walker.come_back()
        _when_true(lambda: _shows_news(walker.page))
        walker.write(walker.story.message)
        photographer.take(walker.page, "space")
        walker.go("case/messages")
        photographer.take(walker.page, "message")
        if view.has_desk:
            desk = photographer.desk(case.path)
            if for_docs and view == QUEUE_SHOWN_IN:
                desk.goto("/queue")
                _take_for_docs(desk, "queue")
        if view in PLAIN:
            walker.go("pledge")
            _print(walker.page, f"pledge-{view.name}")
            if for_docs:
                walker.go("")
                _take_for_docs(walker.page, f"home-{view.name}")
    finally:
        photographer.close()


def _shows_news(page: Page) -> bool:
    page.reload()
    return page.get_by_text(ANSWER).count() > 0


def _print(page: Page, name: str) -> None:
    """The page on paper: a PDF, and a picture of its first sheet where pdftoppm is there to make one."""
    pdf = PICTURES / f"{name}-print.pdf"
    # A printer's usual margins, unless the page says that it wants none.
    margins = dict.fromkeys(("top", "right", "bottom", "left"), "12mm")
    page.pdf(path=pdf, format="A4", prefer_css_page_size=True, margin=margins)  # type: ignore[arg-type]
    program = shutil.which("pdftoppm")
    if program:
        subprocess.run(
            [program, "-png", "-r", "80", "-singlefile", pdf, pdf.with_suffix("")], check=True, capture_output=True
        )


def _take_for_docs(page: Page, name: str, *, at: str = "") -> None:
    """What fits the window, small, for the documentation; `at` scrolls to an element. Raises TooLarge."""
    if at:
        page.locator(at).evaluate("(element) => element.scrollIntoView({block: 'center'})")
    picture = shrunk(page.screenshot())
    if len(picture) > MOST_BYTES:
        raise TooLarge(f"{name} has {len(picture)} bytes, and {MOST_BYTES} is the most")
    DOCS.mkdir(parents=True, exist_ok=True)
    (DOCS / f"{name}.png").write_bytes(picture)


def _when_there(look: Callable[[], ReadPage]) -> ReadPage:
    """What `look` gives, as soon as the post has brought it. Raises NotOffered when it never does."""
    deadline = time.monotonic() + WITHIN_SECONDS
    while True:
        try:
            return look()
        except NotOffered:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.25)


def _when_true(look: Callable[[], bool]) -> None:
    deadline = time.monotonic() + WITHIN_SECONDS
    while not look():
        if time.monotonic() > deadline:
            raise NotReady("the answer from the desk did not arrive")
        time.sleep(0.25)


if __name__ == "__main__":
    raise SystemExit(main())
