"""Whether two things can be told apart by how long they take: for what must answer everybody in the same time.

A and B take turns, so that whatever else the machine does meets both; A is measured twice in each round, so that the noise is
known. They count as told apart only when the difference is over 2 ms and three times the noise, in two of three repeats.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from statistics import fmean
from time import perf_counter

LEAST_SECONDS = 0.002
TIMES_THE_NOISE = 3
REPEATS = 3
ENOUGH = 2

Act = Callable[[], object]


@dataclass(frozen=True)
class Measured:
    """One repeat: how far A and B are apart, and how far A is from itself, in seconds."""

    apart: float
    noise: float

    @property
    def tells(self) -> bool:
        """The difference is more than noise."""
        return self.apart > max(LEAST_SECONDS, TIMES_THE_NOISE * self.noise)

    def __str__(self) -> str:
        """In milliseconds."""
        return f"{self.apart * 1000:.2f} ms apart, noise {self.noise * 1000:.2f} ms"


def told_apart(a: Act, b: Act, *, rounds: int) -> list[Measured]:
    """The repeats in which A and B took times of their own, if these are enough to tell; nothing otherwise.

    Each repeat has so many rounds, of one B between two of A. It ends as soon as the outcome is certain.
    """
    a(), b()
    telling: list[Measured] = []
    for done in range(1, REPEATS + 1):
        measured = measure(a, b, rounds=rounds)
        if measured.tells:
            telling.append(measured)
        if len(telling) == ENOUGH:
            return telling
        if len(telling) + REPEATS - done < ENOUGH:
            break
    return []


def measure(a: Act, b: Act, *, rounds: int) -> Measured:
    """One repeat."""
    before, between, after = [], [], []
    for turn in range(rounds):
        # The halves of A change places, so that neither is always the one that follows B.
        first, second = (before, after) if turn % 2 else (after, before)
        first.append(seconds(a))
        between.append(seconds(b))
        second.append(seconds(a))
    return Measured(
        apart=abs(typical(before + after) - typical(between)),
        noise=abs(typical(before) - typical(after)),
    )


def seconds(act: Act) -> float:
    """How long it takes once."""
    started = perf_counter()
    act()
    return perf_counter() - started


def typical(times: list[float]) -> float:
    """The mean of the fastest quarter: what else the machine does only ever makes something slower."""
    return fmean(sorted(times)[: max(1, len(times) // 4)])
