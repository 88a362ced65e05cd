"""The Hub is backed up and restored, the portal sends again what was lost, and what was erased stays erased."""

from __future__ import annotations

import base64
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
import time_machine
from click.testing import CliRunner, Result
from sqlalchemy import func, select
from sqlalchemy.engine import make_url

from app import cli
from app.adapters import backups as backup_files
from app.adapters import keys
from app.data import hub as hub_rows
from app.data import portal as portal_rows
from app.settings import HUB_VARIABLES, PORTAL_VARIABLES, SHARED_VARIABLES
from tests.harness.people import Colleague, Person
from tests.harness.postgresql import shared_server
from tests.harness.sides import Sides
from tests.stories import PARENT, READER, STUDENT

AskedBy = Callable[..., Person]
ONE_ENGINE = pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)


class Keeper:
    """Whoever looks after the Hub's backups, with the offline key on a stick of their own."""

    def __init__(self, sides: Sides, stick: Path) -> None:
        self.sides, self.key = sides, stick / "offline.json"
        self.folder = sides.data_dir / "hub" / "backups"
        public = sides.data_dir / "hub" / "backup-public-key.json"
        assert self.do("keys_group", "offline", str(self.key), str(public)).exit_code == 0

    def do(self, group: str, *words: str, side: str = "hub") -> Result:
        """Run a command of a side, whatever becomes of it."""
        own = SHARED_VARIABLES | PORTAL_VARIABLES | HUB_VARIABLES
        environ: dict[str, str | None] = {name: None for name in own if name in os.environ}
        environ |= self.sides.environment(side)  # type: ignore[arg-type]
        if side == "hub":
            environ["PORTAL_URL"] = self.sides.portal_url
        return CliRunner().invoke(getattr(cli, group), words, env=environ, catch_exceptions=False)

    def back_up(self) -> Path:
        """Make a backup."""
        before = set(self.folder.glob("*.backup"))
        made = self.do("backup_group", "make")
        assert made.exit_code == 0, made.output
        (path,) = set(self.folder.glob("*.backup")) - before
        return path

    def verify(self, path: Path) -> Result:
        """Open a backup with the offline key, as in a drill."""
        return self.do("backup_group", "verify", str(path), "--key", str(self.key))

    def plain(self, path: Path) -> bytes:
        """Everything that a backup says, opened."""
        (private,) = keys.backup_private_keys(self.key).values()
        return b"".join(backup_files.read(path, private=private))

    def lose_the_hub(self) -> None:
        """The Hub's database is gone, with everything that stood beside it."""
        url = self.sides.hub_side.database.url
        self.sides.hub_side.database.close()
        if url.get_backend_name() == "sqlite":
            for path in Path(url.database or "").parent.glob("hub.sqlite3*"):
                path.unlink()
        else:
            name = make_url(str(url)).database
            shared_server().do(f'DROP DATABASE "{name}" WITH (FORCE)')
            shared_server().do(f'CREATE DATABASE "{name}"')

    def restore(self, path: Path) -> str:
        """Fill the empty database, and go on as the page says."""
        filled = self.do("backup_group", "restore", str(path), "--key", str(self.key))
        assert filled.exit_code == 0, filled.output
        waits = self.do("post_group", "reconcile")
        assert waits.exit_code == 1
        assert "The portal has noticed" in waits.output
        assert self.do("post_group", "reconcile", side="portal").exit_code == 0
        done = self.do("post_group", "reconcile")
        assert done.exit_code == 0, done.output
        return filled.output + done.output


@pytest.fixture
def keeper(sides: Sides, tmp_path: Path) -> Keeper:
    return Keeper(sides, tmp_path)


def bodies(sides: Sides) -> list[bool]:
    """Of everything that people sent: whether the portal still holds it."""
    with sides.portal_side.database.reading() as session:
        return sorted(bool(body) for body in session.scalars(select(portal_rows.Outgoing.body)))


def case_of(sides: Sides, person: Person) -> hub_rows.Case | None:
    with sides.hub_side.database.reading() as session:
        return hub_rows.case_by_reference(session, person.reference)


def count(sides: Sides, table: type[hub_rows.HubRow]) -> int:
    with sides.hub_side.database.reading() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def items_to(sides: Sides, person: Person) -> list[int]:
    case = case_of(sides, person)
    assert case is not None
    with sides.hub_side.database.reading() as session:
        return sorted(each.number for each in hub_rows.items(session, case.id) if each.direction == hub_rows.TO_PERSON)


def delete_at_once(person: Person) -> None:
    """Delete a space from within, with the right code word."""
    person.come_back()
    page = person.client.visit("/en/case/end/delete")
    person.client.submit(page, page.form(to="/case/end/delete"), {"code_word": person.story.code_word})


