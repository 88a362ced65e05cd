"""The post between the sides: nothing is lost, nothing comes twice, nothing forged is shown, a roll-back is noticed."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from nacl.signing import SigningKey
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from app.adapters import carriers, sealing
from app.adapters.carriers import CarrierDown, Parcel
from app.data import hub as hub_rows
from app.data import portal as portal_rows
from app.data import post as post_rows
from app.domain.referral import News
from app.services import post as post_service
from app.services.hub import desk
from app.services.hub import post as hub_post
from app.services.portal import post as portal_post
from app.web import clock
from tests.harness.people import Colleague, Person
from tests.harness.sides import Sides
from tests.stories import PARENT

AskedBy = Callable[..., Person]
by_every_carrier = pytest.mark.parametrize("carrier_name", ["http", "amqp"])


class LosingCarrier:
    """Carries to the portal and loses what comes back, as a broken connection does."""

    def __init__(self, sides: Sides) -> None:
        self._real = sides.new_carrier()

    def exchange(self, body: bytes, token: str) -> tuple[bytes, str]:
        self._real.exchange(body, token)
        raise CarrierDown("lost on the way back")


def make_pass(sides: Sides, carrier: hub_post.Carrier) -> hub_post.PassMade:
    own = sides.hub_side
    return hub_post.make_pass(
        own.database, carrier, trust=own.trust, keys=own.post_keys, opener=own.opener, now=clock.now()
    )


def outgoing(sides: Sides) -> list[portal_rows.Outgoing]:
    with sides.portal_side.database.reading() as session:
        return list(session.scalars(select(portal_rows.Outgoing)))


def count(sides: Sides, table: type) -> int:
    database = sides.hub_side.database if issubclass(table, hub_rows.HubRow) else sides.portal_side.database
    with database.reading() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def hub_aside(sides: Sides) -> list[str]:
    with sides.hub_side.database.reading() as session:
        return list(session.scalars(select(hub_rows.Aside.reason)))


def only_case(sides: Sides) -> hub_rows.Case:
    with sides.hub_side.database.reading() as session:
        return session.scalars(select(hub_rows.Case)).one()


@by_every_carrier
def test_received_needs_the_hubs_signed_answer(sides: Sides, person: AskedBy) -> None:
    """An HTTP 200 is no receipt: the envelope waits until an answer to it has been verified."""
    asking = person(PARENT)
    asking.ask()
    sides.make_pass()  # hands it over; the answer travels with the next pass
    assert [row.state for row in outgoing(sides)] == ["waiting", "waiting"]
    sides.make_pass()
    rows = outgoing(sides)
    assert [row.state for row in rows] == ["received", "received"]
    assert all(row.waiting_since is None and row.next_attempt_at is None for row in rows), "times finer than a day stay"


@by_every_carrier
def test_an_answer_lost_on_the_way_is_given_again(sides: Sides, person: AskedBy, day: time_machine.Traveller) -> None:
    asking = person(PARENT)
    asking.ask(keep=False)
    with pytest.raises(CarrierDown):
        make_pass(sides, LosingCarrier(sides))
    assert count(sides, hub_rows.Case) == 0
    day.shift(timedelta(minutes=6))  # past any back-off
    sides.deliver()
    assert count(sides, hub_rows.Case) == 1
    assert [row.state for row in outgoing(sides)] == ["received"]
    # The same envelope once more, as if the portal had never heard the answer.
    with sides.portal_side.database.writing() as session:
        session.execute(
            update(portal_rows.Outgoing).values(state="waiting", waiting_since=clock.now(), next_attempt_at=clock.now())
        )
    sides.make_pass()
    sides.make_pass()
    assert count(sides, hub_rows.Case) == 1
    assert [row.state for row in outgoing(sides)] == ["received"]


def test_back_off_grows_and_ends_at_five_minutes(sides: Sides, person: AskedBy) -> None:
    person(PARENT).ask(keep=False)
    waits = []
    for _ in range(12):
        moment = clock.now().replace(microsecond=0)
        with sides.portal_side.database.writing() as session:
            envelope = session.scalars(select(portal_rows.Outgoing)).one()
            post_rows.mark_tried(session, portal_rows.POST, [envelope.envelope_id], now=moment)
            assert envelope.next_attempt_at is not None
            waits.append((envelope.next_attempt_at - moment).total_seconds())
    assert waits[:3] == [10, 20, 40]
    assert waits == sorted(waits)
    assert waits[-1] == 300


@pytest.mark.rule("nothing half-sent")
def test_what_cannot_be_opened_is_refused_kept_aside_alarmed_and_told(
    sides: Sides, person: AskedBy, caplog: pytest.LogCaptureFixture
) -> None:
    asking = person(PARENT)
    asking.ask(keep=False)
    with sides.portal_side.database.writing() as session:
        row = session.scalars(select(portal_rows.Outgoing)).one()
        spoiled = bytearray(row.body)
        spoiled[400] ^= 1
        row.body = bytes(spoiled)
    with caplog.at_level(logging.ERROR):
        sides.deliver()
    assert hub_aside(sides) == ["bad-signature"]
    assert [(row.state, row.reason) for row in outgoing(sides)] == [("refused", "bad-signature")]
    assert caplog.text.count("alarm:") >= 2, "both sides ring"
    page = asking.come_back()
    assert "could not open" in page.part("delivery")
    asking.write("AFTER-IT")  # the Hub cannot take in what follows either: nobody is to think that it waits there
    sides.deliver()
    assert sorted((row.state, row.reason) for row in outgoing(sides)) == [
        ("refused", "bad-signature"),
        ("refused", "request-refused"),
    ]
    assert "Safe here, waiting" not in asking.come_back().text


@by_every_carrier
def test_bytes_that_are_no_envelope_hold_up_nothing(sides: Sides, person: AskedBy) -> None:
    person(PARENT).ask(keep=False)
    with sides.portal_side.database.writing() as session:
        session.scalars(select(portal_rows.Outgoing)).one().body = b"poison"
    good = person(PARENT)
    good.ask(keep=False)
    sides.deliver()
    assert hub_aside(sides) == ["malformed"]
    assert only_case(sides).reference == good.reference
    assert sorted(row.state for row in outgoing(sides)) == ["received", "refused"]


def take_in(sides: Sides, envelopes: list[tuple[bytes, bytes]]) -> tuple[int, int, int]:
    own = sides.hub_side
    return hub_post.take_in(
        own.database,
        Parcel(envelopes=envelopes),
        trust=own.trust,
        keys=own.post_keys,
        opener=own.opener,
        now=clock.now(),
    )


def hub_references(sides: Sides) -> set[str]:
    with sides.hub_side.database.reading() as session:
        return set(session.scalars(select(hub_rows.Case.reference)))


@pytest.mark.rule("nothing half-sent")
def test_requests_come_in_together_and_a_bad_one_takes_nobody_with_it(
    sides: Sides, person: AskedBy, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """One commit for those that are plain; what is poison or fails among them is done, or waits, by itself."""
    asking = [person(PARENT) for _ in range(6)]
    waiting: list[tuple[bytes, bytes]] = []
    for each in asking:
        each.ask(keep=False)
        waiting += [
            (row.envelope_id, row.body)
            for row in outgoing(sides)
            if row.envelope_id not in {envelope_id for envelope_id, _ in waiting}
        ]
    plain, failing = asking[:3], asking[4]
    spoiled = bytearray(waiting[3][1])
    spoiled[400] ^= 1
    own = sides.hub_side
    commits: list[int] = []
    writing = own.database.writing

    @contextmanager
    def counted() -> Iterator[Session]:
        with writing() as session:
            yield session
        commits.append(count(sides, hub_rows.Case))

    monkeypatch.setattr(own.database, "writing", counted)
    # Two that are plain with bytes that were changed between them, and one of the two twice.
    assert take_in(sides, [waiting[0], (waiting[3][0], bytes(spoiled)), waiting[1], waiting[0]]) == (2, 1, 0)
    assert commits[0] == 2, "the plain ones are there after one commit"
    assert len(commits) == 3, "and then the refused one's, and the repeat's"
    assert hub_aside(sides) == ["bad-signature"]

    came = hub_post.on_call.came
    failing_case = sealing.parse(waiting[4][1]).header.case_id

    def fail_for_one(session: Session, case_id: bytes, **about: Any) -> None:
        came(session, case_id, **about)
        if case_id == failing_case:
            raise OSError

    monkeypatch.setattr(hub_post.on_call, "came", fail_for_one)
    commits.clear()
    with caplog.at_level(logging.ERROR):
        assert take_in(sides, [waiting[2], waiting[4], waiting[5]]) == (2, 0, 1)
    assert commits == [3, 4], "nothing of what failed together stays; each is done by itself"
    assert caplog.text.count("could not be taken in just now") == 1
    assert hub_references(sides) == {each.reference for each in (*plain, asking[5])}
    with own.database.reading() as session:
        assert len(post_rows.answers_due(session, hub_rows.POST)) == 5, "no answer to what is not committed"

    monkeypatch.setattr(hub_post.on_call, "came", came)
    assert take_in(sides, waiting[2:]) == (1, 0, 0), "sent again it comes in, and the others are not doubled"
    assert hub_references(sides) == {each.reference for each in (*plain, failing, asking[5])}
    assert count(sides, hub_rows.SealedDocument) == 2 * 5


def forged(sides: Sides, *, signer: SigningKey | None = None, header: sealing.Header | None = None) -> bytes:
    """A message to the only person, sealed right but for what a test makes wrong."""
    own = sides.hub_side
    case = only_case(sides)
    with own.database.reading() as session:
        database_id = post_rows.post_state(session, hub_rows.POST).database_id
        key = desk.records.case_key(session, case.id, opener=own.opener)
    header = header or sealing.Header(database_id=database_id, case_id=case.id, envelope_id=sealing.new_id(), number=1)
    news = News(kind="message", at=clock.now().isoformat(), text="FORGED", language="en", author="Amira")
    return sealing.seal_in_conversation(
        news.to_bytes(),
        lane=sealing.Lane.TO_PERSON,
        header=header,
        key_id=bytes(8),
        secret=key.case_secret,
        signer=signer or own.voice,
    )


def send_to_portal(sides: Sides, *bodies: bytes) -> None:
    """Hand bytes to the portal in a pass with a right token, as somebody with the courier's key alone could."""
    own = sides.hub_side
    parcel = carriers.pack(
        Parcel(envelopes=[(sealing.parse(body).header.envelope_id, body) for body in bodies], answers=[])
    )
    with own.database.reading() as session:
        claims = post_service.counters(session, hub_rows.POST, to=own.trust.database_id, nonce=carriers.new_nonce())
    token = carriers.make_token(claims, body=parcel, signer=own.post_keys.courier, now=clock.now())
    portal = sides.portal_side
    portal_post.take_pass(
        portal.database,
        body=parcel,
        token=token,
        trust=portal.trust,
        office=portal.office,
        keys=portal.order_keys,
        now=clock.now(),
    )


