"""A web server that is its own worker: told to stop, it ends in time."""

from __future__ import annotations

import subprocess
import sys
import time

import pytest

from app.processes import SERVER_PID, serves_alone
from tests.unit.test_docs import ROOT

HANGS = """
import os, signal, time
from app import serving
serving.REQUESTS_END_WITHIN_SECONDS = {seconds}
signal.signal(signal.SIGTERM, lambda *_: None)
serving.end_in_time()
{signals}
time.sleep({hangs})
print("hung")
"""


def runs_for(signals: str, *, seconds: float, hangs: float) -> tuple[int, float]:
    """The status with which a process ended that hangs, and the seconds that its hanging took."""
    code = HANGS.format(signals=signals, seconds=seconds, hangs=hangs)
    before = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )
    assert ("hung" in done.stdout) == (done.returncode == 0), done.stderr
    return done.returncode, time.monotonic() - before


def test_what_does_not_end_in_time_is_cut_off() -> None:
    status, took = runs_for("os.kill(os.getpid(), signal.SIGTERM)", seconds=0.3, hangs=50)
    assert status == 1
    assert took < 40


@pytest.mark.parametrize(
    "signals", ["", "signal.signal(signal.SIGUSR1, lambda *_: None); os.kill(os.getpid(), signal.SIGUSR1)"]
)
def test_nothing_is_cut_off_without_a_signal_to_stop(signals: str) -> None:
    assert runs_for(signals, seconds=0.1, hangs=1)[0] == 0


def test_a_process_knows_whether_it_is_its_own_server(monkeypatch: pytest.MonkeyPatch) -> None:
    import os

    for told, alone in ((str(os.getpid()), True), (str(os.getppid()), False), ("", False)):
        monkeypatch.setenv(SERVER_PID, told)
        assert serves_alone() is alone
