"""What `make bench` compares with: bare Flask views that do the least that could be called the same, and the portal with a key
derivation that costs nothing, to see what the rest costs. Served by granian, which calls the functions; for nothing else.
"""

from __future__ import annotations

import json
import os
import secrets
import sqlite3
import threading
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import psycopg
from flask import Flask, render_template, request
from flask.typing import ResponseReturnValue

from app.adapters import numbers, sealing
from app.adapters.numbers import KdfCost
from app.domain.limits import Kind
from app.domain.reference import NUMBER_LENGTH
from app.processes import MOST_WAITING, cores, hand_over_soon
from app.services.portal.limits import Together
from app.services.portal.office import Slot

FOLDER, DATABASE = "BENCH_FOLDER", "BENCH_DATABASE"
ROW_BYTES = 4096
CHEAP = KdfCost(opslimit=1, memlimit=8 * 1024)
NO_CONTENT = 204


def make_bare() -> Flask:
    """A hello, and a flat template: the question page's own bytes, with three escaped words in them."""
    folder = Path(os.environ[FOLDER])
    words = json.loads((folder / "words.json").read_text(encoding="utf-8"))
    app = Flask("bare", template_folder=str(folder))

    @app.get("/")
    def hello() -> str:
        return "Hello"

    @app.get("/flat")
    def flat() -> str:
        return render_template("flat.html", **words)

    return app


def make_bare_keeper() -> Flask:
    """A view that parses a form and commits one row of 4 KB, each thread on a connection of its own: no pool, no session."""
    app, local = Flask("keeper"), threading.local()
    address = os.environ[DATABASE]
    is_sqlite = address.startswith("sqlite:///")
    put = "INSERT INTO bare (id, body) VALUES (?, ?)" if is_sqlite else "INSERT INTO bare (id, body) VALUES (%s, %s)"

    def connection() -> Any:
        if not hasattr(local, "connection"):
            if is_sqlite:
                local.connection = sqlite3.connect(address.removeprefix("sqlite:///"), isolation_level=None, timeout=15)
                for pragma in ("synchronous=FULL", "secure_delete=ON"):
                    local.connection.execute(f"PRAGMA {pragma}")
            else:
                local.connection = psycopg.connect(address.replace("+psycopg", ""))
        return local.connection

    def commit(body: bytes) -> None:
        own = connection()
        if is_sqlite:
            own.execute("BEGIN IMMEDIATE")
        own.execute(put, (os.urandom(16), body))
        own.commit()

    @app.get("/")
    def ready() -> str:
        return "ready"

    @app.post("/refer/check")
    def take() -> ResponseReturnValue:
        request.form.to_dict()
        commit(os.urandom(ROW_BYTES))
        return "", 303, {"Location": "/refer/sent"}

    @app.post("/raw")
    def take_bytes() -> ResponseReturnValue:
        commit(request.get_data())
        return "", NO_CONTENT

    return app


def make_bare_deriver() -> Flask:
    """A view that only derives a key, as many at once as the portal does: what is lost before anything of ours is done."""
    hand_over_soon()
    app, slot = Flask("deriver"), Slot(cores(), most_waiting=MOST_WAITING)
    secret, case_id, pepper = secrets.token_bytes(32), sealing.new_id(), secrets.token_bytes(32)

    @app.get("/")
    def ready() -> str:
        return "ready"

    @app.get("/derived")
    def derive() -> str:
        with slot.taken():
            numbers.wrap_secret(secret, "0" * NUMBER_LENGTH, case_id=case_id, pepper=pepper)
        return "derived"

    return app


def make_table(address: str) -> None:
    """The table that the bare view writes to."""
    if address.startswith("sqlite:///"):
        with sqlite3.connect(address.removeprefix("sqlite:///")) as connection:
            connection.execute("PRAGMA journal_mode=WAL")  # stays; to set it again at each connection takes a lock
            connection.execute("CREATE TABLE bare (id BLOB PRIMARY KEY, body BLOB NOT NULL) WITHOUT ROWID")
        connection.close()
        return
    with psycopg.connect(address.replace("+psycopg", "")) as server:
        server.execute("CREATE TABLE bare (id BYTEA PRIMARY KEY, body BYTEA NOT NULL)")


def rows_in_table(address: str) -> int:
    """How many the bare view has written."""
    if address.startswith("sqlite:///"):
        connection = sqlite3.connect(address.removeprefix("sqlite:///"))
        try:
            return int(connection.execute("SELECT count(*) FROM bare").fetchone()[0])
        finally:
            connection.close()
    with psycopg.connect(address.replace("+psycopg", "")) as server:
        row = server.execute("SELECT count(*) FROM bare").fetchone()
    assert row
    return int(row[0])


class NoLimit(Together):
    """One client alone is never as many as all have together."""

    def take(self, kind: Kind, *, is_new: bool, now: datetime) -> float:
        """Nobody waits."""
        return 0.0


def make_portal_without_kdf() -> Flask:
    """The portal, whose numbers a moment's work would open: to measure what is not the key derivation."""
    from app.factory import create_app
    from app.web.portal import Portal

    app = create_app()
    own = app.extensions["side"]
    assert isinstance(own, Portal)
    app.extensions["side"] = replace(own, office=replace(own.office, cost=CHEAP), together=NoLimit())
    return app
