"""How many requests a second the courier carries over HTTP, opened and committed at the Hub, against a bare POST of the same
bytes to a view that commits one row for each."""

from __future__ import annotations

import os
import tempfile
import time
from pathlib import Path

import requests

from app import factory, wiring
from app import settings as settings_module
from app.data import portal as rows
from app.data.database import Database
from app.forms.refer import JOURNEY
from app.services.portal import drafts, refer
from app.services.portal.office import Office, new_token
from app.settings import HubSettings
from app.web import clock
from app.web.portal import Portal
from tests.harness.supervisor import Supervisor
from tests.stories import PARENT
from tools import bench_apps
from tools.bench_parts import Found, Held, Options, Turns, serving

PER_SECOND = 100
NO_CONTENT = 204
CARRIED, BARE = "carried", "bare"


def run(options: Options) -> Found:
    """Measure by turns."""
    taken = Turns()
    count = PER_SECOND * options.seconds
    with tempfile.TemporaryDirectory() as folder:
        site = Supervisor(Path(folder) / "site", fixed_day=False)
        address = f"sqlite:///{folder}/bare.sqlite3"
        bench_apps.make_table(address)
        try:
            site.start("portal")
            with serving("make_bare_keeper", {**os.environ, bench_apps.DATABASE: address}) as bare:
                for _ in range(options.rounds):
                    envelopes = fill(site, count)
                    taken.note(CARRIED, count / carry(site, count))
                    taken.note(BARE, post_each(f"{bare}/raw", envelopes))
        finally:
            site.close()
    ratio = taken.ratio(CARRIED, BARE)
    lines = [
        f"The courier brings {count} requests at a time, each opened, checked, sorted and committed at the Hub with its signed",
        "answer. The bare way is one POST of the same bytes after another, and one committed row for each. Both on SQLite.",
        "",
        "| what | a second | ratio |",
        "|---|---:|---:|",
        f"| bare POST and one commit | {taken.median(BARE):,.0f} | 1.00 |",
        f"| the courier over HTTP | {taken.median(CARRIED):,.0f} | {ratio:.2f} |",
    ]
    held = [Held("the courier over HTTP, against a bare POST and one commit each", ratio, 0.5)]
    return Found("The courier over HTTP", lines, held)


def fill(site: Supervisor, count: int) -> list[bytes]:
    """So many requests wait at the portal; returns their envelopes."""
    settings = settings_module.load(site.environment("portal"))
    app = factory.create(settings)
    own = app.extensions["side"]
    assert isinstance(own, Portal)
    office = Office(signer=own.office.signer, hub=own.office.hub, peppers=own.office.peppers, cost=bench_apps.CHEAP)
    answers = {place.step.key: dict(PARENT.answers.get(place.step.key, {})) for place in JOURNEY.path(PARENT.answers)}
    for _ in range(count):
        token = new_token()
        kept = drafts.save_answer(own.database, token, key="start", answer=answers["start"], now=clock.now())
        refer.send(
            own.database,
            office,
            token=token,
            revision=kept.revision,
            answers=answers,
            language="en",
            consent="consent-1/en",
            now=clock.now(),
        )
    with own.database.reading() as session:
        waiting = session.query(rows.Outgoing).filter(rows.Outgoing.state == "waiting").all()
    own.database.close()
    return [row.body for row in waiting]


def carry(site: Supervisor, count: int) -> float:
    """Seconds until passes have brought all of them, as the courier makes them."""
    settings = settings_module.load(site.environment("courier"))
    assert isinstance(settings, HubSettings)
    database = Database(settings.database_url)
    held, carrier = wiring.hub_side(settings, database), wiring.carrier_of(settings)
    brought, started = 0, time.perf_counter()
    while brought < count:
        made = held.make_pass(carrier, now=clock.now())
        if made.stopped or made.refused or not made.taken_in:
            raise SystemExit(f"The pass went wrong: {made}")
        brought += made.taken_in
    taken = time.perf_counter() - started
    carrier.close()
    database.close()
    return taken


def post_each(url: str, bodies: list[bytes]) -> float:
    """Bodies a second, one after the other on one connection."""
    with requests.Session() as session:
        session.trust_env = False
        started = time.perf_counter()
        for body in bodies:
            assert session.post(url, data=body).status_code == NO_CONTENT
        return len(bodies) / (time.perf_counter() - started)
