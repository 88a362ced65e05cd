"""Moving a database from one engine to the other: nothing is lost on the way, and nothing is taken for moved that is not."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from app.data import migrating, moving, whole
from app.data.database import Database
from app.data.migrating import SideName
from app.settings import Side
from tests.harness.databases import Copies
from tests.harness.people import Colleague, Person
from tests.harness.sides import Sides
from tests.stories import PARENT

Somebody = Callable[..., Person]


@pytest.fixture
def other(engine_name: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Copies]:
    """Empty databases on the engine that this test does not run on."""
    copies = Copies("postgresql" if engine_name == "sqlite" else "sqlite", tmp_path_factory.mktemp("other"))
    yield copies
    copies.drop()


SIDE_NAMES: tuple[Side, ...] = ("portal", "hub")


def moved(source: Database, target: Database, side: SideName) -> int:
    return moving.move(source, target, migrate=lambda to: migrating.migrate(target, side, to=to))


def test_who_asked_before_the_move_is_answered_after_it(sides: Sides, other: Copies, person: Somebody) -> None:
    number = (mother := person(PARENT)).ask()
    sides.deliver()
    addresses: dict[Side, str] = {side: other.make(side) for side in SIDE_NAMES}
    for side in SIDE_NAMES:
        assert "moved and compared" in sides.run("database_group", "move", addresses[side], side=side)
    after = Sides(sides.data_dir, database_urls=addresses)
    try:
        after.deliver()
        amira = Colleague(after.hub_client())
        amira.sign_in()
        case = amira.open(amira.claim(amira.case(mother.reference)))
        amira.write(case, "We have read what you wrote.")
        after.deliver()
        again = Person(after.portal_client(), PARENT)
        assert "We have read what you wrote." in again.come_back(number).text
    finally:
        after.close()


def test_the_moved_database_is_the_same_one(sides: Sides, other: Copies, person: Somebody) -> None:
    person(PARENT).ask()
    sides.deliver()
    source, target = sides.hub_side.database, Database(other.make("hub"))
    assert moved(source, target, "hub") > 0
    with source.snapshot() as before, target.snapshot() as after:
        assert moving.digests(before) == moving.digests(after)
    assert migrating.database_id(target, "hub") == migrating.database_id(source, "hub")
    with pytest.raises(whole.NotEmpty):
        moved(source, target, "hub")
    target.close()


def test_a_row_that_changed_on_the_way_is_noticed(
    sides: Sides, other: Copies, person: Somebody, monkeypatch: pytest.MonkeyPatch
) -> None:
    person(PARENT).ask()
    sides.deliver()
    fill = whole.fill

    def spoilt(target: Database, **given: object) -> None:
        fill(target, **given)  # type: ignore[arg-type]
        with target.engine.begin() as connection:
            connection.execute(text("UPDATE \"case\" SET language = 'xx'"))

    monkeypatch.setattr(whole, "fill", spoilt)
    target = Database(other.make("hub"))
    with pytest.raises(moving.NotTheSame, match="case"):
        moved(sides.hub_side.database, target, "hub")
    target.close()


@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
def test_what_was_never_set_up_is_not_moved(other: Copies, tmp_path: Path, engine_name: str) -> None:
    source, target = Database(f"sqlite:///{tmp_path / 'empty.sqlite3'}"), Database(other.make("hub"))
    with pytest.raises(moving.NothingToMove):
        moved(source, target, "hub")
    for each in (source, target):
        each.close()
