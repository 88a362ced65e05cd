"""What the parts of `make bench` share: what one finds, what it is held to, servers to measure, and wrk."""

from __future__ import annotations

import os
import re
import shutil
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import requests

from app.cli import SERVER_THREADS
from tests.harness.run import free_port

ROOT = Path(__file__).resolve().parents[1]
CONNECTIONS = 16
# Medians of three on a machine that does something else too differ by up to a tenth from one run to the next.
MARGIN = 0.10


@dataclass(frozen=True)
class Held:
    """A figure that is held to a limit: at least so much, or (`at_most`) not more."""

    what: str
    value: float
    limit: float
    at_most: bool = False
    unit: str = ""

    @property
    def headroom(self) -> float:
        """How many times as good as it must be; below 1 it is missed."""
        if self.at_most:
            return self.limit / self.value if self.value else float("inf")
        return self.value / self.limit

    @property
    def is_met(self) -> bool:
        """It is at its limit or better."""
        return self.headroom >= 1

    @property
    def is_clearly_missed(self) -> bool:
        """It is missed by more than runs differ."""
        return self.headroom < 1 - MARGIN

    @property
    def limit_in_words(self) -> str:
        """Such as "at least 0.35"."""
        return f"{'at most' if self.at_most else 'at least'} {self.limit:g}{self.unit}"

    @property
    def value_in_words(self) -> str:
        """Such as "0.41"."""
        return f"{self.value:,.0f}{self.unit}" if self.unit else f"{self.value:.2f}"


@dataclass(frozen=True)
class Found:
    """What one part found: a section of the page, and the figures that are held to something.

    `load` is the machine's load before the part began.
    """

    heading: str
    lines: list[str]
    held: list[Held] = field(default_factory=list)
    load: float = 0.0

    def to_json(self) -> dict[str, Any]:
        """As it is kept between parts."""
        return asdict(self)

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> Found:
        """What `to_json` gave."""
        return cls(
            heading=kept["heading"],
            lines=list(kept["lines"]),
            held=[Held(**each) for each in kept["held"]],
            load=kept["load"],
        )


@dataclass(frozen=True)
class Options:
    """How long to measure. `seconds` of each turn, `rounds` of turns of which the median counts, `visitors_for` in seconds,
    `large` referrals at the larger desk."""

    seconds: int = 4
    rounds: int = 3
    visitors_for: int = 180
    large: int = 1_000_000

    @classmethod
    def quick(cls) -> Options:
        """To see that all of it works: its figures say little."""
        return cls(seconds=1, rounds=1, visitors_for=20, large=20_000)


class Turns:
    """What was measured turn by turn, by name. Ratios are taken within a turn: a minute later the machine is faster or slower."""

    def __init__(self) -> None:
        self._taken: dict[str, list[float]] = {}

    def note(self, name: str, value: float) -> None:
        """What one turn of this gave."""
        self._taken.setdefault(name, []).append(value)

    def median(self, name: str) -> float:
        """The median of all turns."""
        return statistics.median(self._taken[name])

    def ratio(self, name: str, base: str) -> float:
        """The median of the ratios to `base` in the same turn. Raises ValueError when there were more turns of one."""
        pairs = zip(self._taken[name], self._taken[base], strict=True)
        return statistics.median(value / other for value, other in pairs)

    @property
    def names(self) -> list[str]:
        """Everything that was measured, in the order in which it first was."""
        return list(self._taken)


def server(target: str, port: int, *, threads: int = SERVER_THREADS, workers: int = 1) -> list[str]:
    """The command that serves as `flask serve` does; `target` is a factory, as module:name."""
    if workers > 1:
        return [
            sys.executable, "-OO", "-m", "granian", target, "--factory", "--interface", "wsgi", "--host", "127.0.0.1",
            "--port", str(port), "--workers", str(workers), "--blocking-threads", str(threads), "--no-ws",
            "--log-level", "error",
        ]  # fmt: skip
    code = f"from app.serving import serve; serve({target!r}, '127.0.0.1', {port}, {threads}, factory=True)"
    return [sys.executable, "-OO", "-c", code]


@contextmanager
def serving(target: str, environ: Mapping[str, str], *, path: str = "/", workers: int = 1) -> Iterator[str]:
    """Serve an application of tools/bench_apps.py; gives its address without a slash at the end."""
    port = free_port()
    process = subprocess.Popen(
        server(f"tools.bench_apps:{target}", port, workers=workers),
        cwd=ROOT,
        env={**environ, "PYTHONPATH": str(ROOT)},
        start_new_session=True,
    )
    try:
        wait_for(f"http://127.0.0.1:{port}{path}")
        yield f"http://127.0.0.1:{port}"
    finally:
        os.killpg(process.pid, signal.SIGKILL)  # its worker too
        process.wait()


def wait_for(url: str, *, seconds: float = 90) -> None:
    """Until it answers, whatever it answers."""
    until = time.monotonic() + seconds
    with requests.Session() as session:
        session.trust_env = False
        while time.monotonic() < until:
            try:
                session.get(url, timeout=5, allow_redirects=False)
            except requests.ConnectionError:
                time.sleep(0.01)
            else:
                return
    raise SystemExit(f"{url} does not answer.")


def wrk(
    url: str, *, seconds: int, connections: int = CONNECTIONS, cookie: str = "", script: Path | None = None
) -> tuple[float, int]:
    """Requests a second, and how many there were; every answer must be a 200 or lead elsewhere."""
    command = [found_wrk(), "-t1", f"-c{connections}", f"-d{seconds}s", "-H", "Accept-Encoding: gzip"]
    if cookie:
        command += ["-H", f"Cookie: {cookie}"]
    if script is not None:
        command += ["-s", str(script)]
    out = subprocess.run([*command, url], check=True, capture_output=True, text=True).stdout
    if "Non-2xx" in out or "Socket errors" in out:
        raise SystemExit(f"{url} did not answer as it should:\n{out}")
    rate, count = re.search(r"Requests/sec:\s+([\d.]+)", out), re.search(r"(\d+) requests in", out)
    assert rate
    assert count
    return float(rate[1]), int(count[1])


def found_wrk() -> str:
    """wrk, installed from Debian when that can be."""
    found = shutil.which("wrk")
    if found is None and os.geteuid() == 0 and shutil.which("apt-get"):
        subprocess.run(["apt-get", "update", "-qq"], check=True)
        subprocess.run(["apt-get", "install", "-y", "-qq", "wrk"], check=True, stdout=subprocess.DEVNULL)
        found = shutil.which("wrk")
    if found is None:
        raise SystemExit("make bench needs wrk: install Debian's package wrk.")
    return found


def quantile(values: list[float], share: float) -> float:
    """The value below which this share of them lies."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]
