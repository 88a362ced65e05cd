"""What each role opens at the desk, and that an auditor opens no case."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from app.data import hub as rows
from app.services.hub import guard
from app.services.hub.guard import NoSuchCase
from app.services.hub.staff import DevelopmentIdentities
from app.web import staff
from tests.harness.people import Person, sign_in
from tests.harness.sides import Sides

on_sqlite = pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
AUDITOR = "dev-edwin"


@on_sqlite
def test_an_auditor_opens_neither_the_queue_nor_a_case(sides: Sides, person: Callable[..., Person]) -> None:
    person().ask()
    sides.deliver()
    with sides.hub_side.database.reading() as session:
        case_id = session.query(rows.Case.id).scalar()
    client = sides.hub_client()
    page = client.visit("/sign-in")
    client.submit(page, page.form("who"), {"who": AUDITOR})

    for address in ("/queue", "/kept", f"/cases/{case_id.hex()}", f"/cases/{case_id.hex()}/code"):
        refused = client.visit(address)
        assert refused.status == 403
        assert "not for your role" in refused.text
    with sides.hub_side.database.reading() as session, pytest.raises(NoSuchCase):
        guard.case_for(session, case_id, DevelopmentIdentities().prove(AUDITOR))


@on_sqlite
def test_who_works_with_cases_begins_at_the_queue(sides: Sides) -> None:
    for who in ("dev-amira", "dev-carys", "dev-dilys"):
        assert sign_in(sides.hub_client(), who).path == "/queue"


def test_a_guard_for_a_role_that_does_not_exist_cannot_be_made() -> None:
    with pytest.raises(ValueError, match="no such role"):
        staff.only("superviser")
