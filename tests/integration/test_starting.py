"""Starting and stopping: one line says what is wrong, and whatever was begun is finished or was never said to be done."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import sqlite3
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, suppress
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import requests
from click.testing import CliRunner

from app import cli, factory, starting, staying
from app import settings as settings_module
from app.data import versions
from app.settings import HUB_VARIABLES, PORTAL_VARIABLES, SHARED_VARIABLES, Side
from app.web import clock
from tests.harness.day import travel
from tests.harness.people import Person, shown_number
from tests.harness.run import free_port
from tests.harness.supervisor import Supervisor
from tests.stories import WATCHED

SECRET = "q8Jx-".join("abcdefghij")


@pytest.fixture(scope="module")
def made_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("starting") / "data"
    with travel():
        assert run("setup", folder).exit_code == 0
    return folder


@pytest.fixture
def data_dir(made_once: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made_once, tmp_path / "data"))


def run(name: str, data_dir: Path, *arguments: str, **more: str) -> Any:
    own = SHARED_VARIABLES | PORTAL_VARIABLES | HUB_VARIABLES
    environ: Mapping[str, str | None] = {
        **{name: None for name in own if name in os.environ},
        "DATA_DIR": str(data_dir),
        "SECRET_KEY": SECRET,
        **({} if more.get("SIDE") == "portal" else {"DEV_SIGN_IN": "1"}),
        **more,
    }
    return CliRunner().invoke(getattr(cli, name), arguments, env=environ)


def settings(data_dir: Path, side: Side) -> starting.Sides:
    return settings_module.load(
        {"SIDE": side, "DATA_DIR": str(data_dir), "SECRET_KEY": SECRET}
        | ({"DEV_SIGN_IN": "1"} if side == "hub" else {})
    )


def change(data_dir: Path, side: Side, sql: str) -> None:
    with closing(sqlite3.connect(data_dir / side / f"{side}.sqlite3")) as connection, connection:
        connection.execute(sql)


def said(data_dir: Path, side: Side, *, now: datetime | None = None) -> str:
    """The first thing that is wrong, which is what a start is refused with."""
    return next(starting.faults(settings(data_dir, side), now=now or clock.now()), "")


SIDES: tuple[Side, Side] = ("portal", "hub")
BREAKS: Mapping[str, tuple[Side, Callable[[Path], object], str]] = {
    "no-folder": ("hub", lambda at: shutil.rmtree(at / "hub"), "is not there: make it"),
    "open-folder": ("portal", lambda at: (at / "portal").chmod(0o755), "chmod 700"),
    "no-database": ("hub", lambda at: (at / "hub" / "hub.sqlite3").unlink(), "There is no database"),
    "empty-database": ("portal", lambda at: (at / "portal" / "portal.sqlite3").write_bytes(b""), "has no tables yet"),
    "no-database-at-all": ("hub", lambda at: (at / "hub" / "hub.sqlite3").write_bytes(b"x" * 5000), "does not answer"),
    "old-schema": (
        "hub",
        lambda at: change(at, "hub", "UPDATE alembic_version SET version_num = '0001'"),
        "is at version 0001, this release needs",
    ),
    "newer-schema": (
        "portal",
        lambda at: change(at, "portal", "UPDATE alembic_version SET version_num = '9999'"),
        "--newer-schema",
    ),
    "no-id": ("portal", lambda at: change(at, "portal", "DELETE FROM post_state"), "has no id yet"),
    "no-keys": (
        "hub",
        lambda at: (at / "hub" / "private-keys.json").unlink(),
        "no such file; make it with `flask keys`",
    ),
    "keys-open": ("hub", lambda at: (at / "hub" / "private-keys.json").chmod(0o644), "chmod 600"),
    "no-peppers": ("portal", lambda at: (at / "portal" / "peppers").unlink(), "peppers: no such file"),
    "peppers-broken": ("portal", lambda at: (at / "portal" / "peppers").write_text("ab"), "one pepper a line"),
    "not-pinned": (
        "portal",
        lambda at: (at / "portal" / "hub-public-keys.json").unlink(),
        "hub-public-keys.json: no such",
    ),
    "clock-set-back": (
        "hub",
        lambda at: change(at, "hub", "UPDATE post_state SET last_pass_at = 4000000000"),
        "but the last pass was at",
    ),
}


def test_nothing_is_wrong_with_what_set_up_made(data_dir: Path) -> None:
    assert [said(data_dir, side) for side in SIDES] == ["", ""]


@pytest.mark.parametrize("what", BREAKS)
def test_each_thing_that_is_wrong_is_one_line_that_says_what_to_do(what: str, data_dir: Path) -> None:
    side, spoil, line = BREAKS[what]
    spoil(data_dir)
    told = said(data_dir, side)
    assert line in told
    assert "\n" not in told
    # The command says the same and ends with 1; so does the doctor, and neither shows a traceback.
    for command, arguments in (("serve", (side,)), ("doctor", ())):
        ended = run(command, data_dir, *arguments, SIDE=side)
        assert ended.exit_code == 1
        assert line in ended.output
        assert isinstance(ended.exception, SystemExit)


def test_a_full_disk_and_a_clock_that_is_not_set(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for moment in (datetime(1970, 1, 2, tzinfo=UTC), datetime(2150, 1, 1, tzinfo=UTC)):
        assert "The clock says" in said(data_dir, "hub", now=moment)
    monkeypatch.setattr(shutil, "disk_usage", lambda _folder: SimpleNamespace(free=1024, total=1024 * 1024))
    assert "is full" in said(data_dir, "portal")


def test_a_folder_that_cannot_be_written_to(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda *_about: False)  # root may write everywhere
    assert "cannot be written to by this user" in said(data_dir, "portal")


def test_a_database_server_that_is_away(data_dir: Path) -> None:
    """And neither its address nor its password is said."""
    address = f"postgresql://portal:very-secret@127.0.0.1:{free_port()}/portal"
    for command, arguments in (
        ("serve", ("portal",)),
        ("doctor", ()),
        ("database_group", ("migrate",)),
        ("keys_group", ("bundle",)),
    ):
        ended = run(command, data_dir, *arguments, SIDE="portal", PORTAL_DATABASE_URL=address)
        assert ended.exit_code == 1
        assert len(ended.output.strip().splitlines()) == 1, ended.output
        assert "OperationalError" in ended.output
        assert "very-secret" not in ended.output


def test_a_port_that_somebody_has(data_dir: Path) -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port = str(listener.getsockname()[1])
        ended = run("serve", data_dir, "portal", PORTAL_PORT=port)
    assert ended.exit_code == 1
    assert f"PORTAL_PORT: port {port} of 127.0.0.1 cannot be had" in ended.output
    assert "must be the number of a port" in run("serve", data_dir, "portal", PORTAL_PORT="http").output


def test_a_newer_database_is_taken_when_that_is_said(data_dir: Path) -> None:
    change(data_dir, "hub", "UPDATE alembic_version SET version_num = '9999'")
    own = settings(data_dir, "hub")
    assert list(starting.faults(own, now=clock.now(), newer_schema=True)) == []


@pytest.mark.parametrize("side", SIDES)
def test_ready_means_that_it_can_serve(side: Side, data_dir: Path) -> None:
    app = factory.create(settings(data_dir, side))
    own = app.extensions["side"]
    ask = lambda: app.test_client().get("/readyz")  # noqa: E731

    assert (ask().status_code, ask().text) == (200, "ok\n")
    change(data_dir, side, "UPDATE alembic_version SET version_num = '9999'")
    assert ask().status_code == 200, "an older release serves while a newer one is brought in"
    change(data_dir, side, "UPDATE alembic_version SET version_num = '0001'")
    assert (ask().status_code, ask().text) == (503, "not ready\n"), "and says nothing of why"
    change(data_dir, side, f"UPDATE alembic_version SET version_num = '{versions.newest(side)}'")
    assert ask().status_code == 200
    key = starting.key_files(own.settings)[0]
    key.rename(f"{key}.away")
    assert (ask().status_code, ask().text) == (503, "not ready\n")
    Path(f"{key}.away").rename(key)
    change(data_dir, side, "DROP TABLE alembic_version")
    assert ask().status_code == 503
    assert app.test_client().get("/healthz").status_code == 200
    own.database.close()


# Stopping


@pytest.fixture
def signals() -> Iterator[None]:
    kept = {each: signal.getsignal(each) for each in (signal.SIGTERM, signal.SIGINT)}
    yield
    for each, handler in kept.items():
        signal.signal(each, handler)


def test_a_courier_that_is_told_to_stop_wakes_at_once_and_is_cut_off_in_the_end(
    signals: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    planned: list[tuple[float, object, object]] = []

    class Timer(threading.Thread):
        def __init__(self, seconds: float, what: object, arguments: object) -> None:
            super().__init__()
            planned.append((seconds, what, arguments))

    monkeypatch.setattr(threading, "Timer", Timer)
    stop = staying.Stop()
    assert not stop.comes_within(0)
    os.kill(os.getpid(), signal.SIGTERM)
    assert stop.comes_within(60), "it does not sleep on"
    assert planned == [(staying.Stop.WITHIN_SECONDS, os._exit, (0,))]
    with pytest.raises(SystemExit):
        signal.raise_signal(signal.SIGTERM)


@pytest.mark.rule("rule 6")
def test_a_request_that_is_in_hand_is_finished_when_the_portal_is_told_to_stop(
    new_site: Callable[..., Supervisor],
) -> None:
    """A send waits for the database; meanwhile SIGTERM comes: it is answered as sent, and it is there."""
    site = new_site(fixed_day=False)
    site.start("portal")
    visitor = site.visitor()
    her = Person(visitor, WATCHED.open_to_all())
    checked = her.fill_in()
    answers: list[int] = []
    visitor.session.hooks["response"].append(lambda response, **_: answers.append(response.status_code))

    def send() -> None:
        with suppress(requests.ConnectionError):  # the page after it is for the next process
            her.send(checked)

    in_hand = threading.Thread(target=send)
    with closing(sqlite3.connect(site.data_dir / "portal" / "portal.sqlite3", isolation_level=None)) as lock:
        lock.execute("BEGIN IMMEDIATE")
        in_hand.start()
        in_hand.join(1.0)
        assert in_hand.is_alive()
        stopping = threading.Thread(target=site.stop, args=("portal",))
        stopping.start()
        stopping.join(1.0)
        assert stopping.is_alive(), "it waits for what is in hand"
        lock.execute("ROLLBACK")
    in_hand.join(20)
    stopping.join(20)
    assert not stopping.is_alive()
    assert not site.is_running("portal")
    assert answers[0] == 303
    site.start("portal")
    assert shown_number(visitor.visit("/en/refer/sent")), "the same cookie leads to the number"
    assert "Traceback" not in site.log("portal")


@pytest.mark.audit
def test_a_courier_whose_portal_hangs_ends_in_time(new_site: Callable[..., Supervisor]) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        site = new_site(environ={"PORTAL_URL": f"http://127.0.0.1:{silent.getsockname()[1]}"})
        site.start("hub", "courier")
        connection, _ = silent.accept()  # its pass is in hand now
        site.stop("courier")  # fails when it takes too long
        connection.close()
    assert "Traceback" not in site.log("courier")
