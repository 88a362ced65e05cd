"""A real Chromium: how it is started, what it may reach, and what every page in it must pass."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit
from weakref import WeakKeyDictionary, WeakSet

from playwright.sync_api import Browser, BrowserContext, Page, Playwright, Request, Route

from tests.harness.supervisor import ROOT
from tools.programs import chromium_path

# Nothing of its own reaches the network, and no name but the loopback's resolves.
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
)
LOOPBACK = frozenset({"127.0.0.1", "localhost"})
# Where the exit leads, and the only place away from the site that a page may ask for.
NEUTRAL_HOST = "www.bbc.co.uk"
AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
AXE_TAGS = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")
PHONE, DESKTOP = (320, 640), (1280, 900)
STEP_TIMEOUT_MS = 10_000
SCRIPTS = re.compile(r"<script\b.*?</script>", re.DOTALL | re.IGNORECASE)
NOSCRIPT_TAGS = re.compile(r"</?noscript\b[^>]*>", re.IGNORECASE)

# An address of either side at which there is nothing to see: a place for a document that was not sent from there.
NO_PAGE = "/healthz"

_without_scripts: WeakSet[BrowserContext] = WeakSet()
_copies: WeakKeyDictionary[BrowserContext, Page] = WeakKeyDictionary()


class AxeFailed(AssertionError):
    """A page has accessibility faults. The text lists them with the elements."""


class ReachedElsewhere(AssertionError):
    """A page asked for something away from the site."""


class ScrollsSideways(AssertionError):
    """A page is wider than its window. The text names what sticks out."""


class Guard:
    """Watches every request of a context. `left` are the requests for the exit's neutral site, which never arrive."""

    def __init__(self, context: BrowserContext) -> None:
        self.left: list[str] = []
        self.elsewhere: list[str] = []
        self.broken: list[str] = []
        context.on("request", self._watch)
        context.on("weberror", lambda error: self.broken.append(str(error.error)))

    def assert_clean(self) -> None:
        """Raises ReachedElsewhere, and AssertionError when a script failed."""
        if self.elsewhere:
            raise ReachedElsewhere(f"requests away from the site: {self.elsewhere}")
        assert not self.broken, f"scripts failed: {self.broken}"

    def _watch(self, request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme in {"http", "https", "ws", "wss"} and parts.hostname not in LOOPBACK:
            is_exit = parts.hostname == NEUTRAL_HOST and request.is_navigation_request()
            (self.left if is_exit else self.elsewhere).append(request.url)


def launch(playwright: Playwright) -> Browser:
    """Start the Chromium that `tools/programs.py` finds."""
    return playwright.chromium.launch(executable_path=chromium_path(), args=list(FLAGS))


def new_context(
    browser: Browser,
    *,
    base_url: str,
    javascript: bool = True,
    size: tuple[int, int] = DESKTOP,
    **options: Any,
) -> BrowserContext:
    """A browser of its own: no cookies, no cache. `options` go to Playwright (`color_scheme`, `forced_colors`, `locale` ...)."""
    options.setdefault("locale", "en-GB")
    context = browser.new_context(
        base_url=base_url,
        java_script_enabled=javascript,
        viewport={"width": size[0], "height": size[1]},
        ignore_https_errors=base_url.startswith("https://"),
        **options,
    )
    context.set_default_timeout(STEP_TIMEOUT_MS)
    if not javascript:
        _without_scripts.add(context)
    return context


def axe(page: Page, *, without: tuple[str, ...] = (), only: tuple[str, ...] = ()) -> None:
    """Check a page as it stands with axe, WCAG 2.2 A and AA and best practices. Raises AxeFailed.

    `without` names rules to leave out; say why where you do. `only` names rules to check instead of all. A page without
    scripts is checked as a copy, because axe itself is one.
    """
    checked = _copy_of(page) if page.context in _without_scripts else page
    _axe(checked, address=page.url, without=without, only=only)


def assert_no_sideways_scroll(page: Page) -> None:
    """WCAG 1.4.10: the page fits its window. Raises ScrollsSideways."""
    found = page.evaluate(
        """() => {
            const root = document.scrollingElement, width = document.documentElement.clientWidth;
            if (root.scrollWidth <= width) return null;
            const outside = [...document.body.querySelectorAll("*")].filter((element) => {
                const box = element.getBoundingClientRect();
                return box.width > 0 && (box.right > width + 0.5 || box.left < -0.5);
            });
            return [root.scrollWidth, width, outside.slice(0, 5).map((element) => element.outerHTML.slice(0, 160))];
        }"""
    )
    if found:
        scroll, width, outside = found
        raise ScrollsSideways("\n  ".join([f"{page.url}: {scroll} px in a window of {width} px", *outside]))


def without_scripts(html: str) -> str:
    """The document as a browser takes it in which no script runs."""
    return NOSCRIPT_TAGS.sub("", SCRIPTS.sub("", html))


class Shelf:
    """Shows documents that were fetched before, at their own addresses and with the site's own styles, as without scripts.

    So a page that only a post brings can be looked at without sending anything, and axe can run on it where it stands.
    """

    def __init__(self, page: Page, base_url: str, *, below: str) -> None:
        """`below` is the path under which every address is a document, such as "/en/"."""
        self.page, self._base_url, self._html = page, base_url, ""
        page.route(lambda url: url.startswith(base_url + below), self._answer)

    def show(self, path: str, html: str) -> None:
        """Open the document, as if it had come from there."""
        self._html = without_scripts(html)
        self.page.goto(self._base_url + path)

    def _answer(self, route: Route) -> None:
        route.fulfill(body=self._html, content_type="text/html; charset=utf-8")


def _axe(page: Page, *, address: str, without: tuple[str, ...], only: tuple[str, ...]) -> None:
    if not page.evaluate("typeof axe === 'object'"):
        page.evaluate(AXE.read_text(encoding="utf-8") + ";null")  # by the debugger's way in, which no policy governs
    result = page.evaluate(
        "(options) => axe.run(document, options)",
        {
            "runOnly": {"type": "rule", "values": list(only)} if only else {"type": "tag", "values": list(AXE_TAGS)},
            "rules": {rule: {"enabled": False} for rule in without},
            "resultTypes": ["violations"],
        },
    )
    assert only or result["passes"] or result["violations"], "axe has not looked at anything"
    if result["violations"]:
        lines = [line for fault in result["violations"] for line in _fault_lines(fault)]
        raise AxeFailed("\n  ".join([f"{address}: {len(result['violations'])} faults", *lines]))


def _fault_lines(fault: dict[str, Any]) -> list[str]:
    lines = [f"{fault['id']} ({fault['impact']}): {fault['help']}"]
    for node in fault["nodes"][:5]:
        summary = " ".join(str(node.get("failureSummary", "")).split())
        lines += [f"  {' '.join(map(str, node['target']))}", f"    {node['html'][:200]}", f"    {summary}"]
    return lines


def _copy_of(page: Page) -> Page:
    """The same document, without its scripts, on the same site in a context in which axe can run.

    Each context without scripts has one such page beside it, which goes on to the next document: a new one costs more
    than axe itself. It ends with the browser.
    """
    browser, size = page.context.browser, page.viewport_size
    assert browser is not None
    assert size is not None
    if page.context not in _copies:
        _copies[page.context] = browser.new_context(ignore_https_errors=True).new_page()
    copy = _copies[page.context]
    copy.set_viewport_size(size)
    copy.goto(urljoin(page.url, NO_PAGE))
    copy.set_content(without_scripts(page.content()))
    return copy


def axe_is_there() -> bool:
    """True when the build has put axe in its place."""
    return Path(AXE).is_file()
