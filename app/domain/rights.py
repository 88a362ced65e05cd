"""The rights of people who were harmed: by stage of the person and of a case (content/rights/stages.yaml), and the twelve of
the Victims' Code with its times (content/rights/code.yaml)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal

from app.domain.guide import Guides

# Ids that travel with news: add, never rename.
REPORTED, NOT_REPORTED, ANTISOCIAL, COLLISION = "reported", "not-reported", "antisocial", "collision"
INQUEST, COURT, AFTER_COURT = "inquest", "court", "after-court"
STAGES = (REPORTED, NOT_REPORTED, ANTISOCIAL, COLLISION, INQUEST, COURT, AFTER_COURT)

# The stages by which the Code's rights can be looked through, each with the number that stands for it in an address: never
# change one, never use one again.
CODE_STAGES: Mapping[str, int] = {"reporting": 1, "investigation": 2, "court": 3, "after": 4}
HOW_MANY_RIGHTS = 12

# Whether a right applies when nobody told the police; None where no source says, and people read that they should ask.
WithoutReport = Literal["yes", "no", "partly"]
WITHOUT_REPORT: tuple[WithoutReport, ...] = ("yes", "no", "partly")


@dataclass(frozen=True)
class Path:
    """One answer to "Where do I stand?". `stage` is what applies in short (of STAGES), `times` the stages of the Code whose times
    are shown there."""

    stage: str
    times: tuple[str, ...] = ()


# By id, in the order in which they are offered. The ids are in addresses and in the history of a browser: they say little.
PATHS: Mapping[str, Path] = {
    "told": Path(REPORTED, ("reporting", "investigation")),
    "not-told": Path(NOT_REPORTED),
    "nearby": Path(ANTISOCIAL),
    "road": Path(COLLISION, ("investigation",)),
    "loss": Path(INQUEST, ("investigation", "court")),
    "hearing": Path(COURT, ("court",)),
    "ended": Path(AFTER_COURT, ("after",)),
}
# Every path answers these, in this order, under these ids.
PATH_SECTIONS = ("now", "reporting", "choose", "when", "ask")
# Pages about one thing, by id, in the order in which they are listed.
TOPICS = ("review", "compensation", "statement", "measures", "contact-scheme", "restorative")
ENHANCED = "enhanced"
# In the front matter of a page: guides to read besides, by slug, with commas between them. Those that are there are shown.
READ = "read"


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
class NewerCode:
    """A Code that has been made, while the words here are still those of the one before: its name, the day on which it was
    made and the day from which it counts."""

    version: str
    dated: date
    in_force_since: date


@dataclass(frozen=True)
class Rights:
    """All of them in one language (a slug), out of one version of the Victims' Code. `enhanced` says who has more.
    `superseded_by` is the version after it, once there is one."""

    language: str
    in_force_since: date
    read_on: date
    enhanced: str
    stages: Mapping[str, Right]
    milestones: Mapping[str, Right]
    superseded_by: NewerCode | None = None


@dataclass(frozen=True)
class CodeRight:
    """One of the twelve. `text` is a paragraph a piece; `stages` are those of CODE_STAGES at which it applies."""

    number: int
    id: str
    title: str
    text: tuple[str, ...]
    stages: tuple[str, ...]
    without_report: WithoutReport | None
    sources: tuple[str, ...]


@dataclass(frozen=True)
class Time:
    """What somebody is told within how many working days."""

    id: str
    what: str
    stages: tuple[str, ...]
    within: Within
    sources: tuple[str, ...]


@dataclass(frozen=True)
class Note:
    """A few sentences with their sources."""

    text: str
    sources: tuple[str, ...]


@dataclass(frozen=True)
class Code:
    """The Victims' Code in plain English: its rights by number, its times, and what is known of the next one."""

    rights: tuple[CodeRight, ...]
    times: tuple[Time, ...]
    times_note: Note
    coming: Note | None

    def at(self, stage: str | None) -> tuple[CodeRight, ...]:
        """The rights that apply at a stage of CODE_STAGES, or all of them."""
        return tuple(each for each in self.rights if stage is None or stage in each.stages)

    def times_at(self, stages: tuple[str, ...]) -> tuple[Time, ...]:
        """The times that belong to any of these stages."""
        return tuple(each for each in self.times if set(stages) & set(each.stages))


@dataclass(frozen=True)
class RightsToRead:
    """What can be read about rights: the Code, and by language (a slug) a page for each of PATHS and a page for each thing."""

    code: Code
    paths: Mapping[str, Guides]
    pages: Mapping[str, Guides]


def stage_of(number: str) -> str | None:
    """The stage of CODE_STAGES that a number out of an address stands for; None for any other text."""
    return next((stage for stage, known in CODE_STAGES.items() if str(known) == number), None)
