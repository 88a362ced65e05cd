"""The outline of a contact plan: enough to recognise, nothing to use."""

from __future__ import annotations

import json
from datetime import date

import pytest

from app.domain.contact import Way, plan_of
from app.domain.outline import from_codes, outline_of
from tests.stories import DAUGHTER_HELPS, PARENT, STUDENT, WATCHED

DAY, LATER = date(2026, 3, 10), date(2026, 3, 24)


@pytest.mark.requirement("B1")
@pytest.mark.parametrize("story", [PARENT, DAUGHTER_HELPS, WATCHED, STUDENT], ids=lambda story: story.key)
def test_an_outline_holds_nothing_that_anybody_typed_and_comes_back_as_it_was(story) -> None:
    outline = outline_of(plan_of(story.answers), today=DAY)
    kept = json.dumps(outline.to_codes())

    assert not [word for word in story.typed if word in kept]
    assert from_codes(json.loads(kept)) == outline
    assert {each.way.value for each in outline.ways} == set(story.ways)


def test_an_address_that_is_left_empty_is_the_one_given_before() -> None:
    before = outline_of(plan_of(PARENT.answers), today=DAY)
    now = {"reply": {"contact": "yes", "ways": ["call", "text"]}, "reply-call": {"times": ["any"]}}

    after = outline_of(plan_of(now), today=LATER, before=before)

    assert [(each.way, each.given_on) for each in after.ways] == [(Way.CALL, DAY), (Way.TEXT, None)]
    assert after.said_on == LATER


@pytest.mark.parametrize("junk", [None, [], "text", {}, {"wanted": True, "on": "soon", "ways": []}])
def test_what_is_no_outline_is_none(junk: object) -> None:
    assert from_codes(junk) is None


def test_a_way_of_a_later_release_is_left_out() -> None:
    codes = outline_of(plan_of(PARENT.answers), today=DAY).to_codes()
    codes["ways"].append({**codes["ways"][0], "way": "pigeon"})

    found = from_codes(codes)

    assert found is not None
    assert {each.way for each in found.ways} == {Way.CALL, Way.EMAIL}
