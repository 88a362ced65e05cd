"""A page as a virtual screen reader says it, from its first phrase to "end of document"."""

from __future__ import annotations

import re

from playwright.sync_api import Page

from tools.audit.node import READER

MOST_PHRASES = 3000
END = "end of document"
LANDMARKS = ("banner", "navigation", "main", "contentinfo")
# A role and nothing else: somebody who listens would not know what it is for.
NAMELESS = frozenset(
    {"link", "button", "textbox", "searchbox", "radio", "checkbox", "combobox", "listbox", "img", "image"}
)
TOP_HEADING = re.compile(r"^heading, .+, level 1$")

_READ = """async (most) => {
    const reader = screenReader.virtual;
    await reader.start({container: document.body});
    for (let count = 0; count < most && await reader.lastSpokenPhrase() !== "end of document"; count += 1) {
        await reader.next();
    }
    const said = await reader.spokenPhraseLog();
    await reader.stop();
    return said;
}"""


def heard(page: Page) -> list[str]:
    """Everything that is said, phrase by phrase."""
    if not page.evaluate("typeof screenReader === 'object'"):
        # A script of the debugger's is governed by no policy; what it declares must outlive it.
        page.evaluate(
            READER.read_text(encoding="utf-8").replace("var screenReader", "globalThis.screenReader", 1) + ";null"
        )
    said: list[str] = page.evaluate(_READ, MOST_PHRASES)
    return said


def faults_heard(said: list[str]) -> list[str]:
    """What somebody who listens would miss: an end, a landmark, a heading, the way out among the first, any name."""
    found = []
    if not said or said[-1] != END:
        found.append(f"never comes to an end: {said[-3:]}")
    for landmark in LANDMARKS:
        if not any(phrase == landmark or phrase.startswith(f"{landmark},") for phrase in said):
            found.append(f"no {landmark}")
    headings = [phrase for phrase in said if TOP_HEADING.match(phrase)]
    if len(headings) != 1:
        found.append(f"{len(headings)} headings of level 1")
    links = [phrase for phrase in said if phrase.startswith(("link,", "button,"))]
    # The skip link, the way out for the keyboard, and the way out itself go by the same words.
    if len(links) < 3 or links[1].split(", ")[1] != links[2].split(", ")[1]:
        found.append(f"the way out is not the first after the skip link: {links[:3]}")
    found += [
        f"a {phrase} without a name, after {said[at - 1]!r}" for at, phrase in enumerate(said) if phrase in NAMELESS
    ]
    return found
