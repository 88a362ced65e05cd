"""Nobody deletes a case or gives a code for a new number alone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine

from app.data import hub as rows
from app.services.hub import second_looks
from app.services.hub.second_looks import Act, NothingWaits
from app.services.hub.staff import DevelopmentIdentities
from app.web.clock import now
from tests.harness.inside import Inside
from tests.harness.people import CO_ORDINATOR, GATEKEEPER, SECOND, Colleague, Person, agree, decide_second, sign_in
from tests.harness.sides import Sides
from tests.stories import PARENT

pytestmark = pytest.mark.rule("rule 10")
on_sqlite = pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)


@pytest.fixture
def inside(sides: Sides, person: Callable[..., Person]) -> Inside:
    """Somebody whose case is at the Hub."""
    return Inside(sides, person(PARENT))


def ask_to_delete(inside: Inside, colleague: Colleague) -> None:
    """A colleague opens the case and asks for everything to be deleted."""
    colleague.sign_in()
    case = colleague.open(colleague.case(inside.person.reference))
    page = colleague.client.visit(f"{case.path}/delete")
    asked = colleague.client.submit(page, page.form("check"), {"check": "in-person"})
    assert "It waits for a second colleague" in asked.text


def is_there(inside: Inside) -> bool:
    with inside.sides.hub_side.database.reading() as session:
        return session.get(rows.Case, inside.case_id) is not None


def actions(inside: Inside) -> list[tuple[str, str, str]]:
    with inside.sides.hub_side.database.reading() as session:
        found = session.query(rows.Audit).filter(rows.Audit.action.startswith("second-")).order_by(rows.Audit.id)
        return [(line.staff_id, line.action, line.detail) for line in found]


def test_a_deletion_waits_for_a_second_colleague_and_then_everything_goes(inside: Inside, colleague: Colleague) -> None:
    ask_to_delete(inside, colleague)
    own = colleague.client.visit("/second")
    assert "Somebody else has to agree" in own.text
    assert "I agree" not in own.text
    assert is_there(inside)

    left = agree(inside.sides.hub_client())

    assert "Nothing waits" in left.text
    assert not is_there(inside)
    inside.sides.deliver()
    assert "No space opens with this number" in inside.person.come_back().text
    assert actions(inside) == [
        (CO_ORDINATOR, "second-asked", "delete"),
        (SECOND, "second-agreed", "delete"),
    ]


@on_sqlite
def test_whoever_asked_cannot_agree_by_a_forged_press(inside: Inside, colleague: Colleague) -> None:
    ask_to_delete(inside, colleague)
    own = colleague.client.visit("/second")
    form = own.form("decision")
    page = colleague.client.post_form(
        form.action, [(name, "agree" if name == "decision" else value) for name, value in form.filled()]
    )
    assert page.status == 422
    assert "Somebody else has to agree" in page.text
    assert is_there(inside)


def test_no_is_no_and_a_day_is_the_end(inside: Inside, colleague: Colleague, day: time_machine.Traveller) -> None:
    ask_to_delete(inside, colleague)
    second = inside.sides.hub_client()
    sign_in(second, SECOND)
    page = second.visit("/second")
    assert "Nothing waits" in decide_second(second, page, "no").text
    ask_to_delete(inside, colleague)
    day.shift(timedelta(hours=25))
    sign_in(second, SECOND)
    assert "Nothing waits" in second.visit("/second").text
    hub = inside.sides.hub_side
    assert second_looks.finish(hub.database, portal_key=hub.trust.sealing, voice=hub.voice, now=now()) == 0
    assert is_there(inside)
    assert [each[1] for each in actions(inside)] == [
        "second-asked", "second-declined", "second-asked", "second-ran-out",
    ]  # fmt: skip


@on_sqlite
def test_a_code_is_made_only_after_a_second_colleague_agreed_and_once(inside: Inside, colleague: Colleague) -> None:
    colleague.sign_in()
    case = colleague.open(colleague.case(inside.person.reference))
    code = colleague.new_number(case, inside.sides.hub_client())
    assert len(code) == 10
    page = colleague.client.visit(f"{case.path}/code")
    page.form("check")  # and another would have to be asked for again
    me = DevelopmentIdentities().prove(CO_ORDINATOR)
    with pytest.raises(NothingWaits), inside.sides.hub_side.database.writing() as session:
        second_looks.use(session, inside.case_id, Act.CODE, me, now=now())


@on_sqlite
def test_a_stolen_number_is_stopped_before_anybody_agrees(inside: Inside, colleague: Colleague) -> None:
    colleague.sign_in()
    case = colleague.open(colleague.case(inside.person.reference))
    page = colleague.client.visit(f"{case.path}/code")
    colleague.client.submit(page, page.form("check"), {"check": "safe-way", "is_stolen": True})
    inside.sides.deliver()
    assert "No space opens with this number" in inside.person.come_back().text


@on_sqlite
def test_a_deletion_that_was_cut_off_after_the_agreement_is_done_later(inside: Inside, colleague: Colleague) -> None:
    ask_to_delete(inside, colleague)
    with inside.sides.hub_side.database.writing() as session:
        session.query(rows.SecondLook).update({"agreed_by": CO_ORDINATOR})
    hub = inside.sides.hub_side
    assert second_looks.finish(hub.database, portal_key=hub.trust.sealing, voice=hub.voice, now=now()) == 1
    assert not is_there(inside)


@on_sqlite
@pytest.mark.rule("rule 13")
def test_what_waits_in_a_case_of_gatekeepers_is_there_for_them_alone(inside: Inside, colleague: Colleague) -> None:
    ask_to_delete(inside, colleague)
    with inside.sides.hub_side.database.writing() as session:
        case = session.get_one(rows.Case, inside.case_id)
        case.facts = {**case.facts, "restricted": True, "hidden_from": []}
    with inside.sides.hub_side.database.reading() as session:
        look_id = session.query(rows.SecondLook.id).scalar()
    second = inside.sides.hub_client()
    sign_in(second, SECOND)
    page = second.visit("/second")
    assert "Nothing waits" in page.text
    hub = inside.sides.hub_side
    with pytest.raises(NothingWaits):
        second_looks.agree(
            hub.database,
            look_id,
            DevelopmentIdentities().prove(SECOND),
            periods=None,
            opener=hub.opener,
            portal_key=hub.trust.sealing,
            voice=hub.voice,
            now=now(),
        )
    keeper = inside.sides.hub_client()
    sign_in(keeper, GATEKEEPER)
    assert "I agree" in keeper.visit("/second").text
