"""The portal's disk is gone: the Hub fills a new one, and every number that worked opens its space again."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
import time_machine
from sqlalchemy import select

from app.adapters import keys, numbers
from app.data import hub as hub_rows
from app.data import migrating
from app.data import portal as portal_rows
from app.services.hub import rebuilding
from app.services.hub.post import PortalTrust
from app.web import clock
from tests.harness.clients import BrowsingClient
from tests.harness.people import Colleague, Person, shown_number
from tests.harness.sides import Sides
from tests.stories import PARENT, READER, STUDENT

AskedBy = Callable[..., Person]


def lose_the_portal(sides: Sides) -> None:
    """A new portal in the place of the old: its keys and peppers from the offline copy, its database empty."""
    portal = sides.portal_side
    with portal.database.engine.begin() as connection:
        before = set(connection.execute(select(portal_rows.Case.id)).scalars())
    assert before
    migrating.migrate(portal.database, "portal", to="base")
    migrating.migrate(portal.database, "portal")


def fill_again(sides: Sides, tmp_path: Path) -> str:
    """What docs/operations.md says to do, in its order; returns what the Hub said."""
    bundle = tmp_path / "portal.json"
    bundle.write_text(sides.run("keys_group", "bundle", side="portal").partition("Fingerprint")[0])
    sides.run("keys_group", "trust", str(bundle), side="hub")
    sides.run("post_group", "reconcile", side="hub")
    said = sides.run("post_group", "rebuild", side="hub")
    pinned = keys.PortalPublicKeys.load(sides.hub_side.settings.portal_public_keys_file)
    trust = PortalTrust(database_id=pinned.database_id, signing=pinned.signing, sealing=pinned.sealing_key)
    object.__setattr__(sides.hub_side, "trust", trust)  # the desk and the courier are started anew
    return said


def give_code(colleague: Colleague, person: Person, second: BrowsingClient, *, is_stolen: bool) -> str:
    """A colleague checks, and makes a code for a new number."""
    case = colleague.open(colleague.case(person.reference))
    return colleague.new_number(case, second, is_stolen=is_stolen)


def collect(sides: Sides, person: Person, code: str) -> str:
    """The person makes a new number with the code; returns its digits."""
    sides.deliver()
    visitor = sides.portal_client()
    page = visitor.visit("/en/return/collect")
    return shown_number(
        visitor.submit(page, page.form("reference", "code"), {"reference": person.reference, "code": code})
    )


def test_every_number_opens_its_space_again_but_for_those_of_the_dead(
    sides: Sides, person: AskedBy, colleague: Colleague, day: time_machine.Traveller, tmp_path: Path
) -> None:
    alive, stolen, deleted, hiding, renewed = (person(each) for each in (PARENT, READER, STUDENT, PARENT, READER))
    for each in (alive, stolen, deleted, hiding, renewed):
        each.ask()
    sides.deliver()
    colleague.write(colleague.open(colleague.case(alive.reference)), "FROM-THE-HUB")
    alive.come_back()
    alive.write("FROM-THE-PERSON")
    give_code(colleague, stolen, sides.hub_client(), is_stolen=True)
    code = give_code(colleague, renewed, sides.hub_client(), is_stolen=True)
    day.shift(timedelta(minutes=5))
    old, new = renewed.number, collect(sides, renewed, code)
    for each, word in ((deleted, STUDENT.code_word), (hiding, "")):
        each.come_back()
        page = each.client.visit("/en/case/end/delete")
        each.client.submit(page, page.form(to="/case/end/delete"), {"code_word": word})
    sides.deliver()
    numbers = {each: each.number for each in (alive, stolen, deleted, hiding)}
    assert "No space opens" in stolen.come_back().text

    lose_the_portal(sides)
    assert "No space opens" in alive.come_back().text
    said = fill_again(sides, tmp_path)
    assert said.startswith("4 spaces")
    assert "2 of the spaces have no number" in said
    sides.deliver()

    space = alive.come_back(numbers[alive]).text
    assert space.count("FROM-THE-HUB") == 1
    assert space.count("FROM-THE-PERSON") == 1
    assert "on its way" not in space
    for each in (stolen, deleted, hiding):
        assert "No space opens with this number" in each.come_back(numbers[each]).text
    assert "No space opens with this number" in renewed.come_back(old).text
    assert renewed.come_back(new).path == "/en/case"

    # Both go on where they were.
    alive.come_back(numbers[alive])
    alive.write("AND-ONE-MORE")
    sides.deliver()
    page = colleague.case(alive.reference)
    assert page.text.count("AND-ONE-MORE") == 1
    assert page.text.count("FROM-THE-PERSON") == 1
    colleague.write(page, "ANSWERED")
    sides.deliver()
    assert alive.come_back(numbers[alive]).text.count("ANSWERED") == 1
    with sides.portal_side.database.reading() as session:
        assert list(session.scalars(select(portal_rows.Aside.reason))) == []

    # Done again, it changes nothing.
    own = sides.hub_side
    rebuilding.rebuild(own.database, opener=own.opener, voice=own.voice, portal_key=own.trust.sealing, now=clock.now())
    sides.deliver()
    again = alive.come_back(numbers[alive]).text
    assert [again.count(each) for each in ("FROM-THE-HUB", "FROM-THE-PERSON", "ANSWERED")] == [1, 1, 1]


@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
def test_whoever_is_given_the_reference_of_a_space_that_is_still_to_come_holds_nothing_up(
    sides: Sides, person: AskedBy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = person(PARENT), person(READER)
    first.ask()
    second.ask()
    sides.deliver()
    lose_the_portal(sides)
    with monkeypatch.context() as drawn:
        drawn.setattr(numbers, "draw_reference", lambda *_: first.reference)
        early = person(STUDENT)
        early.ask()
    fill_again(sides, tmp_path)
    assert sides.run("post_group", "show", side="hub").startswith("waiting: 2, the oldest since 2026-")
    sides.deliver()
    assert sides.run("post_group", "show", side="hub").startswith("waiting: 0\nlast pass: 2026-")
    with sides.portal_side.database.reading() as session:  # the space is refused here, and an alarm rings
        assert list(session.scalars(select(portal_rows.Aside.reason))) == ["reference-taken"]
    with sides.hub_side.database.reading() as session:  # and the request there
        assert list(session.scalars(select(hub_rows.Aside.reason))) == ["reference-taken"]
    assert second.come_back().path == early.come_back().path == "/en/case"
