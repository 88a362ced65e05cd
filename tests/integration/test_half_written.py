"""Files that were written by half, as after a power cut: no start, one line that names the file, and nothing is lost."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import click.testing
import pytest

from app import cli, factory
from app.settings import Side
from tests.harness.people import Person
from tests.harness.sides import Sides
from tests.stories import PARENT

pytestmark = pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
CONTENT = Path(__file__).parents[2] / "content"
# What each side reads at its start and cannot do without, below its folder.
FILES: dict[Side, tuple[str, ...]] = {
    "portal": ("peppers", "private-key.json", "hub-public-keys.json"),
    "hub": ("private-keys.json", "portal-public-keys.json"),
}
EDITED = ("area.yaml", "services.yaml", "help-now.yaml", "languages.yaml")


def refusal(
    side: Side, sides: Sides, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], **more: str
) -> str:
    """What the process says when it is started, and does not start."""
    environ = {**sides.environment(side), "SIDE": side, **more}
    with monkeypatch.context() as patched:
        for name, value in environ.items():
            patched.setenv(name, value)
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            factory.create_app()
    assert ended.value.code == 1
    return capsys.readouterr().err


@pytest.mark.parametrize("side", list(FILES))
def test_no_side_starts_with_half_a_file(
    sides: Sides,
    person: Callable[..., Person],
    side: Side,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    asking = person(PARENT)
    number = asking.ask()
    for name in FILES[side]:
        path = sides.data_dir / side / name
        whole = path.read_bytes()
        for length in (0, len(whole) // 2):
            path.write_bytes(whole[:length])
            said = refusal(side, sides, monkeypatch, capsys)
            assert said.count("\n") == 1, f"{name} cut to {length}: {said}"
            assert str(path) in said
            assert path.read_bytes() == whole[:length], "what is left is left alone"
        path.write_bytes(whole)
    (sides.data_dir / side / "secret-key").write_bytes(b"")
    said = refusal(side, sides, monkeypatch, capsys)
    assert (said.count("\n"), "SECRET_KEY" in said) == (1, True), said
    # Whoever had asked before is still there.
    assert asking.come_back(number).path == "/en/case"
    sides.deliver()


@pytest.mark.parametrize("name", EDITED)
def test_no_side_starts_with_half_of_what_an_area_writes(
    sides: Sides, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    content = tmp_path / "content"
    shutil.copytree(CONTENT, content)
    whole = (content / name).read_bytes()
    (content / name).write_bytes(whole[: len(whole) // 2])
    said = refusal("portal", sides, monkeypatch, capsys, CONTENT_DIR=str(content))
    assert said.count("\n") == 1, said
    assert name in said


def test_half_a_bundle_is_not_trusted_and_the_old_one_stays(sides: Sides, tmp_path: Path) -> None:
    pinned = sides.data_dir / "hub" / "portal-public-keys.json"
    before = pinned.read_bytes()
    half = tmp_path / "bundle.json"
    half.write_bytes(before[: len(before) // 2])
    environ = {**sides.environment("hub"), "SIDE": "hub"}
    done = click.testing.CliRunner().invoke(cli.keys_group, ["trust", str(half)], env=environ)
    assert done.exit_code == 1
    assert done.output.count("\n") == 1
    assert pinned.read_bytes() == before
    sides.deliver()
