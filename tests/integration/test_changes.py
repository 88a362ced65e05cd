"""What a person asks for from their space binds the Hub: at once when it tightens, later when it loosens, on both engines."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
import time_machine

from app.adapters import numbers
from app.adapters.carriers import CarrierDown, HttpCarrier
from app.data import hub as hub_rows
from app.data import portal as portal_rows
from app.data import post as post_rows
from app.domain.change import Change, Standing
from app.domain.order import Collect, Order, Told
from app.domain.reference import reference_of
from app.services.hub import changes as hub_changes
from app.services.hub import orders, records
from app.services.hub import post as hub_post
from app.services.portal.orders import Prepared, UnknownCase, follow
from app.web import clock
from tests.harness.inside import Inside
from tests.harness.people import Person
from tests.harness.sides import Sides
from tests.stories import PARENT

AskedBy = Callable[..., Person]


@pytest.fixture
def inside(sides: Sides, person: AskedBy) -> Inside:
    """A parent, back in their space."""
    return Inside(sides, person(PARENT))


@pytest.mark.requirement("B5")
@pytest.mark.rule("rule 2")
@pytest.mark.rule("rule 10")
def test_a_freeze_counts_with_the_pass_and_only_the_code_word_lifts_it(inside: Inside) -> None:
    assert not inside.record().plan.frozen
    inside.ask(Change.FREEZE)
    inside.sides.deliver()
    assert inside.record().plan.frozen
    inside.ask(Change.UNFREEZE, code_word="not the word")
    inside.sides.deliver()
    assert inside.record().plan.frozen, "a wrong word waits like none"
    inside.ask(Change.UNFREEZE, code_word=f" {PARENT.code_word.upper()} ")
    inside.sides.deliver()
    assert not inside.record().plan.frozen
    assert sorted((each["change"], each["standing"]) for each in inside.told()) == [
        ("freeze", "in-force"),
        ("unfreeze", "in-force"),
        ("unfreeze", "waiting"),
    ]


@pytest.mark.rule("rule 10")
def test_another_address_waits_for_a_check_and_the_old_one_is_not_used_meanwhile(inside: Inside) -> None:
    """Whoever has the number may try to move the calls to themselves: then nobody is rung until the Hub has checked."""
    before = inside.record()
    answers = {
        step: dict(answer)
        for step, answer in before.referral.answers.items()
        if step == "reply" or step.startswith("reply-")
    }
    way = before.plan.ways[0].way
    answers[f"reply-{way.value}"]["address"] = "01632 960 999"
    inside.ask(Change.PLAN, answers=answers)
    inside.sides.deliver()
    assert inside.standings() == [("plan", "waiting")]
    meanwhile = inside.record().plan.way(way)
    assert meanwhile is not None
    assert meanwhile.address == before.plan.ways[0].address
    assert meanwhile.missing is not None, "neither address is used"
    inside.ask(Change.NOT_ME)
    inside.sides.deliver()
    assert inside.standings() == [("plan", "disowned"), ("not-me", "in-force")]
    still = inside.record().plan.way(way)
    assert still is not None
    assert still.missing is not None, "what was tightened stays tight until the Hub has checked"


@pytest.mark.requirement("B5")
@pytest.mark.rule("rule 10")
def test_a_deletion_stops_everything_at_once_and_leaves_nothing_after_its_days(
    inside: Inside, day: time_machine.Traveller
) -> None:
    inside.ask(Change.DELETE)
    inside.sides.deliver()
    assert inside.record().plan.frozen
    own, portal = inside.sides.hub_side, inside.sides.portal_side
    with portal.database.reading() as session:
        wrap = session.get_one(portal_rows.NumberWrap, inside.case_id).wrap
    day.shift(timedelta(days=7, minutes=1))
    inside.sides.make_pass()
    inside.sides.make_pass()
    with own.database.reading() as session:
        assert session.get(hub_rows.Case, inside.case_id) is None
        assert session.get(hub_rows.RecordSecret, inside.case_id) is None
        assert session.get(hub_rows.Tombstone, inside.case_id) is not None
    with portal.database.reading() as session:
        assert session.get(portal_rows.Case, inside.case_id) is None
        assert session.get(portal_rows.NumberWrap, inside.case_id) is None
    for path in inside.sides.data_dir.rglob("portal.sqlite3*"):
        assert wrap not in path.read_bytes(), path.name


@pytest.mark.rule("rule 10")
def test_with_the_code_word_a_deletion_is_done_with_the_same_pass(inside: Inside) -> None:
    inside.ask(Change.DELETE, code_word=PARENT.code_word)
    inside.sides.make_pass()
    inside.sides.make_pass()
    with inside.sides.portal_side.database.reading() as session:
        assert session.get(portal_rows.Case, inside.case_id) is None


def give(inside: Inside, told: Told) -> None:
    own = inside.sides.hub_side
    with own.database.writing() as session:
        orders.give(session, inside.case_id, told, portal_key=own.trust.sealing, voice=own.voice, now=clock.now())
    inside.sides.deliver()


def test_a_code_opens_the_case_and_a_killed_number_does_not(inside: Inside) -> None:
    own, portal = inside.sides.hub_side, inside.sides.portal_side
    with own.database.reading() as session:
        secret = records.case_key(session, inside.case_id, opener=own.opener).case_secret
    until: datetime = clock.now() + timedelta(hours=48)
    reference = reference_of(inside.person.number)
    give(
        inside,
        Told(order=Order.COLLECT, collect=Collect(code="0123456789", secret=secret, reference=reference, until=until)),
    )
    with portal.database.reading() as session:
        tags = numbers.reference_tags(reference, portal.office.peppers)
        found = portal_rows.collection_by_tags(session, tags, now=clock.now())
        assert found is not None
        wrap = numbers.Wrap.from_bytes(found[1].wrap)
    assert numbers.unwrap_secret(wrap, "0123456789", case_id=inside.case_id, peppers=portal.office.peppers) == secret
    give(inside, Told(order=Order.KILL_NUMBER))
    assert "No space opens with this number" in inside.person.come_back().text


def test_a_decision_at_the_desk_counts_and_is_logged(inside: Inside) -> None:
    inside.ask(Change.FREEZE)
    inside.ask(Change.UNFREEZE)
    inside.sides.deliver()
    own = inside.sides.hub_side
    who = next(each for each in own.identities.offered() if each.id == "dev-amira")
    with own.database.writing() as session:
        session.merge(hub_rows.Staff(id=who.id, name=who.name, shown_name=who.shown_name, roles=list(who.roles)))
    with own.database.writing() as session:
        waiting = next(
            row for row in hub_rows.changes(session, inside.case_id) if row.standing == Standing.WAITING.value
        )
        hub_changes.decide_on(
            session, inside.case_id, waiting.envelope_id, who, is_right=True, opener=own.opener, now=clock.now()
        )
    assert not inside.record().plan.frozen
    with own.database.reading() as session:
        assert "change-confirmed" in [line.action for line in hub_rows.audit_of(session, inside.case_id)]


class Lossy:
    """A carrier whose answer is lost on the way back: the portal has handed over, and the Hub got nothing."""

    def __init__(self, carrier: HttpCarrier) -> None:
        self._carrier = carrier

    def exchange(self, body: bytes, token: str) -> tuple[bytes, str]:
        self._carrier.exchange(body, token)
        raise CarrierDown("lost on the way back")


@pytest.mark.rule("rule 2")
def test_a_freeze_lost_on_the_way_is_in_the_very_next_pass(inside: Inside) -> None:
    """Otherwise a pass without it would make the desk take the old plan for a fresh one."""
    own = inside.sides.hub_side
    inside.ask(Change.FREEZE)
    with pytest.raises(CarrierDown):
        hub_post.make_pass(
            own.database,
            Lossy(HttpCarrier(inside.sides.portal_url)),
            trust=own.trust,
            keys=own.post_keys,
            opener=own.opener,
            now=clock.now(),
        )
    inside.sides.make_pass()
    assert inside.record().plan.frozen


@pytest.mark.rule("rule 2")
def test_a_pass_that_left_something_behind_makes_no_plan_fresh(
    inside: Inside, day: time_machine.Traveller, monkeypatch: pytest.MonkeyPatch
) -> None:
    def known_at() -> datetime | None:
        with inside.sides.hub_side.database.reading() as session:
            return post_rows.post_state(session, hub_rows.POST).last_pass_at  # type: ignore[no-any-return]

    before = known_at()
    inside.ask(Change.FREEZE)
    day.shift(timedelta(seconds=2))

    def fail(*_args: object, **_options: object) -> None:
        raise OSError("the disk is full")

    with monkeypatch.context() as broken:
        broken.setattr(hub_changes, "write_down", fail)
        assert not inside.sides.make_pass().has_all
    assert known_at() == before
    assert not inside.record().plan.frozen
    assert inside.sides.make_pass().has_all
    assert known_at() != before
    assert inside.record().plan.frozen


def test_a_case_that_does_not_open_holds_up_no_pass(
    inside: Inside, day: time_machine.Traveller, caplog: pytest.LogCaptureFixture
) -> None:
    inside.ask(Change.FREEZE)
    inside.ask(Change.UNFREEZE)
    inside.sides.deliver()
    with inside.sides.hub_side.database.writing() as session:
        for row in hub_rows.changes(session, inside.case_id):
            row.due_at = clock.now() if row.standing == Standing.WAITING.value else None
        session.get_one(hub_rows.RecordSecret, inside.case_id).wrapped = bytes(113)
    day.shift(timedelta(seconds=2))
    assert not inside.sides.make_pass().stopped
    assert "a change that is due cannot be looked at" in caplog.text
    assert ("unfreeze", "waiting") in inside.standings()


@pytest.mark.rule("rule 10")
def test_an_order_that_was_overtaken_brings_no_erased_case_back(inside: Inside) -> None:
    inside.ask(Change.DELETE, code_word=PARENT.code_word)
    inside.sides.make_pass()
    inside.sides.make_pass()
    late = Prepared(
        Order.COLLECT, inside.case_id, wrap=bytes(113), reference_tag=bytes(32), until=clock.now() + timedelta(hours=48)
    )
    with inside.sides.portal_side.database.writing() as session, pytest.raises(UnknownCase):
        follow(session, late, now=clock.now())
    with inside.sides.portal_side.database.reading() as session:
        assert session.get(portal_rows.Case, inside.case_id) is None
