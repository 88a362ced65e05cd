"""The phrase book: every sentence has a place, words, and a day where it speaks of one."""

from __future__ import annotations

from itertools import chain

from app.domain.phrases import NEEDS_A_DAY, NEEDS_A_PROMISE, OURS_TO_DO, Phrase, phrase_of, state_after
from app.domain.status import CaseState, Milestone, Status
from app.forms.desk import PHRASE_BOOK, PHRASE_NAMES
from app.forms.phrases import PHRASE_WORDS


def test_every_sentence_stands_once_in_the_book_and_has_words() -> None:
    offered = list(chain.from_iterable(group for _, group in PHRASE_BOOK))
    assert sorted(offered) == sorted(Phrase)
    assert set(PHRASE_WORDS) == set(PHRASE_NAMES) == set(Phrase)


def test_an_id_of_a_sentence_is_no_other_news() -> None:
    others = {each.value for each in (*Status, *Milestone)}
    assert not others & {each.value for each in Phrase}
    assert phrase_of("working") is None
    assert phrase_of("") is None


def test_what_speaks_of_a_day_needs_one_and_stays_ours_to_do() -> None:
    assert not NEEDS_A_DAY & NEEDS_A_PROMISE
    assert NEEDS_A_PROMISE <= OURS_TO_DO
    assert state_after(Phrase.READ_BY) is CaseState.OURS
    assert state_after(Phrase.WHEN_CALL) is CaseState.THEIRS
