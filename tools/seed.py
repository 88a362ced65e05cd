"""Fill both sides' development data with the stories: they ask, and what can happen on one day happens to each of them.

News, messages, a freeze, a refused handover, a lost number, a number that somebody else was told, a deletion that waits: as
tests/continuations.py has it, up to the first thing that takes time. Everything goes through the site's own pages and its own
post. When a site runs on these data its courier carries the post, for there must be one courier only; else this makes the
passes itself. Run twice, it adds a second set.

With `--many` it makes four hundred cases straight in the Hub's database instead, once, to see a full desk
(tests/harness/many.py); the portal knows nothing of those.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from itertools import zip_longest
from pathlib import Path

import requests

from app import factory
from app.data import hub as hub_rows
from app.data import portal as portal_rows
from app.data import post as post_rows
from app.settings import HUB_VARIABLES, PORTAL_VARIABLES, SHARED_VARIABLES
from app.web.clock import now
from tests.continuations import CONTINUATIONS, EVERYBODY, WORKERS
from tests.harness import many
from tests.harness.clients import BrowsingClient
from tests.harness.life import Life
from tests.harness.people import Colleague, Person, spoken
from tests.harness.sides import Sides

CARRIED_WITHIN_SECONDS = 60.0


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
    if "--many" in sys.argv[1:]:
        made = many.fill(sides.hub_side, now=now())
        sides.close()
        print(f"{len(made)} cases are at the desk.")
        return 0
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
    desks = {who: Colleague(sides.hub_client()) for who in WORKERS}
    for who, desk in desks.items():
        desk.sign_in(who)
    people = [Person(sides.portal_client(), story, language=CONTINUATIONS[story.key].language) for story in EVERYBODY]
    for person in people:
        person.ask()
    carry()
    lives = []
    for person in people:
        worker = CONTINUATIONS[person.story.key].worker
        lives.append(Life(sides, person, worker=worker, desk=desks[worker], carry=carry))
    # One thing of each story at a time: so the post need not be waited for after each of them.
    for at_once in zip_longest(*(CONTINUATIONS[person.story.key].on_one_day for person in people)):
        for life, happening in zip(lives, at_once, strict=True):
            if happening is not None:
                happening.happen(life)
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
