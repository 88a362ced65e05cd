"""The post through RabbitMQ, on a real broker: what it does to a parcel never loses, doubles or forges anything."""

from __future__ import annotations

import logging
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from amqp.exceptions import MessageNacked
from nacl.signing import SigningKey
from sqlalchemy import func, select

from app import wiring
from app.adapters import carriers, queues
from app.adapters.carriers import CarrierDown, Parcel
from app.adapters.queues import AmqpCarrier, Hatch, QueueFault, Served
from app.data import hub as hub_rows
from app.data import portal as portal_rows
from app.services import post as post_service
from app.services.hub import post as hub_post
from app.services.portal import hatch
from app.settings import QueueAddress, Side, queue_address
from app.web import clock
from tests.harness.day import VARIABLE
from tests.harness.killing import BEFORE_LETTING_GO
from tests.harness.people import Person
from tests.harness.rabbitmq import shared_broker
from tests.harness.sides import Sides
from tests.harness.supervisor import ROOT
from tests.stories import PARENT

AskedBy = Callable[..., Person]
SOON_SECONDS = 60.0

pytestmark = pytest.mark.parametrize("carrier_name", ["amqp"])
on_sqlite = pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)


@pytest.fixture
def owner(queue_urls: dict[Side, str]) -> QueueAddress:
    """The queues of this test, for somebody who may do everything: the broker itself, as it were."""
    return address_of(shared_broker().url(queue_urls["hub"].rpartition("/")[2]))


def address_of(url: str, **more: str) -> QueueAddress:
    address = queue_address({"QUEUE_URL": url, **more})
    assert address is not None
    return address


@contextmanager
def channel_of(address: QueueAddress) -> Iterator[Any]:
    connection = queues.connect(address, seconds=10)
    try:
        yield connection.channel()
    finally:
        connection.collect()


def put(owner: QueueAddress, exchange: str, body: bytes, token: str, *, name: str = "a-name") -> None:
    """Hand something to an exchange, as whoever has the broker in their hands can."""
    with channel_of(owner) as channel:
        queues.publish(channel, exchange, body, token=token, name=name, seconds=10)


def waits(owner: QueueAddress, queue: str) -> int:
    return queues.look(owner)[queue]


