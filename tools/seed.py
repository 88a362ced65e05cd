"""Fill both sides' development data with the stories: they ask, some are answered, some come back and write.

Everything goes through the site's own pages and its own post. When a site runs on these data its courier carries the post,
for there must be one courier only; else this makes the passes itself. Run twice, it adds a second set.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

import requests

from app import factory
from app.data import hub as hub_rows
from app.data import portal as portal_rows
from app.data import post as post_rows
from app.domain.status import Status
from app.settings import HUB_VARIABLES, PORTAL_VARIABLES, SHARED_VARIABLES
from tests.harness.clients import BrowsingClient
from tests.harness.people import Colleague, Person, spoken
from tests.harness.sides import Sides
from tests.stories import STORIES

CARRIED_WITHIN_SECONDS = 60.0
AMIRA, BEN, CARYS, DILYS = "dev-amira", "dev-ben", "dev-carys", "dev-dilys"
HELLO = "Hello, I am {name}. I have read what you sent. You do not have to answer today. What would help you first?"

# What happens to each story after it arrives; those that are not here still wait in the queue for somebody.
ANSWERED_BY = {"parent": AMIRA, "neighbour": BEN, "watched": DILYS, "deaf": CARYS, "worker": BEN, "witness": CARYS}
SENT_STATUS = {
    "neighbour": Status.FINDING_OUT,
    "deaf": Status.WORKING,
    "witness": Status.WAITING_FOR_YOU,
}
ONLY_CLAIMED_BY = {"student": AMIRA}
COME_BACK = ("parent", "watched", "worker")


class NotCarried(Exception):
    """A site answers on the portal's port, but nothing was collected."""


def main() -> int:
    if os.environ.get("PUBLIC_URL"):
        print("`make seed` is for development: unset PUBLIC_URL.", file=sys.stderr)
        return 1
    own = (SHARED_VARIABLES | PORTAL_VARIABLES | HUB_VARIABLES) - {"SIDE", "DATA_DIR"}
    environ = {name: os.environ[name] for name in own if name in os.environ}
    data_dir = Path(os.environ.get("DATA_DIR", "var")).absolute()
    try:
        sides = Sides(data_dir, client_class=BrowsingClient, cost=None, environ=environ)
    except factory.REFUSALS as refusal:
        print(refusal, file=sys.stderr)
        return 1
    try:
        people = seed(sides, _carrier(sides))
    except NotCarried as problem:
        print(problem, file=sys.stderr)
        return 1
    finally:
        sides.close()
    for person in people:
        print(f"{person.story.key:14} {spoken(person.number)}  {person.story.title}")
    return 0


def seed(sides: Sides, carry: Callable[[], None]) -> list[Person]:
    """Let every story happen; `carry` makes the post arrive. Returns the people, each with their number."""
    # First, for a request that is for gatekeepers alone raises an alarm where none has ever signed in.
    desks = {who: Colleague(sides.hub_client()) for who in (AMIRA, BEN, CARYS, DILYS)}
    names = {who: desk.sign_in(who) and who.removeprefix("dev-").capitalize() for who, desk in desks.items()}
    people = [Person(sides.portal_client(), story) for story in STORIES]
    for person in people:
        person.ask()
    carry()
    for person in people:
        key, reference = person.story.key, person.reference
        who = ANSWERED_BY.get(key) or ONLY_CLAIMED_BY.get(key)
        if who is None:
            continue
        desk = desks[who]
        desk.claim(desk.case(reference))
        if key in ANSWERED_BY:
            desk.open(desk.case(reference))
            desk.write(desk.case(reference), HELLO.format(name=names[who]))
        if key in SENT_STATUS:
            desk.send_status(desk.case(reference), SENT_STATUS[key].value)
    carry()
    for person in people:
        if person.story.key in COME_BACK:
            person.come_back()
            person.write(person.story.message)
            person.sign_out()
    carry()
    return people


def _carrier(sides: Sides) -> Callable[[], None]:
    """How the post gets across: by the courier of a site that runs, or by passes of our own."""
    running = sides.hub_side.settings.portal_url
    try:
        with requests.Session() as session:
            session.trust_env = False
            session.get(f"{running}/healthz", timeout=2)
    except requests.RequestException:
        return sides.deliver
    return lambda: _wait_for_courier(sides, running)


def _wait_for_courier(sides: Sides, running: str) -> None:
    deadline = time.monotonic() + CARRIED_WITHIN_SECONDS
    while _waiting(sides):
        if time.monotonic() > deadline:
            raise NotCarried(
                f"Something answers on {running}, but nothing is collected: start its courier, stop it, or set PORTAL_PORT."
            )
        time.sleep(0.5)


def _waiting(sides: Sides) -> int:
    with sides.portal_side.database.reading() as session:
        waiting = post_rows.waiting_count(session, portal_rows.POST)
    with sides.hub_side.database.reading() as session:
        return waiting + post_rows.waiting_count(session, hub_rows.POST)


if __name__ == "__main__":
    raise SystemExit(main())
