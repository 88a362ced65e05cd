"""New keys: what was sent before still opens, what comes after uses the new key, and the old one can go."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
import time_machine
from click.testing import CliRunner
from sqlalchemy import select

from app import cli
from app.adapters import numbers, sealing
from app.data import hub as rows
from app.data import portal
from app.data.database import HubRow
from app.domain.reference import reference_of
from app.services.hub import rewrapping
from app.settings import Side
from tests.harness.people import Colleague, Person
from tests.harness.sides import Sides
from tests.stories import PARENT

Somebody = Callable[..., Person]
MESSAGE = "We have read what you wrote."


def command(sides: Sides, name: str, *arguments: str, side: Side = "hub") -> str:
    return sides.run("keys_group", name, *arguments, side=side)


def refused(sides: Sides, name: str, *arguments: str) -> str:
    """What a command says that ends with a refusal."""
    result = CliRunner().invoke(cli.keys_group, [name, *arguments], env=sides.environment("hub"))
    assert result.exit_code == 1, result.output
    return result.output


def key_ids(sides: Sides) -> list[str]:
    """The ids of the Hub's sealing keys, newest first."""
    path = sides.hub_side.settings.private_keys_file
    return [each["id"] for each in json.loads(path.read_text())["keys"]["sealing"]]


def started_again(sides: Sides) -> Sides:
    """Both sides as they are after a start, each having pinned what the other published."""
    addresses: dict[Side, str] = {
        "portal": sides.portal_side.settings.database_url,
        "hub": sides.hub_side.settings.database_url,
    }
    sides.close()
    return Sides(sides.data_dir, database_urls=addresses)


def answered(sides: Sides, person: Person, number: str) -> None:
    """A colleague opens the request and writes, and the person reads it."""
    colleague = Colleague(sides.hub_client())
    colleague.sign_in()
    colleague.write(colleague.open(colleague.case(person.reference)), MESSAGE)
    sides.deliver()
    assert MESSAGE in Person(sides.portal_client(), PARENT).come_back(number).text


def test_a_rotation_from_its_beginning_to_the_end_of_the_old_key(
    sides: Sides, person: Somebody, day: time_machine.Traveller, tmp_path: Path
) -> None:
    before = person(PARENT)
    number = before.ask()
    sides.deliver()
    offline = Path(shutil.copy(sides.hub_side.settings.private_keys_file, tmp_path / "copy.json"))
    offline.chmod(0o600)
    assert "opens all 1" in command(sides, "check", str(offline))
    (old,) = key_ids(sides)

    day.shift(timedelta(hours=1))
    assert "Added" in command(sides, "new", "sealing")
    new = key_ids(sides)[0]
    sides = started_again(sides)
    after = Person(sides.portal_client(), PARENT)
    later_number = after.ask()
    with sides.portal_side.database.reading() as session:
        sealed = session.scalars(select(portal.Outgoing.body)).all()
    assert new in {sealing.parse(each).key_id.hex() for each in sealed}
    sides.deliver()
    answered(sides, before, number)
    answered(sides, after, later_number)

    assert "the only one in use" not in command(sides, "revoke", old)
    assert "rewrap" in refused(sides, "destroy", old)
    assert "1 secrets" in command(sides, "rewrap")
    assert "0 secrets" in command(sides, "rewrap")
    assert "may still come again" in refused(sides, "destroy", old)
    assert "do not open" in refused(sides, "check", str(offline))
    day.shift(timedelta(days=36))
    assert "is gone" in command(sides, "destroy", old)
    assert key_ids(sides) == [new]
    sides = started_again(sides)
    try:
        answered(sides, before, number)
        answered(sides, after, later_number)
    finally:
        sides.close()


@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
def test_the_only_key_in_use_cannot_be_revoked(sides: Sides) -> None:
    (only,) = key_ids(sides)
    assert "the only one in use" in refused(sides, "revoke", only)
    assert "no key" in refused(sides, "revoke", "00" * 8)


@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
def test_a_new_key_to_sign_with_is_trusted_before_it_signs(sides: Sides, person: Somebody) -> None:
    mother = person(PARENT)
    number = mother.ask()
    sides.deliver()
    said = command(sides, "new", "voice")
    key_id = said.split()[1].rstrip(".")
    sides = started_again(sides)  # the portal has pinned it, the old one still signs
    answered(sides, mother, number)
    assert "signs from the next start" in command(sides, "use", key_id)
    sides = started_again(sides)
    try:
        answered(sides, mother, number)
    finally:
        sides.close()


@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
def test_numbers_made_with_an_older_pepper_still_open(sides: Sides, person: Somebody) -> None:
    number = person(PARENT).ask()
    assert "2 peppers" in command(sides, "new", "pepper", side="portal")
    sides = started_again(sides)
    try:
        assert Person(sides.portal_client(), PARENT).come_back(number).path.endswith("/case")
        again = Person(sides.portal_client(), PARENT)
        assert Person(sides.portal_client(), PARENT).come_back(again.ask()).path.endswith("/case")
    finally:
        sides.close()


@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
def test_a_reference_is_not_given_twice_whatever_pepper_the_first_is_kept_under(
    sides: Sides, person: Somebody, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = person(PARENT).ask()
    command(sides, "new", "pepper", side="portal")
    sides = started_again(sides)
    try:
        free = numbers.draw_reference()
        assert free != reference_of(before)
        drawn = [reference_of(before), reference_of(before), free]
        monkeypatch.setattr(numbers, "draw_reference", lambda *_: drawn.pop(0))
        after = Person(sides.portal_client(), PARENT).ask()
        assert reference_of(after) == free
        sides.deliver()
        with sides.hub_side.database.reading() as session:  # neither was refused
            assert set(session.scalars(select(rows.Case.reference))) == {reference_of(before), free}
        for number in (before, after):
            assert Person(sides.portal_client(), PARENT).come_back(number).path.endswith("/case")
    finally:
        sides.close()


def test_everything_that_is_wrapped_to_a_sealing_key_is_wrapped_anew() -> None:
    # A packet's column of this name lies under the case's own record secret.
    wrapped = {mapper.class_ for mapper in HubRow.registry.mappers if "wrapped" in mapper.columns} - {rows.Packet}
    assert wrapped == {table for table, _ in rewrapping.WRAPPED}
    assert rows.RecordSecret in wrapped
