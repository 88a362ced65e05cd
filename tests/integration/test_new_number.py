"""A lost number, and one that somebody else has: a code from the Hub, a new number from the site, the old one dead."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine

from app.data import portal as rows
from app.domain.reference import reference_of
from app.services.portal.office import Busy, Slot
from tests.harness.inside import Inside
from tests.harness.pages import Page
from tests.harness.people import Colleague, Person, shown_number
from tests.harness.sides import Sides
from tests.stories import PARENT

AskedBy = Callable[..., Person]

pytestmark = [pytest.mark.rule("rule 10"), pytest.mark.rule("rule 13")]


@pytest.fixture
def inside(sides: Sides, person: AskedBy) -> Inside:
    """A parent, back in their space."""
    return Inside(sides, person(PARENT))


def code_from_desk(inside: Inside, colleague: Colleague, *, is_stolen: bool = False) -> str:
    """A colleague checks, and makes a code."""
    case = colleague.case(inside.person.reference)
    if any(form.action.endswith("/open") for form in case.forms):
        case = colleague.open(case)
    code = colleague.new_number(case, inside.sides.hub_client(), is_stolen=is_stolen)
    inside.sides.deliver()
    return code


def collect(inside: Inside, code: str, *, reference: str = "") -> Page:
    """Somebody types reference and code on the site."""
    visitor = inside.sides.portal_client()
    page = visitor.visit("/en/return/collect")
    answers = {"reference": reference or inside.person.reference, "code": code}
    return visitor.submit(page, page.form("reference", "code"), answers)


def test_a_code_gives_a_new_number_and_the_old_one_dies(inside: Inside, colleague: Colleague) -> None:
    old = inside.person.number
    code = code_from_desk(inside, colleague)
    assert len(code) == 10
    assert inside.person.come_back().path == "/en/case", "the old one works until the new one is there"
    inside.sides.deliver()
    shown = collect(inside, code)
    assert shown.path == "/en/return/new"
    new = shown_number(shown)
    assert reference_of(new) == reference_of(old)
    assert new != old
    assert inside.person.client.visit("/en/case").path == "/en/", "whoever was inside is out"
    assert "No space opens with this number" in inside.person.come_back(old).text
    assert inside.person.come_back(new).path == "/en/case"
    assert "This code does not work" in collect(inside, code).text, "it works once"
    inside.sides.deliver()
    inside.person.number = new
    inside.opened = inside.come_in()
    assert ("new-number", "in-force") in inside.standings()
    assert "new-number" in [each["change"] for each in inside.told()]


def test_a_number_that_somebody_else_has_is_stopped_at_once(inside: Inside, colleague: Colleague) -> None:
    code = code_from_desk(inside, colleague, is_stolen=True)
    assert "No space opens with this number" in inside.person.come_back().text
    assert collect(inside, code).path == "/en/return/new"


def test_ten_wrong_tries_end_a_code_and_two_days_do(
    inside: Inside, colleague: Colleague, day: time_machine.Traveller
) -> None:
    code = code_from_desk(inside, colleague)
    wrong = str((int(code) + 1) % 10**10).zfill(10)
    for _ in range(10):
        assert "This code does not work" in collect(inside, wrong).text
    assert "This code does not work" in collect(inside, code).text
    code = code_from_desk(inside, colleague)
    day.shift(timedelta(hours=48, minutes=1))
    assert "This code does not work" in collect(inside, code).text


def test_wrong_and_unknown_look_the_same(inside: Inside, colleague: Colleague) -> None:
    code_from_desk(inside, colleague)
    known = collect(inside, "0000000000")
    unknown = collect(inside, "0000000000", reference="000000")
    assert known.html.replace(inside.person.reference, "000000") == unknown.html
    assert sorted(known.headers) == sorted(unknown.headers)


@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
def test_the_code_is_kept_nowhere(inside: Inside, colleague: Colleague) -> None:
    code = code_from_desk(inside, colleague)
    for path in inside.sides.data_dir.rglob("*.sqlite3*"):
        assert code.encode() not in path.read_bytes(), path.name
    with inside.sides.portal_side.database.reading() as session:
        assert session.get(rows.Collection, inside.case_id) is not None


def test_a_flood_of_codes_meets_busy_and_leaves_room() -> None:
    slot = Slot(most_waiting=0)
    with slot.taken(), pytest.raises(Busy), slot.taken():
        pass
    with slot.taken():
        pass
