"""The pledge as people meet it: proposed until agreed, in large print, as it was before, and whether it was kept."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from app.adapters.content import load_pledge, load_pledge_versions
from app.domain.promise_results import Changed, Published, Quarter, QuarterFigures, Results, Tally
from tests.harness.day import travel
from tests.harness.pages import Page
from tests.harness.sides import Sides

CALDERWICK = Path(__file__).parents[1] / "area"
# The tests live on 10 March 2026: the last quarter of 2025 is closed, the first of 2026 is not.
BEGUN, CLOSED = date(2025, 10, 1), Quarter(2025, 4)
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


def results_page(sides: Sides, *tallies: Tally, since: date | None = BEGUN, lang: str = "en", **more: object) -> Page:
    """The page with these tallies of the closed quarter; counting of `you-decide` began on a day."""
    pledges = {
        slug: replace(
            pledge,
            promises=tuple(replace(each, since=since) if each.id == "you-decide" else each for each in pledge.promises),
        )
        for slug, pledge in sides.portal_side.pledges.items()
    }
    known = Results(quarters=(QuarterFigures(CLOSED, tallies),) if tallies else (), **more)  # type: ignore[arg-type]
    sides.portal.extensions["side"] = replace(sides.portal_side, results=known, pledges=pledges)
    return visit(sides, f"{lang}/pledge/results")


def kept(of: int, count: int, figure: str = "counted") -> Tally:
    return Tally("you-decide", figure, count, of)  # type: ignore[arg-type]


@pytest.mark.requirement("G2")
def test_it_is_a_proposal_and_leads_to_its_other_forms(sides: Sides) -> None:
    page = visit(sides, "en/pledge")

    assert "Proposed pledge" in page.text
    links = {address for address, _ in page.links}
    assert {"/en/pledge/results", "/en/pledge/easy-read", "/en/pledge/large-print"} <= links


@pytest.mark.requirement("G1")
def test_large_print_says_the_same_as_the_sheet(sides: Sides) -> None:
    sheet, large = visit(sides, "en/pledge"), visit(sides, "en/pledge/large-print")
    promises = [each.text for each in sheet.main.all("ol")[0].all("li")]

    assert len(promises) == 11
    assert [each.text for each in large.main.all("ol")[0].all("li")] == promises
    assert large.part("exception") == sheet.part("exception")


@pytest.mark.requirement("G2")
@pytest.mark.requirement("G3")
def test_an_agreed_pledge_names_who_signed_and_keeps_what_it_said_before(sides: Sides) -> None:
    agreed = load_pledge(CALDERWICK, "en")
    sides.portal.extensions["side"] = replace(
        sides.portal_side, pledges={"en": agreed}, earlier_pledges=load_pledge_versions(CALDERWICK, agreed)
    )
    page, before = visit(sides, "en/pledge"), visit(sides, "en/pledge/version/0.9")

    assert "Proposed pledge" not in page.text
    assert all(each.name in page.text for each in agreed.signatories)
    assert "/en/pledge/version/0.9" in {address for address, _ in page.links}
    assert "does not count any more" in before.text
    assert before.part("exception") != page.part("exception")
    assert sides.portal_client().get("/en/pledge/version/0.8").status_code == 404


# Did we keep our promises?


@pytest.mark.requirement("H14")
def test_before_anything_is_counted_the_page_says_so_for_every_promise(sides: Sides) -> None:
    page = results_page(sides, since=None)

    assert len(page.main.all("h2")) == 11
    assert page.text.count("We have not started counting yet.") == 11  # ten by counting or asking, and the whole
    assert "Kept by: Every co-ordinator" in page.part("you-decide")
    assert "nothing yet" in page.part("fair-everywhere")
    assert "has not set any targets" in page.text


def test_once_it_began_the_page_names_the_day_and_the_month_of_first_results(sides: Sides) -> None:
    part = results_page(sides, since=date(2026, 2, 2)).part("you-decide")

    assert "We started counting on 2 February 2026." in part
    assert "First results in April 2026." in part


def test_results_that_did_not_come_in_their_month_are_said_to_be_late(sides: Sides) -> None:
    assert "The first results are late." in results_page(sides).part("you-decide")


@pytest.mark.requirement("H11")
def test_a_miss_stands_beside_what_was_kept_without_a_share_under_thirty(sides: Sides) -> None:
    part = results_page(sides, kept(15, 12), kept(40, 30, "asked")).part("you-decide")

    assert "October 2025 to December 2025: 12 of 15 times. Not kept: 3." in part
    assert "30 of 40 people said yes (75 in 100). Said partly or no: 10." in part
    assert "%" not in part


def test_four_are_too_few_to_show(sides: Sides) -> None:
    part = results_page(sides, kept(4, 4)).part("you-decide")

    assert "counted: too few to show" in part
    assert "4 of 4" not in part


@pytest.mark.requirement("H11")
def test_what_was_changed_after_a_miss_and_what_was_published_stand_with_the_promise(sides: Sides) -> None:
    page = results_page(
        sides,
        kept(9, 2),
        changed=(Changed("you-decide", date(2026, 2, 3), "Two people read each plan"),),
        published=(Published("fair-everywhere", date(2026, 2, 4), "Yearly table", "https://example.org/table"),),
    )

    assert "2 of 9 times. Not kept: 7." in page.part("you-decide")
    assert "What we changed on 3 February 2026: Two people read each plan" in page.part("you-decide")
    assert "Yearly table" in page.part("fair-everywhere")
    assert "4 February 2026" in page.part("fair-everywhere")


def test_numbers_are_in_the_digits_of_the_language(sides: Sides) -> None:
    part = results_page(sides, kept(15, 12), lang="ar-XB").part("you-decide")

    assert "١٥" in part
    assert "15" not in part
