"""On paper: the pledge is one sheet, and the number is nothing but digits. Printed by Chromium itself."""

from __future__ import annotations

import io
import re
import unicodedata

import pytest
from playwright.sync_api import Page, PdfMargins
from pypdf import PdfReader

from app.domain import easy_read
from tests.browser.conftest import Browse
from tests.harness.looks import LETTER
from tests.harness.tongues import ENGLISH, MIRRORED, each_language
from tests.harness.walker import Walker
from tests.stories import PARENT

# What Chromium leaves at the edge of a page, unless the page itself says otherwise.
EDGE: PdfMargins = {"top": "0.4in", "bottom": "0.4in", "left": "0.4in", "right": "0.4in"}
# Page rules of a sheet for print that leave no edge: there is no room for the browser's own lines, title and address.
NO_EDGE = """() => [...document.styleSheets]
    .flatMap((sheet) => [...sheet.cssRules])
    .flatMap((rule) => (rule instanceof CSSMediaRule ? [...rule.cssRules] : [rule]))
    .filter((rule) => rule instanceof CSSPageRule)
    .map((rule) => rule.style.margin)"""


def printed(page: Page) -> list[str]:
    """The text of each sheet of A4, as anybody would print the page: without background colours."""
    pdf = page.pdf(format="A4", print_background=False, margin=EDGE)
    return [sheet.extract_text() for sheet in PdfReader(io.BytesIO(pdf)).pages]


def letters(text: str) -> str:
    """Letters and digits alone: print breaks lines, joins letters and has hyphens of its own."""
    return "".join(each for each in unicodedata.normalize("NFKC", text) if each.isalnum())


DRAWN = re.compile("[\u0600-\u06ff\u0a00-\u0a7f]")


# English, one of the longest, and one from right to left in every run; all languages in the audit.
in_languages = pytest.mark.parametrize("language", each_language(always=(ENGLISH, "ru", "ur")))
LEAFLETS = ("pledge/easy-read", *(f"easy-read/{each}" for each in easy_read.LEAFLETS))


@pytest.mark.requirement("G1")
@in_languages
def test_the_pledge_is_one_sheet(browse: Browse, language: str) -> None:
    page = browse()
    page.goto(f"/{language}/pledge")
    assert_one_sheet_with_all_of_it(page, language)


@pytest.mark.requirement("G1")
@pytest.mark.parametrize("language", each_language(always=(ENGLISH,)))
def test_large_print_and_easy_read_are_large_and_few_sheets(browse: Browse, language: str) -> None:
    """Large print in 18 points, Easy Read in 16 or more; two sheets in English, and one more where words are longer."""
    page = browse()
    most = 2 if language == ENGLISH else 3
    page.emulate_media(media="print")
    for path in ("pledge/large-print", *LEAFLETS):
        page.goto(f"/{language}/{path}")
        lines = page.locator("main ol.promises > li, main.easy p")
        sizes = lines.evaluate_all("(all) => all.map((each) => parseFloat(getComputedStyle(each).fontSize))")
        # CSS pixels: 18 and 16 points. Not all browsers give whole numbers back.
        assert min(sizes) >= (24 if path == "pledge/large-print" else 21.3), path
        vital = 1 if page.locator(".vital-english").count() else 0
        sheets = printed(page)
        assert len(sheets) <= most + vital, f"{path}: {len(sheets)} sheets"
        if language == ENGLISH:
            paper = letters("".join(sheets))
            assert len(sheets) == most, path
            assert all(letters(words) in paper for words in lines.all_inner_texts()), path
            assert letters("Exit this page") not in paper


def test_pictures_are_on_paper_at_the_start_of_their_line(browse: Browse) -> None:
    page = browse()
    page.emulate_media(media="print")
    for language in (ENGLISH, MIRRORED):
        page.goto(f"/{language}/easy-read/ask")
        picture, words = (
            page.locator(f".easy__line >> nth=0 >> .easy__{name}").bounding_box() for name in ("picture", "words")
        )
        assert picture is not None
        assert words is not None
        assert picture["width"] >= 60  # 16 millimetres
        assert (picture["x"] < words["x"]) == (language == ENGLISH)


def assert_one_sheet_with_all_of_it(page: Page, language: str) -> None:
    """The pledge as it is printed, on one sheet of A4."""
    sheets = printed(page)
    assert len(sheets) == 1, f"{language}: {len(sheets)} sheets"
    # All that is promised is on it, the exception, and whom to tell when it is not kept; no menus, no buttons.
    printed_letters = letters(sheets[0])
    promises = page.locator("main ol.promises > li").all_inner_texts()
    assert len(promises) == 11
    # What is drawn from joined letters and read back out of a PDF is not always what was written.
    for words in (*promises, page.locator("#exception").inner_text()) if not DRAWN.search(promises[0]) else ():
        assert letters(words) in printed_letters
    assert page.locator("main a[href^='tel:']").first.inner_text() in sheets[0]
    if language == "en":
        assert letters("Proposed pledge") in printed_letters
        for left_out in ("Exit this page", "Appearance", "Skip to main content", "Privacy"):
            assert letters(left_out) not in printed_letters


def test_the_pledge_can_be_read_on_paper(browse: Browse) -> None:
    """It does not fit because its letters are small: 12 points, as in print for everybody."""
    page = browse()
    page.emulate_media(media="print")
    page.goto("/en/pledge")
    sizes = page.locator("main ol.promises > li").evaluate_all(
        "(all) => all.map((each) => parseFloat(getComputedStyle(each).fontSize))"
    )
    assert len(sizes) == 11
    assert min(sizes) >= 16  # CSS pixels: 12 points
    assert page.evaluate(NO_EDGE) == []


@pytest.mark.rule("rule 3")
@pytest.mark.parametrize("language", ["en", "ar-XB"])
def test_the_number_on_paper_is_only_digits(browse: Browse, language: str) -> None:
    """Whoever finds the sheet learns nothing: no name of the site, no address, no word at all."""
    page = browse()
    walker = Walker(page, PARENT, language=language)
    walker.fill_in()
    walker.send()
    sheets = printed(page)
    assert len(sheets) == 1
    assert "".join(sheets[0].split()) == walker.number
    # In rows of two threes, so that they can be read aloud.
    rows = [line for line in sheets[0].splitlines() if line.strip()]
    assert [bool(re.fullmatch(r"\s*\d{3}\s+\d{3}\s*", row)) for row in rows] == [True] * 4
    assert page.evaluate(NO_EDGE) == ["0px"]
    # Words that were not kept from paper would be on it.
    page.evaluate("document.querySelectorAll('.no-print').forEach((each) => each.classList.remove('no-print'))")
    assert LETTER.search("".join(printed(page)))
