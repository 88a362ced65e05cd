"""The page of a case: coded facts first, few queries, and what belongs to it on pages of its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import event, select

from app.adapters import sealing
from app.data import hub as rows
from app.domain.recording import Decision
from app.domain.referral import News
from app.services.hub import erasing, recording, speaking
from app.web import clock
from tests.harness.pages import Element, Page
from tests.harness.people import GATEKEEPER, Colleague, Person
from tests.harness.sides import Sides
from tests.integration.test_conflict import Desks, at_desk, case_id, hers, state_of
from tests.stories import DAUGHTER_HELPS, TARGETED

__all__ = ["at_desk", "hers"]
pytestmark = pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
AskedBy = Callable[..., Person]
MOST_QUERIES = 10
UNKNOWN = "ab" * 16


def opened(sides: Sides, asking: Person, colleague: Colleague) -> Page:
    """The case of somebody who asks, opened by a colleague."""
    asking.ask()
    sides.deliver()
    return colleague.open(colleague.case(asking.reference))


def queries(sides: Sides, act: Callable[[], object]) -> int:
    """How many questions an act asks the Hub's database, beside the line of the audit that says who looked."""
    made: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        if " audit" not in statement:
            made.append(statement)

    engines = [sides.hub_side.database.engine, sides.hub_side.database._reader]
    for each in engines:
        event.listen(each, "before_cursor_execute", note)
    act()
    for each in engines:
        event.remove(each, "before_cursor_execute", note)
    return len(made)


def keyed(page: Page, key: str) -> Element:
    """What a key presses. There is one of each on a page."""
    found = [each for each in page.main.walk() if each.attributes.get("data-key") == key]
    assert len(found) == 1, f"{key}: {len(found)} on {page!r}"
    return found[0]


def test_however_much_was_said_the_page_takes_few_queries(sides: Sides, person: AskedBy, colleague: Colleague) -> None:
    asking = person()
    case = opened(sides, asking, colleague)
    few = queries(sides, lambda: colleague.client.visit(case.path))
    own, own_id = sides.hub_side, bytes.fromhex(case_id(sides, asking.reference))
    for number in range(40):
        news = News(kind="message", at=clock.now().isoformat(), text=f"{number}", language="en", author="Amira")
        speaking.send(own.database, case_id=own_id, news=news, opener=own.opener, voice=own.voice, now=clock.now())
    with own.database.writing() as session:
        for who in ("dev-ben", "dev-carys", "dev-dilys"):
            session.merge(rows.Staff(id=who, name=who, shown_name=who, roles=[]))
            session.flush()
            session.add(
                rows.Attempt(
                    id=sealing.new_id(), case_id=own_id, at=clock.now(), staff_id=who, way="call", outcome="no-answer",
                    within_plan=True,
                )
            )  # fmt: skip
    many = queries(sides, lambda: colleague.client.visit(case.path))
    assert many == few <= MOST_QUERIES


@pytest.mark.requirement("A15")
@pytest.mark.parametrize("story", [TARGETED, DAUGHTER_HELPS])
def test_the_first_reply_takes_three_keys_and_shows_what_they_read(
    sides: Sides, person: AskedBy, colleague: Colleague, story: object
) -> None:
    asking = person(story)
    case = opened(sides, asking, colleague)

    replies = colleague.client.visit(keyed(case, "r").attributes["href"])
    chosen = colleague.client.visit(keyed(replies, "1").attributes["href"].partition("#")[0])
    keyed(chosen, "s")
    if story is TARGETED:
        assert any(each.attributes.get("lang") == "pl" for each in chosen.main.all("bdi"))
        assert not replies.root.find("bsl")
    else:
        assert "Book an interpreter first" in replies.part("bsl")
        assert keyed(replies, "1").text == "BSL: we have read it"
    case = colleague.client.submit(chosen, chosen.form("phrase", to="/phrase"))
    assert case.path.startswith("/cases/")
    assert "From the phrase book: they read it in their language." in case.text


