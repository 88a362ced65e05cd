"""An area so large that six digits cannot tell its people apart: longer references, and the shorter ones from before."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import select

from app.adapters import numbers
from app.data import hub as rows
from app.domain.reference import halves, reference_of
from app.domain.reference import rows as rows_of
from tests.harness.calling import code_on, reference_on, take
from tests.harness.pages import Page
from tests.harness.people import GATEKEEPER, Colleague, Person, shown_number
from tests.harness.sides import Sides
from tests.integration.test_find import find, found_on
from tests.stories import FIFTEEN, PARENT

SQLITE = pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
LENGTH = 8

AskedBy = Callable[..., Person]


def typed(person: Person, digits: str) -> Page:
    """The page that these digits lead to."""
    page = person.client.visit("/en/return")
    return person.client.submit(page, page.form("number"), {"number": digits})


@pytest.mark.parametrize("length", [8, 10])
def test_somebody_asks_is_answered_and_comes_back_and_so_does_whoever_asked_before(
    sides: Sides, colleague: Colleague, person: AskedBy, length: int
) -> None:
    before = person(PARENT)
    before.ask()
    sides.widen(length)
    asking = person(PARENT)
    sent = asking.send(asking.fill_in())
    assert (len(asking.number), len(asking.reference)) == (18 + length, length)
    assert numbers.is_reference(asking.reference)
    assert not numbers.is_desks_own(asking.reference)
    assert "With these digits you can come back" in sent.text
    assert "24 digits" not in sent.text
    asking.keep_number(sent)
    sides.deliver()
    for each in (asking, before):
        case = colleague.case(each.reference)
        assert "\u00a0".join(halves(each.reference)) in case.html
        colleague.write(colleague.open(case), f"For {each.reference}.")
    sides.deliver()
    for each in (asking, before):
        assert f"For {each.reference}." in each.come_back().text


@SQLITE
def test_what_is_not_a_whole_number_is_told_beside_what_was_typed(sides: Sides, person: AskedBy) -> None:
    sides.widen(LENGTH)
    asking = person(PARENT)
    asking.ask()
    assert "All the digits of your return number. Spaces do not matter." in asking.client.visit("/en/return").text
    for digits in (asking.number[:-1], asking.number + "1"):
        page = typed(asking, digits)
        assert page.status == 422
        assert f"There are {len(digits)} digits. Type each row of your return number once." in page.text
        assert page.digits[page.digits.index(asking.reference) :][:3] == list(rows_of(asking.number)[:3])
        assert dict(page.form("number").filled())["number"] == digits
    assert "Type all the digits of your return number." in typed(asking, "").text
    late = asking.client.post_form("/en/case/messages", [("text", "Written for an hour."), ("message_id", "")])
    assert "24" not in late.main.text, "whoever comes here by another way is asked in the same words"
    assert "There is something that is not a digit" in typed(asking, asking.number + "x").text
    slip = asking.number[:-1] + str((int(asking.number[-1]) + 1) % 10)
    assert "The last row does not look right" in typed(asking, slip).text
    swapped = str((int(asking.number[0]) + 1) % 10) + asking.number[1:]
    assert "The first row does not look right" in typed(asking, swapped).text


@SQLITE
def test_what_is_not_right_is_laid_out_as_it_stands_on_the_paper(sides: Sides, person: AskedBy) -> None:
    before = asked_until(person, lambda number: not numbers.is_reference(number[:LENGTH]))
    doubled = (
        before.number[:9] + before.number[8:10] + before.number[9:]
    )  # two digits twice: as many as a longer number has
    page = typed(before, doubled)
    assert "There are 26 digits. The return number has 24." in page.text
    assert page.digits[:2] == [before.reference, doubled[6:12]]
    sides.widen(LENGTH)
    asking = asked_until(person, lambda number: not numbers.is_reference(number[:6]))
    lost = asking.number[:17] + asking.number[19:]  # two digits fewer: as many as a number from before
    page = typed(asking, lost)
    assert "There are 24 digits. Type each row of your return number once." in page.text
    assert page.digits[0] == asking.reference
    page = typed(before, before.number[:-1])
    assert page.digits[:3] == list(rows_of(before.number)[:3]), "the older row 1 is known by its check digit"


def asked_until(person: AskedBy, is_so: Callable[[str], bool]) -> Person:
    """Somebody with such a number: one check digit in ten fits by chance."""
    while True:
        asking = person(PARENT)
        if is_so(asking.ask()):
            return asking


@SQLITE
def test_a_number_that_was_made_here_is_taken_whatever_the_area_says_now(sides: Sides, person: AskedBy) -> None:
    sides.widen(10)
    asking = person(PARENT)
    asking.ask()
    sides.widen(6)
    assert asking.come_back().path == "/en/case"


@SQLITE
@pytest.mark.parametrize("length", [6, 8])
def test_a_call_ends_in_a_code_for_a_reference_of_this_length(sides: Sides, colleague: Colleague, length: int) -> None:
    sides.widen(length)
    said = take(colleague, **{"taken__number": "code"})
    reference, code = reference_on(said), code_on(said)
    assert len(reference) == length
    assert numbers.is_desks_own(reference)
    sides.deliver()
    visitor = sides.portal_client()
    page = visitor.visit("/en/return/collect")
    assert ("6 digits" in page.text) == (length == 6)
    sides.widen(6)  # the desk may be ahead of the site
    short = visitor.submit(page, page.form("reference", "code"), {"reference": reference[:-1], "code": code})
    assert "digits of your reference." in short.text
    shown = visitor.submit(page, page.form("reference", "code"), {"reference": reference, "code": code})
    assert ("With these 24 digits" in shown.text) == (length == 6)
    assert reference_of(shown_number(shown)) == reference


@SQLITE
@pytest.mark.rule("rule 13")
@pytest.mark.parametrize("length", [8, 10])
def test_by_a_long_reference_nobody_learns_of_a_case_that_is_for_few(
    sides: Sides, colleague: Colleague, length: int
) -> None:
    sides.widen(length)
    keeper = Colleague(sides.hub_client())
    keeper.sign_in(GATEKEEPER)
    hidden = reference_on(take(keeper, **{"reply__conflict": "yes", "reply__conflict_who": "Gareth Pell"}))
    of_nobody = next(each for each in iter(lambda: numbers.make_reference(length), "") if each != hidden)
    assert found_on(find(keeper, hidden)) == [hidden]
    by_hidden = find(colleague, hidden)
    assert found_on(by_hidden) == []
    assert by_hidden.main.text.replace(hidden, of_nobody) == find(colleague, of_nobody).main.text


@SQLITE
def test_the_desk_draws_again_when_a_long_reference_is_taken(sides: Sides, colleague: Colleague) -> None:
    sides.widen(LENGTH)
    given = {reference_on(take(colleague)) for _ in range(3)}
    with sides.hub_side.database.reading() as session:
        assert set(session.scalars(select(rows.Case.reference))) == given


@SQLITE
def test_somebody_under_18_is_told_in_words_of_their_own(sides: Sides, person: AskedBy) -> None:
    sides.widen(LENGTH)
    asking = person(FIFTEEN)
    assert "These digits are your way back in." in asking.send(asking.fill_in()).text
