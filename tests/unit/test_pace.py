"""The model of human speed: what it counts, and the table that it prints."""

from __future__ import annotations

import pytest

from tests.harness.pace import Effort, table


def test_each_part_costs_its_time() -> None:
    assert Effort(characters=180).by_hand == pytest.approx(1.0)  # 36 words of five characters
    assert Effort(choices=40).by_hand == pytest.approx(1.0)
    assert Effort(pages=60).by_hand == pytest.approx(1.0)
    assert Effort(words=200).every_word == pytest.approx(1.0)
    assert Effort(words=450).skimmed == pytest.approx(1.0)
    assert Effort(words=200).by_hand == 0


def test_a_page_has_as_many_words_in_every_language_of_the_tests() -> None:
    for text in ("You do not have to", "[Ýöû ðö ñöţ ĥåṽé ţö ~~~~~~~~]", "كلمة نص هنا مثال نص"):
        effort = Effort()
        effort.read(f"{text} 0800 1111 – [~~]")
        assert effort.words == 7


def test_the_table_has_a_line_for_each_and_the_medians() -> None:
    efforts = [("one", Effort(words=200)), ("two", Effort(words=400)), ("three", Effort(words=1000))]
    lines = table(efforts)

    assert [line.split()[0] for line in lines[1:4]] == ["one", "two", "three"]
    assert lines[4].split() == ["median", "of", "3", "0:00", "0:53", "2:00"]
