"""How pages look: a few choices in a short text, and no other text means anything."""

from __future__ import annotations

from dataclasses import fields

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain import appearance
from app.domain.appearance import CHOICES, USUAL, Appearance

ANY = st.fixed_dictionaries({setting: st.sampled_from(sorted(choices)) for setting, choices in CHOICES.items()})


def test_every_setting_is_a_field_and_its_first_choice_is_the_usual_one() -> None:
    assert tuple(CHOICES) == tuple(each.name for each in fields(Appearance))
    assert {setting: next(iter(choices)) for setting, choices in CHOICES.items()} == {
        each.name: each.default for each in fields(Appearance)
    }
    assert USUAL.classes == ""


def test_every_choice_but_the_usual_has_a_class_name_of_its_own() -> None:
    names = [name for choices in CHOICES.values() for name in [*choices.values()][1:]]
    assert all(names)
    assert len(set(names)) == len(names)


@given(ANY)
def test_a_choice_is_kept_in_few_digits_and_read_back(values: dict[str, str]) -> None:
    chosen = appearance.chosen(values)
    assert len(chosen.text) == len(CHOICES)
    assert appearance.read(chosen.text) == chosen
    assert set(chosen.classes.split()) == {CHOICES[setting][choice] for setting, choice in values.items()} - {""}


@given(st.one_of(st.none(), st.text(), st.text("0123456789", min_size=9, max_size=9)))
def test_whatever_a_browser_sends_is_one_of_our_choices_or_nothing(text: str | None) -> None:
    found = appearance.read(text)
    assert found == USUAL or found.text == text


@pytest.mark.parametrize(
    "text", ["", "00000000", "0000000000", "٠٠٠٠٠٠٠٠١", "²00000000", "90000000x", "9" * 9, "+00000001"]
)
def test_a_text_of_another_shape_is_as_usual(text: str) -> None:
    assert appearance.read(text) == USUAL


@given(st.dictionaries(st.text(), st.one_of(st.none(), st.text(), st.integers())))
def test_values_that_are_no_choice_of_ours_change_nothing(values: dict[str, object]) -> None:
    assert appearance.chosen(values) == USUAL
    assert appearance.chosen({**values, "size": "large"}).classes == "text-large"
    assert appearance.chosen({"size": '"><script>', "colours": "dark"}).classes == "theme-dark"
