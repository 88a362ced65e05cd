"""Guides as they are met: what stands where, in which language, and that all of it stays the same for everybody."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from pathlib import Path

import pytest
import time_machine

from app.adapters.content import load_area
from tests.harness.clients import BrowsingClient
from tests.harness.day import travel
from tests.harness.sides import Sides

# A first view on the wire, its style included.
MOST_BYTES = 30 * 1024
CALDERWICK = Path(__file__).parents[1] / "area"
SHIPPED = Path(__file__).parents[2] / "content"


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sides]:
    """Both sides in the made-up area, for every test here: they only read."""
    with travel():
        sides = Sides(tmp_path_factory.mktemp("guides"), environ={"CONTENT_DIR": str(CALDERWICK)})
    yield sides
    sides.close()


@pytest.fixture
def reader(elsewhere: Sides, day: time_machine.Traveller) -> BrowsingClient:
    """Somebody who reads; every page they open is audited."""
    return elsewhere.portal_client()


def test_the_list_of_guides_gives_nothing_away_in_its_title(reader: BrowsingClient) -> None:
    page = reader.visit("/en/guides")
    assert page.title.split(" - ") == ["Read about it", "Talk to Someone"]
    assert [each.text for each in page.main.all("h2")] == ["What has happened?", "Someone close to me has died"]
    assert ("/en/guides/road", "Someone was killed on the road") in page.links
    assert "It says who phones you, and who can help." in page.main.text


@pytest.mark.requirement("B4")
@pytest.mark.requirement("B8")
def test_a_guide_says_what_to_do_who_helps_and_where_it_comes_from(reader: BrowsingClient) -> None:
    page = reader.visit("/en/guides/road")
    assert page.heading == "Someone was killed on the road"
    links = {(words, address) for address, words in page.links}
    for words, address in (
        ("What happens now", "#now"),
        ("Night line", "/en/support/night-line"),
        ("Crossroads", "/en/support/crossroads"),
        ("Afraid at home", "/en/guides/home"),
        ("how to stay safe on this site", "/en/safety"),
        ("Find more local help", "/en/support?a=22"),
        ("Ask for support", "/en/refer/start"),
    ):
        assert (words, address) in links
    assert ("01632 960 010", "tel:01632960010") in links
    assert "In many families one person takes the calls. We have not checked this yet." in page.main.text
    told = page.part("guide-sources")
    assert "Road Victims Trust, on the inquest and the post-mortem" in told
    assert "Last read on 1 March 2026." in told
    assert "S70" not in page.main.text
    assert "We last looked at this page on 1 November 2026." in page.main.text


def test_the_box_about_danger_stands_only_where_it_is_asked_for(reader: BrowsingClient) -> None:
    assert "wait, then press 55" in reader.visit("/en/guides/home").main.text
    assert "wait, then press 55" not in reader.visit("/en/guides/road").main.text


@pytest.mark.rule("rule 9")
@pytest.mark.requirement("A15")
def test_a_guide_in_another_language_says_who_translated_it(reader: BrowsingClient) -> None:
    page = reader.visit("/pl/guides/road")
    assert page.heading == "Ktoś zginął na drodze"
    assert page.main.find("translated") is not None
    assert ("/pl/guides/home", "Afraid at home") in page.links


@pytest.mark.requirement("A15")
def test_english_in_another_language_is_marked_and_leads_to_somebody_who_explains_it(reader: BrowsingClient) -> None:
    page = reader.visit("/ar/guides/home")
    (heading,) = page.main.all("h1")
    assert (heading.attributes["lang"], heading.attributes["dir"]) == ("en-GB", "ltr")
    (body,) = [each for each in page.main.walk() if "guide" in each.attributes.get("class", "").split()]
    assert (body.attributes["lang"], body.attributes["dir"]) == ("en-GB", "ltr")
    # Nobody translated it, so nobody need check it.
    assert page.main.find("translated") is None
    note = next(each for each in page.main.all("div") if "box--tint" in each.attributes["class"].split())
    assert [each.attributes["href"] for each in note.all("a")] == ["/ar/refer/start"]
    assert "lang" not in note.attributes


def test_a_guide_that_is_not_there_is_not_found(reader: BrowsingClient) -> None:
    assert reader.fetch("GET", "/en/guides/no-such-guide").status == 404


@pytest.mark.rule("rule 4")
@pytest.mark.parametrize("path", ["/en/guides", "/en/guides/road", "/pl/guides/road"])
def test_guides_are_public_and_light(elsewhere: Sides, day: time_machine.Traveller, path: str) -> None:
    client = BrowsingClient(elsewhere.portal, elsewhere.portal.response_class, use_cookies=True)
    answer = client.get(path)
    assert answer.headers["Cache-Control"].startswith("public")
    assert "Set-Cookie" not in answer.headers
    style = client.get(elsewhere.portal_side.assets.url("site.css"))
    assert len(gzip.compress(answer.data)) + len(gzip.compress(style.data)) < MOST_BYTES


@pytest.mark.requirement("E20")
def test_no_guide_of_another_county_names_a_place_of_ours(elsewhere: Sides, reader: BrowsingClient) -> None:
    ours = load_area(SHIPPED)
    names = [*(each.name for each in ours.districts), "Cambridgeshire", ours.hub_name, ours.commissioner_office]
    for guide in elsewhere.portal_side.guides["en"].all:
        words = reader.visit(f"/en/guides/{guide.slug}").text
        assert [name for name in names if name in words] == [], guide.slug
    assert "The Lantern House Team can listen to you" in reader.visit("/en/guides/road").text
