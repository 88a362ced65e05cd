"""The whole path through both sides' pages and the real post; and that the audit of pages would notice."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.harness.audit import header_problems, page_problems
from tests.harness.pages import NotOffered, Page
from tests.harness.people import GATEKEEPER, Colleague, Person
from tests.harness.sides import Sides
from tests.stories import PARENT, STORIES, Story

AskedBy = Callable[..., Person]
SOUND = (
    '<!DOCTYPE html><html lang="en-GB" dir="ltr"><head><title>A page</title></head>'
    '<body><main id="main"><h1>A page</h1></main></body></html>'
)


@pytest.mark.requirement("A1")
@pytest.mark.requirement("A3")
@pytest.mark.requirement("E1")
def test_somebody_asks_and_is_answered(sides: Sides, person: AskedBy, colleague: Colleague) -> None:
    marie = person(PARENT)
    number = marie.ask()
    assert len(number) == 24

    # Nobody has collected it yet: the space says that it waits here.
    returned = marie.come_back()
    assert returned.path == "/en/case"
    waiting = returned.part("delivery")
    sides.deliver()
    received = marie.space().part("delivery")
    assert received != waiting

    # At the desk: in the queue by its reference, opened by a deliberate act only.
    case = colleague.case(marie.reference)
    colleague.claim(case)
    assert "07700 900111" not in colleague.case(marie.reference).text
    case = colleague.open(case)
    assert marie.story.name in case.text
    colleague.send_status(case, "working")
    colleague.write(case, "I am Amira. I have read what you wrote.")
    sides.deliver()

    # Back with the number, in another browser.
    again = person(PARENT)
    again.number = number
    news = again.come_back()
    assert news.part("delivery") not in {waiting, received}
    assert "I am Amira. I have read what you wrote." in news.text
    space = again.write(PARENT.message)
    assert PARENT.message in space.text
    assert again.sign_out().path == "/en/"

    assert PARENT.message not in colleague.case(marie.reference).text
    sides.deliver()
    assert PARENT.message in colleague.case(marie.reference).text


@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.key)
def test_every_story_can_be_told(sides: Sides, person: AskedBy, colleague: Colleague, story: Story) -> None:
    """Each of them gets through, and what they chose arrives as they chose it."""
    asking = person(story)
    asking.ask()
    sides.deliver()
    if story.is_for_few:
        with pytest.raises(NotOffered):
            colleague.case(asking.reference)
        colleague = Colleague(sides.hub_client())
        colleague.sign_in(GATEKEEPER)
    case = colleague.open(colleague.case(asking.reference))
    assert story.name in case.text
    assert story.code_word in case.text


@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
def test_the_number_opens_one_space_only(person: AskedBy) -> None:
    first, second = person(), person()
    first.ask()
    second.ask()
    mixed = first.number[:6] + second.number[6:]
    assert first.come_back(mixed).path == "/en/return"
    assert first.come_back().path == "/en/case"


@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
def test_a_driver_finds_only_what_a_page_offers(person: AskedBy) -> None:
    page = person().begin()
    with pytest.raises(NotOffered):
        page.form("device").filled({"device": "a friend's"})
    with pytest.raises(NotOffered):
        page.form("address")


def test_the_audit_passes_a_sound_page() -> None:
    assert page_problems(SOUND) == []


@pytest.mark.parametrize(
    ("sound", "broken"),
    [
        ("<h1>A page</h1>", ""),
        ("<h1>A page</h1>", "<h1>A page</h1><h1>Another</h1>"),
        ("<h1>A page</h1>", '<h1 id="main">A page</h1>'),
        ("<h1>A page</h1>", "<h1>A page</h2>"),
        ("<h1>A page</h1>", "<h1>A page</h1><p>A & B &nosuch;"),
        ("<h1>A page</h1>", '<h1 style="color: red">A page</h1>'),
        ("<h1>A page</h1>", '<h1>A page</h1><a href="#nowhere">On</a>'),
        ("<h1>A page</h1>", '<h1>A page</h1><label for="nobody">Name</label>'),
        ("<title>A page</title>", "<title> </title>"),
        (' lang="en-GB"', ""),
        (' dir="ltr"', ""),
        ("<!DOCTYPE html>", ""),
    ],
)
def test_the_audit_notices_a_bad_page(sound: str, broken: str) -> None:
    assert page_problems(SOUND.replace(sound, broken)) != []


@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
def test_the_audit_notices_a_missing_or_loosened_header(sides: Sides) -> None:
    sent = dict(sides.portal_client().get("/healthz").headers)
    assert header_problems(sent) == []
    for name in ("Content-Security-Policy", "Referrer-Policy", "Permissions-Policy", "Cache-Control"):
        assert header_problems({each: value for each, value in sent.items() if each != name}) != []
    policy = sent["Content-Security-Policy"]
    assert header_problems({**sent, "Content-Security-Policy": policy + "; connect-src *"}) != []
    assert header_problems({**sent, "Content-Security-Policy": policy.replace("'none'", "'self'")}) != []


FORM = """
<main><form method="post">
  <input type="hidden" name="a" value="1">
  <input type="checkbox" name="b" value="x" checked><input type="checkbox" name="b" value="y">
  <select name="c"><option value="p">P</option><option value="q" selected>Q</option></select>
  <textarea name="d">one</textarea>
  <button name="leave" value="1">Leave</button>
</form></main>
"""


def test_a_form_is_sent_as_a_browser_sends_it() -> None:
    form = Page(url="/en/x?y=1", status=200, headers={}, html=FORM).form("b")
    assert form.action == "/en/x"
    assert form.filled() == [("a", "1"), ("b", "x"), ("c", "q"), ("d", "one"), ("leave", "1")]
    changed = form.filled({"b": ("y",), "c": "p", "d": "two\nlines"})
    assert changed[1:4] == [("b", "y"), ("c", "p"), ("d", "two\r\nlines")]
