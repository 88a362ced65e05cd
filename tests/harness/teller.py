"""Somebody from the stories who goes by what the page says: they find each control by its role and its words.

The ids of a story's answers only say which choice is meant; its words are read from the page, whatever their language, and
the control that goes by these words must be that one and no other.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from playwright.sync_api import Locator, Page

from tests.harness.hands import Hands
from tests.harness.pace import Effort
from tests.harness.pages import Filled
from tests.harness.walker import Look, Walker, just_walk_on
from tests.stories import Story

ROLES = {"radio": "radio", "checkbox": "checkbox", "select-one": "combobox", "submit": "button"}
WITHOUT_SENSE = "ar-XB"

# Controls with these names, as they stand on the page: the words of each, and those of the group it belongs to.
_OFFERED = """(main, names) => {
    const words = (element) => element ? element.innerText.trim().replace(/\\s+/g, " ") : "";
    return [...main.querySelectorAll("input, select, textarea, button")].filter((each) => names.includes(each.name)).map(
        (each) => ({
            id: each.id, name: each.name, kind: each.type, value: each.value,
            words: words(each.type === "submit" ? each : each.labels[0]),
            group: words(each.closest("fieldset") && each.closest("fieldset").querySelector("legend")),
            options: each.options ? [...each.options].map((option) => [option.value, option.text.trim()]) : [],
        })
    );
}"""
# What is read before a control is pressed, and its own words. Closed lists and words for screen readers only are not.
_READ_UNTIL = """(pressed) => {
    const main = document.querySelector("main"), found = [];
    const texts = document.createTreeWalker(main, NodeFilter.SHOW_TEXT);
    while (texts.nextNode()) {
        const text = texts.currentNode, parent = text.parentElement;
        const comes = pressed.compareDocumentPosition(text);
        if (comes & Node.DOCUMENT_POSITION_FOLLOWING && !pressed.contains(text)) break;
        if (parent.closest("script, select, textarea, .govuk-visually-hidden") || !parent.checkVisibility()) continue;
        found.push(text.data);
    }
    return found.join(" ");
}"""
# Whether a page asks for anything, and how far along it says one is.
# Digits of any script: their code ends in what they stand for.
_SHOWN = """(main) => [
    [...main.querySelectorAll("form input:not([type=hidden]), form select, form textarea")].length > 0,
    main.querySelector("#progress") ? main.querySelector("#progress").innerText.match(/\\p{Nd}+/gu).map(
        (number) => Number([...number].map((digit) => digit.codePointAt(0) & 15).join(""))) : [],
]"""


@dataclass(frozen=True)
class Shown:
    """A page of the request that came: where, whether it has fields, and "question 2 of 5" as (2, 5)."""

    path: str
    asks: bool
    numbered: tuple[int, ...]


@dataclass(frozen=True)
class Offered:
    """A control as the page offers it."""

    id: str
    name: str
    kind: str
    value: str
    words: str
    group: str
    options: tuple[tuple[str, str], ...]


class Teller(Walker):
    """One person at one browser page, who goes by what it says; counts what they read and do, and the pages that come."""

    def __init__(
        self,
        page: Page,
        story: Story,
        *,
        language: str = "en",
        look: Look = just_walk_on,
        hands: Hands | None = None,
    ) -> None:
        super().__init__(page, story, language=language, look=look, hands=hands)
        # In words of no sense two choices may be called the same.
        self._words_tell_apart = language != WITHOUT_SENSE
        self.effort = Effort()
        self.to_number = Effort()
        self.shown: list[Shown] = []
        self.chosen: list[str] = []

    def at(self, path: str) -> None:
        """Wait until the browser is at this address below the language, look, and note what came."""
        super().at(path)
        asks, numbered = self.main.evaluate(_SHOWN)
        self.shown.append(Shown(path, asks, tuple(numbered)))
        self.effort.pages += 1

    def use(self, target: Locator) -> None:
        """Read the page as far as a link or a button, and press that."""
        self.effort.read(target.evaluate(_READ_UNTIL))
        self.effort.choices += 1
        super().use(target)

    def fill(self, answer: Mapping[str, Filled]) -> None:
        """Fill in what the page asks, from its top to its end. Raises AssertionError for what it does not offer."""
        wanted = {name: value for name, value in answer.items() if value not in ("", ())}
        offered = self._offered(list(wanted))
        for name, value in wanted.items():
            meant = [each for each in offered if each.name == name and _means(each, value)]
            expected = len(value) if isinstance(value, tuple) else 1
            assert len(meant) == expected, f"{self.page.url} offers {len(meant)} of {name}={value!r}"
        for each in offered:
            if _means(each, wanted[each.name]):
                self._give(each, wanted[each.name])

    def send(self) -> None:
        """Press "send" on the page to check, and read the number."""
        super().send()
        self.to_number = replace(self.effort)

    def _give(self, control: Offered, value: Filled) -> None:
        target = self._by_words(control)
        self.effort.choices += 1
        if control.kind == "submit":
            self.effort.choices -= 1
            self.use(target)
        elif control.kind in {"radio", "checkbox"}:
            self.hands.tick(target)
            self.chosen.append(control.words)
        elif control.kind == "select-one":
            words = dict(control.options)[str(value)]
            self.hands.pick(target, words)
            self.chosen.append(words)
        else:
            self.hands.write(target, str(value))
            self.effort.characters += len(str(value))

    def _offered(self, names: list[str]) -> list[Offered]:
        found: list[dict[str, Any]] = self.main.evaluate(_OFFERED, names)
        return [Offered(**{**each, "options": tuple(map(tuple, each["options"]))}) for each in found]

    def _by_words(self, control: Offered) -> Locator:
        """The control that goes by these words, in the group that goes by those: as a screen reader would say them."""
        scope = self.main.get_by_role("group", name=control.group, exact=True) if control.group else self.main
        named = scope.get_by_role(ROLES.get(control.kind, "textbox"), name=control.words, exact=True)  # type: ignore[arg-type]
        # One control only, or Playwright refuses.
        return named if self._words_tell_apart else named.and_(self.main.locator(f"[id='{control.id}']"))


def _means(control: Offered, value: Filled) -> bool:
    """Whether a person who wants this value of the field would touch this control."""
    if isinstance(value, bool):
        return value and control.kind == "checkbox"
    if control.kind in {"radio", "checkbox", "submit"}:
        return control.value in ((value,) if isinstance(value, str) else value)
    return True
