"""Opening what somebody wrote is an act: done with a button, written down before anything is shown, and over after a while."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import select

from app.data import hub as rows
from tests.harness.people import Colleague, Person
from tests.harness.sides import Sides


def acts(sides: Sides) -> list[str]:
    with sides.hub_side.database.reading() as session:
        return list(session.scalars(select(rows.Audit.action).order_by(rows.Audit.id)))


@pytest.mark.rule("rule 2")
def test_nothing_that_was_written_is_shown_before_it_was_opened_and_the_opening_is_logged(
    sides: Sides, person: Callable[..., Person], colleague: Colleague, day: time_machine.Traveller
) -> None:
    somebody = person()
    somebody.ask()
    sides.deliver()
    path = colleague.case(somebody.reference).path
    typed = somebody.story.name

    closed = colleague.client.visit(path)
    assert typed not in closed.text
    assert "opened-request" not in acts(sides)
    # Looking is not opening: the address of the act answers to the button only.
    assert colleague.client.fetch("GET", f"{path}/open").status == 404
    assert "opened-request" not in acts(sides)

    opened = colleague.open(closed)
    assert typed in opened.text
    assert acts(sides).count("opened-request") == 1

    day.shift(timedelta(minutes=31))
    assert typed not in colleague.client.visit(path).text


def test_one_colleagues_leave_to_read_is_not_anothers(
    sides: Sides, person: Callable[..., Person], colleague: Colleague
) -> None:
    somebody = person()
    somebody.ask()
    sides.deliver()
    case = colleague.case(somebody.reference)
    colleague.open(case)
    typed = somebody.story.name

    other = Colleague(sides.hub_client())
    other.sign_in("dev-ben")

    assert typed not in other.client.visit(case.path).text
