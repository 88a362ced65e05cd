"""Search as it is met: danger first, the page's language before English, and nothing of the question anywhere but on its page."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest
import time_machine

from tests.harness.clients import BrowsingClient
from tests.harness.day import travel
from tests.harness.pages import Page
from tests.harness.sides import Sides

SECRET = "Zebrafish-Wintergarden"


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sides]:
    """Both sides, for every test here: they only read."""
    with travel():
        sides = Sides(tmp_path_factory.mktemp("search"))
    yield sides
    sides.close()


@pytest.fixture
def reader(here: Sides, day: time_machine.Traveller) -> BrowsingClient:
    """Somebody who looks for something; every page they open is audited."""
    return here.portal_client()


def look(client: BrowsingClient, question: str, *, language: str = "en") -> Page:
    """What is found, by the form as it stands."""
    page = client.visit(f"/{language}/search")
    return client.submit(page, page.form("words"), {"words": question})


def answers(page: Page) -> list[str]:
    """The paths of what was found, below the language."""
    lists = [each for each in page.main.all("ol") if "guide-list" in each.attributes.get("class", "")]
    return [link.attributes["href"].split("/", 2)[2] for each in lists for link in each.all("a")]


def test_the_answer_stands_on_a_page_that_nobody_keeps(reader: BrowsingClient) -> None:
    page = look(reader, "my boss has my passport")
    assert page.status == 200
    assert page.url == "/en/search"
    assert page.headers["Cache-Control"] == "no-store"
    assert answers(page)[0] == "guides/exploitation"
    assert page.title.split(" - ") == ["Search", "Ask for Support"]


def test_the_form_stands_over_the_list_of_guides_too(reader: BrowsingClient) -> None:
    page = reader.visit("/en/guides")
    found = reader.submit(page, page.form("words"), {"words": "inquest"})
    assert found.url == "/en/search"
    assert "guides/inquest" in answers(found)


def test_a_question_in_an_address_is_not_looked_at(reader: BrowsingClient) -> None:
    page = reader.visit("/en/search?words=inquest")
    assert answers(page) == []
    assert "inquest" not in page.main.text
    assert "What we found" not in page.text


@pytest.mark.parametrize("question", ["", "   ", "x" * 201])
def test_nothing_to_look_for_is_said(reader: BrowsingClient, question: str) -> None:
    page = look(reader, question)
    assert page.status == 422
    assert answers(page) == []
    assert any(each.attributes.get("href") == "#words" for each in page.main.all("a"))


def test_what_is_unknown_is_not_found_and_leads_on(reader: BrowsingClient) -> None:
    page = look(reader, "sourdough xylophone")
    assert answers(page) == []
    addresses = [address for address, _ in page.links]
    assert {"/en/guides", "/en/refer/start"} <= set(addresses)


@pytest.mark.parametrize(
    ("language", "question", "first"),
    [
        ("en", "I want to kill myself", "support/first-response-service"),
        ("en", "he will kill me", "support/police-999"),
        ("en", "i was raped on saturday", "support/the-elms-sarc"),
        ("pl", "mąż mnie bije", "support/national-domestic-abuse-helpline"),
        ("en", "mąż mnie bije", "support/national-domestic-abuse-helpline"),
    ],
)
def test_somebody_to_talk_to_now_stands_before_all_else(
    reader: BrowsingClient, language: str, question: str, first: str
) -> None:
    page = look(reader, question, language=language)
    links = [link.attributes["href"].partition("/support/")[2] for link in page.main.all("a")]
    services = [each for each in links if each]
    assert services[0] == first.removeprefix("support/")
    assert len(services) >= 2
    if answers(page):
        html = page.html
        assert html.index(f'/{first}"') < html.index("guide-list")


def test_no_one_is_told_of_danger_where_none_is_spoken_of(reader: BrowsingClient) -> None:
    assert look(reader, "can I have money for the window").main.find("now") is None


def test_the_words_of_the_language_come_first_and_english_after(reader: BrowsingClient) -> None:
    polish = look(reader, "mąż sprawdza mi telefon", language="pl")
    assert answers(polish)[0] == "guides/abuse-at-home"
    english = look(reader, "noise diary", language="pl")
    assert "guides/neighbours" in answers(english)
    marked = [item for item in english.main.all("li") if item.attributes.get("lang") == "en-GB"]
    assert any("neighbours" in item.text for item in marked)


def test_nothing_of_a_question_is_logged(reader: BrowsingClient, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        page = look(reader, f"{SECRET} sourdough")
        reader.visit(f"/en/search?words={SECRET}")
    assert SECRET in page.html, "it stands in the form, to be mended"
    assert SECRET not in caplog.text


def test_nothing_of_a_question_stays_in_what_is_kept(here: Sides, reader: BrowsingClient) -> None:
    look(reader, SECRET)
    assert SECRET not in reader.visit("/en/search").html
    assert SECRET not in reader.visit("/en/guides").html
    for file in (here.data_dir / "portal").rglob("*"):
        if file.is_file():
            assert SECRET.encode() not in file.read_bytes()
