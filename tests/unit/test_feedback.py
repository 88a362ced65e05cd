"""Feedback as it travels: what is read back is what was written, and nothing else is believed."""

from __future__ import annotations

import json
from datetime import date

import pytest

from app.domain.feedback import LONGEST_WORDS, About, Feedback, MalformedFeedback, is_feedback
from app.domain.survey import Survey

TODAY = date(2026, 3, 2)
SAID = Feedback(on=TODAY, language="pl", about=About.WORDS, words="Кенар 🐦\n„żółw”", reach="kenar@example.org")


@pytest.mark.parametrize("said", [SAID, Feedback(on=TODAY, language="en", about=None, words="x")])
def test_it_comes_back_as_it_was(said: Feedback) -> None:
    assert is_feedback(said.to_bytes())
    assert Feedback.from_bytes(said.to_bytes(), today=TODAY) == said


def test_the_longest_fits_into_an_envelope_in_any_script() -> None:
    assert len(Feedback(on=TODAY, language="zh", about=About.OTHER, words="🐦" * LONGEST_WORDS).to_bytes()) < 16_000


def test_answers_to_the_questionnaire_are_not_taken_for_it() -> None:
    for raw in (Survey(month="2026-03", district=4).to_bytes(), b"", b"[]", b"\xff", b'{"kind":"other"}', b"[" * 9999):
        assert not is_feedback(raw)


@pytest.mark.parametrize(
    "changed",
    [
        {"version": 2},
        {"more": 1},
        {"on": "2026-03-04"},
        {"on": 5},
        {"about": "praise"},
        {"about": ["words"]},
        {"words": " \n"},
        {"words": "x" * (LONGEST_WORDS + 1)},
        {"reach": "x" * 201},
        {"reach": None},
        {"language": ""},
    ],
)
def test_what_no_form_of_ours_makes_is_refused(changed: dict[str, object]) -> None:
    raw = json.dumps(json.loads(SAID.to_bytes()) | changed).encode()
    with pytest.raises(MalformedFeedback):
        Feedback.from_bytes(raw, today=TODAY)
