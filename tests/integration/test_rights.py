"""Where do I stand? What somebody reads about rights, a police or court case, and complaints, without being asked anything."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import time_machine

from app.domain.rights import CODE_STAGES, ENHANCED, PATH_SECTIONS, PATHS, TOPICS
from tests.harness.clients import BrowsingClient
from tests.harness.day import travel
from tests.harness.pages import Page
from tests.harness.sides import Sides

CONTENT = Path(__file__).parents[2] / "content"
ABOUT_RIGHTS = ("rights", "rights/code", *(f"rights/{each}" for each in (*PATHS, *TOPICS, ENHANCED)), "police-case")
VERSION = "1 April 2021"


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BrowsingClient]:
    """Somebody who reads: nothing that they do is kept, so one portal serves all of these tests."""
    with travel():
        sides = Sides(tmp_path_factory.mktemp("rights"))
    yield sides.portal_client()
    sides.close()


def addresses(page: Page) -> set[str]:
    return {each.attributes["href"] for each in page.root.all("a")}


def links_of(page: Page) -> set[str]:
    """Where the content leads, without the frame."""
    return {each.attributes["href"] for each in page.main.all("a")}


@pytest.mark.requirement("F3", "F13", "F16")
def test_the_right_page_is_one_choice_away_and_nothing_is_asked(reader: BrowsingClient) -> None:
    start = reader.visit("/en/rights")
    offered = links_of(start)
    for path in PATHS:
        assert f"/en/rights/{path}" in offered
        page = reader.visit(f"/en/rights/{path}")
        ids = [each.attributes.get("id") for each in page.main.all("h2")]
        assert [each for each in ids if each in PATH_SECTIONS] == list(PATH_SECTIONS)
        assert "/en/complaints" in links_of(page)
        assert "/en/refer/start" in links_of(page)
    for address in ABOUT_RIGHTS:
        page = reader.visit(f"/en/{address}")
        assert page.main.all("form", "input", "select", "textarea") == [], address
        assert "Set-Cookie" not in page.headers
    assert {f"/en/rights/{each}" for each in (*TOPICS, ENHANCED, "code")} | {"/en/police-case"} <= offered
    assert reader.visit("/en/rights/nothing").status == 404


@pytest.mark.requirement("A4", "D8")
def test_trouble_nearby_is_found_and_read_without_the_word_crime(reader: BrowsingClient) -> None:
    for address in ("/en/rights", "/en/rights/nearby"):
        main = reader.visit(address).main
        # What a source is called is no word of ours, and stands folded away at the end.
        sources = main.find("guide-sources")
        said = main.text.replace(sources.text if sources else "", "")
        assert "crim" not in said.lower()


@pytest.mark.rule("rule 3")
def test_the_history_says_which_path_it_was_and_not_what_it_is_about(reader: BrowsingClient) -> None:
    titles = [reader.visit(f"/en/rights/{path}").title for path in PATHS]
    assert len(set(titles)) == len(PATHS)
    assert all(title.startswith("Where do I stand?") for title in titles)
    assert "police" not in reader.visit("/en/police-case").title.lower()


@pytest.mark.requirement("F3")
def test_the_twelve_rights_all_and_by_stage(reader: BrowsingClient) -> None:
    everything = reader.visit("/en/rights/code")
    assert len([each for each in everything.main.all("li") if "value" in each.attributes]) == 12
    for stage, number in CODE_STAGES.items():
        page = reader.visit(f"/en/rights/code?s={number}")
        shown = {each.attributes["id"] for each in page.main.all("li") if "value" in each.attributes}
        assert 3 < len(shown) < 12, stage
        assert f"/en/rights/code?s={number}" in links_of(everything)
    assert "trial" in shown_at(reader, 3)
    assert "trial" not in shown_at(reader, 1)
    assert reader.visit("/en/rights/code?s=99").part("support") == everything.part("support")
    assert "yourself, directly" in everything.part("support")  # right 4: nobody has to send you


def shown_at(reader: BrowsingClient, number: int) -> set[str]:
    page = reader.visit(f"/en/rights/code?s={number}")
    return {each.attributes["id"] for each in page.main.all("li") if "value" in each.attributes}


@pytest.mark.requirement("F3")
def test_a_time_is_never_said_without_the_version_of_the_code(reader: BrowsingClient) -> None:
    with_times = []
    for address in (*ABOUT_RIGHTS, "complaints"):
        words = reader.visit(f"/en/{address}").main.text
        if "working day" in words.lower():
            with_times.append(address)
            assert VERSION in words, address
    assert {"rights/code", "rights/told", "rights/hearing", "rights/enhanced", "police-case", "complaints"} <= set(
        with_times
    )


@pytest.mark.requirement("D10", "F8")
def test_enhanced_rights_are_three_groups_to_read(reader: BrowsingClient) -> None:
    page = reader.visit("/en/rights/enhanced")
    for group in ("serious", "again", "harder"):
        assert page.main.find(group) is not None
    assert "We have not checked this yet." in next(each.text for each in page.main.all("li") if "under 18" in each.text)


@pytest.mark.requirement("F5")
def test_money_from_the_state_and_from_a_court_have_their_limits_and_doubts(reader: BrowsingClient) -> None:
    page = reader.visit("/en/rights/compensation")
    assert "2 years" in page.main.text
    assert "/en/support/cica" in links_of(page)
    assert "not checked" in next(each.text for each in page.main.all("p") if "court can order" in each.text)


@pytest.mark.requirement("B9")
def test_restorative_justice_is_at_a_time_and_in_a_way_that_is_right(reader: BrowsingClient) -> None:
    page = reader.visit("/en/rights/restorative")
    assert "at a time and in the way that is right for you" in page.main.text
    assert "/en/support/restorative-justice-cambridgeshire" in links_of(page)


@pytest.mark.requirement("F14")
def test_the_visit_after_a_burglary_is_told_with_whose_word_it_is(reader: BrowsingClient) -> None:
    page = reader.visit("/en/rights/told")
    assert "after a burglary" in page.main.text
    assert "police and crime plan" in page.main.text.lower()


@pytest.mark.requirement("A19", "F15")
def test_support_hangs_on_no_report_and_reporting_is_told_with_what_it_brings(reader: BrowsingClient) -> None:
    assert "does not hang on it" in reader.visit("/en/rights/told").main.text
    unreported = reader.visit("/en/rights/not-told")
    assert "You do not have to." in unreported.main.text
    assert "/en/how-it-works" in links_of(unreported)  # what the Hub's staff must do, before anything is told
    for known in ("write to you", "interpreter", "101"):
        assert known in unreported.main.text


@pytest.mark.requirement("F1", "F2")
def test_news_of_a_police_or_court_case_has_its_own_page(reader: BrowsingClient) -> None:
    assert "/en/police-case" in links_of(reader.visit("/en/return"))
    page = reader.visit("/en/police-case")
    for whom in ("101", "Witness Care Unit", "coroner"):
        assert whom in page.part("ask") or whom in page.main.text
    assert "cannot look into the computers" in page.main.text
    assert {"/en/refer/start", "/en/return", "/en/complaints", "/en/rights"} <= links_of(page)


@pytest.mark.requirement("F13", "F16")
def test_complaints_are_one_click_from_anywhere_and_say_whom_which_way_and_by_when(reader: BrowsingClient) -> None:
    for address in ("", "help-now", "rights/loss", "refer/start", "nowhere"):
        assert "/en/complaints" in addresses(reader.visit(f"/en/{address}"))
    page = reader.visit("/en/complaints")
    rows = [each for each in page.main.all("section") if "box" in each.attributes.get("class", "").split()]
    assert len(rows) == 3
    for row in rows:
        assert [each.text for each in row.all("h3")] == ["By which way", "By when"]
    assert all("10 working days" in row.text for row in rows[1:])
    assert "January 2025" in page.main.text


def test_another_language_has_headings_and_a_few_words_of_its_own_above_the_english(reader: BrowsingClient) -> None:
    english, polish = reader.visit("/en/rights/told"), reader.visit("/pl/rights/told")
    foreign = [each for each in polish.main.walk() if each.attributes.get("lang", "").startswith("en")]
    assert any(each.text in english.main.text for each in foreign if each.name == "div")
    lead = next(each for each in polish.main.all("p") if each.attributes.get("class") == "lead")
    assert "lang" not in lead.attributes
    pseudo = reader.visit("/ar-XB/rights/told")
    for each in pseudo.main.all("h2"):
        if each.attributes.get("id") in PATH_SECTIONS:
            assert "lang" not in each.attributes
            assert each.text != english.main.find(each.attributes["id"]).text  # type: ignore[union-attr]


@pytest.fixture
def with_a_newer_code(tmp_path: Path, day: time_machine.Traveller) -> Iterator[Sides]:
    """Both sides on the day after a new Code was made."""
    content = tmp_path / "content"
    shutil.copytree(CONTENT, content)
    stages = content / "rights" / "stages.yaml"
    newer = "superseded_by: {version: of 2026, dated: 2026-03-09, in_force_since: 2026-04-01}"
    stages.write_text(stages.read_text("utf-8").replace("superseded_by: null", newer), "utf-8")
    sides = Sides(tmp_path / "data", environ={"CONTENT_DIR": str(content)})
    yield sides
    sides.close()


def test_every_page_about_rights_says_when_a_newer_code_was_made(
    reader: BrowsingClient, with_a_newer_code: Sides
) -> None:
    before, after = reader, with_a_newer_code.portal_client()
    for address in ABOUT_RIGHTS:
        assert before.visit(f"/en/{address}").main.find("newer-code") is None, address
        said = after.visit(f"/en/{address}").part("newer-code")
        for words in ("of 2026", "9 March", "1 April", VERSION):
            assert words in said, address
    # A time out of the old Code says so where it stands, too.
    assert after.visit("/en/rights/told").main.text.count("of 2026") == 2
    assert "of 2026" in after.visit("/en/complaints").main.text
    first = next(iter(after.visit("/pl/rights").main.all("a")))
    assert first.attributes["href"] == "/pl/guides/rights-in-short"
