"""The contact plan from the pages of the request to the desk: what was said is shown, an address only while it may be used."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
import time_machine

from app.domain.contact import Box
from tests.harness.pages import NotOffered, Page
from tests.harness.people import Colleague, Person
from tests.harness.sides import Sides
from tests.stories import DAUGHTER_HELPS, FIFTEEN, STUDENT, WATCHED, Story

# Her conflict line is for the guard's own tests.
HER = WATCHED.open_to_all()

pytestmark = pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
AskedBy = Callable[..., Person]


def told_again(story: Story, **steps: dict[str, str | bool | tuple[str, ...]]) -> Story:
    """The same story with some answers changed, by step; `reply_letter` stands for "reply-letter"."""
    changed = {key.replace("_", "-"): answer for key, answer in steps.items()}
    return replace(story, answers={**story.answers, **changed})


def at_the_desk(asking: Person, sides: Sides, colleague: Colleague) -> Page:
    asking.ask()
    sides.deliver()
    return colleague.open(colleague.case(asking.reference))


@pytest.mark.requirement("B1")
def test_everything_that_she_said_about_her_sister_is_on_the_card(
    sides: Sides, person: AskedBy, colleague: Colleague, day: time_machine.Traveller
) -> None:
    her = person(HER)
    case = at_the_desk(her, sides, colleague).text

    for said in ("Ruth", "Anna from the choir", "only on Thursdays, when he is at work", "the blue curtains"):
        assert said in case
    assert "wrong number" in case


@pytest.mark.requirement("B1")
@pytest.mark.rule("rule 2")
@pytest.mark.parametrize(("box", "is_shown"), [(Box.ANY, True), (Box.WEEKEND_EVENING, False)])
def test_an_address_is_shown_only_in_its_hours(
    sides: Sides, person: AskedBy, colleague: Colleague, box: Box, is_shown: bool
) -> None:
    sister = {**HER.answers["reply-trusted"], "times": (box.value,)}
    case = at_the_desk(person(told_again(HER, reply_trusted=sister)), sides, colleague)
    assert "07700 900888" not in case.text, "nobody has asked for it yet"
    assert "Ruth" in case.text
    if not is_shown:
        with pytest.raises(NotOffered):
            colleague.show(case, "trusted")
        return
    assert "07700 900888" in colleague.show(case, "trusted").text
    assert "07700 900888" not in colleague.client.visit(case.path).text, "it was shown for this once"


@pytest.mark.requirement("B1")
@pytest.mark.parametrize(
    ("changed", "is_shown"), [({}, True), ({"message": "no"}, False), ({"shared": "others"}, False)]
)
def test_where_a_letter_goes_is_shown_at_any_hour_once_it_was_asked_for(
    sides: Sides, person: AskedBy, colleague: Colleague, changed: dict[str, str], is_shown: bool
) -> None:
    letter = {**DAUGHTER_HELPS.answers["reply-letter"], **changed}
    case = at_the_desk(person(told_again(DAUGHTER_HELPS, reply_letter=letter)), sides, colleague)

    assert "Example Row" not in case.text
    if is_shown:
        assert "Example Row" in colleague.show(case, "letter").text
    else:
        with pytest.raises(NotOffered):
            colleague.show(case, "letter")


@pytest.mark.requirement("A15")
def test_whom_the_interpreter_must_not_be_is_on_the_card(sides: Sides, person: AskedBy, colleague: Colleague) -> None:
    case = at_the_desk(person(DAUGHTER_HELPS), sides, colleague).text

    assert "Not an interpreter I may know" in case
    assert "Not a relative" in case
    assert "A woman" in case


# On the page to check


@pytest.mark.requirement("B12")
def test_without_contact_the_page_to_check_says_what_that_means(person: AskedBy) -> None:
    check = person(STUDENT).fill_in()

    assert "We will not contact you" in check.part("no-contact")


@pytest.mark.requirement("B5")
@pytest.mark.parametrize(
    ("answer", "because"),
    [
        ({"times": ()}, "no time that is safe"),
        ({"told": "no"}, "that they know"),
        ({}, ""),
    ],
)
def test_a_way_that_cannot_be_used_says_why(person: AskedBy, answer: dict[str, str], because: str) -> None:
    sister = {**HER.answers["reply-trusted"], **answer}
    check = person(told_again(HER, reply_trusted=sister)).fill_in().text

    assert ("We will not go through someone you trust" in check) == bool(because)
    assert because in check


@pytest.mark.requirement("A9")
def test_at_fifteen_a_letter_is_asked_for_twice_and_school_is_left_in_peace(person: AskedBy) -> None:
    reply = {**FIFTEEN.answers["reply"], "ways": ("call", "letter")}
    letter = {"address": "1 Example Row", "message": "yes", "shared": "only-me"}
    call = {"address": "07700 900333", "times": (Box.WEEKDAY_MORNING.value,)}
    answers = {key: answer for key, answer in FIFTEEN.answers.items() if key != "reply-text"}
    her = replace(FIFTEEN, answers={**answers, "reply": reply, "reply-letter": letter, "reply-call": call})

    once = person(her).fill_in().text
    assert "did not tick that you are sure" in once
    assert "is in school hours" in once

    sure = {**letter, "sure": True}
    school = {**call, "times": (Box.WEEKDAY_MORNING.value, "school-fine")}
    twice = person(told_again(her, reply_letter=sure, reply_call=school)).fill_in().text
    assert "We will not" not in twice


def test_a_page_for_the_young_is_not_kept_for_the_next_grown_up(person: AskedBy) -> None:
    """Blank pages are made once for everybody: the age makes another page."""
    reply = {**FIFTEEN.answers["reply"], "ways": ("letter",)}
    answers = {key: answer for key, answer in FIFTEEN.answers.items() if key != "reply-text"}
    young = replace(FIFTEEN, answers={**answers, "reply": reply, "reply-letter": {"address": "1 Example Row"}})
    grown_up = replace(young, answers={**young.answers, "who": {"who": "me"}})

    def letter_page(story: Story) -> Page:
        asking = person(story)
        page = asking.begin()
        for place in asking.path():
            if place.step.key == "reply-letter":
                return page
            page = asking.answer(page, place)
        raise AssertionError("the path has no letter")

    assert "sure" in letter_page(young).form("address").names
    assert "sure" not in letter_page(grown_up).form("address").names


@pytest.mark.rule("rule 3")
@pytest.mark.parametrize("story", [HER, DAUGHTER_HELPS], ids=lambda story: story.key)
def test_no_title_or_address_of_a_way_says_more_than_its_number(person: AskedBy, story: Story) -> None:
    asking = person(story)
    page = asking.begin()
    for place in asking.path():
        if place.step.key == "check":
            break
        if place.step.key.startswith("reply-"):
            assert page.path.rpartition("/")[2].removeprefix("reply-").isdigit()
            assert not {"hub", "police", "victim", "crime"} & set(page.title.lower().split())
        page = asking.answer(page, place)
