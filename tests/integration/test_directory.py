"""Local help: whether it is open now, a leaflet of a few services that nobody keeps, and who is paid for by whom."""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path

import pytest

from app.adapters.checking import mark_checked
from app.domain.directory import RUN_BY
from tests.harness.clients import BrowsingClient
from tests.harness.pages import Page
from tests.harness.sides import Sides

pytestmark = pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
LEAFLET = "/en/support/leaflet"
CONTENT = Path(__file__).parents[2] / "content"
CHOSEN = ["samaritans", "road-victims-trust", "cruse"]


@pytest.fixture
def client(sides: Sides) -> BrowsingClient:
    return sides.portal_client()


def leaflet_of(client: BrowsingClient, services: list[str], *, short: bool = False) -> Page:
    page = client.visit(LEAFLET)
    return client.submit(page, page.form("services"), {"services": services, "short": short})


@pytest.mark.requirement("B8")
def test_a_few_services_are_put_on_a_sheet_that_no_address_tells_of(client: BrowsingClient) -> None:
    page = leaflet_of(client, CHOSEN)

    assert page.status == 200
    assert page.url.endswith(LEAFLET)
    assert page.headers["Cache-Control"] == "no-store"
    for words in ("Samaritans", "116 123", "Road Victims Trust", "Cruse"):
        assert words in page.text
    assert "Childline" not in page.text


def test_a_short_leaflet_says_nothing_but_names_and_numbers(client: BrowsingClient) -> None:
    sheet = leaflet_of(client, ["samaritans"], short=True)
    long = leaflet_of(client, ["samaritans"])

    assert "116 123" in sheet.text
    assert "whatever you are going through" in long.text
    assert "whatever you are going through" not in sheet.text


@pytest.mark.parametrize(
    "chosen", [[], ["samaritans", "shout", "cruse", "childline", "nspcc", "brake", "galop", "karma-nirvana", "cica"]]
)
def test_none_and_too_many_are_said_at_the_field_and_kept(client: BrowsingClient, chosen: list[str]) -> None:
    page = leaflet_of(client, chosen)

    assert page.status == 422
    assert page.title.startswith("Error:")
    assert ("#services", page.part("services-error").removeprefix("Error: ")) in page.links
    ticked = [control.value for control in page.form("services").controls if control.is_on]
    assert sorted(ticked) == sorted(chosen)


def test_a_service_page_says_what_it_costs_how_to_relay_and_whether_they_sign(client: BrowsingClient) -> None:
    page = client.visit("/en/support/road-victims-trust")
    silent = client.visit("/en/support/childline")

    assert "18001" in page.text
    assert RUN_BY["independent"] in page.text
    assert "British Sign Language" in silent.text


@pytest.mark.requirement("E12", "H9")
def test_what_public_money_pays_for_has_its_date_and_its_paper(client: BrowsingClient) -> None:
    page = client.visit("/en/support/funding")

    assert "December 2014" in page.text
    assert "the press, 16 December 2014" in page.text
    assert "/en/support/road-victims-trust" in [address for address, _words in page.links]
    assert "this year’s list" in page.text  # nobody has given it to us, and the page says so


def test_a_number_that_was_checked_says_when_by_whom_and_how(engine_name: str, tmp_path: Path) -> None:
    content = shutil.copytree(CONTENT, tmp_path / "content")
    mark_checked(content, "cruse", on=date(2026, 3, 2), by="Hub lead, by phone")
    sides = Sides(tmp_path / "data", environ={"CONTENT_DIR": str(content)})
    try:
        page = sides.portal_client().visit("/en/support/cruse")
    finally:
        sides.close()

    assert "Checked by Hub lead, by phone on 2 March 2026." in page.text
    assert "Not checked by us yet" not in page.text