def eventually(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + SOON_SECONDS
    while not is_so():
        assert time.monotonic() < deadline, "it did not come about in time"
        time.sleep(0.05)


def parcel(sides: Sides, **about: Any) -> tuple[bytes, str]:
    """An empty parcel of the Hub's with its token; `about` says what is wrong with it."""
    own = sides.hub_side
    with own.database.reading() as session:
        claims = post_service.counters(session, hub_rows.POST, to=own.trust.database_id, nonce=carriers.new_nonce())
    body = about.get("body", carriers.pack(Parcel()))
    signer, now = about.get("signer", own.post_keys.courier), about.get("now", clock.now())
    return body, carriers.make_token(claims, body=body, signer=signer, now=now)


def make_pass(sides: Sides, carrier: hub_post.Carrier) -> hub_post.PassMade:
    own = sides.hub_side
    return hub_post.make_pass(
        own.database, carrier, trust=own.trust, keys=own.post_keys, opener=own.opener, now=clock.now()
    )


def has_arrived_once(sides: Sides, asking: Person) -> None:
    with sides.hub_side.database.reading() as session:
        assert list(session.scalars(select(hub_rows.Case.reference))) == [asking.reference]
    with sides.portal_side.database.reading() as session:
        assert set(session.scalars(select(portal_rows.Outgoing.state))) == {"received"}


@on_sqlite
def test_what_cannot_be_believed_is_set_aside_and_rings_and_the_post_goes_on(
    sides: Sides, person: AskedBy, owner: QueueAddress, caplog: pytest.LogCaptureFixture
) -> None:
    """A broker, or whoever stole the Hub's password to it, can put anything there: nothing of it is taken in."""
    asking = person(PARENT)
    asking.ask(keep=False)
    sides.make_pass()
    forged = {
        "no token": (carriers.pack(Parcel()), ""),
        "rubbish": (b"\x00\xff", "a.b.c"),
        "a stranger's": parcel(sides, signer=SigningKey.generate()),
        "the voice's": parcel(sides, signer=sides.hub_side.voice),
        "no parcel": parcel(sides, body=b"not a parcel"),
    }
    with caplog.at_level(logging.ERROR):
        for body, token in forged.values():
            put(owner, queues.HUB_SENDS, body, token)
        put(owner, queues.HUB_SENDS, *parcel(sides), name="")
        eventually(lambda: waits(owner, queues.DEAD_LETTERS) == len(forged) + 1)
    assert caplog.text.count("alarm: a parcel from the queue was set aside") == len(forged) + 1
    sides.deliver()
    has_arrived_once(sides, asking)
    assert "6 parcels lie in the queue dead-letters" in sides_doctor(sides)


def sides_doctor(sides: Sides) -> str:
    """What `flask doctor` says of the queue."""
    return "\n".join(wiring.seen_of_queue(sides.hub_side.settings))


@on_sqlite
def test_what_is_kept_back_or_repeated_changes_nothing(
    sides: Sides, person: AskedBy, owner: QueueAddress, day: time_machine.Traveller
) -> None:
    """A parcel that lay about is dropped, one that comes twice is answered twice, and the second answer is dropped."""
    asking = person(PARENT)
    asking.ask(keep=False)
    put(owner, queues.HUB_SENDS, *parcel(sides, now=clock.now() - timedelta(minutes=3)))
    put(owner, queues.HUB_SENDS, *parcel(sides))
    body, token = parcel(sides)
    for _ in range(2):
        put(owner, queues.HUB_SENDS, body, token)
    for late in ("late", "later"):
        put(owner, queues.PORTAL_SENDS, b"{}", "", name=late)
    sides.make_pass()
    day.shift(timedelta(minutes=6))  # past any back-off: what was answered to the repeats counts as tried
    sides.deliver()
    has_arrived_once(sides, asking)
    found = queues.look(owner)
    assert found[queues.DEAD_LETTERS] == 0, "what comes too late is no attack"
    assert found[queues.TO_PORTAL] == 0
    # An answer to this very question, forged: it is not believed, and the next pass is as ever.
    carrier = ForgedAnswer(sides, owner)
    with pytest.raises(carriers.BadToken):
        make_pass(sides, carrier)
    sides.deliver()
    has_arrived_once(sides, asking)


class ForgedAnswer:
    """The broker answers itself, with what the portal said to the pass before."""

    def __init__(self, sides: Sides, owner: QueueAddress) -> None:
        self._real, self._owner = sides.new_carrier(), owner

    def exchange(self, body: bytes, token: str) -> tuple[bytes, str]:
        answer, its_token = self._real.exchange(body, token)
        return answer.replace(b"[]", b"[ ]", 1), its_token


@on_sqlite
def test_a_queue_that_nobody_empties_takes_no_more(
    sides: Sides, person: AskedBy, owner: QueueAddress, day: time_machine.Traveller
) -> None:
    asking = person(PARENT)
    asking.ask(keep=False)
    carrier = AmqpCarrier(address_of(sides.environment("hub")["QUEUE_URL"]), longest_seconds=1.0)
    with pytest.raises(CarrierDown, match="flask hatch"):
        make_pass(sides, carrier)
    assert waits(owner, queues.TO_PORTAL) == 0, "for nobody, nothing is put there"
    with channel_of(owner) as holding:  # a hatch that hangs: it has one and takes no more
        holding.basic_qos(0, 1, False)
        holding.basic_consume(queues.TO_PORTAL, callback=lambda _message: None)
        with pytest.raises(CarrierDown, match="did not answer in time"):
            make_pass(sides, carrier)
        with pytest.raises(MessageNacked):
            fill(owner)
        with pytest.raises(CarrierDown, match="is full"):
            make_pass(sides, carrier)
        holding.queue_purge(queues.TO_PORTAL)
    sides.make_pass()
    day.shift(timedelta(minutes=6))  # past any back-off: the parcel that hung was served, and its answer came too late
    sides.deliver()
    has_arrived_once(sides, asking)


def fill(owner: QueueAddress) -> None:
    for _ in range(2 * queues.MOST_WAITING):
        put(owner, queues.HUB_SENDS, b"x", "")


class CutOff(Hatch):
    """A hatch whose connection is cut as it is about to answer, once."""

    def __init__(self, *about: Any, **more: Any) -> None:
        super().__init__(*about, **more)
        self.cuts = 1

    def _serve_one(self, message: Any) -> None:
        real = self._serve

        def serve_and_cut(body: bytes, token: str) -> Served:
            served = real(body, token)
            if self.cuts:
                self.cuts -= 1
                self._connection.transport.sock.shutdown(socket.SHUT_RDWR)
            return served

        self._serve = serve_and_cut
        try:
            super()._serve_one(message)
        finally:
            self._serve = real


@on_sqlite
def test_a_connection_that_is_cut_while_it_answers_loses_and_doubles_nothing(
    sides: Sides, person: AskedBy, owner: QueueAddress, day: time_machine.Traveller
) -> None:
    asking = person(PARENT)
    asking.ask(keep=False)
    own = sides.portal_side
    counter = replace(wiring.counter_of(own.settings, database=own.database), office=own.office)
    cut = CutOff(
        address_of(sides.environment("portal")["QUEUE_URL"]),
        lambda body, token: hatch.serve(counter, body, token, clock=clock.now),
        tell=hatch.set_aside,
        looks_every_seconds=0.05,
    )
    carrier = AmqpCarrier(address_of(sides.environment("hub")["QUEUE_URL"]), longest_seconds=2.0)
    cut.open()
    faults: list[Exception] = []

    def serve_twice() -> None:
        served = 0
        while served < 1:
            try:
                served += cut.turn()
            except QueueFault as fault:
                faults.append(fault)
                cut.open()  # the parcel comes again, is served again, and answered

    passing = threading.Thread(target=serve_twice)
    passing.start()
    with suppress(CarrierDown):  # the second answer may still come in time
        make_pass(sides, carrier)
    passing.join()
    cut.close()
    assert len(faults) == 1
    assert count(sides, portal_rows.Outgoing) == 1
    day.shift(timedelta(minutes=6))  # past any back-off
    sides.deliver()
    has_arrived_once(sides, asking)
    assert waits(owner, queues.DEAD_LETTERS) == 0


def count(sides: Sides, table: type) -> int:
    with sides.portal_side.database.reading() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


@on_sqlite
@pytest.mark.parametrize("side", ["portal", pytest.param("hub", marks=pytest.mark.audit)])
def test_a_process_killed_before_it_lets_go_doubles_nothing(
    sides: Sides, person: AskedBy, owner: QueueAddress, tmp_path: Path, day: time_machine.Traveller, side: Side
) -> None:
    """kill -9 when the portal has answered, or the Hub has read the answer, and the broker does not know it yet."""
    asking = person(PARENT)
    asking.ask(keep=False)
    flag = tmp_path / "die"
    flag.touch()
    command = ["hatch"] if side == "portal" else ["courier", "--once"]
    environ = {**os.environ, **sides.environment(side), BEFORE_LETTING_GO: str(flag), VARIABLE: same_clock()}
    if side == "hub":
        sides.new_carrier()  # opens the hatch
    mortal = subprocess.Popen([sys.executable, "-m", "tests.harness.command", *command], cwd=ROOT, env=environ)
    try:
        if side == "portal":
            carrier = AmqpCarrier(address_of(sides.environment("hub")["QUEUE_URL"]), longest_seconds=60.0)
            eventually(lambda: takers(owner) == 1)
            make_pass(sides, carrier)  # the answer was confirmed before the hatch died, so it arrives
        assert mortal.wait(SOON_SECONDS) == -signal.SIGKILL
    finally:
        mortal.kill()
    assert not flag.exists()
    day.shift(timedelta(minutes=6))  # past any back-off
    sides.deliver()
    has_arrived_once(sides, asking)
    assert waits(owner, queues.DEAD_LETTERS) == 0


def same_clock() -> str:
    """The value of TEST_CLOCK for a process that lives at this process's own moment."""
    return f"{clock.now().timestamp():.3f} {time_machine.escape_hatch.time.time():.3f}"


def takers(owner: QueueAddress) -> int:
    with channel_of(owner) as channel:
        return int(channel.queue_declare(queues.TO_PORTAL, passive=True).consumer_count)


def test_each_side_may_do_what_it_must_and_nothing_else(queue_urls: dict[Side, str]) -> None:
    """With one side's password to the broker one cannot read or write what is the other's, nor declare or delete anything."""
    hub, portal = address_of(queue_urls["hub"]), address_of(queue_urls["portal"])
    for own, sends, reads, others_sends, others_reads in (
        (hub, queues.HUB_SENDS, queues.TO_HUB, queues.PORTAL_SENDS, queues.TO_PORTAL),
        (portal, queues.PORTAL_SENDS, queues.TO_PORTAL, queues.HUB_SENDS, queues.TO_HUB),
    ):
        with channel_of(own) as channel:
            channel.basic_consume(reads, callback=lambda _message: None)
            queues.publish(channel, sends, b"", token="", name="x", seconds=5)
        for what in (
            lambda channel, exchange=others_sends: queues.publish(
                channel, exchange, b"", token="", name="x", seconds=5
            ),
            lambda channel, queue=others_reads: channel.basic_consume(queue),
            lambda channel: channel.basic_consume(queues.DEAD_LETTERS),
            lambda channel, queue=others_reads: channel.basic_publish_confirm(channel.prepare_message(b""), "", queue),
            lambda channel, queue=reads: channel.queue_delete(queue),
            lambda channel, queue=reads, exchange=others_sends: channel.queue_bind(queue, exchange),
            lambda channel: channel.queue_declare("another", durable=True),
        ):
            with channel_of(own) as channel, pytest.raises(Exception, match="ACCESS_REFUSED"):
                what(channel)


@on_sqlite
def test_what_is_wrong_is_said_in_one_line(owner: QueueAddress, sides: Sides) -> None:
    hub = address_of(sides.environment("hub")["QUEUE_URL"])
    assert queues.look(hub) == dict.fromkeys(queues.QUEUES, 0)
    wrong = {
        "cannot be reached": replace(hub, port=1),
        "does not let hub sign in: check password": replace(hub, password="another"),
        "has no nowhere that hub may use": replace(hub, vhost="nowhere"),
        "has not all queues in t0: run `flask post queues`": replace(owner, vhost="t0"),
    }
    for said, address in wrong.items():
        with pytest.raises(QueueFault, match=said) as fault:
            queues.look(address)
        assert "\n" not in str(fault.value)
        assert address.password not in str(fault.value)
    with channel_of(owner) as channel:
        channel.queue_delete(queues.TO_HUB)
        channel.queue_declare(queues.TO_HUB, durable=True, auto_delete=False, arguments={"x-queue-type": "quorum"})
    for look in (queues.look, queues.declare):
        with pytest.raises(QueueFault, match="declared otherwise"):
            look(owner)
    with channel_of(owner) as channel:
        channel.queue_delete(queues.TO_HUB)
    assert "run `flask post queues`" in sides_doctor(sides)
    ready = sides.hub_client().get("/readyz")
    assert (ready.status_code, ready.text.splitlines()[0]) == (200, "ok"), "people are served meanwhile"
    assert "the post waits" in ready.text
    assert "127.0.0.1" not in ready.text


def test_the_broker_is_known_by_its_certificate(owner: QueueAddress) -> None:
    broker = shared_broker()
    url = broker.url(owner.vhost, tls=True)
    assert queues.look(address_of(url, QUEUE_CERTIFICATES=str(broker.certificate)))
    with pytest.raises(QueueFault, match="certificate that is not trusted"):
        queues.look(address_of(url))


@on_sqlite
def test_where_there_is_a_queue_the_site_takes_no_pass_over_http(sides: Sides) -> None:
    body, token = parcel(sides)
    answer = sides.portal_client().post(carriers.PASS_PATH, data=body, headers={carriers.TOKEN_HEADER: token})
    assert answer.status_code == 404
