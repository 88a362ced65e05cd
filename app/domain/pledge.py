"""The pledge: eleven promises with stable ids, who keeps each, how it is measured, and who has agreed."""

from dataclasses import dataclass
from datetime import date
from typing import Literal

Measure = Literal["counted", "asked", "published"]
MEASURES: tuple[Measure, ...] = ("counted", "asked", "published")
Status = Literal["draft", "agreed"]

PROMISE_IDS = (
    "police-or-not",
    "everyone",
    "you-decide",
    "need-first",
    "as-much-as-you-want",
    "risk-first",
    "ask-again",
    "tell-it-once",
    "keep-you-informed",
    "fair-everywhere",
    "respect-and-answer",
)


class PledgeError(ValueError):
    """The pledge contradicts itself; the text is one line."""


@dataclass(frozen=True, kw_only=True)
class Promise:
    """One promise. `html` is the sentence as safe mark-up, `text` the same without any.

    `kept_by` names a role, `measures` how keeping it is shown, `measured` what exactly is counted, asked or published,
    `since` the day on which measuring began, `target` what the Hub aims at. The last two are empty until somebody
    decides. `language` is the slug of the language that `kept_by` and `measured` are in.
    """

    id: str
    text: str
    html: str
    kept_by: str
    measures: tuple[Measure, ...]
    measured: str
    since: date | None = None
    target: str = ""
    language: str = "en"


@dataclass(frozen=True)
class Signatory:
    """An organisation that has agreed the pledge."""

    name: str
    signed_on: date


@dataclass(frozen=True)
class Version:
    """An earlier version: its name, its date, and what changed after it."""

    version: str
    dated: date
    changed: str


@dataclass(frozen=True, kw_only=True)
class Pledge:
    """The pledge in one language; `language` is the slug of the language that its sentences are really in."""

    language: str
    title: str
    introduction: str
    promises: tuple[Promise, ...]
    exception: str
    version: str
    dated: date
    status: Status
    agreed_on: date | None
    signatories: tuple[Signatory, ...]
    history: tuple[Version, ...]

    def __post_init__(self) -> None:
        if tuple(promise.id for promise in self.promises) != PROMISE_IDS:
            raise PledgeError("the promises must be exactly the eleven known ones, in their order")
        if self.status == "agreed" and (self.agreed_on is None or not self.signatories):
            raise PledgeError("an agreed pledge needs the day of the agreement and at least one signatory")
        if self.status == "draft" and (self.agreed_on is not None or self.signatories):
            raise PledgeError("a draft has no day of agreement and no signatories yet")

    @property
    def is_agreed(self) -> bool:
        """Whether the partner agencies have agreed it; until then it is a proposal and says so."""
        return self.status == "agreed"
