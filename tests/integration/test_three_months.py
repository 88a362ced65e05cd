"""Three months of each story by a moved clock: each goes on in its own way, and nothing of a request comes back to the portal."""

from __future__ import annotations

from datetime import datetime, time, timedelta

import pytest
import time_machine

from app.web import clock
from tests.continuations import CONTINUATIONS, EVERYBODY, FORCED_OUT, HELLO, MONTHS
from tests.harness.clients import BrowsingClient
from tests.harness.day import DAY, LONDON
from tests.harness.life import Life, typed_in
from tests.harness.people import Colleague, Person
from tests.harness.sides import Sides
from tests.stories import PARENT, STORIES, Story

# When things happen that do not happen on the first day: the Hub is open, and on a weekday it is afternoon.
HOUR = time(14)
# Where the engines differ most: a deletion, of which nothing may be left.
ON_BOTH = ("witness",)
# The others live on in the audit, and all of them wherever both sides are filled with the stories (test_seed.py).
EACH_TIME = ("parent", "watched", "witness", "brother", "deaf", FORCED_OUT.key)
PLAYS = [
    pytest.param(engine, story, id=f"{story.key}-{engine}", marks=() if story.key in EACH_TIME else pytest.mark.audit)
    for story in EVERYBODY
    for engine in ("sqlite", "postgresql")
    if engine == "sqlite" or story.key in ON_BOTH
]


def begin(sides: Sides, story: Story) -> Life:
    """Somebody asks, and it comes to the Hub, where whoever will look after them is signed in.

    Pages of asking are audited elsewhere, by every story; those of the space are audited from here on.
    """
    continuation = CONTINUATIONS[story.key]
    audited = sides.portal.test_client_class
    sides.portal.test_client_class = sides.hub.test_client_class = BrowsingClient
    person = Person(sides.portal_client(), story, language=continuation.language)
    desk = Colleague(sides.hub_client())
    sides.portal.test_client_class = audited
    desk.sign_in(continuation.worker)
    person.ask()
    person.client = sides.portal_client()
    sides.deliver()
    return Life(sides, person, worker=continuation.worker, desk=desk, carry=sides.deliver)


@pytest.mark.requirement("B5")
@pytest.mark.requirement("F1")
@pytest.mark.requirement("F2")
@pytest.mark.rule("rule 2")
@pytest.mark.rule("rule 10")
@pytest.mark.parametrize(("engine_name", "story"), PLAYS, indirect=["engine_name"])
def test_the_story_goes_on_for_three_months(
    sides: Sides, story: Story, day: time_machine.Traveller, caplog: pytest.LogCaptureFixture
) -> None:
    life = begin(sides, story)
    happenings = CONTINUATIONS[story.key].happenings
    assert [each.day for each in happenings] == sorted(each.day for each in happenings)
    for each in happenings:
        moment = datetime.combine(DAY.date() + timedelta(days=each.day), HOUR, LONDON)
        if each.day and clock.now() < moment:
            day.move_to(moment)
            sides.make_pass()  # what has become due by now goes with the next
            life.carry()
        each.happen(life)
        life.carry()
    assert happenings[-1].day == MONTHS
    assert "alarm" not in caplog.text
    assert life.found_in_letters() == []
    assert len(life.letters) >= 1


def test_every_story_goes_on() -> None:
    assert set(CONTINUATIONS) == {story.key for story in EVERYBODY} >= {story.key for story in STORIES}
    assert all(each.happenings[-1].day == MONTHS for each in CONTINUATIONS.values())


@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
def test_the_search_would_find_what_was_typed(sides: Sides) -> None:
    """A colleague who repeats a number in the space is found out by it, so that the test above can fail."""
    life = begin(sides, PARENT)
    assert {"07700 900111", "marie@example.org", "Marie", PARENT.code_word} <= life.typed
    assert typed_in(PARENT) == life.typed
    life.is_claimed()
    life.is_told(HELLO)
    life.carry()
    assert any(HELLO in each for each in life.letters.values())
    assert life.found_in_letters() == []
    life.is_told("I ring 07700900111, Marie.")
    life.carry()
    assert sorted(life.found_in_letters()) == ["07700 900111", "Marie"]
