"""The request beyond its five questions: what is read on the way, who asks for whom, and endings without sending."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine

from app.data import portal as portal_rows
from tests.harness.harm import HARM
from tests.harness.pages import NotOffered, Page
from tests.harness.people import Colleague, Person
from tests.harness.sides import Sides
from tests.stories import (
    BROTHER,
    DAUGHTER_HELPS,
    NEIGHBOUR,
    PARENT,
    PROFESSIONAL,
    READER,
    STUDENT,
    WATCHED,
    WORKER,
    Story,
)

pytestmark = pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
AskedBy = Callable[..., Person]
LONDON = ZoneInfo("Europe/London")


def but(story: Story, **answers: Mapping[str, Any]) -> Story:
    """This story with other answers to some steps."""
    return replace(story, answers={**story.answers, **answers})


def asks_for_a_friend(they_know: str, **more: Mapping[str, Any]) -> Story:
    return but(PARENT, who={"who": "other"}, knows={"they_know": they_know} if they_know else {}, **more)


def pages_of(asking: Person) -> dict[str, Page]:
    """Every page of the way up to the one to check, by the key of its step."""
    page = asking.begin()
    seen: dict[str, Page] = {}
    for place in asking.path():
        assert page.path == f"/en/refer/{place.slug}"
        seen[place.step.key] = page
        if place.step.key != "check":
            page = asking.answer(page, place)
    return seen


# When is anybody reading?


@pytest.mark.requirement("C5")
@pytest.mark.requirement("C13")
@pytest.mark.requirement("D9")
@pytest.mark.rule("rule 12")
def test_a_risk_told_on_the_saturday_night_before_a_bank_holiday_names_the_tuesday(
    person: AskedBy, day: time_machine.Traveller
) -> None:
    day.move_to(datetime(2026, 5, 23, 23, 0, tzinfo=LONDON))
    risk = pages_of(person(WATCHED))["risk"]

    assert risk.path == "/en/refer/help-1"
    assert "Tuesday 26 May" in risk.main.text
    assert "Please do not wait for us." in risk.main.text
    assert "999" in risk.main.text


# Pages to read


@pytest.mark.requirement("A6")
def test_after_a_death_on_the_road_we_say_sorry_first_and_who_will_call(person: AskedBy) -> None:
    seen = pages_of(person(BROTHER))

    assert re.match(r".*?We are sorry\.", seen["loss"].main.text)
    assert "Road Victims Trust" in seen["after-loss"].main.text
    assert "01234 843345" in seen["after-loss"].main.text


def test_after_another_death_nobody_is_said_to_call_who_does_not(person: AskedBy) -> None:
    seen = pages_of(person(but(BROTHER, loss={"how": "another"})))

    assert "Road Victims Trust" not in seen["after-loss"].main.text
    assert "liaison" not in seen["after-loss"].main.text


@pytest.mark.requirement("A20")
def test_what_can_be_done_without_the_police_is_told_with_its_source(person: AskedBy) -> None:
    text = pages_of(person(STUDENT))["sexual"].main.text

    for needed in ("7 days", "7 years", "without the police", "NHS England", "0808 500 2222"):
        assert needed in text


@pytest.mark.requirement("A16")
def test_somebody_exploited_reads_who_helps(person: AskedBy) -> None:
    assert "migrants" in pages_of(person(WORKER))["exploited"].main.text


@pytest.mark.rule("rule 7")
@pytest.mark.parametrize(
    "story", [BROTHER, STUDENT, WORKER, PROFESSIONAL, READER, WATCHED], ids=lambda story: story.key
)
def test_no_address_or_title_on_the_way_says_what_happened(person: AskedBy, story: Story) -> None:
    for page in pages_of(person(story)).values():
        assert not HARM.search(page.path.replace("refer/police", ""))
        title = re.search(r"<title>(.*?)</title>", page.html, re.DOTALL)
        assert title is not None
        assert not HARM.search(title[1]), title[1]


def test_a_page_to_read_tells_nobody_what_somebody_else_answered(person: AskedBy) -> None:
    """Blank questions are kept in memory for all: what one person answered is on no page of the next."""
    pages_of(person(BROTHER))
    asking = person(but(BROTHER, loss={}))
    seen = pages_of(asking)

    assert "Danny Marsh" not in "".join(page.html for page in seen.values())


# Asking for somebody else


@pytest.mark.requirement("A9")
@pytest.mark.parametrize("they_know", ["no", "not-sure", ""])
def test_who_asks_without_the_others_knowledge_is_talked_with_and_gives_no_details(
    sides: Sides, person: AskedBy, colleague: Colleague, they_know: str
) -> None:
    asking = person(asks_for_a_friend(they_know))
    seen = pages_of(asking)
    assert "We talk with you" in seen["with-you"].main.text
    assert "no name, no phone, no address" in seen["with-you"].main.text
    assert "never shows news about the other person" in seen["check"].part("for-another")

    asking.send(seen["check"])
    sides.deliver()
    told = colleague.case(asking.reference).part("asked-by-another")
    assert "not confirmed" in told
    assert "Take no details of theirs" in told


@pytest.mark.requirement("A9")
def test_with_their_knowledge_first_contact_still_goes_to_who_asked(
    sides: Sides, person: AskedBy, colleague: Colleague
) -> None:
    asking = person(asks_for_a_friend("yes"))
    seen = pages_of(asking)
    assert "We answer you first." in seen["with-you"].main.text

    asking.send(seen["check"])
    sides.deliver()
    told = colleague.case(asking.reference).part("asked-by-another")
    assert "First contact goes to the one who asked" in told
    assert "Take no details" not in told


@pytest.mark.requirement("A8")
def test_a_parent_is_asked_whether_an_older_child_knows(sides: Sides, person: AskedBy, colleague: Colleague) -> None:
    asking = person(
        asks_for_a_friend("yes", **{"child-age": {"child_age": "13-15"}, "child-knows": {"child_knows": "no"}})
    )
    asking.ask()
    sides.deliver()
    assert "The child is 13 or older and may not know." in colleague.case(asking.reference).text


@pytest.mark.requirement("A9")
@pytest.mark.requirement("E14")
def test_a_professional_is_verified_and_gets_a_receipt_only(
    sides: Sides, person: AskedBy, colleague: Colleague
) -> None:
    asking = person(PROFESSIONAL)
    seen = pages_of(asking)
    assert "receipt" in seen["work"].main.text
    assert "receipt" in seen["check"].part("for-another")
    assert "have not said yes" not in seen["check"].part("for-another")

    asking.send(seen["check"])
    sides.deliver()
    case = colleague.case(asking.reference)
    assert "public number" in case.part("asked-by-another")
    assert "receipt only" in case.part("asked-by-another")
    assert "Riverside Outreach" not in case.text
    case = colleague.open(case)
    for given in ("Priya Lall", "Riverside Outreach", "01632 960400", "9 March, at the drop-in"):
        assert given in case.text


@pytest.mark.requirement("E14")
def test_nothing_but_a_receipt_leaves_for_a_professional(sides: Sides, person: AskedBy, colleague: Colleague) -> None:
    asking, other = person(PROFESSIONAL), person(PARENT)
    for each in (asking, other):
        each.ask()
    sides.deliver()
    case = colleague.open(colleague.case(asking.reference))
    refusal = "Asked by a professional: a receipt only, nothing about the person."
    assert refusal in case.part("receipt-only")
    with pytest.raises(NotOffered):
        case.form("text")
    with pytest.raises(NotOffered):
        colleague.send_status(case, "working")

    # Not only hidden: the server refuses whatever else is posted, and says why in one line.
    token = dict(case.form("status").filled())["csrf_token"]
    for door, fields in (("message", {"text": "She is safe and living at"}), ("status", {"status": "waiting-for-you"})):
        data = {**fields, "csrf_token": token, "envelope_id": "cd" * 16}
        refused = colleague.client.post_form(f"{case.path}/{door}", list(data.items()))
        assert refused.status == 422
        assert refusal in refused.text

    colleague.send_status(case, "taken-on")
    sides.deliver()
    space = asking.come_back().main.text
    assert "The Hub could take this on." in space
    assert "She is safe" not in space
    assert "We need to hear from you" not in space
    asking.write("Thank you. When will you ring?")
    sides.deliver()
    assert "When will you ring?" in colleague.case(asking.reference).text

    # Nobody else gets a receipt instead of an answer.
    theirs = colleague.open(colleague.case(other.reference))
    with pytest.raises(NotOffered):
        colleague.send_status(theirs, "taken-on")
    data = {"status": "taken-on", "csrf_token": token, "envelope_id": "ef" * 16}
    assert colleague.client.post_form(f"{theirs.path}/status", list(data.items())).status == 422


# British Sign Language


def in_bsl(**bsl: Any) -> Story:
    """The Deaf woman, who chose BSL alone."""
    reply = {**DAUGHTER_HELPS.answers["reply"], "ways": ("bsl",)}
    return but(DAUGHTER_HELPS, reply=reply, **{"reply-bsl": bsl})


def offered(page: Page, name: str) -> set[str]:
    """The choices of a question."""
    return {each.value for each in page.form(name).controls if each.name == name}


@pytest.mark.requirement("A15")
@pytest.mark.requirement("B1")
def test_bsl_by_text_asks_for_the_mobile_and_is_kept_to_as_any_text(
    sides: Sides, person: AskedBy, colleague: Colleague
) -> None:
    asking = person(in_bsl(how="text", woman_or_man="woman"))
    assert [place.step.key for place in asking.path()][-3:] == ["reply-bsl", "reply-text", "check"]
    seen = pages_of(asking)
    assert "Your mobile number" in seen["reply-text"].main.text
    assert "07700 900555" in seen["check"].main.text
    assert "not contact you in BSL" not in seen["check"].main.text

    asking.send(seen["check"])
    sides.deliver()
    case = colleague.case(asking.reference)
    assert "Text message" in case.text
    case = colleague.open(case)
    assert "Text message" in case.part("way-text")
    assert "They use BSL: write short sentences in plain English." in case.text
    with pytest.raises(NotOffered):
        case.part("way-bsl")


@pytest.mark.requirement("A15")
def test_the_desk_is_told_to_book_an_interpreter_first_and_whom_not(
    sides: Sides, person: AskedBy, colleague: Colleague
) -> None:
    asking = person(in_bsl(**{**DAUGHTER_HELPS.answers["reply-bsl"], "how": "meet"}))
    seen = pages_of(asking)
    # The shipped area has no video relay: the page says so, gives the other ways, and does not offer it.
    assert "We do not have video relay yet." in seen["reply-bsl"].main.text
    assert offered(seen["reply-bsl"], "how") == {"video", "text", "meet"}
    asking.send(seen["check"])
    sides.deliver()
    card = colleague.open(colleague.case(asking.reference)).main.text
    for told in (
        "Face to face, with an interpreter. Book an interpreter first.",
        "A woman. Not an interpreter I may know. Not a relative",
    ):
        assert told in card


@pytest.mark.requirement("A9")
def test_consent_that_was_left_counts_as_not_given(sides: Sides, person: AskedBy, colleague: Colleague) -> None:
    asking = person(but(PROFESSIONAL, work={"name": "Priya Lall", "consent_when": "9 March"}))
    seen = pages_of(asking)
    assert "have not said yes" in seen["check"].part("for-another")

    asking.send(seen["check"])
    sides.deliver()
    case = colleague.open(colleague.case(asking.reference))
    assert "Take no details of theirs" in case.part("asked-by-another")
    assert "9 March" not in case.main.text.replace("9 March 2026", "")


# Endings


@pytest.mark.requirement("A18")
@pytest.mark.requirement("B4")
@pytest.mark.requirement("B5")
def test_something_to_read_may_be_all_and_nothing_stays(sides: Sides, person: AskedBy) -> None:
    asking = person(READER)
    page = asking.begin()
    for place in asking.path():
        if place.step.key == "reading":
            break
        page = asking.answer(page, place)
    links = [each.attributes.get("href", "") for each in page.main.all("a")]
    assert sum(re.fullmatch(r"/en/support\?a=\d+", href) is not None for href in links) > 5

    end = asking.client.submit(page, page.form(to="/refer/nothing"))
    assert end.path == "/en/refer/nothing"
    assert "You have not sent us anything" in end.main.text
    with sides.portal_side.database.reading() as session:
        assert session.query(portal_rows.Draft).count() == 0
        assert session.query(portal_rows.Case).count() == 0
    assert asking.client.visit("/en/refer/check").path == "/en/refer/start"


@pytest.mark.requirement("A15")
def test_please_phone_me_is_the_short_way(sides: Sides, person: AskedBy, colleague: Colleague) -> None:
    asking = person(but(WORKER, help={"help": ("phone-in-language",)}))
    for skipped in ("about", "police", "risk", "exploited"):
        assert skipped not in [place.step.key for place in asking.path()]
    asking.ask()
    sides.deliver()
    case = colleague.open(colleague.case(asking.reference))
    assert "Not someone from my community" in case.text


# Triage


@pytest.mark.requirement("C11")
@pytest.mark.requirement("D1")
def test_the_desk_sees_a_suggestion_with_its_reason(sides: Sides, person: AskedBy, colleague: Colleague) -> None:
    asking, brother = person(NEIGHBOUR), person(BROTHER)
    asking.ask()
    brother.ask()
    sides.deliver()

    queue = colleague.queue().text
    assert "Suggested: Targeted again and again: followed or contacted again and again" in queue
    case = colleague.case(asking.reference)
    assert "trouble nearby that is still going on" in case.part("suggested")
    assert "You decide" in case.part("suggested")
    # No target is set, so nothing is due.
    assert "Due" not in case.part("suggested")
    assert "no survey" in colleague.case(brother.reference).part("quiet")