def test_a_stolen_courier_key_cannot_speak_to_people(
    sides: Sides, person: AskedBy, caplog: pytest.LogCaptureFixture
) -> None:
    asking = person(PARENT)
    asking.ask(keep=False)
    sides.deliver()
    own = sides.hub_side
    by_courier = forged(sides, signer=own.post_keys.courier)
    by_stranger = forged(sides, signer=SigningKey.generate())
    elsewhere = forged(
        sides,
        header=sealing.Header(
            database_id=bytes(16), case_id=only_case(sides).id, envelope_id=sealing.new_id(), number=1
        ),
    )
    with caplog.at_level(logging.ERROR):
        send_to_portal(sides, by_courier, by_stranger, elsewhere)
    page = asking.come_back()
    assert "FORGED" not in page.text
    with sides.portal_side.database.reading() as session:
        reasons = sorted(session.scalars(select(portal_rows.Aside.reason)))
        assert post_rows.post_state(session, portal_rows.POST).aside_count == 3
    assert reasons == ["bad-signature", "bad-signature", "foreign-database"]
    assert caplog.text.count("alarm:") == 3


def test_an_item_of_one_case_cannot_be_moved_into_another(sides: Sides, person: AskedBy) -> None:
    """With the portal's database in hand, one person's news does not open in another's space."""
    first, second = person(PARENT), person(PARENT)
    first.ask(keep=False)
    sides.deliver()
    send_to_portal(sides, forged(sides))
    second.ask(keep=False)
    sides.deliver()
    with sides.portal_side.database.writing() as session:
        item = session.scalars(select(portal_rows.Item)).one()
        other = session.scalars(select(portal_rows.Case).where(portal_rows.Case.id != item.case_id)).one()
        item.case_id = other.id
    assert "FORGED" not in second.come_back().text


