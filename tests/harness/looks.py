"""What can be seen, reached and pressed on a page in a real browser. Each check gives what is wrong with it, one line each.

Sources: WCAG 2.2 - 2.4.11 focus not obscured, 2.4.13 focus appearance, 2.5.5 and 2.5.8 target size, 3.1.1 and 3.1.2
language, 3.2.6 consistent help.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from playwright.sync_api import Page

# Everything a pseudo-translation leaves in brackets ends with tildes: what is left outside was never marked.
TRANSLATED = re.compile(r"\[[^\[\]]*~\s*\]")
LETTER = re.compile(r"[^\W\d_]")
LEAST_TARGET_PX = 24
# WCAG 2.5.5, which our own pages keep where somebody is most likely to be shaking.
GOOD_TARGET_PX = 44
MOST_STOPS = 200

# Text and attributes that people read or hear, one a line. Left out: what is in another language and says so, what people
# typed themselves, numbers, and what must never be translated.
_WORDS = """() => {
    const own = document.documentElement.lang, found = [];
    const skipped = (element) => {
        if (element.closest("script, style, template, bdi, textarea, [translate=no], [href^='tel:'], [href^='sms:']")) {
            return true;
        }
        const said = element.closest("[lang]");
        if (said !== document.documentElement && (said.lang !== own || said.hreflang || said.dir === "auto")) return true;
        const shown = element.closest("select") || element;
        return !shown.checkVisibility();
    };
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
        const node = walker.currentNode;
        if (node.data.trim() && !skipped(node.parentElement)) found.push(node.data);
    }
    const spoken = ["aria-label", "aria-description", "alt", "title", "placeholder"];
    const attributes = [document.title];
    for (const element of document.body.querySelectorAll("*")) {
        if (skipped(element)) continue;
        for (const name of element.getAttributeNames()) {
            if (spoken.includes(name) || name.startsWith("data-i18n.")) attributes.push(element.getAttribute(name));
        }
        if (element.matches("input[type=submit], input[type=button]")) attributes.push(element.value);
    }
    return [found.join("\\n"), ...attributes];
}"""

_SMALL = """([least, within]) => {
    const query = "a[href], button, summary, select, textarea, input:not([type=hidden])";
    // What comes only with the focus is a pixel wide until then.
    const targets = [...document.querySelectorAll(query)].filter((each) => each.checkVisibility() && each.clientWidth !== 1);
    const boxes = targets.map((each) => each.getBoundingClientRect());
    const isSmall = (box) => box.width < least - 0.5 || box.height < least - 0.5;
    const inText = (each) => {
        if (!each.matches("a") || getComputedStyle(each).display !== "inline") return false;
        const block = each.closest("p, li, dd, dt, td, th, h1, h2, h3, h4, div");
        return block.innerText.trim().length > each.innerText.trim().length;
    };
    const isSpaced = (index) => {
        const box = boxes[index], x = box.x + box.width / 2, y = box.y + box.height / 2;
        return boxes.every((other, at) => {
            if (at === index || other.width === 0) return true;
            if (targets[at].contains(targets[index]) || targets[index].contains(targets[at])) return true;
            if (isSmall(other)) {
                return Math.hypot(other.x + other.width / 2 - x, other.y + other.height / 2 - y) >= least;
            }
            const dx = Math.max(other.left - x, 0, x - other.right), dy = Math.max(other.top - y, 0, y - other.bottom);
            return Math.hypot(dx, dy) >= least / 2;
        });
    };
    return targets
        .filter((each, at) => each.closest(within) && isSmall(boxes[at]) && !inText(each) && !isSpaced(at))
        .map((each) => {
            const box = each.getBoundingClientRect();
            return `${Math.round(box.width)} x ${Math.round(box.height)} px: ${each.outerHTML.slice(0, 120)}`;
        });
}"""

# What every page has, and where: compared between pages, the order may never change.
_LANDMARKS = {
    "skip": "a[href='#main']",
    "exit by keyboard": "a[href='/exit'].govuk-skip-link",
    "exit": ".govuk-exit-this-page a[href='/exit']",
    "name": "header a",
    "languages": "nav a[hreflang]",
    "appearance": "nav a[href$='/appearance']",
    "content": "main",
    "talk to a person": "footer #talk",
    "phone": "footer a[href^='tel:']",
    "get help now": "footer a[href$='/help-now']",
}
_ORDER = """(landmarks) => {
    const found = Object.entries(landmarks).map(([name, query]) => [name, document.querySelector(query)]);
    const missing = found.filter(([, each]) => !each || !each.checkVisibility()).map(([name]) => `no ${name}`);
    const there = found.filter(([, each]) => each);
    there.sort(([, a], [, b]) => (a.compareDocumentPosition(b) & Node.DOCUMENT_POSITION_FOLLOWING ? -1 : 1));
    return [there.map(([name]) => name), missing];
}"""

_EXIT_AT_THE_END = """() => {
    const before = [scrollX, scrollY];
    scrollTo(0, 0);
    const top = document.querySelector(".govuk-exit-this-page a").getBoundingClientRect(), range = document.createRange();
    const words = document.createTreeWalker(document.querySelector("header"), NodeFilter.SHOW_TEXT);
    const meets = (box) => Math.min(box.right, top.right) - Math.max(box.left, top.left) > 1
        && Math.min(box.bottom, top.bottom) - Math.max(box.top, top.top) > 1;
    while (words.nextNode()) {
        range.selectNodeContents(words.currentNode);
        if (words.currentNode.data.trim() && [...range.getClientRects()].some(meets)) {
            scrollTo(...before);
            return [`the exit lies upon "${words.currentNode.data.trim()}"`];
        }
    }
    scrollTo(0, document.documentElement.scrollHeight);
    const exit = document.querySelector(".govuk-exit-this-page a"), box = exit.getBoundingClientRect();
    const seen = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
    const inside = box.top >= 0 && box.left >= 0 && box.bottom <= innerHeight
        && box.right <= document.documentElement.clientWidth && box.width >= 44 && box.height >= 44;
    scrollTo(...before);
    if (!inside) return [`the exit is at ${JSON.stringify(box)} after scrolling to the end`];
    return exit.contains(seen) ? [] : [`the exit is covered by ${seen && seen.outerHTML.slice(0, 120)}`];
}"""

_FOCUS = """() => {
    const focused = document.activeElement;
    if (!focused || focused === document.body) return null;
    const name = focused.id || focused.textContent.trim().slice(0, 40);
    // A link that is broken over lines has several boxes: the middle of each must be seen, or of what fits a low window.
    // One that begins on a new line leaves an empty box at the end of the line before: nothing that could be seen.
    const hidden = [...focused.getClientRects()].filter((box) => {
        if (box.width < 1 || box.height < 1) return false;
        const x = box.x + box.width / 2, y = (Math.max(box.top, 0) + Math.min(box.bottom, innerHeight)) / 2;
        const top = document.elementFromPoint(x, y);
        return !top || !(focused.contains(top) || top.contains(focused) && top.tagName === "LABEL");
    });
    // A ring of two pixels or more, around the control itself or around what stands for it.
    const isMarked = (style) => {
        const ring = style.outlineStyle !== "none" ? parseFloat(style.outlineWidth) : 0;
        const shadows = [...style.boxShadow.matchAll(/ 0px 0px 0px ([\\d.]+)px/g)].map((each) => parseFloat(each[1]));
        return Math.max(ring, ...shadows) >= 2;
    };
    const label = focused.labels && focused.labels[0];
    const marks = [getComputedStyle(focused), ...(label ? [getComputedStyle(label, "::before")] : [])];
    return [
        name, focused.name || "", hidden.map((box) => `${Math.round(box.x)},${Math.round(box.y)}`), marks.some(isMarked),
    ];
}"""

_CLIPPED = """(wholeLists) => {
    const found = [], width = document.documentElement.clientWidth, range = document.createRange();
    const tell = (element, text) => found.push(`${text.trim().slice(0, 60)} in ${element.outerHTML.slice(0, 100)}`);
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
        const node = walker.currentNode, parent = node.parentElement;
        if (!node.data.trim() || parent.closest("script, style, noscript, select, textarea")) continue;
        if (!parent.checkVisibility()) continue;
        range.selectNodeContents(node);
        const boxes = [...range.getClientRects()].filter((box) => box.width > 0), around = [];
        for (let each = parent; each !== document.body; each = each.parentElement) around.push(each);
        // What is for the ears only, or comes with the focus, is a pixel wide.
        if (around.some((each) => each.clientWidth === 1 && each.clientHeight === 1)) continue;
        if (boxes.some((box) => box.left < -1 || box.right > width + 1)) tell(parent, node.data);
        for (const each of around) {
            const style = getComputedStyle(each), by = each.getBoundingClientRect();
            const hides = (how) => how === "hidden" || how === "clip";
            const aside = (box) => hides(style.overflowX) && (box.left < by.left - 1 || box.right > by.right + 1);
            // Letters reach a little beyond a tight line.
            const below = (box) => hides(style.overflowY) && (box.top < by.top - 4 || box.bottom > by.bottom + 4);
            if (boxes.some((box) => aside(box) || below(box))) tell(each, node.data);
        }
    }
    for (const select of document.querySelectorAll("select")) {
        const copy = select.cloneNode(true);
        copy.removeAttribute("id");
        if (!wholeLists) [...copy.options].filter((each) => each.index !== select.selectedIndex).forEach((each) => each.remove());
        copy.style.cssText = "position: absolute; visibility: hidden; width: auto; max-width: none; min-width: 0";
        select.after(copy);
        if (copy.offsetWidth > select.offsetWidth + 1) tell(select, `${copy.offsetWidth} px in ${select.offsetWidth} px`);
        copy.remove();
    }
    return found;
}"""

# Lines of text that lie upon each other. The exit's strip may lie over a page that is scrolled, so the page is at its top.
_OVERLAPPING = """() => {
    scrollTo(0, 0);
    const lines = [], range = document.createRange();
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
        const node = walker.currentNode, parent = node.parentElement;
        if (!node.data.trim() || parent.closest("script, style, noscript, select, textarea, svg")) continue;
        if (!parent.checkVisibility({visibilityProperty: true, opacityProperty: true})) continue;
        let isForEars = false;
        for (let each = parent; each !== document.body; each = each.parentElement) {
            isForEars ||= each.clientWidth === 1 && each.clientHeight === 1;
        }
        if (isForEars) continue;
        range.selectNodeContents(node);
        for (const box of range.getClientRects()) {
            // Letters fill about two thirds of their line's box, which lies on its side where words do.
            const isOnItsSide = getComputedStyle(parent).writingMode.startsWith("vertical");
            const trim = isOnItsSide ? 0 : box.height / 6, aside = isOnItsSide ? box.width / 6 : 0;
            if (box.width > 1) {
                lines.push({
                    top: box.top + trim, bottom: box.bottom - trim, left: box.left + aside, right: box.right - aside, node,
                });
            }
        }
    }
    lines.sort((a, b) => a.top - b.top);
    const found = new Set();
    lines.forEach((line, at) => {
        for (let next = at + 1; next < lines.length && lines[next].top < line.bottom; next += 1) {
            const other = lines[next];
            const across = Math.min(line.right, other.right) - Math.max(line.left, other.left);
            const down = Math.min(line.bottom, other.bottom) - other.top;
            if (other.node !== line.node && across > 2 && down > 2) {
                found.add(`${line.node.data.trim().slice(0, 50)} / ${other.node.data.trim().slice(0, 50)}`);
            }
        }
    });
    return [...found];
}"""

_ADDRESSES = """() => [
    ...[...document.querySelectorAll("a[href]")].map((each) => each.href),
    ...[...document.forms].map((each) => each.action),
]"""


@dataclass(frozen=True)
class Stop:
    """One stop of the Tab key: what has the focus, its name in a form, where it is hidden (empty when it can be seen), and
    whether a ring of at least two pixels marks it (WCAG 2.4.13)."""

    name: str
    control: str
    hidden_at: tuple[str, ...]
    is_marked: bool


def untranslated(page: Page, *, names: tuple[str, ...] = ()) -> list[str]:
    """On a page in the accented pseudo-language: what was not marked for translation. `names` are proper names of its title."""
    body, *attributes = page.evaluate(_WORDS)
    left = [line for text in (body, *attributes) for line in _outside_brackets(text).split("\n")]
    for name in names:
        left = [line.replace(name, "") for line in left]
    return [line.strip() for line in left if LETTER.search(line)]


def small_targets(page: Page, *, least: int = LEAST_TARGET_PX, within: str = "main") -> list[str]:
    """WCAG 2.5.8: what in the main part is too small to press. Links within a sentence may be, and what stands well apart.

    `least` is the size in CSS pixels each way; `within` selects the part of the page.
    """
    found: list[str] = page.evaluate(_SMALL, [least, within])
    return found


def order_of_landmarks(page: Page) -> tuple[tuple[str, ...], list[str]]:
    """WCAG 3.2.3 and 3.2.6: the order of what every page has, and what of it is missing."""
    order, missing = page.evaluate(_ORDER, _LANDMARKS)
    return tuple(order), missing


def exit_out_of_sight(page: Page) -> list[str]:
    """What is wrong with the exit: at the top it lies upon the name of the site; once the page is scrolled to its end it is not
    whole, not on top, or has less than 44 px each way."""
    found: list[str] = page.evaluate(_EXIT_AT_THE_END)
    return found


def clipped_text(page: Page, *, whole_lists: bool = True) -> list[str]:
    """Words that are cut off: beyond the window, in a box that hides what does not fit, in a list narrower than a choice.

    Without `whole_lists`, only the choice that a closed list shows counts: opened, the browser shows each in full.
    """
    found: list[str] = page.evaluate(_CLIPPED, whole_lists)
    return found


def overlapping_text(page: Page) -> list[str]:
    """Words that lie upon other words. Scrolls to the top of the page."""
    found: list[str] = page.evaluate(_OVERLAPPING)
    return found


def words_of(page: Page) -> list[str]:
    """Every line of text, seen or spoken, that is in the page's own language: what people typed and names are left out."""
    return [line.strip() for text in page.evaluate(_WORDS) for line in text.split("\n") if line.strip()]


def tab_stops(page: Page, key: str = "Tab") -> list[Stop]:
    """Press a key until the focus leaves the page; raises AssertionError when it never does."""
    stops: list[Stop] = []
    for _ in range(MOST_STOPS):
        page.keyboard.press(key)
        found = page.evaluate(_FOCUS)
        if found is None:
            return stops
        stops.append(Stop(found[0], found[1], tuple(found[2]), found[3]))
    raise AssertionError(f"the focus never leaves {page.url}: {[stop.name for stop in stops[-5:]]}")


def own_addresses(page: Page) -> list[str]:
    """Every address that this page can lead to: links and forms."""
    found: list[str] = page.evaluate(_ADDRESSES)
    return found


def _outside_brackets(text: str) -> str:
    while True:
        shorter = TRANSLATED.sub("", text)
        if shorter == text:
            return text
        text = shorter
