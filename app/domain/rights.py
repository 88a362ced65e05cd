"""The rights that apply at each stage, and at each step of a police or court case: what content/rights/stages.yaml holds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

# Ids that travel with news: add, never rename.
REPORTED, NOT_REPORTED, ANTISOCIAL, COLLISION = "reported", "not-reported", "antisocial", "collision"
INQUEST, COURT, AFTER_COURT = "inquest", "court", "after-court"
STAGES = (REPORTED, NOT_REPORTED, ANTISOCIAL, COLLISION, INQUEST, COURT, AFTER_COURT)


@dataclass(frozen=True)
class Within:
    """Working days within which somebody is told: for everybody, and for those with enhanced rights."""

    normal: int
    enhanced: int


@dataclass(frozen=True)
class Right:
    """What applies at a stage or a step, in plain words. `number` is the right in the Code, if it is one."""

    id: str
    text: str
    sources: tuple[str, ...]
    number: int | None = None
    within: Within | None = None


@dataclass(frozen=True)
class Rights:
    """All of them in one language (a slug), out of one version of the Victims' Code. `enhanced` says who has more."""

    language: str
    in_force_since: date
    read_on: date
    enhanced: str
    stages: Mapping[str, Right]
    milestones: Mapping[str, Right]
