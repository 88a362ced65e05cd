"""How fast the post is: requests a second from the portal's table to the Hub's and the signed answers back, by each carrier.

Compared with the least that a queue could do for the same bytes in the same run: publish each of them confirmed to a quorum
queue, take it out, commit it as one row and acknowledge it. `rates` is for tools/bench.py; by itself it prints a table.
"""

from __future__ import annotations

import argparse
import logging
import os
import secrets
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import func, select

from app.adapters import queues, sealing
from app.data import hub as hub_rows
from app.data import portal as portal_rows
from app.services.portal import drafts, refer
from app.settings import Side, queue_address
from app.web import clock
from tests.harness import run
from tests.harness.databases import SIDES, Copies, EngineName
from tests.harness.postgresql import stop_shared_server
from tests.harness.rabbitmq import shared_broker, stop_shared_broker, take_vhost
from tests.harness.sides import Sides
from tests.stories import READER
from tools.bench_parts import Turns

REQUESTS, ROUNDS = 300, 3
HTTP, AMQP = "courier over HTTP", "courier over RabbitMQ"
RAW = "published, confirmed, and committed as a row"


@dataclass(frozen=True)
class Rate:
    """What, on which engine, how many a second, and the ratio to the least that a queue could do."""

    what: str
    engine: str
    rate: float
    ratio: float


def rates(
    *, requests: int = REQUESTS, rounds: int = ROUNDS, engines: tuple[EngineName, ...] = ("sqlite",)
) -> list[Rate]:
    """Measure in turns, `rounds` times, and take the medians. Needs RabbitMQ, and PostgreSQL for that engine.

    Begins and ends a run of its own (tests/harness/run.py). About half a minute for each round of 300 requests.
    """
    run.begin(in_memory=False)
    logging.disable(logging.WARNING)
    try:
        found: list[Rate] = []
        for engine in engines:
            taken = Turns()
            for _ in range(rounds):
                for what, rate in _turn(engine, requests).items():
                    taken.note(what, rate)
            found += [Rate(what, engine, taken.median(what), taken.ratio(what, RAW)) for what in taken.names]
        return found
    finally:
        logging.disable(logging.NOTSET)
        stop_shared_broker()
        stop_shared_server()
        run.end()


def _turn(engine: EngineName, requests: int) -> dict[str, float]:
    measured: dict[str, float] = {}
    for what, through_a_queue in ((HTTP, False), (AMQP, True)):
        with _sides(engine, through_a_queue=through_a_queue) as (sides, _):
            _ask(sides, requests)
            began = time.monotonic()
            while _settled(sides) < requests:
                sides.make_pass()
            measured[what] = requests / (time.monotonic() - began)
    with _sides(engine, through_a_queue=True) as (sides, vhost):
        measured[RAW] = _raw(sides, vhost, requests)
    return measured


@contextmanager
def _sides(engine: EngineName, *, through_a_queue: bool) -> Iterator[tuple[Sides, str]]:
    urls: dict[Side, str] = {}
    vhost = ""
    if through_a_queue:
        broker, vhost = shared_broker(), take_vhost()
        owner = queue_address({"QUEUE_URL": broker.url(vhost)})
        assert owner is not None
        queues.declare(owner)
        urls = {side: broker.url(vhost, side) for side in SIDES}
    with tempfile.TemporaryDirectory() as folder:
        copies = Copies(engine, Path(folder))
        databases: dict[Side, str] = {side: copies.make(side) for side in SIDES}
        sides = Sides(Path(folder), database_urls=databases, queue_urls=urls)
        try:
            yield sides, vhost
        finally:
            sides.close()
            copies.drop()


def _ask(sides: Sides, requests: int) -> None:
    """So many people ask, by the use case that the site's own pages call; each envelope has 4 KiB."""
    own = sides.portal_side
    answers: dict[str, Any] = {step: dict(answer) for step, answer in READER.answers.items()}
    for _ in range(requests):
        token, now = secrets.token_bytes(32), clock.now()
        for step, answer in answers.items():
            draft = drafts.save_answer(own.database, token, key=step, answer=answer, now=now)
        refer.send(
            own.database, own.office, token=token, revision=draft.revision, answers=draft.answers, language="en",
            consent="1", now=now,
        )  # fmt: skip


def _settled(sides: Sides) -> int:
    with sides.portal_side.database.reading() as session:
        return (
            session.scalar(
                select(func.count()).select_from(portal_rows.Outgoing).where(portal_rows.Outgoing.state == "received")
            )
            or 0
        )


def _raw(sides: Sides, vhost: str, requests: int) -> float:
    """Each alone: published and confirmed; then taken out, committed, acknowledged."""
    owner = queue_address({"QUEUE_URL": shared_broker().url(vhost)})
    assert owner is not None
    body = secrets.token_bytes(4096)
    connection = queues.connect(owner, seconds=30)
    try:
        channel = connection.channel()
        channel.queue_declare("plain", durable=True, auto_delete=False, arguments={"x-queue-type": "quorum"})
        channel.exchange_declare("plain", "fanout", durable=True, auto_delete=False)
        channel.queue_bind("plain", "plain")
        began = time.monotonic()
        for _ in range(requests):
            queues.publish(channel, "plain", body, token="", name="x", seconds=30)
        waiting: list[Any] = []
        channel.basic_qos(0, 100, False)
        channel.basic_consume("plain", callback=waiting.append)
        taken = 0
        while taken < requests:
            while not waiting:
                connection.drain_events(timeout=30)
            message = waiting.pop(0)
            with sides.hub_side.database.writing() as session:
                session.add(
                    hub_rows.Aside(
                        id=sealing.new_id(), reason="measured", body=bytes(message.body), seen_on=clock.now().date()
                    )
                )
            channel.basic_ack(message.delivery_tag)
            taken += 1
        return requests / (time.monotonic() - began)
    finally:
        connection.collect()


def main() -> None:
    """Measure and print."""
    reader = argparse.ArgumentParser(description=__doc__)
    reader.add_argument("--requests", type=int, default=REQUESTS)
    reader.add_argument("--rounds", type=int, default=ROUNDS)
    reader.add_argument("--postgresql", action="store_true", help="on PostgreSQL too")
    asked = reader.parse_args()
    busy = os.getloadavg()[0]
    engines: tuple[EngineName, ...] = ("sqlite", "postgresql") if asked.postgresql else ("sqlite",)
    print(f"load average before: {busy:.1f}")
    for each in rates(requests=asked.requests, rounds=asked.rounds, engines=engines):
        print(f"{each.what:<48} {each.engine:<11} {each.rate:8.0f} a second {each.ratio:6.2f}")


if __name__ == "__main__":
    main()
