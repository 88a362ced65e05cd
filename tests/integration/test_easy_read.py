"""Easy Read as people meet it: a picture beside each line, numbers to press, and the truth about who has checked it."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import replace
from datetime import date

import pytest

from app.domain.easy_read import LEAFLETS, Checked
from tests.harness.day import travel
from tests.harness.harm import BY_LANGUAGE
from tests.harness.pages import Page
from tests.harness.sides import Sides

PAGES = ("pledge/easy-read", *(f"easy-read/{each}" for each in LEAFLETS))
ANEW = itertools.count()


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sides]:
    """Both sides, set up once: nothing here writes."""
    with travel():
        made = Sides(tmp_path_factory.mktemp("sides"))
    yield made
    made.close()


@pytest.fixture
def sides(both: Sides) -> Iterator[Sides]:
    """The same, with what a test puts into the portal taken out again."""
    before = both.portal_side
    yield both
    both.portal.extensions["side"] = before


def visit(sides: Sides, path: str) -> Page:
    """A page rendered anew: one with a query is not kept for the next who comes (web/kept.py)."""
    return sides.portal_client().visit(f"/{path}?{next(ANEW)}")


@pytest.mark.requirement("G1")
def test_every_leaflet_has_a_picture_beside_each_line_that_nothing_reads_out(sides: Sides) -> None:
    listed = {address for address, _ in visit(sides, "en/easy-read").links}
    for path in PAGES:
        page = visit(sides, f"en/{path}")
        lines = page.main.all("li")
        assert f"/en/{path}" in listed
        assert len(lines) >= 12
        for line in lines:
            assert [each.attributes["aria-hidden"] for each in line.all("svg")] == ["true"]
        assert "Not yet checked by people with learning disabilities." in page.text
        assert "{" not in page.main.text


def test_titles_in_the_list_of_visited_pages_say_nothing(sides: Sides) -> None:
    for path in ("easy-read", *PAGES):
        assert not BY_LANGUAGE["en"].search(visit(sides, f"en/{path}").title), path


def test_numbers_can_be_pressed_and_come_with_what_is_known_of_them(sides: Sides) -> None:
    page = visit(sides, "en/easy-read/help-now")
    numbers = {address for address, _ in page.links if address.startswith("tel:")}

    assert {"tel:999", "tel:111", "tel:116123"} <= numbers
    assert "Not checked by us yet" in page.part("line-young")  # as everywhere else
    assert "Not checked by us yet" not in page.part("line-danger")


def test_the_hub_says_itself_who_runs_it(sides: Sides) -> None:
    page = visit(sides, "en/easy-read/ask")

    assert "Victim and Witness Hub" in page.part("line-hub")
    assert "The Hub has not yet written this statement" in page.part("line-run-by")


def test_once_people_have_checked_it_the_page_says_who_and_when(sides: Sides) -> None:
    leaflet = replace(sides.portal_side.easy_read["en"]["ask"], checked=Checked("Inclusion group", date(2026, 2, 3)))
    easy_read = {"en": {**sides.portal_side.easy_read["en"], "ask": leaflet}}
    sides.portal.extensions["side"] = replace(sides.portal_side, easy_read=easy_read)
    text = visit(sides, "en/easy-read/ask").text

    assert "Checked by Inclusion group on 3 February 2026." in text
    assert "Not yet checked" not in text


@pytest.mark.rule("rule 9")
def test_an_unchecked_translation_has_the_english_beside_it_where_safety_hangs_on_it(sides: Sides) -> None:
    english = sides.portal_side.easy_read["en"]
    polish = {
        name: replace(each, language="pl", lines=tuple(replace(line, text=f"PL {line.id}") for line in each.lines))
        for name, each in english.items()
    }
    sides.portal.extensions["side"] = replace(sides.portal_side, easy_read={"en": english, "pl": polish})

    assert "Please do not wait for us." in visit(sides, "pl/easy-read/help-now").part("line-now")
    assert visit(sides, "pl/easy-read/ask").part("line-free") == "PL free"


def test_what_is_no_leaflet_is_not_found(sides: Sides) -> None:
    client = sides.portal_client()
    assert client.get("/en/easy-read/pledge").status_code == 404  # it is part of the pledge
    assert client.get("/en/easy-read/nothing").status_code == 404
