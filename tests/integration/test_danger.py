"""Danger to life: two people, a quarter of an hour, written down, counted, and told. On both engines."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import delete, select

from app.adapters import sealing
from app.data import hub as rows
from app.domain import roles
from app.domain.audit import Act
from app.domain.change import Change
from app.domain.danger import Reason, Vote
from app.domain.status import Status
from app.services.hub import danger, erasing, guard
from app.services.hub.danger import (
    AlreadyAsked,
    Line,
    NotAlone,
    NotASupervisor,
    NotTheirs,
    NotWaiting,
    SamePerson,
    View,
)
from app.services.hub.guard import NoSuchCase
from app.services.hub.staff import Identity
from app.services.portal import space
from app.web import clock
from tests.harness.inside import Inside
from tests.harness.pages import Page
from tests.harness.people import CO_ORDINATOR, GATEKEEPER, Colleague, Person
from tests.harness.sides import Sides
from tests.stories import PARENT, WATCHED

SQLITE = pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
SUPERVISOR = "dev-carys"
NAMED = "Gareth Pell"
PHONE = "07700 900111"
WORDS = "Somebody rang and said that he is on his way to her."
AskedBy = Callable[..., Person]


class Desks:
    """The desk at which several people are signed in, and what they do about one case."""

    def __init__(self, sides: Sides, case_id: bytes) -> None:
        self.sides, self.case_id = sides, case_id
        self.danger_id = b""

    def sign_in(self, who: str) -> Colleague:
        made = Colleague(self.sides.hub_client())
        made.sign_in(who)
        return made

    def who(self, staff_id: str) -> Identity:
        return self.sides.hub_side.identities.prove(staff_id)

    def ask(self, staff_id: str = SUPERVISOR, *, again: bool = False) -> bytes:
        own = self.sides.hub_side
        self.danger_id = self.danger_id if again else sealing.new_id()
        danger.ask(
            own.database, case_id=self.case_id, danger_id=self.danger_id, reason=Reason.LIFE, words=WORDS,
            who=self.who(staff_id), opener=own.opener, hours=own.area.hub_hours, now=clock.now(),
        )  # fmt: skip
        return self.danger_id

    def agree(self, staff_id: str) -> None:
        with self.sides.hub_side.database.writing() as session:
            danger.agree(session, self.danger_id, self.who(staff_id), now=clock.now())

    def go_alone(self, staff_id: str = SUPERVISOR) -> None:
        with self.sides.hub_side.database.writing() as session:
            danger.go_alone(session, self.danger_id, self.who(staff_id), now=clock.now())

    def say(self, staff_id: str, vote: Vote) -> None:
        with self.sides.hub_side.database.writing() as session:
            danger.say(session, self.danger_id, self.who(staff_id), vote, now=clock.now())

    def view(self, staff_id: str) -> View:
        own = self.sides.hub_side
        with own.database.reading() as session:
            return danger.view(
                session, self.case_id, self.who(staff_id), opener=own.opener, hours=own.area.hub_hours, now=clock.now()
            )

    def shown(self, staff_id: str) -> list[str]:
        opened = self.view(staff_id).opened
        return [] if opened is None else [each.chosen.address for each in opened.reach]

    def listed(self, staff_id: str) -> dict[str, list[Line]]:
        with self.sides.hub_side.database.reading() as session:
            found = danger.listed(session, self.who(staff_id), now=clock.now())
        return {"waiting": [*found.waiting], "open": [*found.open], "to_decide": [*found.to_decide]}

    def acts(self) -> list[tuple[str, str]]:
        with self.sides.hub_side.database.reading() as session:
            lines = session.scalars(
                select(rows.Audit).where(rows.Audit.action.startswith("danger")).order_by(rows.Audit.id)
            )
            return [(line.action, line.staff_id) for line in lines]

    def told(self, inside: Inside) -> list[str]:
        """The statuses in the person's space: one pass finds what is due, the next brings it."""
        self.sides.make_pass()
        self.sides.deliver()
        inside.opened = inside.come_in()
        with self.sides.portal_side.database.reading() as session:
            found = space.read_space(session, inside.opened)
        return [each.news.status for each in found.conversation if each.news.status.startswith("opened-")]


@pytest.fixture
def inside(sides: Sides, person: AskedBy) -> Inside:
    return Inside(sides, person(PARENT))


