"""What `make bench` makes of its figures: when one is missed, and that the chart says in words what it shows."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from tools.bench import page
from tools.bench_chart import draw
from tools.bench_parts import MARGIN, Found, Held, Turns

SVG = "{http://www.w3.org/2000/svg}"


@pytest.mark.parametrize(
    ("held", "is_met", "is_clearly_missed"),
    [
        (Held("a", 0.35, 0.35), True, False),
        (Held("a", 0.35 * (1 - MARGIN / 2), 0.35), False, False),
        (Held("a", 0.35 * (1 - 2 * MARGIN), 0.35), False, True),
        (Held("a", 3.0, 3.0, at_most=True), True, False),
        (Held("a", 4.0, 3.0, at_most=True), False, True),
        (Held("a", 0, 0, at_most=True), True, False),
        (Held("a", 1, 0, at_most=True), False, True),
    ],
)
def test_a_figure_is_met_nearly_met_or_missed(held: Held, is_met: bool, is_clearly_missed: bool) -> None:
    assert (held.is_met, held.is_clearly_missed) == (is_met, is_clearly_missed)


def test_the_page_and_its_chart_say_what_is_missed_in_words() -> None:
    held = [
        Held("memory <all>", 355, 250, True, " MB"),
        Held("a page", 4.0, 1.0),
        Held("errors", 0, 0, True, " errors"),
    ]
    picture = ElementTree.fromstring(draw(held))
    title, description = picture.find(f"{SVG}title"), picture.find(f"{SVG}desc")
    assert title is not None
    assert title.text
    assert description is not None
    for each in held:
        assert f"{each.what}: {each.value_in_words}, held to {each.limit_in_words}" in (description.text or "")
    assert "355 MB (missed)" in draw(held)
    found = Found("Memory", ["| a | b |"], held, load=0.1)
    assert Found.from_json(found.to_json()) == found
    written = page([found])
    assert "| memory <all> | 355 MB | at most 250 MB | **not met** |" in written
    assert "| a page | 4.00 | at least 1 | met |" in written


def test_a_ratio_is_taken_within_each_turn_and_not_between_a_quick_and_a_slow_moment() -> None:
    taken = Turns()
    for speed, ratio in ((100.0, 0.8), (70.0, 0.7), (130.0, 0.9)):
        taken.note("bare", speed)
        taken.note("ours", speed * ratio)
    assert taken.ratio("ours", "bare") == pytest.approx(0.8)
    assert (taken.median("bare"), taken.names) == (100.0, ["bare", "ours"])
    taken.note("bare", 100.0)
    with pytest.raises(ValueError, match="argument"):
        taken.ratio("ours", "bare")