def test_a_message_says_its_language_and_what_was_not_sent_is_kept_for_whoever_wrote_it(
    sides: Sides, person: AskedBy, colleague: Colleague, day: time_machine.Traveller
) -> None:
    asking = person()
    case = opened(sides, asking, colleague)
    typed = {"text": "Dzień dobry, I began", "language": "pl"}
    case = colleague.client.submit(case, case.form("text", to="/message"), typed, press="keep")
    assert "Kept as a draft for you" in case.text
    kept = case.form("text", to="/message")
    assert dict(kept.filled())["text"] == typed["text"]
    ben = Colleague(sides.hub_client())
    ben.sign_in("dev-ben")
    assert typed["text"] not in ben.open(ben.case(asking.reference)).html
    with sides.hub_side.database.reading() as session:
        assert all(typed["text"].encode() not in each.sealed for each in session.scalars(select(rows.SealedDocument)))

    case = colleague.client.submit(case, case.form("text", to="/message"), {"text": ""}, press="keep")
    assert "Kept as a draft" not in case.text, "nothing typed and kept: what was kept before goes"

    # The time to read runs out while somebody writes: nothing is lost.
    day.shift(timedelta(minutes=20))
    case = colleague.client.visit(case.path)
    day.shift(timedelta(minutes=11))
    more = {"text": "Dzień dobry, I began and went on", "language": "pl"}
    closed = colleague.client.submit(case, case.form("text", to="/message"), more)
    assert closed.status == 422
    case = colleague.open(colleague.client.visit(case.path))
    assert dict(case.form("text", to="/message").filled())["text"] == more["text"]

    case = colleague.client.submit(case, case.form("text", to="/message"))
    assert "Kept as a draft" not in case.text
    assert dict(case.form("text", to="/message").filled())["text"] == ""
    sides.deliver()
    said = [each for each in asking.come_back().main.all("p") if each.text == more["text"]]
    assert [each.attributes.get("lang") for each in said] == ["pl"]
    assert "Polski" in asking.space().text


def test_what_is_very_distressing_stands_behind_a_page_and_supervisors_see_who_opened_how_many(
    sides: Sides, person: AskedBy, colleague: Colleague
) -> None:
    asking = person()
    case = opened(sides, asking, colleague)
    story = case.root.find("story")
    assert story is not None
    assert story.name == "details"
    assert "open" not in story.attributes

    case = colleague.client.submit(case, case.form("mark"), {"mark": "yes"})
    assert not case.root.find("story")
    assert "Very distressing" in colleague.queue().text
    before = colleague.client.visit(f"{case.path}/story")
    assert "What would help you now?" not in before.text
    after = colleague.client.submit(before, before.form(to="/story"))
    assert "What would help you now?" in after.text
    case = colleague.client.submit(case, case.form("mark"), {"mark": "no"})
    assert case.root.find("story")

    assert colleague.client.fetch("GET", "/openings").status == 404
    carys = Colleague(sides.hub_client())
    carys.sign_in("dev-carys")
    table = carys.client.visit("/openings").main.all("tbody")[0]
    assert [each.text for each in table.all("th", "td")][:2] == ["Amira Novak", "1"]