@pytest.fixture
def desks(sides: Sides, inside: Inside) -> Desks:
    """The supervisor and a co-ordinator are signed in."""
    made = Desks(sides, inside.case_id)
    made.sign_in(SUPERVISOR)
    made.sign_in(CO_ORDINATOR)
    return made


@pytest.mark.requirement("C5")
@pytest.mark.requirement("D9")
@pytest.mark.rule("rule 2")
def test_two_people_open_it_for_a_quarter_of_an_hour_whatever_the_plan_says(
    desks: Desks, inside: Inside, day: time_machine.Traveller
) -> None:
    """She has stopped all contact, it is three at night, and nothing was collected for an hour."""
    inside.ask(Change.FREEZE)
    desks.sides.deliver()
    day.shift(timedelta(hours=17))
    for who in (SUPERVISOR, CO_ORDINATOR, "dev-ben"):
        desks.sign_in(who)
    assert inside.record().plan.frozen

    desks.ask()
    assert desks.view(CO_ORDINATOR).words == WORDS, "whoever may agree must know why"
    assert desks.shown(SUPERVISOR) == desks.shown(CO_ORDINATOR) == []
    with pytest.raises(SamePerson):
        desks.agree(SUPERVISOR)
    with pytest.raises(NotAlone):
        desks.go_alone()
    desks.agree(CO_ORDINATOR)
    desks.agree(CO_ORDINATOR)
    assert PHONE in desks.shown(SUPERVISOR)
    assert desks.shown(SUPERVISOR) == desks.shown(CO_ORDINATOR)
    opened = desks.view(SUPERVISOR).opened
    assert opened is not None
    assert opened.plan.frozen
    assert desks.shown("dev-ben") == [], "to those two, and nobody else"
    assert desks.view("dev-ben").words is None

    day.shift(timedelta(minutes=14, seconds=50))
    assert desks.shown(CO_ORDINATOR)
    day.shift(timedelta(seconds=11))
    assert desks.shown(SUPERVISOR) == desks.shown(CO_ORDINATOR) == []
    assert [act for act, _ in desks.acts()] == [Act.DANGER_ASKED, Act.DANGER_AGREED]


@pytest.mark.rule("rule 2")
def test_the_person_is_told_once_when_it_is_over(desks: Desks, inside: Inside, day: time_machine.Traveller) -> None:
    desks.ask()
    desks.agree(CO_ORDINATOR)
    assert desks.told(inside) == [], "not while it is open"
    desks.say(CO_ORDINATOR, Vote.SILENT)
    day.shift(timedelta(minutes=15, seconds=1))
    assert desks.told(inside) == [Status.OPENED_LIFE], "one person alone cannot decide on silence"
    assert desks.told(inside) == [Status.OPENED_LIFE]
    assert desks.acts()[-1] == (Act.DANGER_TOLD, "system")
    with pytest.raises(NotTheirs):
        desks.say(SUPERVISOR, Vote.SILENT)


def test_silence_takes_two_and_is_decided_again_every_week(
    desks: Desks, inside: Inside, day: time_machine.Traveller
) -> None:
    desks.sign_in("dev-ben")
    desks.ask()
    desks.agree(CO_ORDINATOR)
    with pytest.raises(NotTheirs):
        desks.say("dev-ben", Vote.SILENT)
    desks.say(CO_ORDINATOR, Vote.SILENT)
    desks.say(CO_ORDINATOR, Vote.SILENT)  # twice is once
    desks.say(SUPERVISOR, Vote.SILENT)
    day.shift(timedelta(days=6, hours=23))
    assert desks.told(inside) == []
    assert desks.listed("dev-ben")["to_decide"] == []
    day.shift(timedelta(hours=2))
    assert len(desks.listed("dev-ben")["to_decide"]) == 1, "anybody who may see the case"
    desks.say("dev-ben", Vote.SILENT)
    assert len(desks.listed(SUPERVISOR)["to_decide"]) == 1, "until two have decided"
    desks.say(SUPERVISOR, Vote.SILENT)
    assert desks.listed(SUPERVISOR)["to_decide"] == []
    assert desks.told(inside) == []

    day.shift(timedelta(days=7, seconds=1))
    desks.say("dev-ben", Vote.SILENT)
    assert desks.told(inside) == []
    desks.say(CO_ORDINATOR, Vote.TELL)
    assert desks.told(inside) == [Status.OPENED_LIFE]


