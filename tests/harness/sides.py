"""Both sides in one process: the real applications on databases of their own, and the real post between them over HTTP.

Everything is made by the same command that makes a development site. Only the cost of the key derivation is lower.
"""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
import threading
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import cast

from click.testing import CliRunner
from flask import Flask
from jinja2 import FileSystemBytecodeCache
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from app import cli, factory, wiring
from app import settings as settings_module
from app.adapters import queues
from app.adapters.carriers import CarrierDown, HttpCarrier
from app.adapters.numbers import KdfCost
from app.adapters.queues import AmqpCarrier
from app.data.database import Database
from app.services.hub import placing
from app.services.hub.post import PassMade
from app.services.portal import hatch
from app.services.portal.hatch import Counter
from app.services.portal.limits import Together
from app.settings import HUB_VARIABLES, PORTAL_VARIABLES, SHARED_VARIABLES, PortalSettings, Settings, Side
from app.web import clock
from app.web.hub import Hub
from app.web.portal import Portal
from tests.harness.clients import AuditingClient, BrowsingClient

CHEAP = KdfCost(opslimit=1, memlimit=8 * 1024)
MOST_PASSES = 4


def _compiled() -> FileSystemBytecodeCache:
    """Templates compiled once for all the sites that this process makes during one run."""
    return _compiled_below(tempfile.gettempdir())


@cache
def _compiled_below(run_folder: str) -> FileSystemBytecodeCache:
    folder = tempfile.mkdtemp(prefix="templates-", dir=run_folder)
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return FileSystemBytecodeCache(folder)


class Quiet(WSGIRequestHandler):
    """Says nothing of requests, as the site's own server does not."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Nothing."""


class DesksCarrier:
    """What the desk collects with: the same way as every pass here, or no way at all while the link is cut."""

    def __init__(self, sides: Sides) -> None:
        self._sides = sides

    def exchange(self, body: bytes, token: str) -> tuple[bytes, str]:
        """Hand over and bring back. Raises CarrierDown."""
        if self._sides.is_cut:
            raise CarrierDown("the link is cut")
        carrier = self._sides.new_carrier()
        try:
            return carrier.exchange(body, token)
        finally:
            carrier.close()


class OpenHatch:
    """The portal's hatch, in a thread of its own: as `flask hatch` has it, but for patience with a broker that is away."""

    def __init__(self, settings: PortalSettings, counter: Counter) -> None:
        assert settings.queue is not None
        self._hatch = queues.Hatch(
            settings.queue,
            lambda body, token: hatch.serve(counter, body, token, clock=clock.now),
            tell=hatch.set_aside,
            looks_every_seconds=0.05,
        )
        self._hatch.open()
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._turn, daemon=True)
        self._thread.start()

    def _turn(self) -> None:
        while not self._ending.is_set():
            self._hatch.turn()

    def close(self) -> None:
        """It takes nothing any more."""
        self._ending.set()
        self._thread.join()
        self._hatch.close()


