"""What `make run` starts things with: all of them, what each says, and the end of all."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.unit.test_docs import ROOT

COMMAND = [sys.executable, "-I", "-S", "tools/run.py"]
LONG = "sleep 600 & echo $! $$; wait"


def listed(folder: Path, text: str) -> Path:
    file = folder / "Procfile"
    file.write_text(text, encoding="utf-8")
    return file


def is_there(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def pids_of(line: str) -> list[int]:
    return [int(each) for each in line.partition("| ")[2].split()]


def are_gone(pids: list[int]) -> bool:
    until = time.monotonic() + 20
    while any(is_there(pid) for pid in pids) and time.monotonic() < until:
        time.sleep(0.02)
    return not any(is_there(pid) for pid in pids)


@pytest.mark.parametrize(("how", "status"), [(signal.SIGINT, 0), (signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_a_signal_ends_all_and_what_they_started(tmp_path: Path, how: signal.Signals, status: int) -> None:
    file = listed(tmp_path, f"# two\none: {LONG}\n\nother: {LONG}\n")
    with subprocess.Popen([*COMMAND, str(file)], cwd=ROOT, stdout=subprocess.PIPE, text=True) as whole:
        assert whole.stdout is not None
        pids = [pid for _ in range(2) for pid in pids_of(whole.stdout.readline())]
        assert len(pids) == 4
        assert all(is_there(pid) for pid in pids)
        os.kill(whole.pid, how)
        assert whole.wait(timeout=30) == status
        assert are_gone(pids)


def test_one_that_ends_ends_all_with_its_status(tmp_path: Path) -> None:
    file = listed(tmp_path, f"one: {LONG}\nother: echo said; echo loudly >&2; sleep 0.2; printf unended; exit 3\n")
    run = subprocess.run([*COMMAND, str(file)], cwd=ROOT, capture_output=True, text=True, timeout=30, check=False)
    assert run.returncode == 3
    lines = run.stdout.splitlines()
    of_other = [line.partition(" | ")[2] for line in lines if line.partition(" ")[2].startswith("other ")]
    assert of_other == ["said", "loudly", "unended"]
    assert are_gone(next(pids_of(line) for line in lines if line.partition(" ")[2].startswith("one ")))


def test_what_does_not_end_is_killed_at_the_second_signal(tmp_path: Path) -> None:
    file = listed(tmp_path, "deaf: trap '' TERM; echo $$; while :; do sleep 0.1; done\n")
    with subprocess.Popen([*COMMAND, str(file)], cwd=ROOT, stdout=subprocess.PIPE, text=True) as whole:
        assert whole.stdout is not None
        pids = pids_of(whole.stdout.readline())
        os.kill(whole.pid, signal.SIGINT)
        time.sleep(0.3)
        assert whole.poll() is None
        os.kill(whole.pid, signal.SIGINT)
        assert whole.wait(timeout=10) == 128 + signal.SIGINT
        assert are_gone(pids)


def test_it_loads_next_to_nothing(tmp_path: Path) -> None:
    command = [sys.executable, "-I", "-S", "-X", "importtime", *COMMAND[-1:], str(listed(tmp_path, "one: true\n"))]
    told = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=30, check=True).stderr
    loaded = {line.rpartition("|")[2].strip() for line in told.splitlines()}
    assert "select" in loaded
    assert not loaded & {"re", "subprocess", "threading", "multiprocessing", "pathlib", "site"}