@SQLITE
def test_alone_only_while_nobody_else_is_signed_in_who_may_agree(
    desks: Desks, inside: Inside, day: time_machine.Traveller
) -> None:
    """Somebody twice in two browsers is one person; an auditor sees no case; a session that has ended does not count."""
    desks.sign_in(SUPERVISOR)
    desks.sign_in("dev-edwin")
    desks.ask()
    with pytest.raises(NotAlone):
        desks.go_alone()
    with pytest.raises(NoSuchCase):
        desks.agree("dev-edwin")
    with desks.sides.hub_side.database.writing() as session:
        session.execute(delete(rows.StaffSession).where(rows.StaffSession.staff_id == CO_ORDINATOR))
    with pytest.raises(NotTheirs):
        desks.go_alone("dev-ben")
    assert desks.view(SUPERVISOR).others == ()
    desks.go_alone()
    desks.go_alone()
    assert PHONE in desks.shown(SUPERVISOR)
    assert desks.acts()[-1] == (Act.DANGER_ALONE, SUPERVISOR)

    day.shift(timedelta(minutes=16))
    assert desks.told(inside) == [], "a colleague has a day to decide with them on silence"
    desks.say(SUPERVISOR, Vote.SILENT)
    day.shift(timedelta(hours=24))
    assert desks.told(inside) == [Status.OPENED_LIFE]


@SQLITE
def test_who_may_ask_and_how_long_it_waits(desks: Desks, day: time_machine.Traveller) -> None:
    with pytest.raises(NotASupervisor):
        desks.ask(CO_ORDINATOR)
    desks.ask()
    desks.ask(again=True)
    with pytest.raises(AlreadyAsked):
        desks.ask()
    (asked,) = desks.listed(CO_ORDINATOR)["waiting"]
    desks.danger_id = asked.id
    day.shift(timedelta(minutes=15))
    assert desks.listed(CO_ORDINATOR)["waiting"] == []
    with pytest.raises(NotWaiting):
        desks.agree(CO_ORDINATOR)
    with pytest.raises(NotWaiting):
        desks.go_alone()
    assert desks.view(CO_ORDINATOR).words is None
    desks.ask()
    desks.agree(CO_ORDINATOR)
    with pytest.raises(NotWaiting):
        desks.agree("dev-ben")
    assert desks.shown("dev-ben") == []


@pytest.mark.rule("rule 13")
def test_the_second_person_is_one_who_may_know_of_the_case(sides: Sides, person: AskedBy) -> None:
    """A case for gatekeepers only: for the supervisor, and for everybody else, it is not there."""
    Desks(sides, b"").sign_in(GATEKEEPER)
    hers = Inside(sides, person(WATCHED))
    desks = Desks(sides, hers.case_id)
    for who in (SUPERVISOR, CO_ORDINATOR):
        desks.sign_in(who)
    with pytest.raises(NoSuchCase):
        desks.ask()
    own = sides.hub_side
    with own.database.writing() as session:  # somebody who is both asks
        session.add(
            rows.Danger(
                id=(danger_id := sealing.new_id()), case_id=hers.case_id, quarter="2026-Q1", reason="life",
                asked_by=SUPERVISOR, asked_at=clock.now(), alone=False,
            )
        )  # fmt: skip
    desks.danger_id = danger_id
    for who in (CO_ORDINATOR, "dev-ben"):
        with pytest.raises(NoSuchCase):
            desks.agree(who)
        with pytest.raises(NoSuchCase):
            desks.view(who)
        with pytest.raises(NoSuchCase):
            desks.say(who, Vote.SILENT)
        assert desks.listed(who) == {"waiting": [], "open": [], "to_decide": []}
    assert len(desks.listed(GATEKEEPER)["waiting"]) == 1
    desks.agree(GATEKEEPER)
    assert desks.shown(GATEKEEPER)


