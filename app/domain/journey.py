"""A journey is data: ordered steps, each with a stable key and a condition on earlier answers.

The path is computed from the answers, so a page that no longer applies is neither asked nor sent.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

Answer = Mapping[str, Any]
Answers = Mapping[str, Answer]


class NoSuchStep(Exception):
    """The address names a step that is not on this person's path."""


def always(_answers: Answers) -> bool:
    """The condition of a step that everybody meets."""
    return True


@dataclass(frozen=True, kw_only=True)
class Step:
    """One page.

    `key` names its answers for ever; `slug` is its neutral name in the address. Steps that share a `series` are numbered as
    they come ("reply-1", "reply-2"), so that the address does not say which of them it is. `is_question` counts it in
    "Question 2 of 5"; `asks` is False for a page that is only read.
    """

    key: str
    slug: str = ""
    series: str = ""
    applies: Callable[[Answers], bool] = always
    is_question: bool = False
    asks: bool = True

    @cached_property
    def place(self) -> Place:
        """Where the step stands on every path that has it; for one of a series see `Journey.path`."""
        return Place(self.slug or self.key, self)


@dataclass(frozen=True)
class Place:
    """A step on one person's path, with its address there."""

    slug: str
    step: Step


@dataclass(frozen=True)
class Path:
    """One person's path: the steps that apply, in order, and the answers that it was computed from."""

    places: Sequence[Place]
    answers: Answers

    def find(self, slug: str) -> Place:
        """The step at this address. Raises NoSuchStep when it is not on the path."""
        return self.places[self._index(slug)]

    def first_open(self) -> Place:
        """The first step without an answer (a step that was left has an empty one), or the last step when none is open."""
        for place in self.places:
            if place.step.key not in self.answers:
                return place
        return self.places[-1]

    def may_open(self, slug: str) -> bool:
        """True when the step is on the path and everything before it was answered or left."""
        for place in self.places:
            if place.slug == slug:
                return True
            if place.step.key not in self.answers:
                return False
        return False

    def after(self, slug: str) -> Place:
        """The step that follows; the last step follows itself. Raises NoSuchStep."""
        return self.places[min(self._index(slug) + 1, len(self.places) - 1)]

    def before(self, slug: str) -> Place | None:
        """The step before, or None at the first. Raises NoSuchStep."""
        index = self._index(slug)
        return self.places[index - 1] if index else None

    def question_number(self, slug: str) -> tuple[int, int] | None:
        """("2", "of 5") for a step that counts as a question, else None."""
        questions = [place.slug for place in self.places if place.step.is_question]
        return (questions.index(slug) + 1, len(questions)) if slug in questions else None

    def _index(self, slug: str) -> int:
        for index, place in enumerate(self.places):
            if place.slug == slug:
                return index
        raise NoSuchStep(slug)


@dataclass(frozen=True)
class Journey:
    """Ordered steps; every method is a pure function of the answers given so far.

    Whoever asks more than one thing about the same answers asks their `path_of`, which is computed once.
    """

    steps: Sequence[Step]

    @cached_property
    def slugs(self) -> frozenset[str]:
        """Every address that a step can have, whatever is answered."""
        numbers = Counter(step.series for step in self.steps if step.series)
        in_series = {f"{series}-{number}" for series, most in numbers.items() for number in range(1, most + 1)}
        return frozenset(in_series | {step.key for step in self.steps if not step.series})

    def path_of(self, answers: Answers) -> Path:
        """The path that these answers lead along."""
        return Path(self.path(answers), answers)

    def path(self, answers: Answers) -> list[Place]:
        """The steps that apply, in order, each with its address."""
        numbers: dict[str, int] = {}
        places: list[Place] = []
        for step in self.steps:
            if not step.applies(answers):
                continue
            if step.series:
                numbers[step.series] = numbers.get(step.series, 0) + 1
                places.append(Place(f"{step.series}-{numbers[step.series]}", step))
            else:
                places.append(step.place)
        return places

    def find(self, slug: str, answers: Answers) -> Place:
        """The step at this address. Raises NoSuchStep when it is not on the path."""
        return self.path_of(answers).find(slug)

    def first_open(self, answers: Answers) -> Place:
        """The first step without an answer, or the last step when none is open."""
        return self.path_of(answers).first_open()

    def may_open(self, slug: str, answers: Answers) -> bool:
        """True when the step is on the path and everything before it was answered or left."""
        return self.path_of(answers).may_open(slug)

    def after(self, slug: str, answers: Answers) -> Place:
        """The step that follows; the last step follows itself. Raises NoSuchStep."""
        return self.path_of(answers).after(slug)

    def before(self, slug: str, answers: Answers) -> Place | None:
        """The step before, or None at the first. Raises NoSuchStep."""
        return self.path_of(answers).before(slug)

    def question_number(self, slug: str, answers: Answers) -> tuple[int, int] | None:
        """("2", "of 5") for a step that counts as a question, else None."""
        return self.path_of(answers).question_number(slug)

    def pruned(self, answers: Answers) -> dict[str, Answer]:
        """The answers without those of steps that no longer apply."""
        kept = dict(answers)
        while True:  # dropping an answer may close a later step, so go on until nothing changes
            on_path = {place.step.key for place in self.path(kept)}
            fewer = {key: answer for key, answer in kept.items() if key in on_path}
            if fewer == kept:
                return kept
            kept = fewer
