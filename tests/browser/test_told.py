"""Twelve people are heard: each story from the home page to an answer that is read, in a real browser.

They go by what the pages say. Between them they use every combination of scripts or none, a small phone or a desktop, and
plain English, longer words or right-to-left; one of them has a keyboard and nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import product

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.conftest import Browse
from tests.harness.browser import DESKTOP, PHONE, Guard, assert_no_sideways_scroll, new_context
from tests.harness.desk import Desk, until
from tests.harness.hands import Keys
from tests.harness.people import CO_ORDINATOR, GATEKEEPER
from tests.harness.supervisor import Supervisor
from tests.harness.teller import Teller
from tests.stories import STORIES, Story

DeskOf = Callable[[str], Desk]
# The whole short request: start, five questions, the page to check, and the number.
PAGES = ("start", "who", "help", "about", "police", "reply", "check", "sent")
QUESTIONS = ("who", "help", "about", "police", "reply")
# What only some people meet: pages to read, and pages that ask for something without which nobody could answer them well.
TO_READ = {"risk", "reading", "after-loss", "sexual", "exploited"}
ASKED_OF_SOME = {"brother": {"loss"}, "fifteen": {"young"}, "worker": {"interpreter"}, "professional": {"work"}}
# For whom the home page's "5 to 10 minutes" is 5 when they skim. Who reads every word needs longer: see the printed table.
WITHIN_FIVE_MINUTES = {"brother", "neighbour", "student", "witness", "reader"}
MINUTES = 5.0
# Told each time, with and without scripts; all twelve in `make audit`.
ALWAYS = {"watched", "fifteen"}
# Shorter words could be anywhere by chance.
LONG_ENOUGH_TO_KNOW = 5


@dataclass(frozen=True)
class How:
    """How somebody meets the site."""

    scripts: bool
    size: tuple[int, int]
    language: str
    by_keyboard: bool = False


@dataclass(frozen=True, kw_only=True)
class AtDesk:
    """What the desk must make of a request on a Tuesday at ten: the words that stand there, and the ways that are open now.

    `answer` is what the colleague writes, or what the `receipt` that they choose says. Every address of another way stays hidden.
    """

    answer: str
    says: tuple[str, ...]
    open_now: tuple[str, ...] = ()
    who: str = CO_ORDINATOR
    receipt: str = ""


HOW = {
    "parent": How(True, PHONE, "en"),
    "brother": How(False, PHONE, "en-XA"),
    "neighbour": How(False, DESKTOP, "en"),
    "watched": How(True, PHONE, "en-XA"),
    "fifteen": How(False, PHONE, "en"),
    "worker": How(True, PHONE, "ar-XB"),
    "deaf": How(True, DESKTOP, "en-XA"),
    "student": How(True, DESKTOP, "ar-XB"),
    "targeted": How(False, PHONE, "ar-XB"),
    "professional": How(True, DESKTOP, "en", by_keyboard=True),
    "witness": How(False, DESKTOP, "en-XA"),
    "reader": How(False, DESKTOP, "ar-XB"),
}
AT_DESK = {
    "parent": AtDesk(
        says=("Marie", "To my child", "Hurt or threatened"),
        open_now=("call", "email"),
        answer="I can talk with you first. Your son need not come.",
    ),
    "brother": AtDesk(
        says=("Danny Marsh", "no survey", "Text message"),
        answer="We are sorry about Danny. Nothing must be done this week.",
    ),
    "neighbour": AtDesk(
        says=("trouble nearby that is still going on", "Ask for the name above"),
        answer="From now on you have one name to ring. It is mine.",
    ),
    "watched": AtDesk(
        who=GATEKEEPER,
        says=("Gatekeepers only", "the blue curtains", "Gareth Pell", "only on Thursdays", "Ruth"),
        answer="We ring nobody but the person you named, and only when you said.",
    ),
    "fifteen": AtDesk(
        says=("under 18", "May be at risk", "I would rather not say"),
        answer="No, we do not have to tell her that you wrote.",
    ),
    "worker": AtDesk(
        says=("Lithuanian", "Not someone from my community", "made to work", "May be at risk"),
        answer="We ring on Sunday and in your language.",
    ),
    "deaf": AtDesk(
        says=(
            "BSL",
            "Not a relative",
            "For themselves, with help",
            "Not chosen, so never: Phone call",
        ),
        open_now=("text", "letter", "relay", "bsl"),
        answer="We text before anyone comes.",
    ),
    "student": AtDesk(
        says=("Do not contact them", "Only in the space", "I might tell them"),
        answer="You decide. Some things are easier in the first days; I explain them here.",
    ),
    "targeted": AtDesk(
        says=("Polish", "targeted for who they are", "May be at risk"),
        answer="Somebody who speaks Polish rings in the evening.",
    ),
    "professional": AtDesk(
        says=("Asked by a professional", "public number", "Riverside Outreach", "9 March, at the drop-in"),
        open_now=("call", "email"),
        answer="The Hub could take this on.",
        receipt="taken-on",
    ),
    "witness": AtDesk(
        says=("I saw or heard it", "News of a police or court case", "Outside"),
        open_now=("text",),
        answer="You can ask for a screen, and wait in another room.",
    ),
    "reader": AtDesk(
        says=("Something to read is enough", "Do not contact them"),
        answer="There is more to read here whenever you want it.",
    ),
}


@pytest.fixture(scope="module")
def desk_of(chromium: Browser, site: Supervisor) -> Iterator[DeskOf]:
    """The desk of a colleague, who signs in once."""
    desks: dict[str, Desk] = {}
    guards = []

    def make(who: str) -> Desk:
        if who not in desks:
            context = new_context(chromium, base_url=site.hub_url)
            guards.append(Guard(context))
            desks[who] = Desk(context.new_page())
            desks[who].sign_in(who)
        return desks[who]

    yield make
    for guard in guards:
        guard.assert_clean()
    for desk in desks.values():
        desk.page.context.close()


def test_between_them_they_meet_the_site_in_every_way() -> None:
    assert set(HOW) == set(AT_DESK) == {story.key for story in STORIES}
    met = {(how.scripts, how.size, how.language) for how in HOW.values()}
    assert met == set(product((True, False), (PHONE, DESKTOP), ("en", "en-XA", "ar-XB")))
    assert any(how.by_keyboard for how in HOW.values())


@pytest.mark.requirement("A1")
@pytest.mark.requirement("A3")
@pytest.mark.requirement("B1")
@pytest.mark.requirement("B2")
@pytest.mark.requirement("E1")
@pytest.mark.rule("rule 1")
@pytest.mark.rule("rule 2")
@pytest.mark.rule("rule 5")
@pytest.mark.parametrize(
    "story",
    [pytest.param(each, id=each.key, marks=() if each.key in ALWAYS else pytest.mark.audit) for each in STORIES],
)
def test_each_of_twelve_is_heard_and_answered(
    browse: Browse, desk_of: DeskOf, story: Story, record_property: Callable[[str, object], None]
) -> None:
    how, at_desk = HOW[story.key], AT_DESK[story.key]
    told = Teller(
        browse(javascript=how.scripts, size=how.size),
        story,
        language=how.language,
        look=assert_no_sideways_scroll,
        hands=Keys() if how.by_keyboard else None,
    )

    # They ask. What they ticked and wrote is on the page to check, in the words in which they read it.
    told.fill_in()
    check = " ".join(told.main.inner_text().split())
    for words in (*told.chosen, *typed_so_far(story)):
        assert words in check
    told.send()
    told.keep_number()
    assert_within_budget(told)
    record_property("pace", {"story": story.key, **told.to_number.as_counts()})
    if story.key in WITHIN_FIVE_MINUTES:
        assert told.to_number.skimmed <= MINUTES, told.to_number

    # The courier takes it to the Hub. Somebody who may see it meets it, opens it, and answers.
    desk = desk_of(at_desk.who)
    desk.open_case(told.reference)
    for words in typed_so_far(story):
        if len(words) >= LONG_ENOUGH_TO_KNOW:
            expect(desk.main).not_to_contain_text(words)
    desk.press("claim")
    desk.press("open")
    for way in at_desk.open_now:
        desk.press(f"show#way-{way}")
        expect(desk.main).to_contain_text(re.compile(re.escape(address(story, way))))
    for words in at_desk.says:
        expect(desk.main).to_contain_text(words, ignore_case=True)
    for way in set(story.ways) - set(at_desk.open_now):
        expect(desk.main).not_to_contain_text(address(story, way))
    if at_desk.receipt:  # who asks in their work hears what became of it, and nothing about the person
        desk.main.locator("select[name=status]").select_option(at_desk.receipt)
        desk.press("status")
    else:
        desk.main.locator("[name=text]").fill(at_desk.answer)
        desk.press("message")
    expect(desk.main.locator(".talk-list")).to_contain_text(at_desk.answer)
    if story.is_for_few:
        others = desk_of(CO_ORDINATOR)
        others.page.goto("/queue")
        expect(others.row(told.reference)).to_have_count(0)

    # They come back and read it. Nothing of what they sent is there: whoever has the number learns no more.
    told.come_back()
    until(told.page, lambda: told.main, re.escape(at_desk.answer))
    space = told.main.inner_text()
    for words in typed_so_far(story):
        assert len(words) < LONG_ENOUGH_TO_KNOW or words not in space
    told.sign_out()


def assert_within_budget(told: Teller) -> None:
    """The pages that came are those of the short request, one for each way, and what this person's answers call for."""
    came = told.shown[: told.to_number.pages]
    # On the last two pages one may keep a copy, and choose a code word: nothing there is asked about what happened.
    asked = [page for page in came if page.asks and page.path not in {"refer/check", "refer/sent"}]
    ways = [f"reply-{way}" for way in told.story.ways]
    for_some = [place.step.key for place in told.path() if place.step.key not in (*PAGES, *ways)]
    asked_of_some = ASKED_OF_SOME.get(told.story.key, set())

    assert [page.path for page in came] == [f"refer/{slug}" for slug in (*(p.slug for p in told.path()), "sent")]
    assert set(for_some) - TO_READ == asked_of_some
    assert len(came) == len(PAGES) + len(ways) + len(for_some)
    assert [page.numbered for page in came if page.numbered] == [(n, 5) for n in range(1, len(QUESTIONS) + 1)]
    assert len(asked) == len(QUESTIONS) + len(ways) + len(asked_of_some)


def typed_so_far(story: Story) -> list[str]:
    """What they typed on the way to the number, a line each."""
    words = [each for each in story.typed if each not in (story.message, story.code_word)]
    return [line for each in words for line in each.splitlines()]


def address(story: Story, way: str) -> str:
    """How they are reached in this way, its first line."""
    return str(story.answers[f"reply-{way}"]["address"]).splitlines()[0]
