"""Coded news: every code has its words, a promise is kept, late or open, and the rights are whole and plain."""

from __future__ import annotations

import shutil
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from app.adapters.rights import load_rights, rights_hash
from app.adapters.yaml_reader import ContentError
from app.domain.picture import HEIGHTS, MOST_POINTS, WIDTH, draw
from app.domain.rights import STAGES
from app.domain.status import (
    ABOUT_SUPPORT,
    ABOUT_TROUBLE,
    MESSAGE,
    MILESTONE,
    NEEDS_A_DAY,
    RECEIPTS,
    SENT_BY_ITSELF,
    STATE_AFTER,
    STATUS,
    WHO_LOOKS_AFTER,
    Milestone,
    Promise,
    Status,
    Told,
    promise_after,
    promise_kept,
    promise_now,
)
from app.domain.survey import NEEDS
from app.forms.desk import ABOUT_CASE
from app.forms.how import RISKS, HowForm, labels
from app.forms.more import EffectsForm, SafetyForm, questions
from app.forms.news import MILESTONE_WORDS, STATUS_WORDS
from tools.reading import LONGEST_SENTENCE, measure, sentences

ROOT = Path(__file__).parents[2]
TODAY = date(2026, 3, 17)


@pytest.mark.requirement("F2")
@pytest.mark.parametrize("code", [*Status, *Milestone], ids=str)
def test_every_code_says_what_it_means_and_what_happens_next(code: Status | Milestone) -> None:
    words = STATUS_WORDS[code] if isinstance(code, Status) else MILESTONE_WORDS[code]
    assert all(str(each).strip() for each in (words.name, words.means, words.next))


def test_every_status_is_sent_by_somebody_and_each_that_staff_send_has_its_place() -> None:
    assert set(ABOUT_SUPPORT + ABOUT_TROUBLE + RECEIPTS + SENT_BY_ITSELF + WHO_LOOKS_AFTER) == set(Status)
    assert set(ABOUT_SUPPORT + ABOUT_TROUBLE + RECEIPTS) <= set(STATE_AFTER), "what staff send says where a case stands"
    assert set(ABOUT_SUPPORT + ABOUT_TROUBLE) >= NEEDS_A_DAY
    assert [each for _, group in ABOUT_CASE for each in group] == list(Milestone)


def told(*, author: str = "Amira", kind: str = MESSAGE, status: str = "", by: date | None = None) -> Told:
    return Told(kind, status, author, {"by": by.isoformat()} if by else {})


@pytest.mark.promise("keep-you-informed")
@pytest.mark.parametrize(
    ("news", "expected"),
    [
        ([], None),
        ([told()], None),
        ([told(by=TODAY)], Promise(TODAY, is_late=False)),
        # Something else meanwhile does not take a promise away before its day.
        ([told(by=TODAY), told()], Promise(TODAY, is_late=False)),
        ([told(by=TODAY - timedelta(1))], Promise(TODAY - timedelta(1), is_late=True)),
        ([told(by=TODAY - timedelta(1)), told()], None),
        ([told(by=TODAY - timedelta(1)), told(kind=STATUS, status="no-news")], None),
        # What the software says by itself, and who took the case over, keep no promise.
        ([told(by=TODAY - timedelta(1)), told(author="", kind="change")], Promise(TODAY - timedelta(1), is_late=True)),
        (
            [told(by=TODAY - timedelta(1)), told(kind=STATUS, status="worker")],
            Promise(TODAY - timedelta(1), is_late=True),
        ),
        ([told(by=TODAY - timedelta(9)), told(by=TODAY + timedelta(9))], Promise(TODAY + timedelta(9), is_late=False)),
    ],
)
def test_a_promise_is_open_until_its_day_and_then_kept_or_late(news: list[Told], expected: Promise | None) -> None:
    assert promise_now(news, today=TODAY) == expected
    kept: dict[str, object] | None = None
    for each in news:
        kept = promise_after(kept, each)
    assert promise_kept(kept, today=TODAY) == expected, "what the queue keeps of it says the same"


@given(
    st.dictionaries(st.sampled_from(["by", "on"]), st.one_of(st.none(), st.text(), st.integers(), st.dates().map(str)))
)
def test_a_day_that_is_none_promises_nothing_and_breaks_nothing(data: dict[str, object]) -> None:
    found = promise_now([Told(MILESTONE, "charge", "Amira", data)], today=TODAY)
    assert found is None or str(found.by) == data["by"] or date.fromisoformat(str(data["by"])) == found.by


