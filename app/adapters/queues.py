"""The post through RabbitMQ: the same parcels, tokens and answers as over HTTP, by way of two quorum queues.

The Hub's side hands a parcel to the exchange `hub-sends`, which leads to the queue `to-portal`, and waits a bounded time for the
answer to it in `to-hub`. The portal's side, the *hatch* (`flask hatch`), takes parcels out of `to-portal`, has each served as
one that came over HTTP, hands the answer to `portal-sends`, and only when the broker has confirmed it lets go of the parcel.

The broker is trusted with nothing: it sees what it could see of HTTP through a proxy, and whatever it loses, delays or repeats
is sent again, dropped as stale, or answered again (app/services/post.py). Every wait is bounded, since a broker that hangs
still takes connections. RabbitMQ 3.10 or newer.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from kombu import Connection

from app.adapters.carriers import MOST_PARCEL_BYTES, TOKEN_HEADER, CarrierDown, new_nonce
from app.settings import QueueAddress

TO_PORTAL, TO_HUB, DEAD_LETTERS = "to-portal", "to-hub", "dead-letters"
HUB_SENDS, PORTAL_SENDS = "hub-sends", "portal-sends"
LED_BY: Mapping[str, str] = {TO_PORTAL: HUB_SENDS, TO_HUB: PORTAL_SENDS, DEAD_LETTERS: DEAD_LETTERS}
# A pass at a time and one that waits for each process that died: more means that nobody takes them out, and is refused.
MOST_WAITING = 32
# Each time that a process died over a parcel counts; then it is set aside, and the rest goes on.
MOST_DELIVERIES = 5
MOST_SET_ASIDE = 500
_WAITING: dict[str, Any] = {
    "x-queue-type": "quorum",
    "x-max-length": MOST_WAITING,
    "x-overflow": "reject-publish",
    "x-delivery-limit": MOST_DELIVERIES,
    "x-dead-letter-exchange": DEAD_LETTERS,
    "x-dead-letter-strategy": "at-least-once",
}
# How each queue is declared. Changing one later is refused by the broker: docs/operations.md says how it is done.
# What was set aside must never be what stops the post, so there the oldest go.
QUEUES: Mapping[str, Mapping[str, Any]] = {
    DEAD_LETTERS: {"x-queue-type": "quorum", "x-max-length": MOST_SET_ASIDE, "x-overflow": "drop-head"},
    TO_PORTAL: _WAITING,
    TO_HUB: _WAITING,
}
HEARTBEAT_SECONDS = 20
OPENS_WITHIN_SECONDS = 5.0
CONFIRMS_WITHIN_SECONDS = 10.0
CLOSES_WITHIN_SECONDS = 0.5
LOOKS_EVERY_SECONDS = 1.0
# A connection that was idle for longer is opened anew, before the broker has given it up.
FRESH_SECONDS = HEARTBEAT_SECONDS
NO_ANSWER = "no-answer"
LEADS_NOWHERE, REFUSED_ACCESS, NOT_THERE, DECLARED_OTHERWISE = 312, 403, 404, 406

log = logging.getLogger("post")


class QueueFault(CarrierDown):
    """What is wrong with the broker or its queues, in one line that says what to do. Never with the password."""


@dataclass(frozen=True)
class Served:
    """The answering parcel with its token."""

    body: bytes
    token: str


class NotNow(Exception):
    """It cannot be served just now: the other side is told so, and sends it again."""


class Stale(Exception):
    """It came too late to count: it is dropped, and the other side sends anew."""


class Poison(Exception):
    """It cannot be believed or understood: it is set aside, and somebody is told. The text is a short reason."""


def declare(address: QueueAddress) -> list[str]:
    """Declare the exchanges and queues, by somebody who may; returns their names. Raises QueueFault."""
    with _open(address, seconds=CONFIRMS_WITHIN_SECONDS) as connection, _plainly(address, "declare the queues"):
        channel = connection.channel()
        for queue in QUEUES:
            channel.exchange_declare(LED_BY[queue], "fanout", durable=True, auto_delete=False)
            channel.queue_declare(queue, durable=True, auto_delete=False, arguments=dict(QUEUES[queue]))
            channel.queue_bind(queue, LED_BY[queue])
    return list(QUEUES)


def look(address: QueueAddress, *, seconds: float = OPENS_WITHIN_SECONDS) -> dict[str, int]:
    """How much waits in each queue, by its name. Raises QueueFault: broker away, no rights, queues not there or otherwise."""
    with _open(address, seconds=seconds) as connection:
        return {queue: _looked_at(connection, address, queue) for queue in QUEUES}


def _looked_at(connection: Any, address: QueueAddress, queue: str) -> int:
    """How much waits in a queue that is there and declared as it must be, as far as this user may find out. Declares nothing."""
    with _plainly(address, f"look at the queue {queue}"):
        channel = connection.channel()
        channel.exchange_declare(LED_BY[queue], "fanout", passive=True)
        count = int(channel.queue_declare(queue, passive=True).message_count)
        try:
            channel.queue_declare(queue, durable=True, auto_delete=False, arguments=dict(QUEUES[queue]))
            channel.close()
        except Exception as error:
            # Somebody who may not declare queues cannot find out how they are declared either: that they are there must do.
            if getattr(error, "reply_code", None) != REFUSED_ACCESS:
                raise
        return count


class AmqpCarrier:
    """The Hub's side: one parcel out, the answer to it back. One exchange at a time; the lock of a pass sees to that."""

    def __init__(self, address: QueueAddress, *, longest_seconds: float = 15.0, keeps: bool = True) -> None:
        """An answer that is not there after `longest_seconds` is none. `keeps` the connection for the next exchange."""
        self._address = address
        self._longest = longest_seconds
        self._keeps = keeps
        self._connection: Any = None
        self._used_at = 0.0
        self._alone = threading.Lock()

    def exchange(self, body: bytes, token: str) -> tuple[bytes, str]:
        """Hand over a packed parcel with its token; returns the other side's. Raises CarrierDown."""
        deadline = time.monotonic() + self._longest
        with self._alone:
            try:
                answered = self._exchange(body, token, deadline)
            except BaseException:
                self._close(politely=False)  # whatever is on its way there is not for the next
                raise
            if self._keeps:
                self._used_at = time.monotonic()
            else:
                self.close()
            return answered

    def _exchange(self, body: bytes, token: str, deadline: float) -> tuple[bytes, str]:
        connection = self._ready(deadline)
        with _plainly(self._address, "hand over a parcel"):
            channel = connection.channel()
            if not channel.queue_declare(TO_PORTAL, passive=True).consumer_count:
                raise QueueFault(
                    f"nobody takes parcels out of the queue {TO_PORTAL}: start `flask hatch` at the portal"
                )
            name = new_nonce()
            found: list[Any] = []
            channel.basic_qos(0, 1, False)
            channel.basic_consume(TO_HUB, callback=found.append)
            publish(channel, HUB_SENDS, body, token=token, name=name, seconds=_left(deadline))
            while True:
                try:
                    while not found:  # a frame at a time: a broker that trickles must not hold a colleague up for ever
                        connection.blocking_read(timeout=_left(deadline))
                except TimeoutError:
                    raise CarrierDown("the portal did not answer in time") from None
                message = found.pop(0)
                channel.basic_ack(message.delivery_tag)
                if message.properties.get("correlation_id") == name:
                    break  # any other answers a pass that was given up: the next pass brought its envelopes again
                log.info("an answer that came too late was dropped")
            channel.close()
        if message.properties.get("type") == NO_ANSWER:
            raise CarrierDown("the portal could not answer just now")
        if len(message.body) > MOST_PARCEL_BYTES:
            raise CarrierDown("the portal's parcel is too large")
        return bytes_of(message.body), token_of(message)

    def _ready(self, deadline: float) -> Any:
        if self._connection is not None and time.monotonic() - self._used_at > FRESH_SECONDS:
            self.close()
        if self._connection is None:
            self._connection = connect(self._address, seconds=min(OPENS_WITHIN_SECONDS, _left(deadline)))
        self._connection.transport.sock.settimeout(_left(deadline))
        return self._connection

    def close(self) -> None:
        """Let go of the connection."""
        self._close(politely=True)

    def _close(self, *, politely: bool) -> None:
        if self._connection is not None:
            _let_go(self._connection, politely=politely)
            self._connection = None


