"""No page of the desk asks its database more than ten times, however many cases there are: the pages of the ledger, counted."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import Engine, event

from app.data import hub as rows
from app.web import clock
from tests.harness import many
from tests.harness.people import Colleague, Person
from tests.harness.sides import Sides
from tests.integration.test_routes import LEDGER, addresses
from tests.stories import PARENT

MOST = 10
SQLITE = pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)


@contextmanager
def counted() -> Iterator[list[str]]:
    """The statements of everything in between, on whichever engine."""
    said: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        said.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield said
    finally:
        event.remove(Engine, "before_cursor_execute", note)


def too_many(client: Any, path: str) -> list[str]:
    """What a page asked when it asked too much; one line each."""
    client.get(path)  # what is worked out once has been
    with counted() as said:
        response = client.get(path)
    if not path.startswith("/audit"):  # else the line that says who looked comes on top
        said = [each for each in said if " audit" not in each]
    assert response.status_code < 500, path
    return [f"{path}: {len(said)}", *(" ".join(each.split())[:160] for each in said)] if len(said) > MOST else []


def test_a_count_counts(sides: Sides, colleague: Colleague) -> None:
    with counted() as said, sides.hub_side.database.reading() as session:
        for _ in range(MOST + 1):
            rows.case_by_reference(session, "123456")
    assert len(said) == MOST + 1


@SQLITE
def test_no_page_of_the_desk_asks_more_than_ten_times(sides: Sides) -> None:
    """A colleague, a supervisor and a gatekeeper, on a desk of four hundred cases, with one of them opened."""
    asking = Person(sides.portal_client(), PARENT)
    asking.ask()
    sides.deliver()
    many.fill(sides.hub_side, now=clock.now())
    case_id = _id_of(sides, asking.reference)
    for who in ("dev-amira", "dev-carys", "dev-dilys"):
        many.said_just_now(sides.hub_side.database, now=clock.now())
        desk = Colleague(sides.hub_client())
        desk.sign_in(who)
        desk.open(desk.client.visit(f"/cases/{case_id}"))
        paths = ["/queue?now=1", "/queue?only=promised", "/queue?owner=me", "/queue?state=closed", "/queue?page=3"]
        for endpoint, path in addresses(sides, "hub", "GET", case_id=case_id):
            if LEDGER["hub"][endpoint] == "staff":
                paths.append(path)
        assert [fault for path in paths for fault in too_many(desk.client, path)] == [], who


def _id_of(sides: Sides, reference: str) -> str:
    with sides.hub_side.database.reading() as session:
        found = rows.case_by_reference(session, reference)
    assert found is not None
    return found.id.hex()
