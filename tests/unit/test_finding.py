"""What fits what a colleague looks for, and which cases are one person's: rules, without any case."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.finding import NothingToFind, Query, folded, phones_in, query_of, references_in
from app.domain.joined import are_similar, as_people
from app.domain.phone import dialled

SIGNS = st.sampled_from(["", " ", "-", ".", "\u00a0", " (", ") "])


@pytest.mark.parametrize(
    "typed",
    ["07700 900111", "+44 7700 900111", "+44 (0) 7700 900-111", "0044 7700 900111", "٠٧٧٠٠ ٩٠٠١١١", "(07700) 900 111"],
)
def test_a_number_is_the_same_however_it_is_written(typed: str) -> None:
    assert dialled(typed) == "07700900111"
    assert query_of(typed) == Query(phone="07700900111")
    assert query_of(typed).is_in("Ring me on 07700-900-111, after six.")


@given(digits=st.integers(10**8, 10**9 - 1).map(lambda rest: f"0{rest}"), signs=st.lists(SIGNS, min_size=9, max_size=9))
def test_what_people_put_between_digits_does_not_matter(digits: str, signs: list[str]) -> None:
    spread = digits[0] + "".join(sign + digit for sign, digit in zip(signs, digits[1:], strict=True))
    assert dialled(spread) == digits
    assert dialled(f"+44 {spread}") == digits


@pytest.mark.parametrize("typed", ["", "999", "12345", "no number", "1" * 18])
def test_what_is_no_number_is_none(typed: str) -> None:
    assert dialled(typed) == ""


def test_a_number_of_another_country_stays_one() -> None:
    assert dialled("+48 22 123 45 67") == dialled("0048 221234567") == "+48221234567"
    assert dialled("+48 22 123 45 67") != dialled("022 123 45 67")


@pytest.mark.parametrize(
    ("wanted", "text", "fits"),
    [
        ("Łukasz", "lukasz nowak", True),
        ("nowak lukasz", "Łukasz Nowak", True),
        ("mari", "Marianne", True),
        ("anne", "Marianne", False),
        ("O'Brien", "Niamh O’Brien", True),
        ("maria nowak", "Maria", False),
        ("a.b@example.org", "A.B@Example.org", True),
        ("bus stop", "He waits at the bus stop.", True),
    ],
)
def test_words_fit_however_they_are_written(wanted: str, text: str, fits: bool) -> None:
    assert query_of(wanted).is_in(text) is fits


@pytest.mark.parametrize("typed", ["", "  ", "…", "-", "a", "?!"])
def test_nothing_to_look_for_is_said(typed: str) -> None:
    with pytest.raises(NothingToFind):
        query_of(typed)


@given(st.text(max_size=300), st.text(max_size=120))
def test_no_text_breaks_it(wanted: str, text: str) -> None:
    phones_in(text), references_in(text), folded(text)
    with contextlib.suppress(NothingToFind):
        query_of(wanted).is_in(text)


def test_references_stand_alone() -> None:
    assert references_in("My number began with 812 907. And 0770 900111, 1234567; ٨١٢ ٩٠٧") == {"812907"}


@pytest.mark.requirement("H1")
@given(st.sets(st.integers(0, 9)), st.lists(st.tuples(st.integers(0, 12), st.integers(0, 12)), max_size=12))
def test_people_are_counted_once_however_their_cases_are_joined(cases: set[int], same: list[tuple[int, int]]) -> None:
    people = as_people(cases, same)
    assert sorted(each for person in people for each in person) == sorted(cases), "each case is one person's"
    where = {each: person for person in people for each in person}
    assert all(where[one] == where[two] for one, two in same if one in where and two in where)
    assert sorted(map(sorted, people)) == sorted(
        map(sorted, as_people(cases, [(two, one) for one, two in reversed(same)]))
    )
    assert len(as_people(cases, [])) == len(cases)


def test_only_cases_that_share_something_are_worth_opening() -> None:
    assert are_similar({"district": "fenland"}, {"district": "fenland"})
    assert are_similar({"happened": ["hurt", "hate"]}, {"happened": ["hate"]})
    assert not are_similar({"district": None, "happened": []}, {"district": None, "happened": []})
