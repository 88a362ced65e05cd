"""What must be true of a page that says what to mend: every error leads to its field, and stands at it in the same words.

Sources: WCAG 2.2 - 1.3.1, 2.4.3, 3.3.1, 3.3.3, 3.3.7; WAI-ARIA 1.2, aria-describedby.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.harness.pages import Element, Page
from tools.catalogues import KEPT

CONTROLS = frozenset({"input", "select", "textarea", "button"})
SAID_BY = frozenset({"ValidationError", "StopValidation", "Length", "DataRequired", "need_words"})
PUT_AT_A_FIELD = frozenset({"errors", "message", "ordinal"})
MARKED = frozenset({"_l", "gettext", "ngettext"})


@dataclass(frozen=True)
class Mend:
    """One line of the summary: its words, and the id of the control that it leads to."""

    words: str
    control: str


def mends(page: Page) -> list[Mend]:
    """What a page says is to be mended, in order."""
    return [
        Mend(link.text, link.attributes.get("href", "").removeprefix("#"))
        for summary in _of_class(page.root, "govuk-error-summary")
        for link in summary.all("a")
    ]


def untied(page: Page) -> list[str]:
    """What is wrong with how a page says what to mend, one line each."""
    found = []
    controls = [each for each in page.main.walk() if each.name in CONTROLS]
    around = {id(inner): outer for outer in page.main.all("fieldset") for inner in outer.walk()}
    told = mends(page)
    summaries = _of_class(page.root, "govuk-error-summary")
    if len(summaries) != 1 or not told:
        return [f"{len(summaries)} summaries with {len(told)} links"]
    if len(summaries[0].all("li")) != len(told):
        found.append("a line of the summary leads nowhere")
    if summaries[0] is not _first(page.main, "div", "h1"):
        found.append("something stands before the summary")
    for mend in told:
        control = next((each for each in controls if each.attributes.get("id") == mend.control), None)
        if control is None or control.attributes.get("type") == "hidden":
            found.append(f"{mend.words!r} leads to #{mend.control}, where nothing can be mended")
            continue
        message = page.main.find(f"{mend.control}-error")
        if message is None or mend.words not in message.text:
            found.append(f"{mend.words!r} is not said at #{mend.control}")
        fieldset = around.get(id(control))
        said_by = control.attributes.get("aria-describedby", "").split()
        said_by += fieldset.attributes.get("aria-describedby", "").split() if fieldset is not None else []
        if f"{mend.control}-error" not in said_by:
            found.append(f"{mend.control} is not described by its error")
    places = [
        index for mend in told for index, each in enumerate(controls) if each.attributes.get("id") == mend.control
    ]
    if places != sorted(places):
        found.append(f"the summary is not in the order of the page: {[mend.control for mend in told]}")
    if {mend.control for mend in told} != {
        each.attributes.get("id", "").removesuffix("-error") for each in _of_class(page.main, "govuk-error-message")
    }:
        found.append("the summary and the fields do not tell of the same errors")
    return found


def messages_of(*sources: Path) -> set[str]:
    """The words of every error that these modules can give: what they raise, hand to a validator, or put at a field."""
    found: set[str] = set()
    for source in sources:
        tree = ast.parse(source.read_text(encoding="utf-8"))
        inside = {
            id(each)
            for function in ast.walk(tree)
            if isinstance(function, ast.FunctionDef)
            for each in ast.walk(function)
        }
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in SAID_BY:
                found.update(_marked(node))
            elif isinstance(node, ast.Assign | ast.AnnAssign) and id(node) in inside:
                targets = node.targets if isinstance(node, ast.Assign) else [node.target]
                if any(getattr(each, "attr", getattr(each, "id", "")) in PUT_AT_A_FIELD for each in targets):
                    found.update(_marked(node))
    return found


def said_as(messages: Iterable[str], words: str, *, turn: object = None) -> set[str]:
    """Which of these messages the words on a page are, in the made-up language that `turn` makes."""
    return {each for each in messages if re.fullmatch(_pattern(each, turn), words)}


def _pattern(message: str, turn: object) -> str:
    shown = turn(message) if callable(turn) else message
    shown = " ".join(shown.split())
    return "".join(".+" if part.startswith("%(") else re.escape(part) for part in KEPT.split(shown))


def _marked(node: ast.AST) -> Iterator[str]:
    for each in ast.walk(node):
        if isinstance(each, ast.Call) and getattr(each.func, "id", "") in MARKED:
            yield from (
                argument.value
                for argument in each.args[: 2 if getattr(each.func, "id", "") == "ngettext" else 1]
                if isinstance(argument, ast.Constant) and isinstance(argument.value, str)
            )


def _of_class(root: Element, name: str) -> list[Element]:
    return [each for each in root.walk() if name in each.attributes.get("class", "").split()]


def _first(root: Element, *names: str) -> Element | None:
    """The first element of these names that says something by itself, beside the grid that everything stands in."""
    return next(
        (
            each
            for each in root.all(*names)
            if not each.attributes.get("class", "").startswith(("govuk-grid", "govuk-width"))
        ),
        None,
    )
