"""What is counted while serving: events of everybody together, in columns that are fixed here, and nothing about anybody.

All processes of one side on one machine count in one small file: each in a row of its own, which it holds by a lock that ends
with it. Whoever comes next takes over a row that is free and goes on from what stands there, so no sum ever goes back. There is
no path, no language, no address and no time in it (docs/adr/0030).
"""

from __future__ import annotations

import fcntl
import hashlib
import mmap
import os
import threading
from bisect import bisect_left
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from itertools import product
from pathlib import Path

from app.domain.alarms import PARTS, URGENCIES

#: More processes of one side than any machine has of use.
ROWS = 64
#: Counts of what people do are shown in steps of so many, downwards: one alone is never seen.
STEP = 5

GROUPS = ("reading", "sending", "post", "machines", "files")
CLASSES = ("1xx", "2xx", "3xx", "4xx", "5xx")
PASSES = ("made", "failed", "not-believed", "busy", "stopped")


@dataclass(frozen=True, kw_only=True)
class Series:
    """What is counted under one name. `labels` are all the values that each may have; `bounds` make it a histogram of seconds.

    `step`: it is shown in whole steps of so many. `is_level`: how many there are now, not how many there ever were.
    """

    name: str
    told: str
    labels: Mapping[str, tuple[str, ...]]
    bounds: tuple[float, ...] = ()
    step: int = 1
    is_level: bool = False

    def combinations(self) -> Iterator[tuple[str, ...]]:
        """Every combination of values of its labels."""
        return product(*self.labels.values())

    @property
    def width(self) -> int:
        """How many columns a combination has: each bucket's, the one past the last, and the sum."""
        return len(self.bounds) + 2 if self.bounds else 1


SERIES = (
    Series(
        name="requests",
        told="Requests answered, by what they were for and the class of the answer.",
        labels={"group": GROUPS, "status": CLASSES},
        step=STEP,
    ),
    Series(name="request_failures", told="Requests that failed here (5xx).", labels={}),
    Series(
        name="request_seconds",
        told="How long an answer took.",
        labels={"group": GROUPS},
        bounds=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0),
        step=STEP,
    ),
    Series(
        name="kdf_wait_seconds",
        told="How long a request waited for its turn at the key derivation.",
        labels={},
        bounds=(0.01, 0.1, 0.5, 1.0, 2.5, 5.0),
        step=STEP,
    ),
    Series(
        name="kdf_waiting",
        told="Requests that wait for their turn at the key derivation now.",
        labels={},
        step=STEP,
        is_level=True,
    ),
    Series(
        name="kdf_turned_away",
        told="Requests that found the key derivation busy and were asked to try again.",
        labels={},
        step=STEP,
    ),
    Series(name="passes", told="Passes of the courier, by how they ended.", labels={"result": PASSES}),
    Series(name="alarms", told="Alarms, by part and urgency.", labels={"part": PARTS, "urgency": URGENCIES}),
    Series(name="starts", told="Processes of this side that began.", labels={}),
)
BY_NAME: Mapping[str, Series] = {each.name: each for each in SERIES}
_PLACES: dict[tuple[str, ...], int] = {}
_WIDTH = 0
for _series in SERIES:
    for _values in _series.combinations():
        _PLACES[(_series.name, *_values)] = _WIDTH
        _WIDTH += _series.width
_LAYOUT = hashlib.sha256(repr((list(_PLACES.items()), [each.bounds for each in SERIES])).encode()).hexdigest()[:12]


class Counts:
    """The counts of one process, in memory, or in a row of the file that its side shares."""

    def __init__(self) -> None:
        """Count in memory alone."""
        self._lock = threading.Lock()
        self._all = memoryview(bytearray(8 * _WIDTH)).cast("d")
        self._own = self._all
        self._file: int | None = None

    @classmethod
    def shared(cls, folder: Path) -> Counts:
        """Count in the file of this folder, mode 600. In memory alone when every row is taken. Raises OSError."""
        path = folder / f"counts-{_LAYOUT}"
        for old in folder.glob("counts-*"):
            if old != path:  # of another release; whoever still counts in it goes on unseen
                old.unlink(missing_ok=True)
        made = cls()
        file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        size = 8 * _WIDTH * ROWS
        if os.fstat(file).st_size < size:
            os.ftruncate(file, size)
        row = _free_row(file)
        if row is None:
            os.close(file)
            return made
        made._file = file  # open for as long as the row is held: closing it lets go
        made._all = memoryview(mmap.mmap(file, size)).cast("d")
        made._own = made._all[row * _WIDTH : (row + 1) * _WIDTH]
        for series in SERIES:
            if series.is_level:  # those whom the last holder of this row had waiting ended with it
                made._own[_PLACES[(series.name,)]] = 0.0
        return made

    @property
    def is_shared(self) -> bool:
        """True when others count in the same file."""
        return self._file is not None

    def add(self, name: str, *labels: str) -> None:
        """One more. Raises KeyError for what is no column: nothing else can be counted."""
        at = _PLACES[(name, *labels)]
        with self._lock:
            self._own[at] += 1.0

    @contextmanager
    def during(self, name: str) -> Iterator[None]:
        """One more of a level while this lasts."""
        at = _PLACES[(name,)]
        with self._lock:
            self._own[at] += 1.0
        try:
            yield
        finally:
            with self._lock:
                self._own[at] -= 1.0

    def observe(self, name: str, *labels: str, seconds: float) -> None:
        """One more of a histogram, which took so long."""
        at, bounds = _PLACES[(name, *labels)], BY_NAME[name].bounds
        with self._lock:
            self._own[at + bisect_left(bounds, seconds)] += 1.0
            self._own[at + len(bounds) + 1] += seconds

    def totals(self, name: str, *labels: str) -> list[float]:
        """The sums over all processes: one, or of a histogram those of each bucket by itself and the sum of seconds."""
        at, width = _PLACES[(name, *labels)], BY_NAME[name].width
        rows = range(0, len(self._all), _WIDTH)
        return [sum(self._all[row + column] for row in rows) for column in range(at, at + width)]


def _free_row(file: int) -> int | None:
    """Lock a row that nobody holds. The kernel lets go of it when this process ends, however that happens."""
    for row in range(ROWS):
        try:
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, row)
        except OSError:
            continue
        return row
    return None


class _Kept:
    counts = Counts()


def current() -> Counts:
    """The counts of this process."""
    return _Kept.counts


def keep(counts: Counts) -> None:
    """Count there from now on."""
    _Kept.counts = counts


def add(name: str, *labels: str) -> None:
    """One more in this process."""
    _Kept.counts.add(name, *labels)


def during(name: str) -> AbstractContextManager[None]:
    """One more of a level in this process while this lasts."""
    return _Kept.counts.during(name)


def observe(name: str, *labels: str, seconds: float) -> None:
    """One more of a histogram in this process, which took so long."""
    _Kept.counts.observe(name, *labels, seconds=seconds)
