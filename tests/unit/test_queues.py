"""A broker that hangs: it takes connections, and then says nothing, or stops in the middle. Nobody waits for it for ever."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator

import pytest

from app.adapters import queues
from app.adapters.carriers import CarrierDown
from app.adapters.queues import AmqpCarrier, Hatch, QueueFault, Served
from app.settings import QueueAddress

SECONDS = 0.2
# Connection.Start of AMQP 0-9-1, version 0-9, no properties, PLAIN, en_US.
START = b"\x00\x0a\x00\x0a\x00\x09\x00\x00\x00\x00" + b"\x00\x00\x00\x05PLAIN" + b"\x00\x00\x00\x05en_US"
FRAME = b"\x01\x00\x00" + len(START).to_bytes(4, "big") + START + b"\xce"


@pytest.fixture(params=[b"", FRAME, FRAME[:9]], ids=["says nothing", "stops after its greeting", "stops within it"])
def hanging(request: pytest.FixtureRequest) -> Iterator[QueueAddress]:
    """A broker that says so much and no more."""
    taken: list[socket.socket] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def take() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                taken.append(connection)
                connection.recv(8)  # whoever calls speaks first
                connection.sendall(request.param)

        threading.Thread(target=take, daemon=True).start()
        yield QueueAddress(
            host="127.0.0.1", port=listener.getsockname()[1], user="hub", password="secret-word", vhost="post"
        )
        listener.shutdown(socket.SHUT_RDWR)
        for each in taken:
            each.close()


@pytest.mark.timeout(30)
def test_nobody_waits_for_a_broker_that_hangs(hanging: QueueAddress, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queues, "OPENS_WITHIN_SECONDS", SECONDS)
    monkeypatch.setattr(queues, "CONFIRMS_WITHIN_SECONDS", SECONDS)
    hatch = Hatch(hanging, Served, tell=lambda reason: None)
    for wait in (
        lambda: queues.look(hanging, seconds=SECONDS),
        lambda: queues.declare(hanging),
        lambda: AmqpCarrier(hanging, longest_seconds=SECONDS).exchange(b"", ""),
        hatch.open,
    ):
        with pytest.raises(CarrierDown, match="does not answer in time") as fault:
            wait()
        assert "secret-word" not in str(fault.value)


def test_a_broker_that_is_not_there_is_said_so(hanging: QueueAddress) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        away = QueueAddress(host="127.0.0.1", port=closed.getsockname()[1], user="hub", password="x", vhost="post")
        with pytest.raises(QueueFault, match="cannot be reached"):
            queues.look(away, seconds=SECONDS)
