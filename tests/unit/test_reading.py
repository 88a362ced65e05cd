"""The public words are plain and blame nobody; and the check of that finds what it should."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools.reading import EXEMPT_SENTENCES, by_page, measure, problems, sentences, syllables, unused_exemptions

EASY = (
    "You can ask for help here.",
    "You need not give your name.",
    "We will not phone you if you do not want it.",
) * 2
HARD = (
    "Organisational responsibilities necessitate comprehensive documentation.",
    "Administrative considerations regarding eligibility determination require additional information.",
    "Applicants experiencing communication difficulties may subsequently request supplementary accommodation.",
    "Interdepartmental coordination facilitates appropriate prioritisation.",
) * 2


def test_the_words_of_this_site_are_plain_and_blame_nobody() -> None:
    pages = by_page()
    assert list(problems(pages)) == []
    assert unused_exemptions(pages) == []
    # Every question and every page is among what was looked at.
    assert {"app/forms/refer.py", "app/forms/more.py", "app/forms/young.py", "app/templates/portal/home.html"} <= set(
        pages
    )
    assert not [page for page in pages if "/hub/" in page or page.endswith("forms/desk.py")]


@pytest.mark.parametrize(
    ("word", "count"),
    [
        ("I", 1), ("phone", 1), ("asked", 1), ("houses", 2), ("wanted", 2), ("people", 2), ("little", 2), ("safely", 2),
        ("idea", 3), ("quiet", 2), ("family", 3), ("number", 2), ("information", 4), ("organisation", 5), ("24", 1),
    ],
)  # fmt: skip
def test_syllables_are_counted_about_as_they_are_said(word: str, count: int) -> None:
    assert syllables(word) == count


def test_the_formula_is_the_published_one() -> None:
    # 6 words in one sentence with 6 syllables: 0.39 * 6 + 11.8 * 1 - 15.59 is the grade.
    assert measure(["The cat sat on the mat."]).age == pytest.approx(0.39 * 6 + 11.8 - 15.59 + 5)


def test_a_placeholder_is_a_word_and_mark_up_is_none() -> None:
    assert sentences("Open until %(time)s. <b>Come</b> in!") == [["Open", "until", "name"], ["Come", "in"]]


def test_many_short_choices_do_not_make_a_hard_page_easy() -> None:
    assert measure([*HARD, *["Yes", "No"] * 100]).age == measure(HARD).age


def test_an_easy_page_passes() -> None:
    assert list(problems({"a.html": EASY})) == []


def test_what_is_said_to_the_young_is_easier_still() -> None:
    middling = (
        "You can ask a friend from school to help you with any questions on the pages.",
        "Several people work here, and one of them will read and answer your message.",
        "Whenever you like, you can change your mind about it and tell us later.",
    ) * 2
    assert 9 < measure(middling).age < 11
    assert list(problems({"app/forms/refer.py": middling})) == []
    (found,) = problems({"app/forms/young.py": middling})
    assert "more than 9" in found


def test_a_hard_page_is_found() -> None:
    (found,) = problems({"a.html": HARD})
    assert "reading age" in found


@pytest.mark.parametrize("words", [21, 40])
def test_a_long_sentence_is_found(words: int) -> None:
    assert "a sentence of" in next(problems({"a.html": [" ".join(["go"] * words) + "."]}))
    assert list(problems({"a.html": [" ".join(["go"] * 20) + "."]})) == []


def test_sentences_that_are_all_rather_long_are_found() -> None:
    found = list(problems({"a.html": [" ".join(["go"] * 15) + "."] * 3}))
    assert len(found) == 1
    assert "on average" in found[0]


@pytest.mark.parametrize(
    "text",
    [
        "Why didn't you tell the police?",
        "Why did you not report it?",
        "What is the alleged offence?",
        "You claim that it was him.",
        "Tell us about the accident.",
        "Are you the victim?",
        "The complainant may phone.",
        "You should have told us.",
        "Your referral was sent.",
        "You failed to answer.",
    ],
)
def test_a_word_of_blame_or_of_an_office_is_found(text: str) -> None:
    found = list(problems({"app/forms/made_up.py": [text]}))
    assert len(found) == 1
    assert "is not ours to say" in found[0]


def test_the_name_of_somebody_else_is_theirs() -> None:
    assert list(problems({"a.html": ["The Victim and Witness Hub reads it.", "The Victims' Code says so."]})) == []
    assert list(problems({"a.html": ["The Victim and Witness Hub helps a victim."]}))


def test_an_exception_for_nothing_is_found() -> None:
    assert unused_exemptions({}) == list(EXEMPT_SENTENCES)


def test_texts_are_taken_by_the_file_that_they_stand_in(tmp_path: Path) -> None:
    template = tmp_path / "messages.pot"
    template.write_text(
        'msgid ""\nmsgstr "Content-Type: text/plain; charset=utf-8\\n"\n\n'
        '#: app/templates/portal/a.html app/templates/hub/b.html\nmsgid "One."\nmsgstr ""\n\n'
        '#: app/forms/desk.py\nmsgid "Two."\nmsgstr ""\n\n'
        '#: app/forms/c.py\nmsgid "%(num)d thing."\nmsgid_plural "%(num)d things."\nmsgstr[0] ""\nmsgstr[1] ""\n',
        encoding="utf-8",
    )
    assert by_page(template) == {
        "app/templates/portal/a.html": ["One."],
        "app/forms/c.py": ["%(num)d thing.", "%(num)d things."],
    }
