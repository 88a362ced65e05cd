"""Somebody is afraid of a person who works where this is read: for all but the gatekeepers their case is not there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select

from app.data import hub as rows
from app.services.hub.staff import Identity
from tests.harness.pages import NotOffered, Page
from tests.harness.people import CO_ORDINATOR, GATEKEEPER, Colleague, Person
from tests.harness.sides import Sides
from tests.stories import PARENT, WATCHED, Story

SQLITE = pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
UNKNOWN = "ab" * 16
NOBODY = "Nobody at the Hub can read your request now"
Desks = Callable[[str], Colleague]


def naming(words: str, *, said: str = "yes") -> Story:
    """The watched woman, who names somebody else."""
    reply = {**WATCHED.answers["reply"], "conflict": said, "conflict_who": words}
    return replace(WATCHED, answers={**WATCHED.answers, "reply": reply})


@pytest.fixture
def at_desk(sides: Sides) -> Desks:
    """Signs somebody in at the desk."""

    def make(who: str) -> Colleague:
        made = Colleague(sides.hub_client())
        made.sign_in(who)
        return made

    return make


@pytest.fixture
def hers(sides: Sides, person: Callable[..., Person], at_desk: Desks) -> Person:
    """A request for gatekeepers only, beside an ordinary one. Everybody has signed in before."""
    for who in (CO_ORDINATOR, "dev-carys", GATEKEEPER):
        at_desk(who)
    person(PARENT).ask()
    asking = person(WATCHED)
    asking.ask()
    sides.deliver()
    return asking


def case_id(sides: Sides, reference: str) -> str:
    with sides.hub_side.database.reading() as session:
        found = rows.case_by_reference(session, reference)
    assert found is not None
    return found.id.hex()


def state_of(sides: Sides, reference: str) -> tuple[Any, ...]:
    """What a door could have changed."""
    with sides.hub_side.database.reading() as session:
        found = rows.case_by_reference(session, reference)
        assert found is not None
        acts = session.scalars(select(rows.Audit.action).where(rows.Audit.case_id == found.id)).all()
        to_them = (rows.Item.case_id == found.id) & (rows.Item.direction == rows.TO_PERSON)
        sent = session.scalars(select(rows.Item).where(to_them)).all()
        return (found.state, found.owner_id, found.read_at, found.number_out, list(acts), len(sent))


def filters(queue: Page) -> list[str]:
    """The links above the queue, with their counts."""
    return [each.text for each in queue.main.all("a") if "/queue" in (each.attributes.get("href") or "")]


@SQLITE
@pytest.mark.rule("rule 13")
@pytest.mark.parametrize("who", [CO_ORDINATOR, "dev-carys"])
@pytest.mark.parametrize("query", ["", "?state=new", "?mine"])
def test_the_queue_has_no_row_for_others(sides: Sides, hers: Person, at_desk: Desks, who: str, query: str) -> None:
    colleague = at_desk(who)
    page = colleague.client.visit(f"/queue{query}")

    assert case_id(sides, hers.reference) not in page.html
    assert hers.reference not in "".join(page.text.split())
    with pytest.raises(NotOffered):
        colleague.case(hers.reference)


@pytest.mark.rule("rule 13")
def test_no_count_gives_it_away(
    sides: Sides, hers: Person, person: Callable[..., Person], at_desk: Desks, new_sides: Callable[[], Sides]
) -> None:
    """The counts are those of a desk to which it never came."""
    without = new_sides()
    Person(without.portal_client(), PARENT).ask()
    without.deliver()
    elsewhere = Colleague(without.hub_client())
    elsewhere.sign_in()

    assert filters(at_desk(CO_ORDINATOR).queue()) == filters(elsewhere.queue())
    assert filters(at_desk(GATEKEEPER).queue()) != filters(elsewhere.queue())


@SQLITE
@pytest.mark.rule("rule 13")
def test_its_address_answers_as_an_unknown_one(sides: Sides, hers: Person, at_desk: Desks) -> None:
    colleague = at_desk(CO_ORDINATOR)
    hidden = colleague.client.fetch("GET", f"/cases/{case_id(sides, hers.reference)}")
    unknown = colleague.client.fetch("GET", f"/cases/{UNKNOWN}")

    assert hidden.status == unknown.status == 404
    assert hidden.html == unknown.html


DOORS = {
    "claim": {},
    "hand-back": {},
    "assign": {"to": "x"},
    "quiet": {"until": "2026-03-20"},
    "open": {},
    "status": {"status": "working", "envelope_id": "cd" * 16},
    "message": {"text": "Hello", "envelope_id": "cd" * 16},
    "handover": {"service": "samaritans", "why": "nearer", "kinds": "name"},
    "reading": {"services": "samaritans"},
    "asked": {"asked_id": "cd" * 16, "state": "done"},
    f"handovers/{'cd' * 16}": {"state": "passed"},
}


@SQLITE
@pytest.mark.rule("rule 13")
@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("who", [CO_ORDINATOR, "dev-carys"])
def test_no_door_opens_for_others(sides: Sides, hers: Person, at_desk: Desks, door: str, who: str) -> None:
    colleague = at_desk(who)
    token = dict(colleague.queue().form(to="/claim").filled())["csrf_token"]
    before = state_of(sides, hers.reference)

    hidden, unknown = (
        colleague.client.fetch("POST", f"/cases/{each}/{door}", data={**DOORS[door], "csrf_token": token})
        for each in (case_id(sides, hers.reference), UNKNOWN)
    )

    assert hidden.status == unknown.status == 404
    assert hidden.html == unknown.html
    assert state_of(sides, hers.reference) == before


@SQLITE
def test_a_gatekeeper_does_the_whole_work(sides: Sides, hers: Person, at_desk: Desks) -> None:
    dilys = at_desk(GATEKEEPER)
    case = dilys.open(dilys.claim(dilys.case(hers.reference)))
    assert "Gareth Pell, at the council" in case.text

    dilys.write(case, "I am Dilys. Only I can see this.")
    sides.deliver()
    assert "I am Dilys. Only I can see this." in hers.come_back().text


def test_not_sure_is_as_good_as_yes_and_no_is_no(sides: Sides, person: Callable[..., Person], at_desk: Desks) -> None:
    unsure, sure = person(naming("", said="not-sure")), person(naming("", said="no"))
    unsure.ask()
    sure.ask()
    sides.deliver()

    amira = at_desk(CO_ORDINATOR)
    assert amira.case(sure.reference).status == 200
    with pytest.raises(NotOffered):
        amira.case(unsure.reference)


@SQLITE
def test_a_gatekeeper_who_is_named_sees_nothing(sides: Sides, person: Callable[..., Person], at_desk: Desks) -> None:
    dilys = at_desk(GATEKEEPER)
    asking = person(naming("a woman called DILYS at the Hub"))
    asking.ask()
    sides.deliver()

    with pytest.raises(NotOffered):
        dilys.case(asking.reference)
    assert dilys.client.fetch("GET", f"/cases/{case_id(sides, asking.reference)}").status == 404


@SQLITE
def test_a_gatekeeper_who_signs_in_later_and_is_named_cannot_open_it(
    sides: Sides, person: Callable[..., Person], at_desk: Desks
) -> None:
    """At intake nobody knew her name. She is compared before anything is shown, and then it is not there any more."""
    asking = person(naming("Farrow"))
    asking.ask()
    sides.deliver()
    before = state_of(sides, asking.reference)

    dilys = at_desk(GATEKEEPER)
    case = dilys.case(asking.reference)
    answer = dilys.client.post_form(f"{case.path}/open", dict(case.form(to="/open").filled()))

    assert answer.status == 404
    # But for the one item that tells the person, nothing has changed.
    assert state_of(sides, asking.reference) == (*before[:3], 1, [], 1)
    with pytest.raises(NotOffered):
        dilys.case(asking.reference)
    sides.deliver()
    assert NOBODY in asking.come_back().part("instead")


# Nobody is left who may read it


@pytest.mark.rule("rule 13")
def test_whoever_names_every_gatekeeper_is_told_at_once_and_no_colleague_sees_it(
    sides: Sides, person: Callable[..., Person], at_desk: Desks
) -> None:
    colleagues = [at_desk(who) for who in (CO_ORDINATOR, "dev-ben", "dev-carys", GATEKEEPER)]
    before = filters(colleagues[-1].queue())
    asking = person(naming("Dilys Farrow, who minds the kettle"))
    asking.ask()
    sides.deliver()

    space = asking.come_back()
    assert NOBODY in space.part("instead")
    # The shipped area names nobody outside yet, so these are services that have nothing to do with the police.
    assert "116123" in "".join(space.part("instead").split())
    assert "The Hub is open now" not in space.part("instead")
    for said in ("Dilys", "Farrow", "kettle", "afraid", "police officer"):
        assert said not in space.main.text
    # It is there once, with the first item of the conversation, and no pass brings it again.
    sides.deliver()
    assert space.main.text.count(NOBODY) == asking.space().main.text.count(NOBODY) == 2
    assert state_of(sides, asking.reference) == ("new", None, None, 1, [], 1)

    unknown = colleagues[0].client.fetch("GET", f"/cases/{UNKNOWN}")
    for each in colleagues:
        with pytest.raises(NotOffered):
            each.case(asking.reference)
        hidden = each.client.fetch("GET", f"/cases/{case_id(sides, asking.reference)}")
        assert hidden.status == unknown.status == 404
    assert filters(colleagues[-1].queue()) == before


@SQLITE
def test_while_one_gatekeeper_may_read_it_nothing_is_said(sides: Sides, hers: Person) -> None:
    assert NOBODY not in hers.come_back().text


@SQLITE
def test_before_any_gatekeeper_has_signed_in_nothing_is_said(sides: Sides, person: Callable[..., Person]) -> None:
    """One who is not meant may still come; operations hear the alarm."""
    asking = person(naming("Dilys Farrow"))
    asking.ask()
    sides.deliver()
    assert NOBODY not in asking.come_back().text


class OneFromOutside:
    """A gatekeeper whom the Hub named later, from another organisation."""

    who = Identity("outside-eve", "Eve Hartnell", "Eve", ("gatekeeper",))

    def offered(self) -> tuple[Identity, ...]:
        return (self.who,)

    def prove(self, claim: str) -> Identity:
        assert claim == self.who.id
        return self.who


@SQLITE
def test_a_gatekeeper_from_outside_may_read_it_later_and_the_space_says_so(
    sides: Sides, person: Callable[..., Person], at_desk: Desks
) -> None:
    at_desk(GATEKEEPER)
    asking = person(naming("Dilys Farrow"))
    asking.ask()
    sides.deliver()
    sides.hub.extensions["side"] = replace(sides.hub_side, identities=OneFromOutside())
    eve = at_desk("outside-eve")
    eve.open(eve.case(asking.reference))
    sides.deliver()

    space = asking.come_back()
    assert "Read by a person." in space.part("delivery")
    with pytest.raises(NotOffered):
        space.part("instead")


@SQLITE
def test_the_words_are_nowhere_in_clear(sides: Sides, hers: Person) -> None:
    with sides.hub_side.database.reading() as session:
        found = rows.case_by_reference(session, hers.reference)
    assert found is not None
    assert found.facts["restricted"] is True
    assert "Gareth" not in str(found.facts)