def test_a_backup_opens_with_the_offline_key_and_then_the_portal_lets_go(
    sides: Sides, person: AskedBy, keeper: Keeper
) -> None:
    asking = person(PARENT)
    asking.ask()
    sides.deliver()
    assert all(bodies(sides)), "what no backup holds stays at the portal"

    path = keeper.back_up()
    looked = keeper.verify(path)
    assert looked.exit_code == 0, looked.output
    assert "1 of 1 cases open" in looked.output
    assert asking.reference.encode() not in path.read_bytes(), "not even coded facts can be read without the key"
    assert asking.reference.encode() in keeper.plain(path)
    assert path.stat().st_mode & 0o077 == 0

    sides.make_pass()  # carries the marks
    assert not any(bodies(sides))
    assert "Received" in asking.come_back().part("delivery")
    assert " 0 envelopes need not be kept" in keeper.do("backup_group", "make").output


def test_the_hub_restored_from_yesterday_gets_each_request_of_today_again_once(
    sides: Sides, person: AskedBy, colleague: Colleague, keeper: Keeper, day: time_machine.Traveller
) -> None:
    before, after, erased = person(PARENT), person(READER), person(STUDENT)
    for each in (before, erased):
        each.ask()
    sides.deliver()
    path = keeper.back_up()
    sides.make_pass()
    day.shift(timedelta(hours=20))

    # Today: somebody new asks, somebody writes, somebody is answered, somebody goes for good.
    after.ask()
    before.come_back()
    before.write("WRITTEN-TODAY")
    sides.deliver()
    colleague = Colleague(sides.hub_client())
    colleague.sign_in()
    colleague.write(colleague.open(colleague.case(before.reference)), "ANSWERED-TODAY")
    delete_at_once(erased)
    sides.deliver()
    keeper.do("retention_group", "run")
    assert case_of(sides, erased) is None
    known = items_to(sides, before)
    keeper.do("backup_group", "make")  # today's list of erased cases stands beside; this backup itself is lost
    sorted(keeper.folder.glob("*.backup"))[-1].unlink()

    keeper.lose_the_hub()
    day.shift(timedelta(minutes=1))
    told = keeper.restore(path)
    assert "1 had been erased" in told
    day.shift(timedelta(minutes=1))
    sides.deliver()

    assert case_of(sides, after) is not None
    assert case_of(sides, erased) is None
    assert count(sides, hub_rows.Case) == 2
    assert items_to(sides, before) == known, "what the Hub had said is there again"
    colleague.sign_in()
    page = colleague.open(colleague.case(before.reference))
    assert page.text.count("WRITTEN-TODAY") == 1
    assert page.text.count("ANSWERED-TODAY") == 1
    colleague.write(page, "SAID-AFTERWARDS")
    sides.deliver()
    space = before.come_back().text
    assert space.count("ANSWERED-TODAY") == 1
    assert space.count("SAID-AFTERWARDS") == 1
    assert "on its way" not in space, "the new message has the next number"
    assert "No space opens with this number" in erased.come_back().text


@ONE_ENGINE
def test_a_restored_hub_does_nothing_before_it_has_everything_again(
    sides: Sides, person: AskedBy, keeper: Keeper, day: time_machine.Traveller
) -> None:
    asking = person(PARENT)
    number = asking.ask()
    sides.deliver()
    path = keeper.back_up()
    full = keeper.do("backup_group", "restore", str(path), "--key", str(keeper.key))
    assert full.exit_code == 1
    assert "not empty" in full.output

    keeper.lose_the_hub()
    listed = keeper.folder / "erased-cases"
    listed.rename(listed.with_name("elsewhere"))
    unlisted = keeper.do("backup_group", "restore", str(path), "--key", str(keeper.key))
    assert unlisted.exit_code == 1
    assert "erased cases" in unlisted.output
    listed.with_name("elsewhere").rename(listed)

    keeper.do("backup_group", "restore", str(path), "--key", str(keeper.key))
    served = keeper.do("serve", "hub")
    assert served.exit_code == 1
    assert "flask post reconcile" in served.output
    assert keeper.do("backup_group", "make").exit_code == 1, (
        "a backup of half a Hub would let the portal forget the rest"
    )
    day.shift(timedelta(seconds=10))
    assert sides.make_pass().stopped
    assert "phone us" in person(PARENT).come_back(number).text


def test_a_deleted_case_is_in_no_fresh_backup_and_no_older_one_brings_it_back(
    sides: Sides, person: AskedBy, keeper: Keeper, day: time_machine.Traveller
) -> None:
    asking = person(PARENT)
    asking.ask()
    sides.deliver()
    case = case_of(sides, asking)
    assert case is not None
    with sides.hub_side.database.reading() as session:
        secret = session.get_one(hub_rows.RecordSecret, case.id).wrapped
    written = base64.b64encode(secret)
    older = keeper.back_up()
    assert written in keeper.plain(older), "the search finds what is there"

    delete_at_once(asking)
    sides.deliver()
    day.shift(timedelta(seconds=1))
    newer = keeper.back_up()
    assert written not in keeper.plain(newer)
    assert asking.reference.encode() not in keeper.plain(newer)

    keeper.lose_the_hub()
    day.shift(timedelta(minutes=1))
    keeper.restore(older)
    assert case_of(sides, asking) is None
    with sides.hub_side.database.reading() as session:
        assert session.get(hub_rows.RecordSecret, case.id) is None
        assert session.get(hub_rows.Tombstone, case.id) is not None
    assert "0 of 0 cases open" in keeper.verify(keeper.back_up()).output


