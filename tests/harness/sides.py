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

from app import cli, factory
from app import settings as settings_module
from app.adapters.audit_heads import HeadsFile
from app.adapters.carriers import CarrierDown, HttpCarrier
from app.adapters.numbers import KdfCost
from app.services.hub import placing
from app.services.hub import post as hub_post
from app.services.hub.post import PassMade
from app.settings import HUB_VARIABLES, PORTAL_VARIABLES, SHARED_VARIABLES, Side
from app.web import clock
from app.web.hub import Hub
from app.web.portal import Portal
from tests.harness.clients import AuditingClient, BrowsingClient

CHEAP = KdfCost(opslimit=1, memlimit=8 * 1024)
MOST_PASSES = 4


@cache
def _compiled() -> FileSystemBytecodeCache:
    """Templates compiled once for all the sites that this process makes."""
    folder = tempfile.mkdtemp(prefix="templates-")
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
        carrier = HttpCarrier(self._sides.portal_url)
        try:
            return carrier.exchange(body, token)
        finally:
            carrier.close()


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
    ) -> None:
        """Set both sides up in `data_dir`; without `database_urls` each has a new SQLite file there.

        `cost` None keeps that of the real site. `environ` adds variables for both sides, each of which gets its own.
        """
        self.data_dir = data_dir
        signing_in = {} if "OIDC_ISSUER" in (environ or {}) else {"DEV_SIGN_IN": "1"}
        self._environ = {**signing_in, **(environ or {}), "DATA_DIR": str(data_dir)}
        for side, url in (database_urls or {}).items():
            self._environ[f"{side.upper()}_DATABASE_URL"] = url
        self.run("setup")
        self.is_cut = False
        self.portal = self._create("portal", client_class)
        self.hub = self._create("hub", client_class)
        self.hub.extensions["side"] = replace(self.hub_side, carrier=DesksCarrier(self))
        own = self.portal_side
        office = own.office if cost is None else replace(own.office, cost=cost)
        # Tests fill a form in at once.
        self.portal.extensions["side"] = replace(own, office=office, fewest_seconds=0)
        self._server: BaseWSGIServer | None = None
        self._thread: threading.Thread | None = None
        self._carrier: HttpCarrier | None = None

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
        return settings_module.environment_of(side, self._environ)

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
        if self._server is not None and self._thread is not None:
            self._server.shutdown()
            self._thread.join()
            self._server.server_close()
            self._server = self._thread = None

    def make_pass(self, *, now: datetime | None = None) -> PassMade:
        """One pass of the post, as the courier makes it: over HTTP, with real tokens. Raises what it raises."""
        if self._carrier is None:
            self._carrier = HttpCarrier(self.portal_url)
        own, moment = self.hub_side, now or clock.now()
        made = hub_post.make_pass(
            own.database,
            self._carrier,
            trust=own.trust,
            keys=own.post_keys,
            opener=own.opener,
            now=moment,
            hours=own.area.hub_hours,
            audit=HeadsFile(own.settings.side_dir),
        )
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

    def _create(self, side: Side, client_class: type[BrowsingClient]) -> Flask:
        app = factory.create(settings_module.load(self.environment(side)))
        app.jinja_env.bytecode_cache = _compiled()
        app.test_client_class = client_class
        return app
