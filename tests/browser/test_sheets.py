"""What is there to be printed has as many sides as it says, in every language. Printed by Chromium itself."""

from __future__ import annotations

import pytest

from tests.browser.conftest import Browse
from tests.browser.test_print import NO_EDGE, printed
from tests.harness.tongues import SHOWN

SIDES = {
    "refer/paper": 2,
    "diary": 2,
    "posters/poster": 1,
    "posters/strips": 1,
    "posters/card": 1,
    "case-review/letter": 1,
}
# In every run: English, one language with long words, and one from right to left that needs room between the lines.
FEW = [
    *((language, "refer/paper") for language in ("en", "ru", "ur")),
    *((language, "posters/poster") for language in ("en", "ru", "ur")),
    ("en", "diary"),
]
LARGE_POINTS = 16
# CSS pixels of a point.
POINT = 96 / 72


@pytest.mark.requirement("E13")
@pytest.mark.requirement("A15")
@pytest.mark.parametrize(
    "sheets",
    [
        pytest.param(FEW, id="few"),
        pytest.param([(each.slug, path) for each in SHOWN for path in SIDES], id="all", marks=pytest.mark.audit),
    ],
)
def test_every_sheet_fits_on_its_sides(browse: Browse, sheets: list[tuple[str, str]]) -> None:
    page = browse()
    counted = {}
    for language, path in sheets:
        page.goto(f"/{language}/{path}")
        counted[language, path] = len(printed(page))
    assert counted == {(language, path): SIDES[path] for language, path in sheets}
    assert page.evaluate(NO_EDGE) == ["0px"]


def test_large_print_is_large(browse: Browse) -> None:
    """Sixteen points and more, on as many pages as it takes (UKAAF, Creating clear print and large print documents)."""
    page = browse()
    page.emulate_media(media="print")
    for kind in ("large", "easy"):
        page.goto(f"/en/refer/paper/{kind}")
        sizes = page.locator(".paper p, .paper li").evaluate_all(
            "(all) => all.map((each) => parseFloat(getComputedStyle(each).fontSize))"
        )
        assert min(sizes) >= LARGE_POINTS * POINT, kind
