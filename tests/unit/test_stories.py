"""The made-up people are made up: nobody's real phone rings, and they ask only what the request asks."""

from __future__ import annotations

import re

import pytest

from app.domain import referral as ids
from app.forms.refer import FORMS, JOURNEY
from tests.stories import STORIES, Story

# Ofcom keeps these free for drama: 07700 900000 to 900999, and 01632 960000 to 960999.
DRAMA = re.compile(r"(0|44)(7700900|1632960)\d{3}")


def test_there_are_twelve_and_each_is_somebody_else() -> None:
    assert len({story.key for story in STORIES}) == len(STORIES) == 12
    assert all(story.title and story.message and story.safety for story in STORIES)


def test_between_them_they_need_every_kind_of_answer() -> None:
    def said(step: str, field: str) -> set[object]:
        answers = [story.answers.get(step, {}).get(field) for story in STORIES]
        return {each for answer in answers for each in (answer if isinstance(answer, tuple) else (answer,))}

    assert said("who", "who") >= {"me", "me-helped", "professional"}
    assert said("about", "happened") >= set(ids.HAPPENED) - {"rather-not", "not-sure", "something-else"}
    assert said("police", "police") >= set(ids.POLICE)
    assert said("reply", "ways") >= set(ids.WAYS)
    assert said("reply", "contact") >= {"yes", "no", None}


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.key)
def test_addresses_belong_to_nobody(story: Story) -> None:
    for step, answer in story.answers.items():
        address = str(answer.get("address", ""))
        if step in {"reply-call", "reply-text", "reply-relay", "reply-trusted"}:
            assert DRAMA.fullmatch(re.sub(r"\D", "", address))
        elif step == "reply-letter":
            assert address.endswith("Example Row\nCalderwick")
        elif address:
            assert address.endswith("@example.org")


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.key)
def test_answers_are_those_of_questions_on_the_way(story: Story) -> None:
    on_the_way = {place.step.key for place in JOURNEY.path(story.answers)}
    assert set(story.answers) <= on_the_way
    for step, answer in story.answers.items():
        assert all(hasattr(FORMS[step], field) for field in answer)
