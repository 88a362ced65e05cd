"""A girl of 15 asks: young words on her pages and on nobody else's, and what the desk learns of her age."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from html import unescape
from typing import Any

import pytest

from app.data import hub as hub_rows
from app.domain.referral import Referral
from app.forms.young import WORDS
from app.services.hub import records
from tests.harness.pages import Page
from tests.harness.people import Colleague, Person
from tests.harness.sides import Sides
from tests.stories import FIFTEEN, PARENT, Story

pytestmark = pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
AskedBy = Callable[..., Person]


def but(story: Story, **answers: Mapping[str, Any]) -> Story:
    """This story with other answers to some steps."""
    return replace(story, answers={**story.answers, **answers})


# The same answers, from somebody who did not say "Under 18"; and from a parent, for a child.
GROWN_UP = but(FIFTEEN, who={"who": "me"}, young={})
FOR_A_CHILD = but(
    PARENT,
    who={"who": "other", "under_18": True},
    knows={"they_know": "yes"},
    **{"child-age": {"child_age": "16-17"}, "child-knows": {"child_knows": "yes"}},
)


def walked(asking: Person) -> dict[str, Page]:
    """Every page of somebody's way by its step, the first two once more at the end, and the page with the number."""
    page = asking.begin()
    seen: dict[str, Page] = {}
    for place in asking.path():
        seen[place.step.key] = page
        if place.step.key != "check":
            page = asking.answer(page, place)
    seen["start again"] = asking.client.visit(f"{asking.home}refer/start")
    seen["who again"] = asking.client.visit(f"{asking.home}refer/who")
    seen["sent"] = asking.send(page)
    return seen


def young_words(page: Page) -> set[str]:
    """The ids of the young texts that a page says."""
    words = " ".join(unescape(page.main.text).split())
    return {text_id for text_id, said in WORDS.items() if said.replace("%(hub)s", "Victim and Witness Hub") in words}


@pytest.mark.requirement("A8")
def test_every_young_text_is_said_to_her_somewhere_and_none_to_a_grown_up(person: AskedBy) -> None:
    """Blank questions are made once for everybody: whoever comes first, nobody's words are on the next one's page."""
    grown_up, her, another = walked(person(GROWN_UP)), walked(person(FIFTEEN)), walked(person(GROWN_UP))
    said = {text_id for page in her.values() for text_id in young_words(page)}

    # She is told what "no contact" means only when she chooses it, and of a longer number only where there are such.
    assert said == set(WORDS) - {"check.no-contact", "sent.longer-number"}
    for pages in (grown_up, another):
        assert not {key: young_words(page) for key, page in pages.items() if young_words(page)}


@pytest.mark.requirement("A8")
@pytest.mark.rule("rule 7")
def test_no_title_and_no_address_tells_her_from_a_grown_up(person: AskedBy) -> None:
    her, grown_up = walked(person(FIFTEEN)), walked(person(GROWN_UP))
    for key, page in grown_up.items():
        assert (her[key].path, her[key].title) == (page.path, page.title)
        assert her[key].main.all("h1")[0].text == page.main.all("h1")[0].text
    # The one page that is hers alone has the number of any page after the first question.
    assert set(her) - set(grown_up) == {"young"}
    assert her["young"].path == "/en/refer/who-1"
    assert her["young"].title.startswith("Before the next question")


@pytest.mark.requirement("A8")
@pytest.mark.requirement("D4")
def test_the_desk_sees_her_age_band_and_suggests_a_priority_for_it(
    sides: Sides, person: AskedBy, colleague: Colleague
) -> None:
    her = person(but(FIFTEEN, help={"help": ("talk",)}, about={"to_whom": "me", "happened": ("burgled",)}))
    her.ask()
    sides.deliver()

    assert "Under 18: 13 to 15" in colleague.queue().text
    case = colleague.case(her.reference)
    assert "Under 18: 13 to 15" in case.text
    assert "under 18" in case.part("suggested")
    # Staff read what she ticked in the words that they know.
    assert "Broken into, robbed or damaged" in case.text
    assert WORDS["about.happened.burgled"] not in colleague.open(case).text


@pytest.mark.requirement("A8")
def test_the_age_of_a_child_whose_parent_asks_is_seen_as_well(
    sides: Sides, person: AskedBy, colleague: Colleague
) -> None:
    parent = person(FOR_A_CHILD)
    pages = walked(parent)
    sides.deliver()

    assert "Under 18: 16 or 17" in colleague.case(parent.reference).text
    # The one who reads the pages is grown up.
    assert "young" not in pages
    assert not set().union(*map(young_words, pages.values()))


@pytest.mark.requirement("B5")
def test_she_need_not_say_how_old_she_is(sides: Sides, person: AskedBy, colleague: Colleague) -> None:
    her = person(but(FIFTEEN, young={}))
    check = her.fill_in()
    assert "How old are you? Not answered" in check.text

    her.send(check)
    sides.deliver()
    case = colleague.case(her.reference)
    assert "Under 18" in case.text
    assert "Under 18:" not in case.text


def test_who_takes_the_tick_away_reads_the_usual_words_and_sends_no_age(person: AskedBy) -> None:
    her = person(FIFTEEN)
    check = her.fill_in()
    assert "13 to 15" in check.text
    assert young_words(check)

    # Others may look at her device, so a box that comes back empty keeps what was said: she takes the page's answers away first.
    who = her.client.visit("/en/refer/who")
    her.client.submit(who, who.form("remove"), press="remove")
    who = her.client.visit("/en/refer/who")
    her.client.submit(who, who.form("who"), {"who": "me"})
    again = her.client.visit("/en/refer/check")
    assert "13 to 15" not in again.text
    assert not young_words(again)


@pytest.mark.requirement("B13")
@pytest.mark.parametrize(("story", "wording"), [(FIFTEEN, "consent-1-young/en"), (GROWN_UP, "consent-1/en")])
def test_the_words_that_were_agreed_to_are_kept(sides: Sides, person: AskedBy, story: Story, wording: str) -> None:
    person(story).ask()
    sides.deliver()
    with sides.hub_side.database.reading() as session:
        sealed = session.query(hub_rows.SealedDocument).filter_by(kind=hub_rows.REFERRAL).one()
        key = records.case_key(session, sealed.case_id, opener=sides.hub_side.opener)
        opened = records.open_document(sealed, record_secret=key.record_secret)
    assert Referral.from_bytes(opened).consent == wording


def test_without_contact_she_is_told_so_in_her_words(person: AskedBy) -> None:
    check = person(but(FIFTEEN, reply={"contact": "no"})).fill_in()
    assert WORDS["check.no-contact"] in check.part("no-contact")
