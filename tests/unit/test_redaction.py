"""What goes to a translator says of nobody who or where they are, as far as a rule can see; and everything can be put back."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.redaction import MARK, put_back, redact, still_in
from app.domain.translating import State, due_on, standing
from tests.harness.day import DAY
from tests.unit.test_hours import HUB

NAMES = ("Marie Kowalska", "Anna from the choir")
PLACES = ("Peterborough", "East Cambridgeshire", "Cambridge")


@pytest.mark.parametrize(
    ("text", "gone"),
    [
        ("Ring me on 07700 900111.", "900111"),
        ("Mój numer to +44 (0)7700-900111, dzwoń", "7700"),
        ("رقمي ٠٧٧٠٠٩٠٠١١١", "٩٠٠"),
        ("write to marie.k@example.org please", "example.org"),
        ("see www.example.org/me", "example"),
        ("We live in PE1 2AB now", "2AB"),
        ("at 14 Mill Road, the blue door", "Mill"),
        ("He stood in Great Northern Street.", "Northern"),
        ("Flat 3, upstairs", "3"),
        ("I am Marie and MARIE's son", "ari"),
        ("Rozmawiałam z Marią Kowalską", "owalsk"),
        ("moved from Peterborough to cambridge", "eterborough"),
        ("born 12/03/1987", "1987"),
    ],
)
def test_what_says_who_or_where_is_taken_out_and_can_be_put_back(text: str, gone: str) -> None:
    found = redact(text, names=(*NAMES, "Maria"), places=PLACES)
    assert gone not in found.text
    assert put_back(found.text, found.taken) == text
    assert not still_in(found.text, names=NAMES, places=PLACES)


def test_what_a_translator_needs_stays() -> None:
    text = "On szarpał mnie 2 razy. I have 3 children, and he will not stop."
    assert redact(text, names=NAMES, places=PLACES).text == text


def test_the_same_thing_has_the_same_mark_and_another_has_another() -> None:
    found = redact("Marie rang 07700 900111. marie again, 07700 900222.", names=NAMES)
    assert found.text == "[1] rang [2]. [1] again, [3]."
    assert put_back("Zadzwoniła [1], [9]", found.taken) == "Zadzwoniła Marie, [9]"


def test_a_mark_that_somebody_typed_is_not_taken_for_ours() -> None:
    found = redact("[1] said Marie", names=NAMES)
    assert found.text == "[1] said [2]"
    assert put_back(found.text, found.taken) == "[1] said Marie"


@given(
    st.lists(
        st.sampled_from(["Marie", "Kowalska", "Cambridge", "07700 900111", "a@b.org", "[3]", "war", "ok.", "9", "é"])
    ),
    st.sampled_from([" ", ", ", "\n"]),
)
def test_nothing_known_is_left_and_everything_comes_back(words: list[str], between: str) -> None:
    text = between.join(words)
    found = redact(text, names=NAMES, places=PLACES)
    plain = MARK.sub("", found.text)
    assert not {"Marie", "Kowalska", "Cambridge", "a@b.org"} & set(plain.split(between))
    assert "900111" not in plain
    assert put_back(found.text, found.taken) == text
    assert not still_in(found.text, names=NAMES, places=PLACES)


def test_the_queue_hears_first_of_what_is_ours_to_do() -> None:
    assert standing([State.ASKED.value, State.BACK.value]) == "back"
    assert standing([State.DONE.value, State.ASKED.value]) == "asked"
    assert standing([State.DONE.value]) is None


def test_by_when_it_may_be_back_is_in_the_hubs_own_working_days() -> None:
    assert due_on(DAY, days=None, hours=HUB) is None
    found = due_on(DAY, days=2, hours=HUB)
    assert found is not None
    assert found > date(2026, 3, 11)
