"""One language in a real browser: every document under every look, and read out by a virtual screen reader."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from app.domain.languages import Language
from tests.harness.browser import (
    AxeFailed,
    ScrollsSideways,
    Shelf,
    assert_no_sideways_scroll,
    axe,
    launch,
    new_context,
)
from tests.harness.looks import (
    clipped_text,
    exit_out_of_sight,
    order_of_landmarks,
    overlapping_text,
    small_targets,
    tab_stops,
    untranslated,
    words_of,
)
from tools.audit.found import EVERY_LOOK, LOOKS, Document, Finding, Look, Result
from tools.audit.listening import faults_heard, heard
from tools.audit.measuring import validated

ACCENTED, MIRRORED = "en-XA", "ar-XB"
# What a window, a zoom or a device's own colours can change; everything else in axe is the same under each of them.
DEPENDS_ON_LOOK = ("color-contrast", "target-size", "scrollable-region-focusable", "link-in-text-block")
SPOKEN_AS_SEEN = ("label-content-name-mismatch",)
# In words of no sense two labels may come out alike.
NOT_IN_MIRRORED = ("landmark-unique",)
# Two words that are the same in another language prove nothing; three do.
ENOUGH_WORDS = re.compile(r"[A-Za-z]{2,}(?:\W+[A-Za-z'’]+){2,}")
# Pictures of every language show these; of English and of the mirrored one there are all.
ALWAYS_SHOWN = ("", "help-now", "refer/start", "refer/help", "pledge", "case", "return")
QUALITY = 45


@dataclass(frozen=True)
class Task:
    """One language, for one process. `pictures` is the folder that takes them."""

    language: Language
    documents: tuple[Document, ...]
    base_url: str
    names: tuple[str, ...]
    pictures: Path


def look_at_language(task: Task) -> Result:
    """Everything about one language, in a browser of its own."""
    with sync_playwright() as playwright:
        browser = launch(playwright)
        looker = Looker(browser, task.base_url, task.language, names=task.names, pictures=task.pictures)
        try:
            for document in task.documents:
                looker.look_at(document)
        finally:
            looker.close()
            browser.close()
    looker.result.findings += validated(task.language.slug, task.documents)
    return looker.result


class Looker:
    """Looks at the documents of one language. `names` are proper names, the same in every language."""

    def __init__(
        self,
        browser: Browser,
        base_url: str,
        language: Language,
        *,
        names: tuple[str, ...],
        pictures: Path,
    ) -> None:
        self.result = Result(language.slug)
        self._language, self._names, self._pictures = language, names, pictures
        self._context: BrowserContext = new_context(browser, base_url=base_url)
        self._page = self._context.new_page()
        self._live = self._context.new_page()
        self._shelf = Shelf(self._page, base_url, below=f"/{language.slug}/")
        self._orders: Counter[tuple[str, ...]] = Counter()
        self._heard: set[str] = set()

    def close(self) -> None:
        """Close the browser's pages."""
        self._context.close()

    def look_at(self, document: Document) -> None:
        """Every check under every look, on one document."""
        page = self._open(document)
        found = len(self.result.findings)
        for look in LOOKS:
            page.set_viewport_size({"width": look.width, "height": look.height})
            page.emulate_media(forced_colors=look.forced_colours)
            for check, words in self._faults(page, look, is_first=look is LOOKS[0]):
                self._find(document, look.name, check, words)
            if look is LOOKS[0]:
                self._check_once(document, page)
        self.result.count(document)
        shows_all = self._language.slug in {"en", MIRRORED}
        if len(self.result.findings) > found or shows_all or (document.live and document.below in ALWAYS_SHOWN):
            self._take(document, page)

    def _open(self, document: Document) -> Page:
        if document.live:  # as it is where scripts run
            self._live.set_viewport_size({"width": LOOKS[0].width, "height": LOOKS[0].height})
            self._live.goto(document.path)
            return self._live
        self._shelf.show(document.path, document.html)
        return self._page

    def _faults(self, page: Page, look: Look, *, is_first: bool) -> Iterable[tuple[str, str]]:
        """What is wrong under one look, as (check, words)."""
        without = NOT_IN_MIRRORED if self._language.slug == MIRRORED else ()
        only = () if is_first else DEPENDS_ON_LOOK
        yield from _told("axe", lambda: axe(page, without=without, only=only), AxeFailed)
        yield from _told("sideways scroll", lambda: assert_no_sideways_scroll(page), ScrollsSideways)
        yield from (("clipped text", words) for words in clipped_text(page, whole_lists=False))
        yield from (("overlapping text", words) for words in overlapping_text(page))
        yield from (("exit out of sight", words) for words in exit_out_of_sight(page))
        yield from (("small target", words) for words in small_targets(page))

    def _check_once(self, document: Document, page: Page) -> None:
        """What no look changes: language, order, words, names, focus, and what is heard."""
        root = page.locator("html")
        if (said := (root.get_attribute("lang"), root.get_attribute("dir"))) != (
            self._language.tag,
            self._language.dir,
        ):
            self._find(document, EVERY_LOOK, "lang and dir", f"is marked as {said}")
        for check, words in _told("label in name", lambda: axe(page, only=SPOKEN_AS_SEEN), AxeFailed):
            self._find(document, EVERY_LOOK, check, words)
        order, missing = order_of_landmarks(page)
        self._orders[order] += 1
        if missing or order != self._orders.most_common(1)[0][0]:
            self._find(document, EVERY_LOOK, "consistent order", ", ".join(missing or order))
        names = (*self._names, *page.locator("h1[lang]").all_inner_texts())
        if self._language.slug == ACCENTED:
            for words in untranslated(page, names=names):
                self._find(document, EVERY_LOOK, "not marked for translation", words)
        elif self._language.slug != MIRRORED:
            for line in words_of(page):
                if ENOUGH_WORDS.search(_without(names, line)):
                    self.result.lines.setdefault(line, (_name(document), document.state.value))
        page.evaluate("document.activeElement.blur()")
        for stop in tab_stops(page):
            if stop.hidden_at:
                self._find(document, EVERY_LOOK, "focus hidden", f"{stop.name} at {', '.join(stop.hidden_at)}")
            if not stop.is_marked:
                self._find(document, EVERY_LOOK, "focus not marked", stop.name)
        for words in faults_heard(heard(page)):
            self._find(document, EVERY_LOOK, "screen reader", words)

    def _find(self, document: Document, look: str, check: str, words: str) -> None:
        said = " ".join(words.split())[:500]
        self.result.findings.append(
            Finding(self._language.slug, _name(document), document.state.value, look, check, said)
        )

    def _take(self, document: Document, page: Page) -> None:
        """A picture of the whole page on a small phone."""
        page.set_viewport_size({"width": LOOKS[0].width, "height": LOOKS[0].height})
        page.emulate_media(forced_colors="none")
        page.evaluate("scrollTo(0, 0)")
        title = f"{document.below or '(home)'} {document.name} {document.state.value}"
        mark = hashlib.sha256(f"{title}{len(self.result.pictures)}".encode()).hexdigest()[:8]
        name = f"{self._language.slug}-{mark}.jpg"
        page.screenshot(path=self._pictures / name, full_page=True, type="jpeg", quality=QUALITY)
        self.result.pictures.append((title, name))


def english_left(results: Iterable[Result]) -> list[Finding]:
    """Lines of other languages that are English word for word and do not say so (WCAG 3.1.2), once for each language."""
    by_language = {each.language: each for each in results}
    english = by_language.pop("en").lines if "en" in by_language else {}
    return [
        Finding(language, *place, EVERY_LOOK, "English without saying so", line)
        for language, result in by_language.items()
        for line, place in sorted(result.lines.items())
        if line in english
    ]


def _without(names: Iterable[str], line: str) -> str:
    """What a line says beside proper names, which are the same in every language (WCAG 3.1.2)."""
    for name in names:
        line = line.replace(name, "")
    return line


def _name(document: Document) -> str:
    """The page as findings call it."""
    return (document.below or "(home)") + (f" ({document.name})" if document.name else "")


def _told(check: str, look: Callable[[], None], fault: type[AssertionError]) -> list[tuple[str, str]]:
    try:
        look()
    except fault as said:
        return [(check, str(said))]
    return []
