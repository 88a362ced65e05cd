"""What happens when a program that tests need is missing. Nothing is installed here."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import pytest

from tools import programs

BINARIES = Path("/usr/lib/postgresql/15/bin")


@pytest.fixture
def commands(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """Everything is missing, and stays missing whatever is tried; the commands that were tried."""
    tried: list[list[str]] = []

    def try_it(command: list[str], environ: object = None) -> bool:
        tried.append(command)
        return True

    monkeypatch.setattr(programs, "_run", try_it)
    monkeypatch.setattr(programs, "chromium_path", lambda: None)
    monkeypatch.setattr(programs, "postgresql_binaries", lambda: None)
    monkeypatch.setattr(programs, "rabbitmq_server", lambda: None)
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    for name in ("CI", "CHROMIUM"):
        monkeypatch.delenv(name, raising=False)
    return tried


def test_without_a_browser_there_is_no_testing(commands: list[list[str]], capsys: pytest.CaptureFixture[str]) -> None:
    assert programs.main() == 1
    assert commands == [[sys.executable, "-m", "playwright", "install", "chromium"]]
    assert capsys.readouterr().err.splitlines() == [programs.CHROMIUM_HINT]


def test_a_browser_that_was_named_wrongly_is_not_replaced(
    commands: list[list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHROMIUM", "/nowhere/chromium")
    assert programs.main() == 1
    assert commands == []


@pytest.mark.parametrize(("in_ci", "status"), [("", 0), ("true", 1)])
def test_without_postgresql_or_rabbitmq_their_tests_are_skipped_but_not_in_ci(
    commands: list[list[str]],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    in_ci: str,
    status: int,
) -> None:
    monkeypatch.setattr(programs, "chromium_path", lambda: "/usr/bin/chromium")
    monkeypatch.setenv("CI", in_ci)
    assert programs.main() == status
    said = capsys.readouterr().err.splitlines()
    assert [line.partition(")")[0] + ")" for line in said] == [programs.POSTGRESQL_HINT, programs.RABBITMQ_HINT]
    assert commands == []


def test_root_on_debian_installs_only_what_is_missing(
    commands: list[list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(shutil, "which", lambda name: f"/usr/bin/{name}")
    monkeypatch.setattr(programs, "chromium_path", lambda: "/usr/bin/chromium")
    assert programs.main() == 0
    assert [command[:2] for command in commands[:3]] == [["apt-get", "update"], *[["apt-get", "install"]] * 2]
    assert [command[-1] for command in commands[1:3]] == ["postgresql", "rabbitmq-server"]
    assert commands[3] == ["systemctl", "disable", "--now", "rabbitmq-server"], "only its binaries are wanted"


def test_root_gets_the_lighter_browser_and_does_with_the_other(
    commands: list[list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(shutil, "which", lambda name: None if name == programs.SHELL else f"/usr/bin/{name}")
    monkeypatch.setattr(programs, "chromium_path", lambda: "/usr/bin/chromium")
    monkeypatch.setattr(programs, "postgresql_binaries", lambda: BINARIES)
    monkeypatch.setattr(programs, "rabbitmq_server", lambda: BINARIES)
    assert programs.main() == 0
    assert [command[-1] for command in commands if command[1] == "install"] == [programs.SHELL]


def test_when_all_is_there_nothing_is_done(commands: list[list[str]], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(programs, "chromium_path", lambda: "/usr/bin/chromium")
    monkeypatch.setattr(programs, "postgresql_binaries", lambda: BINARIES)
    monkeypatch.setattr(programs, "rabbitmq_server", lambda: BINARIES)
    assert programs.main() == 0
    assert commands == []
