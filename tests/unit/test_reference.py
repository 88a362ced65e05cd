"""A person types the number that they wrote down; whatever their script and spacing, the digits are understood."""

from __future__ import annotations

import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.reference import (
    NUMBER_LENGTH,
    ROW_LENGTH,
    ROWS,
    NotANumber,
    Shape,
    halves,
    normalise,
    number_lengths,
    problems,
    read_number,
    reference_of,
    rows,
)

NUMBER = "412907553160008421977352"

EVERY_CHARACTER = [chr(code) for code in range(sys.maxunicode + 1)]
DECIMAL_DIGITS = [character for character in EVERY_CHARACTER if unicodedata.category(character) == "Nd"]
SPACES = [character for character in EVERY_CHARACTER if character.isspace()]
DASHES = [character for character in EVERY_CHARACTER if unicodedata.category(character) == "Pd"]
BIDI_MARKS = [
    character
    for character in EVERY_CHARACTER
    if unicodedata.bidirectional(character) in {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}
]
SCRIPTS = {
    "Arabic-Indic": "٠١٢٣٤٥٦٧٨٩",
    "Persian and Urdu": "۰۱۲۳۴۵۶۷۸۹",
    "Gurmukhi": "੦੧੨੩੪੫੬੭੮੯",
    "Devanagari": "०१२३४५६७८९",
    "Bengali": "০১২৩৪৫৬৭৮৯",
    "full width": "０１２３４５６７８９",
}


def test_every_decimal_digit_of_every_script_is_understood() -> None:
    assert len(DECIMAL_DIGITS) > 600
    for character in DECIMAL_DIGITS:
        assert normalise(character) == str(unicodedata.decimal(character)), f"U+{ord(character):04X}"


@pytest.mark.parametrize("digits", SCRIPTS.values(), ids=SCRIPTS.keys())
def test_a_number_in_another_script_is_the_same_number(digits: str) -> None:
    typed = NUMBER.translate({ord(str(value)): digit for value, digit in enumerate(digits)})

    assert typed != NUMBER
    assert read_number(typed) == NUMBER


def test_the_lists_that_the_next_test_goes_through_are_not_empty() -> None:
    assert len(SPACES) > 20
    assert len(DASHES) > 20
    assert len(BIDI_MARKS) == 9


@pytest.mark.parametrize(
    "between",
    [
        *SPACES,
        *DASHES,
        *BIDI_MARKS,
        *"\u2212\u2043\u2053\u207b\u208b",
        *"\u061c\u200b\u200c\u200d\u200e\u200f\u2060\ufeff\u00ad\ufe0e\ufe0f",
    ],
    ids=lambda character: f"U+{ord(character):04X}",
)
def test_what_only_separates_is_dropped(between: str) -> None:
    assert normalise(between.join("412907")) == "412907"


@pytest.mark.parametrize("other", [*"OoIl|.,/:;_#+*", "é", "½", "\u0600", "\u20e3", "四"])
def test_anything_else_stays_so_that_it_can_be_pointed_out(other: str) -> None:
    kept = normalise(other)

    assert kept == unicodedata.normalize("NFKC", other)
    assert Shape.OTHER_CHARACTERS in problems("412907" + other, lengths=(6,))


@given(st.text())
def test_what_was_understood_once_is_understood_the_same_again(typed: str) -> None:
    try:
        digits = read_number(typed, lengths=(sum(character in "0123456789" for character in normalise(typed)) or 1,))
    except NotANumber:
        return
    assert read_number(digits, lengths=(len(digits),)) == digits


@given(st.text())
def test_any_text_at_all_gets_an_answer_and_only_digits_pass(typed: str) -> None:
    if problems(typed):
        with pytest.raises(NotANumber):
            read_number(typed)
    else:
        assert read_number(typed).isascii()
        assert len(read_number(typed)) == NUMBER_LENGTH


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        (NUMBER, ()),
        ("412 907\n553 160\n008 421\n977 352", ()),
        ("", (Shape.EMPTY,)),
        (" \u200f- ", (Shape.EMPTY,)),
        (NUMBER[:-1], (Shape.TOO_FEW,)),
        (NUMBER + "1", (Shape.TOO_MANY,)),
        (NUMBER[:-1] + "O", (Shape.OTHER_CHARACTERS, Shape.TOO_FEW)),
        (NUMBER + "x", (Shape.OTHER_CHARACTERS,)),
        (NUMBER + "1x", (Shape.OTHER_CHARACTERS, Shape.TOO_MANY)),
        ("hello", (Shape.OTHER_CHARACTERS, Shape.TOO_FEW)),
    ],
)
def test_what_is_wrong_with_the_shape_is_told(typed: str, found: tuple[Shape, ...]) -> None:
    assert problems(typed) == found


def test_shorter_numbers_are_held_to_their_own_length() -> None:
    assert problems("412 907", lengths=(ROW_LENGTH,)) == ()
    assert problems("412 907", lengths=(10,)) == (Shape.TOO_FEW,)


@pytest.mark.parametrize(("reference", "whole"), [(6, (24,)), (8, (24, 26)), (10, (24, 26, 28))])
def test_where_references_are_longer_numbers_from_before_are_whole_too(reference: int, whole: tuple[int, ...]) -> None:
    lengths = number_lengths(reference)
    assert lengths == whole
    digits = "1" * 30
    assert [length for length in range(31) if not problems(digits[:length], lengths=lengths)] == list(whole)
    assert problems(digits[:25], lengths=lengths) == ((Shape.TOO_MANY,) if reference == 6 else (Shape.TOO_FEW,))
    assert problems(digits[: whole[-1] + 1], lengths=lengths) == (Shape.TOO_MANY,)


@pytest.mark.parametrize(
    ("reference", "halved"), [("412907", "412 907"), ("41290712", "4129 0712"), ("4129071234", "41290 71234")]
)
def test_the_first_row_is_as_long_as_the_reference_and_the_others_stay(reference: str, halved: str) -> None:
    number = reference + "553160008421977352"
    assert rows(number) == (reference, "553160", "008421", "977352")
    assert reference_of(number) == reference
    assert " ".join(halves(reference)) == halved
    unfinished = number[:-3]
    assert rows(unfinished, reference_length=len(reference)) == (reference, "553160", "008421", "977")


def test_the_error_never_repeats_what_was_typed() -> None:
    with pytest.raises(NotANumber) as caught:
        read_number(NUMBER + "7x")

    assert caught.value.shapes == (Shape.OTHER_CHARACTERS, Shape.TOO_MANY)
    assert not set(str(caught.value)) & set("0123456789")


def test_a_number_is_shown_in_rows_of_two_threes() -> None:
    assert ROWS * ROW_LENGTH == NUMBER_LENGTH == len(NUMBER)
    assert [" ".join(halves(row)) for row in rows(NUMBER)] == ["412 907", "553 160", "008 421", "977 352"]


def test_an_unfinished_number_is_laid_out_as_far_as_it_goes() -> None:
    assert [" ".join(halves(row)) for row in rows("4129075531")] == ["412 907", "553 1"]
    assert rows("") == ()


def test_the_reference_is_the_first_row() -> None:
    assert reference_of(NUMBER) == "412907"
    with pytest.raises(NotANumber):
        reference_of(NUMBER[:-1])