class Hatch:
    """The portal's side: takes parcels out of the queue, one at a time, and gives the answers back."""

    def __init__(
        self,
        address: QueueAddress,
        serve: Callable[[bytes, str], Served],
        *,
        tell: Callable[[str], None],
        looks_every_seconds: float = LOOKS_EVERY_SECONDS,
    ) -> None:
        """`serve` gets a parcel and its token, and may raise NotNow, Stale or Poison; `tell` hears why one was set aside."""
        self._looks_every = looks_every_seconds
        self._address = address
        self._serve = serve
        self._tell = tell
        self._connection: Any = None
        self._channel: Any = None
        self._waiting: list[Any] = []

    def open(self) -> None:
        """Connect and begin to take parcels out. Raises QueueFault."""
        self.close()
        self._connection = connect(self._address, seconds=OPENS_WITHIN_SECONDS)
        for queue in QUEUES:
            _looked_at(self._connection, self._address, queue)
        with _plainly(self._address, f"take parcels out of the queue {TO_PORTAL}"):
            self._channel = self._connection.channel()
            self._channel.basic_qos(0, 1, False)
            self._channel.basic_consume(TO_PORTAL, callback=self._waiting.append)
            self._connection.transport.sock.settimeout(CONFIRMS_WITHIN_SECONDS)

    def turn(self) -> bool:
        """Serve one parcel; False when none came for a moment. Raises QueueFault, after which `open` starts anew."""
        with _plainly(self._address, "serve a parcel"):
            self._connection.heartbeat_tick()
            if not self._waiting:
                try:
                    self._connection.drain_events(timeout=self._looks_every)
                except TimeoutError:
                    return False
            if not self._waiting:
                return False
            self._serve_one(self._waiting.pop(0))
            return True

    def _serve_one(self, message: Any) -> None:
        name = message.properties.get("correlation_id") or ""
        kind, answer = "", Served(b"", "")
        try:
            if len(message.body) > MOST_PARCEL_BYTES or not 0 < len(name) <= 64:
                raise Poison("frame")
            answer = self._serve(bytes_of(message.body), token_of(message))
        except Stale:
            self._channel.basic_ack(message.delivery_tag)
            return
        except Poison as poison:
            self._channel.basic_reject(message.delivery_tag, requeue=False)
            self._tell(str(poison))
            return
        except NotNow:
            kind = NO_ANSWER
        publish(
            self._channel,
            PORTAL_SENDS,
            answer.body,
            token=answer.token,
            name=name,
            kind=kind,
            seconds=CONFIRMS_WITHIN_SECONDS,
        )
        self._channel.basic_ack(message.delivery_tag)

    def close(self) -> None:
        """Let go of the connection; what was not let go of comes again to whoever is next."""
        self._waiting.clear()
        if self._connection is not None:
            _let_go(self._connection)
            self._connection = self._channel = None


