"""The day's salt: one for all processes of a machine, gone when the day is over."""

from __future__ import annotations

import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from app.adapters.salts import SALT_LENGTH, Salts

NOW = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
TOMORROW = NOW + timedelta(days=1)
pytestmark = pytest.mark.rule("rule 4")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "portal" / "salt"


def test_every_process_has_the_same_for_a_day_and_another_the_next(path: Path) -> None:
    one, other = Salts(path), Salts(path)
    today = one.of(NOW)
    assert len(today) == SALT_LENGTH
    assert other.of(NOW) == one.of(NOW + timedelta(hours=11)) == today
    tomorrow = other.of(TOMORROW)
    assert tomorrow != today
    assert one.of(TOMORROW) == tomorrow


def test_what_is_over_is_nowhere(path: Path) -> None:
    salts = Salts(path)
    today = salts.of(NOW)
    salts.of(TOMORROW)
    assert today.hex() not in path.read_text("ascii")
    assert len(path.read_bytes()) == len("2026-03-11 \n") + 2 * SALT_LENGTH, "written over, with nothing beside it"
    assert [each.name for each in path.parent.iterdir()] == [path.name]
    assert today not in repr(vars(salts)).encode("latin-1", "replace")
    assert Salts(path).of(NOW) != today, "nor does a clock that is put back bring it back"


def test_only_its_owner_can_read_it(path: Path) -> None:
    Salts(path).of(NOW)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) & 0o077 == 0


def test_rows_go_with_the_salt_once(path: Path) -> None:
    told: list[str] = []
    one, other = Salts(path, on_new=lambda: told.append("one")), Salts(path, on_new=lambda: told.append("other"))
    one.of(NOW), other.of(NOW), one.of(NOW)
    assert told == ["one"]
    other.of(TOMORROW), one.of(TOMORROW)
    assert told == ["one", "other"]


@pytest.mark.parametrize(
    "content",
    [b"", b"2026-03-10", b"2026-03-10 " + b"0" * 63 + b"\n", b"2026-03-10 " + b"0" * 66 + b"\n", b"\xff" * 42],
)
def test_a_file_that_was_cut_off_or_is_something_else_is_written_anew(path: Path, content: bytes) -> None:
    path.parent.mkdir()
    path.write_bytes(content)
    salt = Salts(path).of(NOW)
    assert path.read_text("ascii") == f"2026-03-10 {salt.hex()}\n"
    assert salt != bytes(SALT_LENGTH)


def test_where_it_cannot_be_kept_a_process_has_its_own(tmp_path: Path) -> None:
    folder = tmp_path / "here"
    folder.mkdir()
    salts = Salts(folder)  # a folder is no file, whoever asks
    assert salts.of(NOW) == salts.of(NOW)
    assert salts.of(NOW) != Salts(folder).of(NOW)
