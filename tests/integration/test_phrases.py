"""The phrase book: chosen at the desk in English, read in the space in the person's own language."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from app.domain.phrases import Phrase
from tests.harness.pages import Element
from tests.harness.people import Colleague, Person
from tests.harness.sides import Sides
from tests.stories import PARENT, PROFESSIONAL

pytestmark = pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)

AskedBy = Callable[..., Person]
FRIDAY = "2026-03-13"


def said_first(item: Element) -> str:
    """How the words of a piece of news begin."""
    return next(each.text for each in item.all("p") if each.attributes.get("class") == "talks__text")[:14].strip()


def test_a_sentence_is_read_in_the_language_of_whoever_comes_back(
    person: AskedBy, colleague: Colleague, sides: Sides
) -> None:
    asking = person(PARENT, language="en-XA")
    asking.ask(keep=False)
    sides.deliver()
    colleague.sign_in()
    case = colleague.open(colleague.claim(colleague.case(asking.reference)))
    form = case.form("phrase", to="/phrase")

    refused = colleague.client.submit(case, form, {"phrase": Phrase.READ_BY.value})
    assert refused.status == 422
    assert "needs the day" in refused.text
    assert colleague.client.submit(case, form, {"phrase": Phrase.INTERPRETER.value}).status == 422

    case = colleague.client.submit(case, form, {"phrase": Phrase.READ_BY.value, "by": FRIDAY})
    assert "We have read what you sent." in case.main.text
    case = colleague.client.submit(
        case, case.form("phrase", to="/phrase"), {"phrase": Phrase.INTERPRETER.value, "on": FRIDAY, "time": "14:30"}
    )
    sides.deliver()

    space = asking.come_back()
    latest, before = [each for each in space.main.all("li") if "talks__item" in each.attributes.get("class", "")][:2]
    assert "14:30" in latest.text
    assert not {"An interpreter", "We have read"} & {said_first(latest), said_first(before)}
    assert "13" in before.text, "the day by which we write stands with it"

    asking.home = "/en/"
    assert "An interpreter is booked for the time named here." in asking.space().text


def test_whoever_asked_in_their_work_is_offered_no_sentence(
    person: AskedBy, colleague: Colleague, sides: Sides
) -> None:
    asking = person(PROFESSIONAL)
    asking.ask(keep=False)
    sides.deliver()
    colleague.sign_in()
    case = colleague.open(colleague.claim(colleague.case(asking.reference)))
    assert not [form for form in case.forms if form.action.endswith("/phrase")]