def connect(address: QueueAddress, *, seconds: float) -> Any:
    """A connection to the broker on which no wait lasts longer than `seconds`. Raises QueueFault."""
    tls: Any = False
    if address.tls:
        # The library's own other way checks neither certificate nor name unless it is told to.
        tls = {
            "context": {"check_hostname": True, "cafile": address.certificates or None},
            "server_hostname": address.host,
            "do_handshake_on_connect": False,
        }
    client = Connection(
        hostname=address.host,
        port=address.port,
        userid=address.user,
        password=address.password,
        virtual_host=address.vhost,
        ssl=tls,
        connect_timeout=seconds,
        heartbeat=HEARTBEAT_SECONDS,
        login_method="PLAIN",
        transport_options={"confirm_publish": True},
    )
    with _plainly(address, "sign in"):
        connection = client.transport.establish_connection()
        connection.transport.sock.settimeout(seconds)
        return connection


def publish(channel: Any, exchange: str, body: bytes, *, token: str, name: str, seconds: float, kind: str = "") -> None:
    """Hand a parcel to an exchange; returns when the broker has confirmed that it keeps it. Raises what the library raises."""
    message = channel.prepare_message(
        body,
        content_type="application/octet-stream",
        headers={TOKEN_HEADER: token},
        properties={"delivery_mode": 2, "correlation_id": name, **({"type": kind} if kind else {})},
    )
    # What leads nowhere would be confirmed all the same; as `mandatory` it comes back, which the library raises.
    channel.basic_publish(message, exchange=exchange, mandatory=True, timeout=seconds, confirm_timeout=seconds)


