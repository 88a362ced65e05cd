"""What can be read about rights: whole, traced to its sources, in plain words; and a slip is refused with its place."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from app.adapters.content import load_area, load_directory
from app.adapters.rights import load_code, load_rights, load_to_read
from app.adapters.yaml_reader import ContentError
from app.domain.rights import (
    CODE_STAGES,
    ENHANCED,
    PATH_SECTIONS,
    PATHS,
    STAGES,
    TOPICS,
    Code,
    RightsToRead,
    stage_of,
)
from app.pages.portal.rights import PATH_WORDS, SECTION_WORDS, STAGE_WORDS, WITHOUT_REPORT_WORDS
from tools.reading import problems

CONTENT = Path(__file__).parents[2] / "content"


@pytest.fixture(scope="module")
def to_read() -> RightsToRead:
    """What we ship."""
    area, directory = load_area(CONTENT), load_directory(CONTENT)
    return load_to_read(CONTENT, ["en"], area=area, directory=directory)


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """A content folder with the rights alone, to spoil."""
    shutil.copytree(CONTENT / "rights", tmp_path / "rights")
    shutil.copy(CONTENT / "sources.yaml", tmp_path)
    return tmp_path


def spoil(folder: Path, file: str, before: str, after: str) -> None:
    path = folder / "rights" / file
    text = path.read_text(encoding="utf-8")
    assert before in text
    path.write_text(text.replace(before, after, 1), encoding="utf-8")


@pytest.mark.requirement("F3")
def test_the_code_has_its_twelve_rights_and_every_stage_has_some(to_read: RightsToRead) -> None:
    code = to_read.code
    assert [right.number for right in code.at(None)] == list(range(1, 13))
    for stage in CODE_STAGES:
        here = {right.number for right in code.at(stage)}
        assert {1, 4, 12} <= here, stage  # at every stage: to be understood, to be supported, to complain
        assert len(here) < 12
    assert {right.number for right in code.at("court")} >= {7, 8}
    assert 11 in {right.number for right in code.at("after")}


def test_which_rights_need_a_report_is_said_only_where_a_source_says_it(to_read: RightsToRead) -> None:
    said = {right.number: right.without_report for right in to_read.code.rights}
    assert said[4] == "yes"  # free support, reported or not
    assert all(said[number] == "no" for number in (2, 3, 6, 8, 9, 11))
    assert all(said[number] is None for number in (1, 5, 7, 10, 12))
    assert set(said.values()) <= set(WITHOUT_REPORT_WORDS)


def test_the_times_are_those_of_the_code_of_2021(to_read: RightsToRead) -> None:
    times = {time.id: (time.within.normal, time.within.enhanced) for time in to_read.code.times}
    assert times == {
        "arrest": (5, 1),
        "not-investigated": (5, 1),
        "support": (2, 2),
        "hearing": (1, 1),
        "bail-hearing": (5, 1),
        "evidence": (1, 1),
        "outcome": (1, 1),
        "complaint": (10, 10),
    }
    english = load_rights(CONTENT, "en")
    assert times["arrest"] == (english.milestones["arrest"].within.normal, english.milestones["arrest"].within.enhanced)  # type: ignore[union-attr]


@pytest.mark.requirement("F3")
def test_every_path_is_there_under_the_words_that_people_choose(to_read: RightsToRead) -> None:
    assert list(PATH_WORDS) == list(PATHS)
    assert tuple(SECTION_WORDS) == PATH_SECTIONS
    assert list(STAGE_WORDS) == list(CODE_STAGES)
    for path, words in PATH_WORDS.items():
        page = to_read.paths["en"].get(path)
        assert page is not None
        assert page.title == str(words)
        assert [(section.id, section.title) for section in page.sections] == [
            (key, str(heading)) for key, heading in SECTION_WORDS.items()
        ]
        assert PATHS[path].stage in STAGES
        assert set(PATHS[path].times) <= set(CODE_STAGES)


@pytest.mark.requirement("D10", "F5")
def test_every_page_about_a_right_is_there(to_read: RightsToRead) -> None:
    assert {page.slug for page in to_read.pages["en"].all} == {*TOPICS, ENHANCED}


def test_a_stage_travels_as_a_number_and_nothing_else_is_one() -> None:
    assert [stage_of(str(number)) for number in CODE_STAGES.values()] == list(CODE_STAGES)
    assert [stage_of(text) for text in ("", "0", "5", "court", "1 ")] == [None] * 5


def words_of(to_read: RightsToRead) -> dict[str, list[str]]:
    pages = {
        page.slug: [page.title, *(section.title for section in page.sections), *(block.text for block in page.blocks)]
        for guides in (to_read.paths["en"], to_read.pages["en"])
        for page in guides.all
    }
    return {**pages, "code": code_words(to_read.code)}


def code_words(code: Code) -> list[str]:
    rights = [words for right in code.rights for words in (right.title, *right.text)]
    notes = [note.text for note in (code.times_note, code.coming) if note]
    return [*rights, *(time.what for time in code.times), *notes]


def test_what_is_read_about_rights_is_plain_and_blames_nobody(to_read: RightsToRead) -> None:
    assert list(problems(words_of(to_read))) == []


@pytest.mark.requirement("A4", "D8")
def test_trouble_nearby_is_told_without_the_word_crime(to_read: RightsToRead) -> None:
    assert "crim" not in " ".join(words_of(to_read)["nearby"]).lower()


def test_what_no_source_supports_says_that_nobody_has_checked_it(to_read: RightsToRead) -> None:
    for slug, words in (("compensation", "court can order"), (ENHANCED, "under 18"), ("review", "nothing happened")):
        page = to_read.pages["en"].get(slug)
        assert page is not None
        (block,) = [block for block in page.blocks if words in block.text]
        assert block.is_unchecked, slug


@pytest.mark.parametrize(
    ("file", "before", "after", "problem"),
    [
        ("code.yaml", "  - number: 7\n", "  - number: 8\n", "1 to 12"),
        ("code.yaml", "    id: trial\n", "    id: statement\n", "twice"),
        ("code.yaml", "    stages: [court]\n", "    stages: [courts]\n", "must be some of"),
        ("code.yaml", '    without_report: "no"\n', "    without_report: maybe\n", "must be one of"),
        ("code.yaml", "    sources: [S10]\n", "    sources: []\n", "needs a source"),
        ("code.yaml", "    sources: [S10]\n", "    sources: [S39]\n", "not in the list"),
        ("code.yaml", "    within: {normal: 2, enhanced: 2}\n", "    within: {normal: 2}\n", "enhanced"),
    ],
)
def test_a_slip_in_the_code_is_refused_with_its_place(
    copied: Path, file: str, before: str, after: str, problem: str
) -> None:
    load_code(copied)
    spoil(copied, file, before, after)
    with pytest.raises(ContentError, match=problem):
        load_code(copied)


def test_a_newer_code_has_its_name_and_its_days_and_is_newer(copied: Path) -> None:
    assert load_rights(copied, "en").superseded_by is None
    newer = "superseded_by: {version: 'of 2027', dated: 2027-01-10, in_force_since: 2027-04-01}"
    spoil(copied, "stages.yaml", "superseded_by: null", newer)
    found = load_rights(copied, "en").superseded_by
    assert found is not None
    assert (found.version, found.dated.year, found.in_force_since.month) == ("of 2027", 2027, 4)
    spoil(copied, "stages.yaml", "in_force_since: 2027-04-01", "in_force_since: 2021-04-01")
    with pytest.raises(ContentError, match="later"):
        load_rights(copied, "en")


@pytest.mark.parametrize("missing", [True, False], ids=["no page", "a section less"])
def test_a_path_that_is_not_whole_is_refused(tmp_path: Path, missing: bool) -> None:
    folder = tmp_path / "content"
    shutil.copytree(CONTENT, folder)
    path = folder / "rights" / "paths" / "loss.md"
    text = path.read_text(encoding="utf-8")
    if missing:
        path.unlink()
    else:
        path.write_text(text.replace("{#when}", "{#later}"), encoding="utf-8")
    with pytest.raises(ContentError, match=r"loss\.md"):
        load_to_read(folder, ["en"], area=load_area(folder), directory=load_directory(folder))
