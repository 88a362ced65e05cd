"""Supervisors and their colleagues: leave and cover, giving cases away, ending sessions. And nothing leaks by any of it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine

from app.data import hub as rows
from app.services.hub import people
from app.services.hub.staff import DevelopmentIdentities, Identity
from app.web.clock import now
from tests.harness.clients import BrowsingClient
from tests.harness.day import DAY
from tests.harness.inside import Inside
from tests.harness.pages import Page
from tests.harness.people import Colleague, Person, sign_in
from tests.harness.sides import Sides
from tests.stories import PARENT

AMIRA, BEN, CARYS, DILYS, EDWIN = "dev-amira", "dev-ben", "dev-carys", "dev-dilys", "dev-edwin"
TODAY = DAY.date()
on_sqlite = pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)


def who(staff_id: str) -> Identity:
    return DevelopmentIdentities().prove(staff_id)


def at_desk(sides: Sides, staff_id: str) -> BrowsingClient:
    client = sides.hub_client()
    sign_in(client, staff_id)
    return client


def url_of(staff_id: str) -> str:
    return f"/people/{people.key_of(staff_id)}"


def set_leave(client: BrowsingClient, staff_id: str, cover: str, *, days: int = 7) -> Page:
    page = client.visit(url_of(staff_id))
    answers = {
        "from_on": TODAY.isoformat(),
        "until_on": (TODAY + timedelta(days=days)).isoformat(),
        "cover": people.key_of(cover),
    }
    return client.submit(page, page.form("from_on"), answers)


@pytest.fixture
def inside(sides: Sides, person: Callable[..., Person]) -> Inside:
    """Somebody whose case is at the Hub, and everybody has signed in once."""
    made = Inside(sides, person(PARENT))
    for staff_id in (AMIRA, BEN, CARYS, DILYS):
        at_desk(sides, staff_id)
    return made


def owner(inside: Inside) -> str | None:
    with inside.sides.hub_side.database.reading() as session:
        return session.get_one(rows.Case, inside.case_id).owner_id


def test_a_case_that_is_given_is_told_to_its_person_and_logged(inside: Inside) -> None:
    carys = at_desk(inside.sides, CARYS)
    page = carys.visit(f"/cases/{inside.case_id.hex()}/assign")
    case = carys.submit(page, page.form("to"), {"to": people.key_of(BEN)})

    assert case.path == "/queue"
    assert owner(inside) == BEN
    inside.sides.deliver()
    assert "Ben" in inside.person.come_back().text
    with inside.sides.hub_side.database.reading() as session:
        (line,) = session.query(rows.Audit).filter(rows.Audit.action == people.REASSIGNED).all()
        assert (line.staff_id, line.case_id, line.detail) == (CARYS, inside.case_id, BEN)
    again = carys.visit(f"/cases/{inside.case_id.hex()}/assign")
    assert carys.submit(again, again.form("to"), {"to": ""}).status == 422


@on_sqlite
def test_all_of_a_colleagues_cases_go_at_once(inside: Inside) -> None:
    ben = Colleague(inside.sides.hub_client())
    ben.sign_in(BEN)
    ben.claim(ben.case(inside.person.reference))
    carys = at_desk(inside.sides, CARYS)
    page = carys.visit(url_of(BEN))
    done = carys.submit(page, page.form("to"), {"to": people.key_of(AMIRA)})

    assert "1 case went to Amira Novak" in done.text
    assert owner(inside) == AMIRA


def test_whoever_covers_has_the_cases_with_their_own_until_the_last_day(
    inside: Inside, day: time_machine.Traveller
) -> None:
    ben = Colleague(inside.sides.hub_client())
    ben.sign_in(BEN)
    ben.claim(ben.case(inside.person.reference))
    amira = at_desk(inside.sides, AMIRA)
    assert inside.person.reference not in "".join(amira.visit("/queue?mine").text.split())

    assert set_leave(at_desk(inside.sides, CARYS), BEN, AMIRA).status == 200

    page = amira.visit("/queue?mine")
    assert inside.person.reference in "".join(page.text.split())
    assert "You cover for Ben Okafor" in page.text
    assert "Mine 1" in page.text
    assert owner(inside) == BEN, "who looks after them does not change by it"
    day.shift(timedelta(days=8))
    later = at_desk(inside.sides, AMIRA)
    assert "Mine 0" in later.visit("/queue?mine").text


@on_sqlite
def test_a_leave_that_cannot_be_is_refused_at_its_field_with_everything_kept(inside: Inside) -> None:
    carys = at_desk(inside.sides, CARYS)
    set_leave(carys, BEN, AMIRA)
    refused = set_leave(carys, AMIRA, DILYS)
    assert refused.status == 422
    assert "covers for somebody on some of these days" in refused.text
    assert TODAY.isoformat() in refused.html

    page = carys.visit(url_of(BEN))
    assert "Amira Novak covers" in page.text
    carys.submit(page, page.form(to="/end"))
    assert set_leave(carys, AMIRA, DILYS).status == 200


@on_sqlite
def test_only_supervisors_get_there(inside: Inside) -> None:
    for staff_id in (AMIRA, DILYS):
        client = at_desk(inside.sides, staff_id)
        for address in ("/people", url_of(BEN), "/people/sessions"):
            assert client.visit(address).status == 403


@on_sqlite
def test_a_session_is_ended_by_a_supervisor_and_opens_nothing_more(inside: Inside) -> None:
    ben = at_desk(inside.sides, BEN)
    carys = at_desk(inside.sides, CARYS)
    page = carys.visit("/people/sessions")
    assert "This is you" in page.text
    with inside.sides.hub_side.database.reading() as session:
        theirs = [row.id.hex() for row in session.query(rows.StaffSession).filter_by(staff_id=BEN)]
    for each in theirs:
        page = carys.visit("/people/sessions")
        carys.submit(page, page.form(to=f"/people/sessions/{each}/end"))

    assert ben.open("/queue").status_code == 302
    amira = at_desk(inside.sides, AMIRA)
    page = carys.visit(url_of(AMIRA))
    carys.submit(page, page.form(to="/sign-out"))
    assert amira.open("/queue").status_code == 302


@on_sqlite
def test_a_colleague_sees_their_own_sessions_and_ends_the_others(inside: Inside) -> None:
    elsewhere, bens = at_desk(inside.sides, AMIRA), at_desk(inside.sides, BEN)
    amira = at_desk(inside.sides, AMIRA)
    page = amira.visit("/sessions")
    with inside.sides.hub_side.database.reading() as session:
        own = session.query(rows.StaffSession).filter_by(staff_id=AMIRA).count()
    assert page.text.count("In another browser") == own - 1 > 0
    assert "Ben" not in page.main.text
    page = amira.submit(page, page.form(to="/sessions/end"))
    assert "here and nowhere else" in page.text
    assert elsewhere.open("/queue").status_code == 302
    assert bens.open("/queue").status_code == amira.open("/queue").status_code == 200
    with inside.sides.hub_side.database.reading() as session:
        written = session.query(rows.Audit).filter_by(action="ended-sessions").all()
    assert [(each.staff_id, each.detail) for each in written] == [(AMIRA, f"{AMIRA}: own, all others")]


@pytest.mark.rule("rule 13")
def test_a_case_of_gatekeepers_leaks_to_no_supervisor_and_goes_to_no_one_who_may_not_see_it(inside: Inside) -> None:
    with inside.sides.hub_side.database.writing() as session:
        case = session.get_one(rows.Case, inside.case_id)
        case.facts = {**case.facts, "restricted": True, "hidden_from": []}
        case.owner_id = DILYS
    carys = at_desk(inside.sides, CARYS)

    assert carys.visit(f"/cases/{inside.case_id.hex()}/assign").status == 404
    page = carys.visit(url_of(DILYS))
    assert "0 open cases" in page.text
    with inside.sides.hub_side.database.reading() as session:
        by_supervisor = people.colleagues(session, who(CARYS), now=now(), today=TODAY)
        by_keeper = people.colleagues(session, who(DILYS), now=now(), today=TODAY)
    assert {each.identity.id: each.cases for each in by_supervisor}[DILYS] == 0
    assert {each.identity.id: each.cases for each in by_keeper}[DILYS] == 1

    hub = inside.sides.hub_side
    common = {"opener": hub.opener, "voice": hub.voice, "now": now()}
    done = people.give_all(hub.database, from_id=DILYS, to_id=AMIRA, by=who(CARYS), **common)
    assert done == people.Given(0, 0)
    with pytest.raises(people.MayNotHave):
        people.give(hub.database, case_id=inside.case_id, to_id=BEN, by=who(DILYS), **common)
    assert owner(inside) == DILYS
