"""Whoever kills the processes of a site one after the other, and starts again what was killed or has ended by itself."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable, Mapping

from tests.harness.supervisor import Supervisor, kind_of

# What is killed, and how often among the others: a web server's main process, its worker alone, or the courier.
SHARES = {"portal": 2, "hub": 2, "courier": 3, "hatch": 2}
WORKERS = {"portal": 3}
WORKER = " worker"
SPREAD = 0.5

# Something else to kill: its share among the victims, and what kills it and brings it back; False when it was down already.
Other = tuple[int, Callable[[], bool]]


class Keeper:
    """Kills by dice, the same for the same seed. `others` are further things to kill, by name: a broker, a database."""

    def __init__(self, site: Supervisor, *, seed: int, others: Mapping[str, Other] | None = None) -> None:
        self._site, self._dice = site, random.Random(seed)
        self._others = dict(others or {})
        self._shares = {
            **{name: SHARES[kind_of(name)] for name in site.names},
            **{f"{name}{WORKER}": WORKERS[kind_of(name)] for name in site.names if kind_of(name) in WORKERS},
            **{name: share for name, (share, _) in self._others.items()},
        }
        self.killed: Counter[str] = Counter(dict.fromkeys(self._shares, 0))

    def kill_until(self, is_over: Callable[[], bool], *, every: float) -> None:
        """Kill one about every so many seconds until it is over; then everything runs again."""
        while not is_over():
            time.sleep(every * self._dice.uniform(1 - SPREAD, 1 + SPREAD))
            self.kill(self._dice.choices(list(self._shares), weights=list(self._shares.values()))[0])
            self.mend()
        self.mend()

    def kill(self, victim: str) -> None:
        """Kill one with SIGKILL. A worker that is not there just now is not counted."""
        if victim in self._others:
            if not self._others[victim][1]():
                return
        elif victim.endswith(WORKER):
            name = victim.removesuffix(WORKER)
            if not self._site.is_running(name) or not self._site.workers(name):
                return
            self._site.kill_worker(name)
        else:
            self._site.kill(victim)
        self.killed[victim] += 1

    def mend(self) -> None:
        """Start what is not running, without waiting until it answers: it may be the next to be killed."""
        self._site.start(wait=False)
