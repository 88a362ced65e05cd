"""Every public page is read out as it was agreed: its landmarks, headings, links and controls by name, in order (WCAG 1.3.2)."""

from __future__ import annotations

import difflib

import pytest

from tests.browser.conftest import Browse
from tests.harness.reading_order import COMMAND, FOLDER, every_order, file_of, order_of
from tests.harness.supervisor import Supervisor


@pytest.mark.requirement("B11")
def test_every_page_is_read_out_in_the_order_that_was_agreed(browse: Browse, site: Supervisor) -> None:
    """When a change is meant, write the orders down anew and look at them: see COMMAND."""
    changed, seen = [], set()
    for name, order in every_order(browse(), site):
        seen.add(name)
        known = file_of(name).read_text(encoding="utf-8") if file_of(name).is_file() else ""
        if order != known:
            difference = difflib.unified_diff(known.splitlines(), order.splitlines(), name, name, lineterm="", n=1)
            changed += list(difference)
    assert not changed, "\n".join(["", *changed, f"If this is meant: {COMMAND}"])
    assert {each.stem for each in FOLDER.glob("*.txt")} == seen, f"pages that are gone: {COMMAND}"


def test_an_order_tells_what_is_heard_and_nothing_that_changes_by_the_day(browse: Browse) -> None:
    page = browse()
    page.set_content(
        """<main><h1>What: "now"?</h1><p>Today is Tuesday 10 March, 10:00</p><nav aria-label=Steps><a href=/x?id=9f3>On</a></nav>
        <form><fieldset><legend>Who</legend><label><input type=radio checked> Me</label></fieldset>
        <button aria-label="Send it">x</button></form></main><img alt="" src=x>"""
    )
    assert order_of(page).splitlines() == [
        "main",
        '  heading "What: \\"now\\"?" [level=1]',
        '  navigation "Steps"',
        '    link "On"',
        '  group "Who"',
        '    radio "Me" [checked]',
        '  button "Send it"',
    ]