def bytes_of(body: Any) -> bytes:
    """A message's body: the library makes text of what says that it is text."""
    return body.encode("utf-8", "surrogatepass") if isinstance(body, str) else bytes(body)


def token_of(message: Any) -> str:
    """The token that came with a message; empty when there is none."""
    token = (message.properties.get("application_headers") or {}).get(TOKEN_HEADER, "")
    return token if isinstance(token, str) else ""


@contextmanager
def _open(address: QueueAddress, *, seconds: float) -> Iterator[Any]:
    connection = connect(address, seconds=seconds)
    try:
        yield connection
    finally:
        _let_go(connection)


def _let_go(connection: Any, *, politely: bool = True) -> None:
    """Close, `politely` by saying so first; for a broker that does not answer nobody waits."""
    try:
        if politely and connection.connected:
            connection.transport.sock.settimeout(CLOSES_WITHIN_SECONDS)
            connection.close()
        connection.collect()
    except Exception as error:
        log.debug("closing a connection: %s", type(error).__name__)


@contextmanager
def _plainly(address: QueueAddress, what: str) -> Iterator[None]:
    """Whatever the library raises becomes one line."""
    where = f"{address.host}:{address.port}"
    try:
        yield
    except CarrierDown:
        raise
    except TimeoutError:
        raise QueueFault(f"the broker at {where} does not answer in time") from None
    except Exception as error:
        raise QueueFault(_in_one_line(error, address, what)) from None


def _in_one_line(error: Exception, address: QueueAddress, what: str) -> str:
    where = f"{address.host}:{address.port}"
    code, name = getattr(error, "reply_code", None), type(error).__name__
    if code == REFUSED_ACCESS:
        return (
            f"the broker at {where} does not let {address.user} {what}: check password and rights (docs/operations.md)"
        )
    if code in (NOT_THERE, LEADS_NOWHERE) or name == "ConsumerCancelled":
        return f"the broker at {where} has not all queues in {address.vhost}: run `flask post queues`"
    if code == DECLARED_OTHERWISE:
        return f"a queue at {where} is declared otherwise than it must be: docs/operations.md says how that is changed"
    if name == "MessageNacked":
        return f"the broker at {where} refused the parcel: its queue is full, or it cannot keep it safe"
    if name == "NotAllowed":
        return f"the broker at {where} has no {address.vhost} that {address.user} may use"
    if isinstance(error, OSError) and "CERTIFICATE" in str(error).upper():
        return f"the broker at {where} has a certificate that is not trusted: set QUEUE_CERTIFICATES"
    return f"the broker at {where} cannot be reached ({name})"


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left