@SQLITE
@pytest.mark.rule("rule 13")
def test_whoever_the_sealed_words_name_is_kept_out_also_when_nobody_knew_them_then(
    sides: Sides, person: AskedBy
) -> None:
    """Somebody who signs in for the first time after the request came is compared before anything is shown."""
    Desks(sides, b"").sign_in(GATEKEEPER)
    hers = Inside(sides, person(WATCHED))
    own, named = sides.hub_side, Identity("late", NAMED, NAMED, ("gatekeeper", roles.SUPERVISOR))
    with own.database.reading() as session:
        assert guard.may_see(session.get_one(rows.Case, hers.case_id), named), "nothing but the sealed words says it"
        with pytest.raises(NoSuchCase):
            danger.view(session, hers.case_id, named, opener=own.opener, hours=own.area.hub_hours, now=clock.now())
    with pytest.raises(NoSuchCase):
        danger.refuse_named(own.database, hers.case_id, named, opener=own.opener)
    with own.database.reading() as session:
        assert not guard.may_see(session.get_one(rows.Case, hers.case_id), named)
    danger.refuse_named(own.database, hers.case_id, Desks(sides, hers.case_id).who(GATEKEEPER), opener=own.opener)


def test_what_is_counted_outlives_the_case(desks: Desks, day: time_machine.Traveller) -> None:
    desks.ask()
    desks.agree(CO_ORDINATOR)
    own = desks.sides.hub_side
    erasing.erase(own.database, desks.case_id, portal_key=own.trust.sealing, voice=own.voice, now=clock.now())
    with own.database.reading() as session:
        row = session.get_one(rows.Danger, desks.danger_id)
        assert (row.case_id, row.sealed) == (None, None)
        (counted,) = danger.counts(session)
        lines = session.scalars(select(rows.Audit.id).where(rows.Audit.case_id == desks.case_id)).all()
    assert (counted.quarter, counted.reason, counted.asked, counted.opened) == ("2026-Q1", Reason.LIFE, 1, 1)
    assert (counted.alone, counted.told, counted.silent) == (0, 0, 0)
    assert len(lines) >= 2, "and so does what was written down"
    day.shift(timedelta(hours=1))
    desks.sides.deliver()  # there is nobody to tell


@SQLITE
@pytest.mark.rule("rule 2")
def test_under_a_freeze_no_role_sees_a_number_but_through_it(desks: Desks, inside: Inside) -> None:
    """Through the pages: asking, the mark on the colleague's page, agreeing, and the number beside the plan."""
    inside.ask(Change.FREEZE)
    desks.sides.deliver()
    address = f"/cases/{inside.case_id.hex()}"
    people = {who: desks.sign_in(who) for who in (CO_ORDINATOR, "dev-ben", SUPERVISOR, GATEKEEPER)}
    for each in people.values():
        case = each.open(each.client.visit(address))
        assert PHONE not in case.text
        posted = each.client.post_form(f"{address}/show", {"way": "call", "csrf_token": token(case)})
        assert PHONE not in posted.text
        assert PHONE not in each.client.visit(f"{address}/danger").text

    asker, second = people[SUPERVISOR], people[CO_ORDINATOR]
    page = asker.client.visit(f"{address}/danger")
    nothing = asker.client.submit(page, page.form("words"), {})
    assert (nothing.status, "Choose why." in nothing.text) == (422, True)
    kept = asker.client.submit(page, page.form("words"), {"words": WORDS})
    assert WORDS in kept.html
    waits = asker.client.submit(kept, kept.form("words"), {"reason": "life", "words": WORDS})
    assert "Amira Novak" in waits.text
    assert "1 case waits for a second person" in second.queue().html
    assert "waits for a second person" not in asker.queue().html
    assert PHONE not in second.client.visit("/danger").text
    asked = second.client.visit(f"{address}/danger")
    assert WORDS in asked.text
    opened = second.client.submit(asked, asked.form(to="/agree"))
    assert PHONE in opened.text
    assert "They have stopped all contact." in opened.text
    assert "Somebody else may answer" in opened.text
    before = len(desks.acts())
    assert PHONE in asker.client.visit(f"{address}/danger").text
    assert desks.acts()[before:] == [(Act.DANGER_READ, SUPERVISOR)], "one line for each look"
    for who in ("dev-ben", GATEKEEPER):
        assert PHONE not in people[who].client.visit(f"{address}/danger").text
    assert PHONE not in second.client.visit(address).text, "nowhere else"


def token(page: Page) -> str:
    return dict(page.form(to="/claim").filled())["csrf_token"]
