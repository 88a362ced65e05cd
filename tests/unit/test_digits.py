"""Digits of every script: read as 0 to 9, and shown as a language writes them."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain import digits
from app.domain.change import is_same_word
from app.forms.contact import day_typed
from tests.harness.day import DAY

SYSTEMS = st.sampled_from(sorted(digits.ZEROS))


@given(st.text("0123456789 +-/.", max_size=40), SYSTEMS)
def test_what_is_shown_in_other_digits_reads_back_as_it_was(text: str, system: str) -> None:
    assert digits.western(digits.shown(text, system=system)) == text


@given(st.text())
def test_nothing_but_digits_is_changed_and_none_is_left(text: str) -> None:
    read = digits.western(text)
    assert len(read) == len(text)
    for before, after in zip(text, read, strict=True):
        assert after == before or (unicodedata.decimal(before) == int(after) and after in "0123456789")
    assert all(unicodedata.decimal(each, None) is None or each in "0123456789" for each in read)


@pytest.mark.parametrize("system", ["latn", "hanidec", ""])
def test_a_system_that_we_do_not_need_leaves_the_digits_as_they_are(system: str) -> None:
    assert digits.shown("24 March 2026", system=system) == "24 March 2026"


@given(st.integers(1, 28), st.integers(1, 12), SYSTEMS)
def test_a_day_may_be_typed_in_any_digits(day: int, month: int, system: str) -> None:
    typed = f"{day}/{month}/2027"
    assert day_typed(digits.shown(typed, system=system), today=DAY.date()) == day_typed(typed, today=DAY.date())
    assert day_typed(typed, today=DAY.date()) is not None


@given(st.text("0123456789", min_size=1, max_size=8), SYSTEMS)
def test_a_code_word_is_the_same_in_whichever_digits_it_is_typed(number: str, system: str) -> None:
    assert is_same_word(digits.shown(f"rose {number}", system=system), f"Rose {number}")
    assert not is_same_word(digits.shown(f"rose {number}1", system=system), f"Rose {number}")