def test_what_was_decided_about_recording_stays_with_who_and_whether_they_were_told(
    sides: Sides, person: AskedBy, colleague: Colleague
) -> None:
    sides.hub.extensions["side"] = replace(
        sides.hub_side, area=replace(sides.hub_side.area, statement_recording="We record what we must.")
    )
    sides.hub.jinja_env.globals["area"] = sides.hub_side.area
    asking = person()
    case = opened(sides, asking, colleague)
    assert "Not decided" in case.text
    page = colleague.client.visit(f"{case.path}/recording")
    assert page.part("policy") == "We record what we must."
    refused = colleague.client.submit(page, page.form("decision"), {"decision": "recorded"})
    assert refused.status == 422
    assert dict(refused.form("decision").filled())["decision"] == "recorded"
    for decision, told in (("ask-supervisor", "no"), ("not-recorded", "yes")):
        page = colleague.client.submit(page, page.form("decision"), {"decision": decision, "told": told})
    own_id = bytes.fromhex(case_id(sides, asking.reference))
    with sides.hub_side.database.reading() as session:
        found = recording.history(session, own_id, colleague_identity(sides))
    assert {(each.decision, each.told, each.who) for each in found} == {
        (Decision.ASK, False, "Amira Novak"), (Decision.NOT_RECORDED, True, "Amira Novak"),
    }  # fmt: skip
    assert "Not recorded" in colleague.client.visit(case.path).text

    erasing.erase(
        sides.hub_side.database,
        own_id,
        portal_key=sides.hub_side.trust.sealing,
        voice=sides.hub_side.voice,
        now=clock.now(),
    )
    with sides.hub_side.database.reading() as session:
        assert not list(session.scalars(select(rows.Recording)))


def colleague_identity(sides: Sides):
    return sides.hub_side.identities.prove("dev-amira")


@pytest.mark.requirement("E4")
def test_guides_that_were_chosen_are_in_the_space_and_say_when_they_are_in_english(
    sides: Sides, person: AskedBy, colleague: Colleague
) -> None:
    asking = person(TARGETED, language="pl")
    case = opened(sides, asking, colleague)
    page = colleague.client.visit(f"{case.path}/reading")
    assert "For them in English only" in page.text
    assert colleague.client.submit(page, page.form("guides")).status == 422
    colleague.client.submit(page, page.form("guides"), {"guides": ["rights-in-short", "fraud"]})
    sides.deliver()
    links = {href: words for href, words in asking.come_back().links if "/guides/" in href}
    assert set(links) >= {"/pl/guides/rights-in-short", "/pl/guides/fraud"}
    titles = {each.attributes.get("lang") for each in asking.space().main.all("span") if each.text in links.values()}
    assert "en-GB" in titles
    assert None in titles


GETS = ("reply", "trail", "recording", "story", "translation", f"translation/{'cd' * 16}")
POSTS = {
    "attempt": {"way": "call", "outcome": "reached", "attempt_id": "cd" * 16},
    f"attempts/{'cd' * 16}": {"ruling": "again", "reason": "x"},
    "distressing": {"mark": "yes"},
    "recording": {"decision": "recorded", "told": "yes", "recording_id": "cd" * 16},
    "story": {},
    "message": {"text": "Hello", "keep": "y", "envelope_id": "cd" * 16},
    "translation": {"source": "new", "text": "Hello", "language_from": "en", "language_to": "pl"},
    **{f"translation/{'cd' * 16}/{each}": {} for each in ("file", "back", "send", "read")},
}


@pytest.mark.rule("rule 13")
def test_no_new_door_opens_for_those_from_whom_a_case_is_hidden(sides: Sides, hers: Person, at_desk: Desks) -> None:
    own_id = case_id(sides, hers.reference)
    with sides.hub_side.database.writing() as session:  # a second gatekeeper, whom she names
        found = session.get_one(rows.Case, bytes.fromhex(own_id))
        found.facts = {**found.facts, "hidden_from": [GATEKEEPER]}
    before = state_of(sides, hers.reference)
    for who in ("dev-amira", "dev-carys", GATEKEEPER):
        colleague = at_desk(who)
        token = dict(colleague.queue().form(to="/claim").filled())["csrf_token"]
        for door in GETS:
            hidden, unknown = (colleague.client.fetch("GET", f"/cases/{each}/{door}") for each in (own_id, UNKNOWN))
            assert hidden.status == unknown.status == 404, door
            assert hidden.html == unknown.html
        for door, data in POSTS.items():
            hidden, unknown = (
                colleague.client.fetch("POST", f"/cases/{each}/{door}", data={**data, "csrf_token": token})
                for each in (own_id, UNKNOWN)
            )
            assert hidden.status == unknown.status == 404, door
            assert hidden.html == unknown.html
    assert state_of(sides, hers.reference) == before
