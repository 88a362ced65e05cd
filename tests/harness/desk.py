"""A co-ordinator at a real browser."""

from __future__ import annotations

import re
import time
from collections.abc import Callable

from playwright.sync_api import Locator, Page

from tests.harness.people import CO_ORDINATOR

# Between two looks: the courier makes a pass every two seconds.
LOOKS_EVERY_MS = 250
COMES_WITHIN_SECONDS = 30.0


class Desk:
    """One colleague at one browser page."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.main = page.locator("main")

    def sign_in(self, who: str = CO_ORDINATOR) -> None:
        """Sign in for development; leads to the queue."""
        self.page.goto("/sign-in")
        self.main.locator(f"input[name=who][value={who}]").check()
        self.main.locator("button").click()
        self.page.wait_for_url(lambda url: url.rstrip("/").count("/") == 2)
        self.page.goto("/queue")

    def row(self, reference: str) -> Locator:
        """The row of the queue with this reference, however it is spaced."""
        return self.main.locator("tbody tr").filter(has_text=re.compile(r"\s*".join(reference)))

    def open_case(self, reference: str) -> None:
        """Go to a case by its link in the queue, as soon as the post has brought it. Raises AssertionError."""
        self.page.goto("/queue")
        until(self.page, lambda: self.main, re.compile(r"\s*".join(reference)))
        self.row(reference).get_by_role("link").first.click()
        self.page.wait_for_url("**/cases/*")

    def press(self, action: str) -> None:
        """Press the button of the form that does this."""
        self.main.locator(f"form[action$='/{action}'] button:not([name=keep])").click()


def until(page: Page, look: Callable[[], Locator], words: re.Pattern[str] | str) -> None:
    """Reload the page until it says this: nobody presses anything. Raises AssertionError when it never does."""
    deadline = time.monotonic() + COMES_WITHIN_SECONDS
    while not any(re.search(words, text) for text in look().all_inner_texts()):
        assert time.monotonic() < deadline, f"{page.url} never says {words}: {look().all_inner_texts()}"
        page.wait_for_timeout(LOOKS_EVERY_MS)
        page.reload()
