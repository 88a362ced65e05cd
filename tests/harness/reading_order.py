"""What somebody who listens meets on a page, in order: landmarks, headings, and each link and control by its role and name.

Read from the browser's own accessibility tree. Running text is left out, and with it dates, numbers and news.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from playwright.sync_api import Page

from tests.harness.browser import Shelf
from tests.harness.people import Person
from tests.harness.public_pages import reading_pages
from tests.harness.supervisor import ROOT, Supervisor
from tests.stories import PARENT

# Says how the Hub is doing at this moment.
CHANGES = frozenset({"status"})
FOLDER = ROOT / "tests" / "snapshots" / "reading"
COMMAND = "python -m tools.reading_order"
KEPT = re.compile(
    r"^ *- '?("
    r"banner|navigation|main|contentinfo|region|complementary|form|search|heading|link|button|textbox|searchbox|spinbutton"
    r"|radio|radiogroup|checkbox|combobox|group|alert|alertdialog|dialog|status|img|table|columnheader|rowheader"
    r")\b(.*)$"
)
CONTAINERS = frozenset(
    {"banner", "navigation", "main", "contentinfo", "region", "complementary", "form", "search", "group", "radiogroup"}
)
# Which languages are shown, and which come first, is the area's to say: it is no matter of order.
WITHOUT_LANGUAGES = """() => {
    for (const each of document.querySelectorAll(".tools__item:not(.tools__item--end)")) each.remove();
}"""
NAME = re.compile(r'^ "(?:[^"\\]|\\.)*"')


def order_of(page: Page) -> str:
    """The page as text, one line each, indented below its landmarks and groups."""
    lines = []
    depths: list[int] = []
    page.evaluate(WITHOUT_LANGUAGES)
    for line in page.locator("body").aria_snapshot().split("\n"):
        spaces = len(line) - len(line.lstrip(" "))
        while depths and depths[-1] >= spaces:
            depths.pop()
        found = KEPT.match(line)
        if found is None:
            continue
        role, rest = found[1], found[2]
        named = NAME.match(rest)
        name = named[0] if named else ""
        state = "".join(re.findall(r" \[(?:level=\d|checked|expanded|disabled|selected)\]", rest[len(name) :]))
        lines.append("  " * len(depths) + role + name + state)
        if role in CONTAINERS:
            depths.append(spaces)
    return "\n".join(lines) + "\n"


def every_order(page: Page, site: Supervisor) -> Iterator[tuple[str, str]]:
    """(name of the page, its order) for every page to read and for the way of a parent through request and space, in English."""
    for below in (each for each in reading_pages() if each not in CHANGES):
        page.goto(f"/en/{below}")
        yield name_of(below), order_of(page)
    shelf = Shelf(page, site.portal_url, below="/en/")
    for path, html in _asking(Person(site.visitor(), PARENT)):
        shelf.show(path, html)
        yield name_of(path.removeprefix("/en/")), order_of(page)


def name_of(below: str) -> str:
    """The file of a page: its address below the language, without what files cannot be called."""
    return re.sub(r"[^a-z0-9]+", "-", below.lower()).strip("-") or "home"


def file_of(name: str) -> Path:
    """Where the order of a page is kept."""
    return FOLDER / f"{name}.txt"


def _asking(person: Person) -> Iterator[tuple[str, str]]:
    page = person.begin()
    for place in person.path():
        if place.step.key == "check":
            break
        if place.step.key != "start":  # anybody can open it, so it is there already
            yield page.path, page.html
        page = person.answer(page, place)
    yield page.path, page.html
    sent = person.send(page)
    yield sent.path, sent.html
    person.keep_number(sent)
    space = person.come_back()
    yield space.path, space.html
    for below in ("case/messages", "case/contact", "case/more", "case/how", "case/ask", "case/end"):
        page = person.client.visit(person.home + below)
        yield page.path, page.html