@pytest.mark.requirement("F3")
@pytest.mark.requirement("F5")
@pytest.mark.requirement("F16")
def test_every_stage_and_step_has_its_right_out_of_one_version_of_the_code() -> None:
    rights = load_rights(ROOT / "content", "en")
    assert set(rights.stages) == set(STAGES)
    assert set(rights.milestones) == {each.value for each in Milestone}
    assert rights.in_force_since == date(2021, 4, 1)
    within = {
        key: (right.within.normal, right.within.enhanced) for key, right in rights.milestones.items() if right.within
    }
    assert within["arrest"] == within["bail"] == within["investigation"] == (5, 1)
    assert within["hearing"] == within["verdict"] == within["sentence"] == (1, 1)
    assert "compensation" in rights.stages["reported"].text
    assert "complain" in rights.milestones["investigation"].text
    assert "review" in rights.milestones["no-further-action"].text


def test_the_rights_are_in_plain_words() -> None:
    rights = load_rights(ROOT / "content", "en")
    texts = [rights.enhanced, *(each.text for each in (*rights.stages.values(), *rights.milestones.values()))]
    assert measure(texts).age <= 11
    assert max(len(words) for text in texts for words in sentences(text)) <= LONGEST_SENTENCE


def test_a_translation_holds_words_and_is_shown_only_while_it_fits_the_english(tmp_path: Path) -> None:
    shipped = load_rights(ROOT / "content", "en")
    words = {
        "enhanced": "Niektóre osoby mają szersze prawa.",
        "stages": dict.fromkeys(shipped.stages, "Możesz."),
        "milestones": dict.fromkeys(shipped.milestones, "Policja pisze."),
    }
    shutil.copytree(ROOT / "content" / "rights", tmp_path / "rights")
    shutil.copy(ROOT / "content" / "sources.yaml", tmp_path)
    for folder, of in (("pl", rights_hash(shipped)), ("lt", "0" * 16)):
        (tmp_path / folder / "rights").mkdir(parents=True)
        text = yaml.safe_dump({"of": of, **words}, allow_unicode=True, sort_keys=False)
        (tmp_path / folder / "rights" / "stages.yaml").write_text(text, encoding="utf-8")
    assert [load_rights(tmp_path, slug).language for slug in ("en", "pl", "lt", "ru")] == ["en", "pl", "en", "en"]
    polish = load_rights(tmp_path, "pl")
    assert polish.milestones["arrest"].text == "Policja pisze."
    assert polish.milestones["arrest"].within == shipped.milestones["arrest"].within
    assert polish.stages["court"].sources == shipped.stages["court"].sources


@pytest.mark.parametrize(
    ("before", "after", "problem"),
    [
        ("  - id: appeal\n", "  - id: appeals\n", "must be one of"),
        ("    sources: [S78, S79]\n", "    sources: []\n", "needs a source"),
        ("    sources: [S78, S79]\n", "    sources: [S99]\n", "not in the list"),
        ("in_force_since: 2021-04-01", "in_force_since: soon", "must be a date"),
        ("    within: {normal: 5, enhanced: 1}\n", "    within: {normal: 5}\n", "enhanced"),
    ],
)
def test_a_slip_in_the_rights_is_refused_with_its_place(tmp_path: Path, before: str, after: str, problem: str) -> None:
    english = (ROOT / "content" / "rights" / "stages.yaml").read_text(encoding="utf-8")
    assert before in english
    (tmp_path / "rights").mkdir()
    shutil.copy(ROOT / "content" / "sources.yaml", tmp_path)
    (tmp_path / "rights" / "stages.yaml").write_text(english.replace(before, after), encoding="utf-8")
    with pytest.raises(ContentError, match=problem):
        load_rights(tmp_path, "en")


@pytest.mark.requirement("C3")
def test_how_you_are_asks_what_tell_us_more_asks_under_the_same_names() -> None:
    asked = questions(HowForm)
    both = {**questions(EffectsForm), **questions(SafetyForm)}
    assert set(asked) == {*NEEDS, *RISKS}
    assert {name: both[name] for name in asked} == asked
    assert list(labels()) == [*NEEDS, *RISKS]


@given(st.lists(st.sampled_from([*HEIGHTS, None, "unknown"]), max_size=40))
def test_the_picture_shows_each_answer_once_in_order_and_joins_no_gap(levels: list[str | None]) -> None:
    picture = draw(levels)
    newest = levels[-MOST_POINTS:]
    assert [point.level for point in picture.points] == [each for each in newest if each in HEIGHTS]
    assert [point.x for point in picture.points] == sorted({point.x for point in picture.points})
    assert all(0 <= point.x <= WIDTH for point in picture.points)
    together = sum(first in HEIGHTS and second in HEIGHTS for first, second in pairwise(newest))
    assert len(picture.lines) == together