def test_a_replayed_number_is_refused_and_the_same_envelope_answered_again(sides: Sides, person: AskedBy) -> None:
    asking = person(PARENT)
    asking.ask(keep=False)
    sides.deliver()
    body = forged(sides)
    send_to_portal(sides, body, body)
    send_to_portal(sides, body)
    assert asking.come_back().text.count("FORGED") == 1
    case = only_case(sides)
    header = sealing.parse(body).header
    send_to_portal(sides, forged(sides, header=replace(header, envelope_id=sealing.new_id())))
    with sides.portal_side.database.reading() as session:
        assert list(session.scalars(select(portal_rows.Aside.reason))) == ["replayed"]
    assert asking.space().text.count("FORGED") == 1
    assert case.reference == asking.reference


def test_an_item_before_its_first_envelope_waits(sides: Sides, person: AskedBy, day: time_machine.Traveller) -> None:
    """Only a case's first envelope must come first; what overtakes it is sent again and not refused."""
    asking = person(PARENT)
    asking.ask()  # a request, then a code word
    with sides.portal_side.database.writing() as session:
        first = session.scalars(select(portal_rows.Outgoing).where(portal_rows.Outgoing.number == 0)).one()
        first.next_attempt_at = clock.now() + timedelta(minutes=2)
    sides.make_pass()
    sides.make_pass()
    assert count(sides, hub_rows.Case) == 0
    assert hub_aside(sides) == []
    day.shift(timedelta(minutes=10))
    sides.deliver()
    day.shift(timedelta(minutes=10))
    sides.deliver()
    assert {row.state for row in outgoing(sides)} == {"received"}
    assert count(sides, hub_rows.SealedDocument) == 3