@ONE_ENGINE
def test_a_portal_file_rolled_back_by_copying_is_noticed_at_the_next_pass(
    sides: Sides, person: AskedBy, day: time_machine.Traveller, tmp_path: Path
) -> None:
    person(READER).ask(keep=False)
    sides.deliver()
    database = sides.portal_side.database
    file = Path(database.url.database or "")
    database.forget_deleted()
    shutil.copy(file, tmp_path / "yesterday")

    later = person(PARENT)
    number = later.ask()
    sides.deliver()
    database.close()
    for beside in file.parent.glob(f"{file.name}-*"):
        beside.unlink()
    shutil.copy(tmp_path / "yesterday", file)
    day.shift(timedelta(seconds=10))
    assert sides.make_pass().stopped
    assert "phone us" in later.come_back(number).text


WRITES_FOR_EVER = """
import sys
from pathlib import Path
from app.adapters import backups, keys

def pieces():
    for number in range(10**9):
        yield bytes(1000)
        if number == 500:
            print("half-way", flush=True)
            sys.stdin.read()

public, _ = keys.backup_public_key(Path(sys.argv[2]))
backups.write(Path(sys.argv[1]), pieces(), public=public)
"""


@ONE_ENGINE
def test_a_backup_killed_half_way_leaves_nothing_that_looks_whole(keeper: Keeper) -> None:
    keeper.sides.make_pass()
    path = keeper.back_up()
    cut_off = path.with_name("hub-20260310T000000Z-0.backup")
    public = keeper.sides.hub_side.settings.backup_public_key_file
    with subprocess.Popen(
        [sys.executable, "-c", WRITES_FOR_EVER, str(cut_off), str(public)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=Path(__file__).parents[2],
    ) as writing:  # fmt: skip
        assert writing.stdout is not None
        assert writing.stdout.readline()
        writing.send_signal(signal.SIGKILL)
    left = sorted(each.name for each in keeper.folder.iterdir() if each.name not in {path.name, "erased-cases"})
    assert len(left) == 1
    assert left[0].endswith(".unfinished")
    keeper.back_up()
    assert not list(keeper.folder.glob("*.unfinished")) + list(keeper.folder.glob(".*.unfinished"))

    whole = path.read_bytes()
    for spoiled in (whole[:-1], whole[: len(whole) // 2], whole[:-60] + whole[-59:], whole + b"x", b"", whole[:300]):
        cut_off.write_bytes(spoiled)
        assert keeper.verify(cut_off).exit_code == 1
    changed = bytearray(whole)
    changed[len(whole) // 2] ^= 1
    cut_off.write_bytes(changed)
    assert keeper.verify(cut_off).exit_code == 1
    keeper.lose_the_hub()
    refused = keeper.do("backup_group", "restore", str(cut_off), "--key", str(keeper.key))
    assert refused.exit_code == 1
    keeper.restore(path)  # what was refused left nothing behind


@ONE_ENGINE
def test_a_backup_that_fails_says_so_and_rings(keeper: Keeper, caplog: pytest.LogCaptureFixture) -> None:
    keeper.folder.parent.mkdir(exist_ok=True)
    keeper.folder.write_text("in the way")
    failed = keeper.do("backup_group", "make")
    assert failed.exit_code == 1
    assert "alarm: the backup failed" in failed.output + caplog.text


@ONE_ENGINE
def test_the_offline_key_is_refused_where_others_can_read_it_or_it_is_another(keeper: Keeper, tmp_path: Path) -> None:
    path = keeper.back_up()
    keeper.key.chmod(0o644)
    assert "chmod 600" in keeper.verify(path).output
    keeper.key.chmod(0o600)
    other = tmp_path / "other.json"
    keys.make_backup_keys(other, tmp_path / "other-public.json")
    refused = keeper.do("backup_group", "verify", str(path), "--key", str(other))
    assert refused.exit_code == 1
    assert "another key" in refused.output
    # The private half in the place of the public one would lie beside what it opens.
    public = keeper.sides.hub_side.settings.backup_public_key_file
    public.write_text(json.dumps(json.loads(keeper.key.read_text())))
    assert keeper.do("backup_group", "make").exit_code == 1


@ONE_ENGINE
def test_old_backups_go_and_the_newest_stays(sides: Sides, keeper: Keeper, day: time_machine.Traveller) -> None:
    first = keeper.back_up()
    assert "the last backup" not in keeper.do("doctor").output
    day.shift(timedelta(days=40))
    assert "the last backup was made" in keeper.do("doctor").output
    assert first.exists()
    second = keeper.back_up()
    assert not first.exists()
    assert second.exists()
