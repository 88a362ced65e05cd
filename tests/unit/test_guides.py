"""Guides: read strictly, safe whatever an editor types, and gone back to English when a translation no longer fits."""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog

from app.adapters.content import ContentError, load_area, load_directory, load_languages
from app.adapters.guides import GuidesByLanguage, guide_hash, load_guides
from app.adapters.sources import load_sources
from app.domain.guide import Guide, Slot
from app.domain.translation import Standing
from tools import catalogues
from tools import content as gate

ROOT = Path(__file__).parents[2]
SHIPPED = ROOT / "content"
CALDERWICK = ROOT / "tests" / "area"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the made-up area, to be spoilt."""
    return shutil.copytree(CALDERWICK, tmp_path / "content")


def read(folder: Path) -> GuidesByLanguage:
    languages = [each.slug for each in load_languages(folder).all]
    return load_guides(folder, languages, area=load_area(folder), directory=load_directory(folder))


def guide(folder: Path, slug: str = "road", language: str = "en") -> Guide:
    found = read(folder)[language].get(slug)
    assert found is not None
    return found


def spoil(folder: Path, old: str, new: str, file: str = "guides/road.md") -> None:
    text = (folder / file).read_text("utf-8")
    assert old in text
    (folder / file).write_text(text.replace(old, new, 1), "utf-8")


def html(parts: tuple[str | Slot, ...]) -> str:
    return "".join(part if isinstance(part, str) else f"[{part.kind} {part.value}]" for part in parts)


@pytest.mark.requirement("E20")
def test_an_area_puts_its_own_names_into_a_guide() -> None:
    found = guide(CALDERWICK)
    assert (
        found.teaser
        == "For families in Calderwick and Saltmere after a collision. It says who phones you, and who can help."
    )
    said = html(found.sections[0].body)
    assert "The Lantern House Team can listen to you" in said
    assert '<a class="govuk-link" href="[support night-line]">Night line</a>, [phone night-line].' in said
    assert "Commissioner for Calderwick" in html(found.sections[1].body)


def test_sources_stand_with_their_section_and_not_in_the_text() -> None:
    found = guide(CALDERWICK)
    assert [section.sources for section in found.sections] == [("S63", "S70", "S71"), ("S63", "S70", "S71", "SV")]
    assert "{" not in html(found.sections[0].body) + found.text
    assert [block.is_unchecked for block in found.sections[0].blocks] == [False] * 4 + [True, False]
    assert html(found.sections[0].body).count("[check ]") == 1


def test_the_index_goes_by_group_and_then_by_place() -> None:
    assert [(group, [each.slug for each in those]) for group, _, those in read(CALDERWICK)["en"].by_group] == [
        ("harm", ["home"]),
        ("death", ["road"]),
    ]


def test_a_table_names_its_columns_and_its_rows() -> None:
    said = html(guide(CALDERWICK).sections[1].body)
    assert '<th scope="col" class="govuk-table__header">Whom</th>' in said
    assert '<th scope="row" class="govuk-table__header">The inquest</th>' in said
    assert 'See <a class="govuk-link" href="[guide home#now]">Afraid at home</a>' in said


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("{S63}", "{S999}", "line 23: 'S999' is not in sources.yaml"),
        ("{S63}", "{sources}", "line 23: {sources} is not a placeholder"),
        ("{S63}", "{S63", "line 23: a brace has no fellow"),
        ("{name:night-line}", "{name:day-line}", "line 21: the service 'day-line' is not in services.yaml"),
        (
            "{phone:night-line}",
            "{phone:crossroads}",
            "line 21: the service 'crossroads' has no number that may be shown",
        ),
        ("(service:night-line)", "(service:unreachable)", "line 21: the service 'unreachable' has no number"),
        ("(service:night-line)", "(https://example.org)", "a link leads to page:, guide: or service:"),
        ("(service:night-line)", "(javascript:alert)", "line 21: a link is not whole"),
        ("(guide:home#now)", "(guide:homes)", "there is no guide 'homes'"),
        ("(guide:home#now)", "(guide:home#later)", "the guide 'home' has no section 'later'"),
        ("(page:safety)", "(page:Safety first)", "line 37: a link is not whole"),
        (" {#ask}", "", "line 30: a section needs an id"),
        ("{#ask}", "{#Ask us}", "line 30: a section needs an id"),
        ("{#ask}", "{#now}", "line 30: the id 'now' is there twice"),
        ("{#ask}", "{#main}", "line 30: the page has the id 'main' already"),
        ("**You may bring someone**", "<b>You may bring someone</b>", "line 25: HTML does not belong"),
        ("**You may bring someone**", "*You may bring someone*", "line 25: 'em' does not belong"),
        ("**You may bring someone**", "`You`", "line 25: 'code' does not belong"),
        ("**You may bring someone**", "![You](page:safety)", "line 25: 'img' does not belong"),
        ("**You may bring someone**", "Ring 0800 123 456", "line 25: '0800 123 456' is a number to ring"),
        ("**You may bring someone**", "Ring 116 123", "is a number to ring"),
        ("> You decide", "---\n\n> You decide", "line 28: 'hr' does not belong"),
        ("## What happens now {#now}", "One more paragraph.\n\n## What happens now {#now}", "comes a section"),
        ("# Someone was", "## Someone was", "must begin with its title"),
        ("group: death", "group: other", "group: must be one of"),
        ("owner: Hub lead", "owner: Somebody", "owner: must be one of"),
        ("owner: Hub lead\n", "", "owner: is missing"),
        ("review_by: 2027-05-01\n", "", "review_by: is missing"),
        ("review_by: 2027-05-01", "review_by: 2026-05-01", "review_by: must be after"),
        (
            "asked:\n  - my brother was killed by a car\n  - killed on the road\n",
            "",
            "asked: say what people would type",
        ),
        ("[night-line, crossroads]", "[night-line, cross-roads]", "services: there is no service 'cross-roads'"),
        ("about: road", "about: roads", "about: there is no 'roads'"),
        ("next: [home]", "next: [road]", "next: there is no other guide 'road'"),
        ("danger", "dangers", "dangers: is not a key"),
    ],
)
def test_a_slip_is_refused_in_one_line_with_its_place(folder: Path, old: str, new: str, problem: str) -> None:
    spoil(folder, old, new, "guides/home.md" if old == "danger" else "guides/road.md")
    with pytest.raises(ContentError, match=r"^guides/(road|home)\.md: ") as refused:
        read(folder)
    assert any(one in str(refused.value) for one in problem.split("|"))
    assert "\n" not in str(refused.value)


def test_a_service_that_cannot_be_reached_now_is_left_out_of_who_can_help(folder: Path) -> None:
    spoil(folder, "[night-line, crossroads]", "[unreachable, crossroads]")
    assert guide(folder).services == ("crossroads",)


def test_a_table_of_districts_stands_where_the_editor_puts_it(folder: Path) -> None:
    spoil(folder, "> You decide what you want to hear, and when.", "{areas}")
    assert Slot("areas") in guide(folder).sections[0].body


# Translations


def test_a_translation_has_its_own_words_and_everything_else_from_the_english() -> None:
    polish, english = guide(CALDERWICK, language="pl"), guide(CALDERWICK)
    assert (polish.language, polish.title) == ("pl", "Ktoś zginął na drodze")
    assert polish.standing is Standing.DRAFTED
    assert polish.asked == ("brat zginął na drodze",)
    assert polish.anchors == english.anchors
    assert polish.services == english.services
    assert '<bdi lang="en-GB">Night line</bdi>' in html(polish.sections[0].body)
    assert guide(CALDERWICK, "home", "pl").language == guide(CALDERWICK, language="lt").language == "en"


def test_a_translation_is_a_draft_until_somebody_has_checked_it(folder: Path) -> None:
    spoil(folder, "asked:", "checked_by: A. Reader\nchecked_on: 2026-11-02\nasked:", "pl/guides/road.md")
    assert guide(folder, language="pl").standing is Standing.CHECKED


def test_english_is_shown_once_it_has_changed(folder: Path) -> None:
    spoil(folder, "You need do nothing today.", "You need do nothing this week.")
    assert guide(folder, language="pl").language == "en"
    spoil(folder, "5df0f48275dd6965", guide_hash(folder, "road"), "pl/guides/road.md")
    assert guide(folder, language="pl").language == "pl"


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("{S63}", "{S70}", "line 13: has other placeholders, links or sources than line 23 of the English"),
        ("{phone:night-line}", "{phone:hub}", "line 11: has other placeholders"),
        ("(page:safety)", "(page:help-now)", "line 27: has other placeholders"),
        (" {check}", "", "line 16: has other placeholders"),
        ("- Policja wyznacza osobę do kontaktu z rodziną. {S63}\n", "", "#now: has 5 paragraphs, items and rows"),
        ("{#ask}", "{#pytaj}", "#pytaj: the English has #ask here"),
        ("> Ty decydujesz", "Ty decydujesz", ""),
    ],
)
def test_a_translation_keeps_what_the_english_has(folder: Path, old: str, new: str, problem: str) -> None:
    spoil(folder, old, new, "pl/guides/road.md")
    if not problem:
        assert guide(folder, language="pl").language == "pl"
        return
    with pytest.raises(ContentError, match=r"^pl/guides/road\.md: ") as refused:
        guide(folder, language="pl")
    assert problem in str(refused.value)


@pytest.mark.parametrize(
    ("slug", "problem"), [("home", "not one for every language"), ("nowhere", "no guide 'nowhere'")]
)
def test_only_what_is_for_every_language_is_translated(folder: Path, slug: str, problem: str) -> None:
    shutil.copy(folder / "pl" / "guides" / "road.md", folder / "pl" / "guides" / f"{slug}.md")
    with pytest.raises(ContentError, match=problem):
        read(folder)["pl"]


# The gate


@pytest.mark.parametrize("folder", [SHIPPED, CALDERWICK], ids=["shipped", "another county"])
def test_what_is_shipped_is_whole_sourced_and_plain(folder: Path) -> None:
    assert list(gate.problems(folder)) == []


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        (" {S63}", "", ""),
        ("with the family. {S63}", "with you for 6 months.", "“6” needs a source"),
        ("with the family. {S63}", "with you for six months.", "“six months” needs a source"),
        ("with the family. {S63}", "with you. They must do that.", "“must” needs a source"),
        ("with the family. {S63}", "with you: that is the law.", "“law” needs a source"),
        ("with the family. {S63}", "with you. You know your rights.", "“your rights” needs a source"),
        ("with the family. {S63}", "with you. The court may ask.", "“court may” needs a source"),
        ("with the family. {S63}", "with you. Must you answer? Is it free?", ""),
        ("with the family. {S63}", "with you. In danger, call 999.", ""),
        ("with the family. {S63}", "with you for 6 months. {check}", ""),
        ("with the family. {S63}", "with [the one who has 6 months](page:safety).", ""),
        ("with the family. {S63}", "with the suspect. {S63}", "“suspect” is not ours to say"),
        ("with the family. {S63}", "with the family " + "and each other " * 6 + ". {S63}", "a sentence of"),
        ("with the family. {S63}", "with Saltmere. {S63}", "“Saltmere” is a name of this area alone"),
        ("with the family. {S63}", "with the Lantern House Team. {S63}", "“Lantern House Team” is a name"),
        ("(page:safety)", "(page:no-such-page)", "there is no page 'no-such-page'"),
        ("It says who phones", "It says " + "who and " * 20 + "who phones", "the introduction has"),
        ("{#ask}", "{#Ask}", "a section needs an id"),
    ],
)
def test_the_gate_says_what_is_wrong(folder: Path, old: str, new: str, problem: str) -> None:
    spoil(folder, old, new)
    found = list(gate.problems(folder))
    assert any(problem in each for each in found) if problem else not found


def test_the_gate_says_when_a_page_is_hard_to_read(folder: Path) -> None:
    hard = "Organisational responsibilities necessitate comprehensive interdepartmental documentation. "
    spoil(folder, "You need do nothing today.", hard * 6)
    assert any("reading age" in each for each in gate.problems(folder))


def test_a_name_that_a_translator_typed_is_found(folder: Path) -> None:
    spoil(folder, "Dziś nie", "W Saltmere dziś nie", "pl/guides/road.md")
    assert any("pl/guides/road.md: “Saltmere”" in each for each in gate.problems(folder))


@pytest.mark.requirement("E20")
def test_another_county_can_have_our_guides() -> None:
    """With its own area and its own names of services, no guide of ours names a place or a service of ours."""
    ours, directory = load_area(SHIPPED), load_directory(SHIPPED)
    names = gate.local_names(ours, directory)
    renamed = tuple(
        each if each.is_national else replace(each, name=f"Help {number}") for number, each in enumerate(directory.all)
    )
    elsewhere = replace(
        load_area(CALDERWICK), districts=ours.districts, outside_code=ours.outside_code, population=ours.population
    )
    guides = load_guides(SHIPPED, ["en"], area=elsewhere, directory=replace(directory, all=renamed))["en"]
    for each in guides.all:
        assert [name for name in names if name in f"{each.title} {each.text}"] == [], each.slug


def test_every_source_says_who_and_where_and_when_it_was_read() -> None:
    sources = load_sources(SHIPPED)
    assert {*(f"S{n}" for n in range(1, 99) if n != 39), *(f"SEED{n}" for n in range(5)), "SV"} == set(sources)
    assert all(each.what and each.where and each.read_on >= date(2026, 1, 1) for each in sources.values())


def test_a_language_without_a_guide_for_every_language_is_not_complete(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catalogues, "CONTENT", CALDERWICK)
    missing = "guides/road.md is missing, or was made from other English."
    lithuanian, polish = (catalogues.incomplete({"slug": slug, "catalogue": slug}, Catalog()) for slug in ("lt", "pl"))
    assert f"content/lt/{missing}" in lithuanian
    assert f"content/pl/{missing}" not in polish
    assert not [each for each in lithuanian if "guides/home.md" in each]
