"""A small picture of how one need went over time: points on three heights, evenly spaced, joined where nothing was left out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

# Best at the top: fine, a bit hard, very hard.
HEIGHTS = {"fine": 8, "a-bit-hard": 24, "very-hard": 40}
WIDTH, HEIGHT, EDGE = 240, 48, 12
MOST_POINTS = 12


@dataclass(frozen=True)
class Point:
    """Where an answer stands, and which it was."""

    x: int
    y: int
    level: str


@dataclass(frozen=True)
class Picture:
    """Points, and lines between answers that follow each other without a gap."""

    points: tuple[Point, ...]
    lines: tuple[tuple[Point, Point], ...]


def draw(levels: Sequence[str | None]) -> Picture:
    """The picture of one need, oldest first; None where it was left. Only the newest twelve are drawn."""
    shown = list(levels)[-MOST_POINTS:]
    step = (WIDTH - 2 * EDGE) / max(1, len(shown) - 1)
    points: list[Point] = []
    lines: list[tuple[Point, Point]] = []
    before: Point | None = None
    for place, level in enumerate(shown):
        if level not in HEIGHTS:
            before = None
            continue
        point = Point(round(EDGE + place * step), HEIGHTS[level], level)
        points.append(point)
        if before is not None:
            lines.append((before, point))
        before = point
    return Picture(tuple(points), tuple(lines))