class Sides:
    """The portal, the Hub and the post between them. `close` ends the server and lets go of both databases."""

    def __init__(
        self,
        data_dir: Path,
        *,
        database_urls: Mapping[Side, str] | None = None,
        client_class: type[BrowsingClient] = AuditingClient,
        cost: KdfCost | None = CHEAP,
        environ: Mapping[str, str] | None = None,
        queue_urls: Mapping[Side, str] | None = None,
    ) -> None:
        """Set both sides up in `data_dir`; without `database_urls` each has a new SQLite file there.

        With `queue_urls`, of queues that are declared already, the post goes through RabbitMQ, and the portal has a hatch.

        `cost` None keeps that of the real site. `environ` adds variables for both sides, each of which gets its own.
        """
        self.data_dir = data_dir
        signing_in = {} if "OIDC_ISSUER" in (environ or {}) else {"DEV_SIGN_IN": "1"}
        self._environ = {**signing_in, **(environ or {}), "DATA_DIR": str(data_dir)}
        for side, url in (database_urls or {}).items():
            self._environ[f"{side.upper()}_DATABASE_URL"] = url
        self._queue_urls = queue_urls or {}
        self.run("setup")
        self.is_cut = False
        self._is_usual = not environ and not queue_urls
        self.portal = self._create("portal", client_class)
        self.hub = self._create("hub", client_class)
        self.hub.extensions["side"] = replace(self.hub_side, carrier=DesksCarrier(self))
        own = self.portal_side
        office = own.office if cost is None else replace(own.office, cost=cost)
        # Tests fill a form in at once.
        self.portal.extensions["side"] = replace(own, office=office, fewest_seconds=0)
        self._server: BaseWSGIServer | None = None
        self._thread: threading.Thread | None = None
        self._carrier: HttpCarrier | AmqpCarrier | None = None
        self._hatch: OpenHatch | None = None

    @property
    def portal_side(self) -> Portal:
        """What the portal holds: settings, database, keys."""
        return cast(Portal, self.portal.extensions["side"])

    @property
    def hub_side(self) -> Hub:
        """What the Hub holds: settings, database, keys."""
        return cast(Hub, self.hub.extensions["side"])

    def environment(self, side: Side) -> dict[str, str]:
        """The environment of a process of one side, nothing of this machine's in it."""
        environ = settings_module.environment_of(side, self._environ)
        return environ | ({"QUEUE_URL": self._queue_urls[side]} if self._queue_urls else {})

    def new_carrier(self) -> HttpCarrier | AmqpCarrier:
        """A carrier to the portal, which listens from then on: by HTTP, or through the queue where there is one."""
        queue = self.hub_side.settings.queue
        if queue is None:
            return HttpCarrier(self.portal_url)
        if self._hatch is None:
            own = self.portal_side
            counter = wiring.counter_of(own.settings, database=own.database)
            self._hatch = OpenHatch(own.settings, replace(counter, office=own.office))
        return AmqpCarrier(queue)

    def run(self, name: str, *arguments: str, side: Side | None = None) -> str:
        """Run one of the site's own commands, such as `setup`, and return what it printed; a failure is an error."""
        own = SHARED_VARIABLES | PORTAL_VARIABLES | HUB_VARIABLES
        environ: dict[str, str | None] = {name: None for name in own if name in os.environ}
        environ.update(self.environment(side) if side else self._environ)
        result = CliRunner().invoke(getattr(cli, name), arguments, env=environ, catch_exceptions=False)
        assert result.exit_code == 0, result.output
        return result.output

    def portal_client(self) -> BrowsingClient:
        """A new visitor, without cookies."""
        return cast(BrowsingClient, self.portal.test_client())

    def hub_client(self) -> BrowsingClient:
        """A new browser at the desk, not signed in."""
        return cast(BrowsingClient, self.hub.test_client())

    @property
    def portal_url(self) -> str:
        """Where the portal listens on the loopback; it starts when first asked for."""
        if self._server is None:
            self._server = make_server("127.0.0.1", 0, self.portal, threaded=True, request_handler=Quiet)
            self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
            self._thread.start()
        return f"http://127.0.0.1:{self._server.server_port}"

    def stop_portal(self) -> None:
        """The portal answers no more, until it is asked for again."""
        if self._carrier is not None:
            self._carrier.close()
            self._carrier = None
        if self._hatch is not None:
            self._hatch.close()
            self._hatch = None
        if self._server is not None and self._thread is not None:
            self._server.shutdown()
            self._thread.join()
            self._server.server_close()
            self._server = self._thread = None

    def widen(self, reference_length: int) -> None:
        """New references have so many digits from here on, as `reference_digits` in content/area.yaml says at the start."""
        portal, hub = self.portal_side, self.hub_side
        self.portal.extensions["side"] = replace(
            portal,
            area=replace(portal.area, reference_digits=reference_length),
            office=replace(portal.office, reference_length=reference_length),
        )
        self.hub.extensions["side"] = replace(hub, area=replace(hub.area, reference_digits=reference_length))

    def make_pass(self, *, now: datetime | None = None) -> PassMade:
        """One pass of the post, as the courier makes it: by its carrier, with real tokens. Raises what it raises."""
        if self._carrier is None:
            self._carrier = self.new_carrier()
        own, moment = self.hub_side, now or clock.now()
        made = own.make_pass(self._carrier, now=moment)
        rules = placing.Rules(own.area.hub_hours, own.area.targets, own.settings.review_quiet_days)
        placing.place(own.database, rules=rules, opener=own.opener, now=moment)
        return made

    def deliver(self) -> None:
        """Make passes until both sides know all that the other knows: an answer to what came travels with the next."""
        for _ in range(MOST_PASSES):
            made = self.make_pass()
            assert not made.stopped, "the post has stopped"
            if not made.taken_in and not made.refused and not made.handed_over:
                return
        raise AssertionError(f"the post is not quiet after {MOST_PASSES} passes")

    def close(self) -> None:
        """Stop serving and let go of both databases."""
        self.stop_portal()
        self.portal_side.database.close()
        self.hub_side.database.close()
        if self._is_usual:
            _SPARE["portal"].append(self.portal)
            _SPARE["hub"].append(self.hub)
            self._is_usual = False

    def _create(self, side: Side, client_class: type[BrowsingClient]) -> Flask:
        settings = settings_module.load(self.environment(side))
        if self._is_usual and _SPARE[side]:
            app = _SPARE[side].pop()
            _renew(app, settings)
        else:
            app = factory.create(settings)
            app.extensions["as made"] = AsMade(app)
        app.jinja_env.bytecode_cache = _compiled()  # of this run, also for one that is left over from another
        app.test_client_class = client_class
        return app


class AsMade:
    """What a test may have changed of an application, as it was."""

    def __init__(self, app: Flask) -> None:
        self.side = app.extensions["side"]
        self._wsgi_app, self._config, self._globals = app.wsgi_app, dict(app.config), dict(app.jinja_env.globals)

    def restore(self, app: Flask) -> None:
        """Put it back."""
        app.wsgi_app = self._wsgi_app  # type: ignore[method-assign]
        for there, before in ((app.config, self._config), (app.jinja_env.globals, self._globals)):
            there.clear()
            there.update(before)


# Applications whose site is closed. Half of what it takes to make a site is reading the texts and routes, always the same.
_SPARE: dict[Side, list[Flask]] = {"portal": [], "hub": []}


def _renew(app: Flask, settings: Settings) -> None:
    """Let an application that served before serve another site: with its settings, keys and database, and nothing kept."""
    made = app.extensions["as made"]
    made.restore(app)
    app.config["SECRET_KEY"] = settings.secret_key
    database = Database(settings.database_url)
    if isinstance(settings, PortalSettings):
        keys = wiring.portal_keys(settings)
        app.extensions["side"] = replace(
            made.side, settings=settings, database=database, office=keys.office, trust=keys.trust,
            order_keys=keys.order_keys, salts=factory.salts_of(settings, database), together=Together(),
        )  # fmt: skip
        app.extensions["kept"].forget()
    else:
        own = wiring.hub_keys(settings)
        app.extensions["side"] = replace(
            made.side, settings=settings, database=database, opener=own.opener, voice=own.post.voice,
            post_keys=own.post, trust=own.trust,
        )  # fmt: skip
