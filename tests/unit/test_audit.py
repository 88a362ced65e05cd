"""The full audit itself: what it hears, counts and writes down; each check is fed what it must not pass."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from app.adapters.content import ContentError, load_accessibility, load_languages
from app.domain.accessibility import Audit
from tools.audit import report
from tools.audit.__main__ import Routes
from tools.audit.found import Document, Finding, Group, Result, Scores, State
from tools.audit.listening import faults_heard
from tools.audit.looking import english_left
from tools.audit.measuring import too_low

ROOT = Path(__file__).parents[2]
SAID = [
    "document", "navigation, Skip links", "link, Skip to main content", "link, Exit this page", "end of navigation",
    "button, Exit this page", "banner", "end of banner", "main", "heading, Now, level 1", "link, On", "end of main",
    "contentinfo", "end of contentinfo", "end of document",
]  # fmt: skip
LOST = Finding("pl", "return", "error", "320 px", "clipped text", "Dalej")


def test_a_sound_page_is_heard_without_a_fault() -> None:
    assert faults_heard(SAID) == []


@pytest.mark.parametrize(
    ("phrase", "instead", "told"),
    [
        ("end of document", "contentinfo", "never comes to an end"),
        ("main", "generic", "no main"),
        ("heading, Now, level 1", "heading, Now, level 2", "0 headings of level 1"),
        ("link, Exit this page", "link, Search", "the way out is not the first"),
        ("link, On", "link", "a link without a name"),
    ],
)
def test_what_somebody_who_listens_would_miss_is_told(phrase: str, instead: str, told: str) -> None:
    heard = [instead if each == phrase else each for each in SAID]
    assert any(told in fault for fault in faults_heard(heard)), faults_heard(heard)


def test_routes_are_wanted_by_how_they_begin() -> None:
    assert all(Routes()(each) for each in ("", "case", "refer/who"))
    some = Routes(("home", "refer/"))
    assert [each for each in ("", "case", "refer/who", "return") if some(each)] == ["", "refer/who"]


def test_a_page_is_the_same_page_in_every_language() -> None:
    pages = {Document(Group.READING, State.EMPTY, f"/{slug}/help-now", "").below for slug in ("en", "ar")}
    assert pages == {"help-now"}
    assert Document(Group.READING, State.EMPTY, "/en/", "").below == ""


def test_lighthouse_tells_the_scores_and_what_cost_points() -> None:
    read = {
        "categories": {
            "accessibility": {"score": 1, "auditRefs": [{"id": "label", "weight": 1}]},
            "best-practices": {
                "score": 0.96,
                "auditRefs": [{"id": "errors", "weight": 1}, {"id": "hint", "weight": 0}],
            },
            "performance": {"score": 0.985, "auditRefs": []},
        },
        "audits": {
            "label": {"score": 1, "title": "Labels"},
            "errors": {"score": 0, "title": "Errors in the console"},
            "hint": {"score": 0, "title": "Only a hint"},
        },
    }
    scores = Scores.of("home", read)
    assert (scores.accessibility, scores.best_practices, scores.performance) == (100, 96, 98)
    assert scores.lost == ("errors: Errors in the console",)
    assert [each.check for each in too_low([scores])] == ["Lighthouse best_practices", "Lighthouse performance"]
    assert too_low([Scores("home", 100, 100, 99)]) == []


def test_coverage_counts_and_tells_what_was_found() -> None:
    polish = Result("pl", findings=[LOST])
    for state in (State.EMPTY, State.ERROR, State.ERROR):
        polish.count(Document(Group.NUMBER, state, "/pl/return", ""))
    languages = load_languages(ROOT / "content").all[:2]
    text = report.coverage(
        [polish],
        [LOST],
        [Scores("home", 100, 100, 99)],
        languages=languages,
        versions={"X": "1"},
        day=date(2026, 3, 10),
    )
    assert "| the number | error | 2 |" in text
    assert "**clipped text**: Dalej - /pl/return (error, 320 px)" in text
    assert "| home | 100 | 100 | 99 |" in text
    assert "Nothing." in report.found_lines([])


def test_the_statement_reads_what_the_audit_wrote(tmp_path: Path) -> None:
    (tmp_path / "accessibility.yaml").write_text("prepared_on: 2026-03-01\ntested_by: ''\n", encoding="utf-8")
    assert load_accessibility(tmp_path).audit is None
    polish = Result("pl", pages={"return", ""}, findings=[LOST])
    written = report.facts([polish], [LOST, LOST], languages=16, day=date(2026, 3, 10))
    (tmp_path / "accessibility-audit.yaml").write_text(written, encoding="utf-8")
    assert load_accessibility(tmp_path).audit == Audit(audited_on=date(2026, 3, 10), pages=2, languages=16, findings=1)
    (tmp_path / "accessibility-audit.yaml").write_text(written.replace("pages: 2", "pages: two"), encoding="utf-8")
    with pytest.raises(ContentError, match=r"^accessibility-audit.yaml: pages"):
        load_accessibility(tmp_path)


def test_english_that_does_not_say_so_is_told_once_for_each_language() -> None:
    line = "Tell us what happened"
    english = Result("en", lines={line: ("", "empty")})
    polish = Result("pl", lines={line: ("return", "error"), "Powiedz nam": ("return", "error")})
    assert [(each.language, each.page, each.words) for each in english_left([polish, english])] == [
        ("pl", "return", line)
    ]
    assert english_left([polish]) == []
