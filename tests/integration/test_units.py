"""The unit files are ones that systemd reads, and are as shut as they say."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

UNITS = Path(__file__).parents[2] / "docs" / "operations" / "systemd"
SERVICES = sorted(UNITS.glob("*.service"))
SHUT = (
    "NoNewPrivileges=yes", "ProtectSystem=strict", "ProtectHome=yes", "PrivateTmp=yes", "PrivateDevices=yes",
    "MemoryDenyWriteExecute=yes", "RestrictNamespaces=yes", "CapabilityBoundingSet=", "UMask=0077", "LimitCORE=0",
    "SystemCallFilter=@system-service", "RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6",
)  # fmt: skip


@pytest.mark.parametrize("path", SERVICES, ids=lambda path: path.stem)
def test_each_unit_is_shut_and_sees_its_own_side_alone(path: Path) -> None:
    text = path.read_text("utf-8")
    assert [line for line in SHUT if f"\n{line}\n" not in text] == []
    side = "portal" if "portal" in path.name else "hub"
    assert f"User=ask-{side}\n" in text
    assert f"SIDE={side} " in text
    other = "HUB_PRIVATE_KEYS" if side == "portal" else "PEPPERS_FILE"
    assert other not in text
    if side == "portal":
        assert "IPAddressDeny=any" in text, "the portal calls nobody"
    commands = re.findall(r"ExecStart=-?/srv/ask-for-support/\.venv/bin/flask (\w+)", text)
    assert commands
    assert set(commands) <= {"serve", "courier", "hatch", "database", "backup", "retention", "audit", "doctor"}


def test_every_timer_has_its_service() -> None:
    for timer in UNITS.glob("*.timer"):
        assert timer.with_suffix(".service").exists()
        assert "Persistent=true" in timer.read_text("utf-8")


def test_systemd_reads_them(tmp_path: Path) -> None:
    analyze = shutil.which("systemd-analyze")
    if analyze is None:
        pytest.skip("systemd-analyze is not on this machine")
    for unit in UNITS.iterdir():  # what they start is not where they say on this machine
        text = unit.read_text("utf-8").replace("/srv/ask-for-support/.venv/bin/flask", "/bin/true")
        (tmp_path / unit.name).write_text(text.replace("/srv/ask-for-support", "/tmp"), encoding="utf-8")
    units = sorted(str(each) for each in tmp_path.iterdir())
    said = subprocess.run(
        [analyze, "verify", "--man=no", *units],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "LC_ALL": "C"},
    )
    assert "Unknown" not in said.stderr, said.stderr
    assert [line for line in said.stderr.splitlines() if "ask-" in line] == []
    for service in (each for each in units if each.endswith(".service")):
        told = subprocess.run(
            [analyze, "security", "--offline=true", service], capture_output=True, text=True, check=False
        ).stdout
        if "exposure level" in told:  # older ones cannot look at a file
            assert float(re.findall(r"exposure level for .*: ([\d.]+)", told)[0]) < 2