def test_a_parcel_without_a_good_token_meets_the_sites_own_not_found(sides: Sides) -> None:
    client = sides.portal_client()
    unknown = client.get("/post/nothing")
    own = sides.hub_side
    with own.database.reading() as session:
        claims = post_service.counters(session, hub_rows.POST, to=own.trust.database_id, nonce="x")
    body = carriers.pack(Parcel())
    tokens = {
        "none": "",
        "rubbish": "a.b.c",
        "stranger": carriers.make_token(claims, body=body, signer=SigningKey.generate(), now=clock.now()),
        "voice": carriers.make_token(claims, body=body, signer=own.voice, now=clock.now()),
        "old": carriers.make_token(
            claims, body=body, signer=own.post_keys.courier, now=clock.now() - timedelta(minutes=3)
        ),
        "other body": carriers.make_token(claims, body=b"other", signer=own.post_keys.courier, now=clock.now()),
    }
    for name, token in tokens.items():
        answer = client.post("/post/pass", data=body, headers={carriers.TOKEN_HEADER: token})
        assert answer.status_code == 404, name
        assert answer.data == unknown.data, name
    assert client.get("/post/pass").status_code == 404


def test_a_portal_database_that_went_back_in_time_is_noticed(
    sides: Sides, person: AskedBy, caplog: pytest.LogCaptureFixture, day: time_machine.Traveller
) -> None:
    asking = person(PARENT)
    number = asking.ask()
    sides.deliver()
    with sides.portal_side.database.writing() as session:
        session.execute(update(portal_rows.PostState).values(sent=1))
    day.shift(timedelta(seconds=10))
    with caplog.at_level(logging.ERROR):
        assert sides.make_pass().stopped
    assert "the post has stopped" in caplog.text
    # Spaces stay shut, and the person is asked to phone; nothing is carried or shown at the desk.
    late = person(PARENT)
    page = late.come_back(number)
    assert page.path == "/en/return"
    assert "phone us" in page.text
    with sides.hub_side.database.reading() as session:
        assert desk.post_health(session, now=clock.now()).is_stale
    person(PARENT).ask(keep=False)
    assert sides.make_pass().stopped
    assert count(sides, hub_rows.Case) == 1
    # Somebody looked, and goes on.
    sides.run("post_group", "reconcile", side="portal")
    sides.run("post_group", "reconcile", side="hub")
    sides.deliver()
    assert count(sides, hub_rows.Case) == 2


