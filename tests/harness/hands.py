"""How somebody works a page: with a pointer, or with the keyboard alone."""

from __future__ import annotations

from typing import Protocol

from playwright.sync_api import Locator

MOST_STOPS = 200

# Whether the focus is on this control; the Tab key stops once at a group of radio buttons.
_IS_REACHED = """(wanted) => {
    const focused = document.activeElement;
    return focused === wanted || (wanted.type === "radio" && focused.type === "radio" && focused.name === wanted.name);
}"""
_HAS_FOCUS = "(wanted) => document.activeElement === wanted"
_NOTHING_HAS_FOCUS = "document.activeElement === document.body"
_IS_ON_THE_WAY_IN = "document.activeElement.getAttribute('href') === '#main'"
_PICKED = "(list) => list.options[list.selectedIndex].text.trim()"
_COUNT = "(list) => list.options.length"


class OutOfReach(AssertionError):
    """No key leads to a control, or to a choice."""


class Hands(Protocol):
    """Everything that anybody can do to a page."""

    def press(self, target: Locator) -> None:
        """Press a link or a button."""

    def tick(self, target: Locator) -> None:
        """Choose a radio button or tick a box."""

    def write(self, target: Locator, text: str) -> None:
        """Write text into an empty field."""

    def pick(self, target: Locator, words: str) -> None:
        """Choose the option with these words from a list."""


class Pointer:
    """A finger or a mouse."""

    def press(self, target: Locator) -> None:
        """Press a link or a button."""
        target.click()

    def tick(self, target: Locator) -> None:
        """Choose a radio button or tick a box."""
        target.check()

    def write(self, target: Locator, text: str) -> None:
        """Write text into an empty field."""
        target.fill(text)

    def pick(self, target: Locator, words: str) -> None:
        """Choose the option with these words from a list."""
        target.select_option(label=words)


class Keys:
    """The keyboard, and nothing else. Every method raises OutOfReach when the keys do not lead there."""

    def press(self, target: Locator) -> None:
        """Press a link or a button."""
        self._reach(target)
        target.page.keyboard.press("Enter")

    def tick(self, target: Locator) -> None:
        """Choose a radio button or tick a box."""
        self._reach(target)
        for _ in range(MOST_STOPS):
            if target.evaluate(_HAS_FOCUS):
                if not target.is_checked():
                    target.page.keyboard.press("Space")
                return
            target.page.keyboard.press("ArrowDown")
        raise OutOfReach(f"no arrow key leads to {target}")

    def write(self, target: Locator, text: str) -> None:
        """Write text into an empty field."""
        self._reach(target)
        target.page.keyboard.type(text)

    def pick(self, target: Locator, words: str) -> None:
        """Choose the option with these words from a list."""
        self._reach(target)
        target.page.keyboard.press("Home")  # something further down may be chosen already
        for _ in range(target.evaluate(_COUNT)):
            if target.evaluate(_PICKED) == words:
                return
            target.page.keyboard.press("ArrowDown")
        raise OutOfReach(f"no arrow key leads to {words!r}")

    def _reach(self, target: Locator) -> None:
        """Tab to a control. On a fresh page the first stop leads past what stands on every page."""
        page = target.page
        if page.evaluate(_NOTHING_HAS_FOCUS):
            page.keyboard.press("Tab")
            if page.evaluate(_IS_ON_THE_WAY_IN):
                page.keyboard.press("Enter")
        for _ in range(MOST_STOPS):
            if target.evaluate(_IS_REACHED):
                return
            page.keyboard.press("Tab")
        raise OutOfReach(f"no Tab leads to {target} on {page.url}")
