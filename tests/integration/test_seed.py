"""`make seed`: after it each story has gone as far as one day goes, and the desk shows each to whom it may."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.continuations import EVERYBODY, HELLO
from tests.harness.clients import BrowsingClient
from tests.harness.pages import Element, NotOffered
from tests.harness.people import CO_ORDINATOR, GATEKEEPER, Colleague, Person
from tests.harness.sides import Sides
from tools.seed import seed

NEW = {"brother", "fifteen", "reader"}
WRITES_LAST = {"parent", "watched", "worker", "targeted"}
STOPPED = {"watched", "witness", "forced-out"}
HIDDEN, RECEIPT_ONLY = {"witness"}, {"professional"}


@pytest.fixture
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Sides, dict[str, Person]]]:
    sides = Sides(tmp_path_factory.mktemp("data"), client_class=BrowsingClient)
    yield sides, {person.story.key: person for person in seed(sides, sides.deliver)}
    sides.close()


def row_of(desk: Colleague, reference: str) -> Element:
    """The row of the queue with this reference. Raises NotOffered."""
    for row in desk.queue().main.all("tr"):
        if reference in "".join(row.text.split()):
            return row
    raise NotOffered(reference)


def state_of(row: Element) -> str:
    """Where the case stands, in the desk's words."""
    return next(each.text for each in row.all("span") if each.attributes.get("class", "").startswith("case-state"))


def test_the_desk_shows_everybody_as_the_stories_went(
    seeded: tuple[Sides, dict[str, Person]], caplog: pytest.LogCaptureFixture
) -> None:
    sides, people = seeded
    assert not caplog.get_records("setup"), "an alarm rang"
    assert set(people) == {story.key for story in EVERYBODY}
    assert len({person.reference for person in people.values()}) == len(EVERYBODY)
    amira, dilys = Colleague(sides.hub_client()), Colleague(sides.hub_client())
    amira.sign_in(CO_ORDINATOR)
    dilys.sign_in(GATEKEEPER)

    for key, person in people.items():
        row = row_of(dilys, person.reference)
        assert bool(row.all("button")) == (key in NEW), key  # may be claimed
        assert (state_of(row) == "New") == (key in NEW), key
        if key in WRITES_LAST:
            assert state_of(row) == "Ours to do", key
        assert ("Contact stopped" in row.text) == (key in STOPPED), key
        if person.story.is_for_few:
            with pytest.raises(NotOffered):
                row_of(amira, person.reference)
        else:
            assert state_of(row_of(amira, person.reference)) == state_of(row)

    for key, person in people.items():
        space = person.come_back()
        assert space.path == f"{person.home}case", key
        assert ("Everything is hidden" in space.text) == (key in HIDDEN), key
        if key not in {*NEW, *HIDDEN, *RECEIPT_ONLY}:
            assert HELLO in space.text, key
        if key in WRITES_LAST:
            assert person.story.message in space.text, key