def test_a_hub_database_that_went_back_in_time_is_noticed(
    sides: Sides, person: AskedBy, colleague: Colleague, day: time_machine.Traveller
) -> None:
    asking = person(PARENT)
    asking.ask()
    sides.deliver()
    colleague.open(colleague.case(asking.reference))  # sends "read by a person"
    sides.deliver()
    with sides.hub_side.database.writing() as session:
        session.execute(update(hub_rows.PostState).values(sent=0))
    day.shift(timedelta(seconds=10))
    assert sides.make_pass().stopped


def test_passes_that_overtake_each_other_are_no_roll_back(sides: Sides, person: AskedBy, colleague: Colleague) -> None:
    """Two couriers, or one killed and started anew: the older pass may arrive last."""
    asking = person(PARENT)
    asking.ask()
    sides.deliver()
    own, portal = sides.hub_side, sides.portal_side
    with own.database.reading() as session:
        before = post_service.counters(session, hub_rows.POST, to=own.trust.database_id, nonce="before")
    colleague.open(colleague.case(asking.reference))  # one more envelope is sent
    sides.deliver()
    body = carriers.pack(Parcel())
    portal_post.take_pass(
        portal.database,
        body=body,
        token=carriers.make_token(before, body=body, signer=own.post_keys.courier, now=clock.now()),
        trust=portal.trust,
        office=portal.office,
        keys=portal.order_keys,
        now=clock.now(),
    )
    assert not sides.make_pass().stopped
    assert "Read by a person" in asking.come_back().part("delivery")


def test_another_portal_database_is_noticed(sides: Sides, caplog: pytest.LogCaptureFixture) -> None:
    sides.make_pass()
    with sides.portal_side.database.writing() as session:
        session.execute(update(portal_rows.PostState).values(database_id=sealing.new_id()))
    with caplog.at_level(logging.ERROR):
        assert sides.make_pass().stopped
    assert "another" in caplog.text


def test_the_hub_away_for_a_day_loses_nothing(sides: Sides, person: AskedBy, day: time_machine.Traveller) -> None:
    asking = [person(PARENT) for _ in range(3)]
    for each in asking:
        each.ask()
    day.shift(timedelta(days=1))
    late = person(PARENT)
    late.number = asking[0].number
    assert "waiting for the Hub" in late.come_back().part("delivery")
    sides.deliver()
    assert count(sides, hub_rows.Case) == 3
    assert "waiting" not in {row.state for row in outgoing(sides)}
