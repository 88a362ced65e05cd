"""Every requirement of ASVS 5.0.0, levels 1 and 2, has its line, and each line says where."""

import re
from collections import Counter
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "asvs.md").read_text("utf-8")
LINE = re.compile(
    r"^\| (\d+)\.(\d+)\.(\d+) \| ([12]) \| (.+?) \| (met|not applicable|\*\*open\*\*) \| (.+) \|$", re.MULTILINE
)
# The numbers of each section at level 1, and at level 2.
SECTIONS = {
    "1.1": ("", "1 2"),
    "1.2": ("1 2 3 4 5", "6 7 8 9"),
    "1.3": ("1 2", "3 4 5 6 7 8 9 10 11"),
    "1.4": ("", "1 2 3"),
    "1.5": ("1", "2"),
    "2.1": ("1", "2 3"),
    "2.2": ("1 2", "3"),
    "2.3": ("1", "2 3 4"),
    "2.4": ("", "1"),
    "3.2": ("1 2", ""),
    "3.3": ("1", "2 3 4"),
    "3.4": ("1 2", "3 4 5 6"),
    "3.5": ("1 2 3", "4 5"),
    "3.7": ("", "1 2"),
    "4.1": ("1", "2 3"),
    "4.2": ("", "1"),
    "4.3": ("", "1 2"),
    "4.4": ("1", "2 3 4"),
    "5.1": ("", "1"),
    "5.2": ("1 2", "3"),
    "5.3": ("1 2", ""),
    "5.4": ("", "1 2 3"),
    "6.1": ("1", "2 3"),
    "6.2": ("1 2 3 4 5 6 7 8", "9 10 11 12"),
    "6.3": ("1 2", "3 4"),
    "6.4": ("1 2", "3 4"),
    "6.5": ("", "1 2 3 4 5"),
    "6.6": ("", "1 2 3"),
    "6.8": ("", "1 2 3 4"),
    "7.1": ("", "1 2 3"),
    "7.2": ("1 2 3 4", ""),
    "7.3": ("", "1 2"),
    "7.4": ("1 2", "3 4 5"),
    "7.5": ("", "1 2"),
    "7.6": ("", "1 2"),
    "8.1": ("1", "2"),
    "8.2": ("1 2", "3"),
    "8.3": ("1", ""),
    "8.4": ("", "1"),
    "9.1": ("1 2 3", ""),
    "9.2": ("1", "2 3 4"),
    "10.1": ("", "1 2"),
    "10.2": ("", "1 2"),
    "10.3": ("", "1 2 3 4"),
    "10.4": ("1 2 3 4 5", "6 7 8 9 10 11"),
    "10.5": ("", "1 2 3 4 5"),
    "10.6": ("", "1 2"),
    "10.7": ("", "1 2 3"),
    "11.1": ("", "1 2"),
    "11.2": ("", "1 2 3"),
    "11.3": ("1 2", "3"),
    "11.4": ("1", "2 3 4"),
    "11.5": ("", "1"),
    "11.6": ("", "1"),
    "12.1": ("1", "2 3"),
    "12.2": ("1 2", ""),
    "12.3": ("", "1 2 3 4"),
    "13.1": ("", "1"),
    "13.2": ("", "1 2 3 4 5"),
    "13.3": ("", "1 2"),
    "13.4": ("1", "2 3 4 5"),
    "14.1": ("", "1 2"),
    "14.2": ("1", "2 3 4"),
    "14.3": ("1", "2 3"),
    "15.1": ("1", "2 3"),
    "15.2": ("1", "2 3"),
    "15.3": ("1", "2 3 4 5 6 7"),
    "16.1": ("", "1"),
    "16.2": ("", "1 2 3 4 5"),
    "16.3": ("", "1 2 3 4"),
    "16.4": ("", "1 2 3"),
    "16.5": ("", "1 2 3"),
    "17.1": ("", "1"),
    "17.2": ("", "1 2 3 4"),
    "17.3": ("", "1 2"),
}


def wanted() -> list[tuple[str, str]]:
    """(number, level) of each."""
    return [
        (f"{section}.{each}", level)
        for section, levels in SECTIONS.items()
        for level, numbers in zip("12", levels, strict=True)
        for each in numbers.split()
    ]


def problems(page: str) -> list[str]:
    """What is wrong with the page, one line each."""
    lines = [(".".join(each[:3]), each[3], each[5], each[6]) for each in LINE.findall(page)]
    counted = Counter(number for number, *_ in lines)
    found = [f"{number} is not there" for number, _ in wanted() if number not in counted]
    found += [f"{number} is there {count} times" for number, count in counted.items() if count > 1]
    found += [f"{number} is not of level {level}" for number, level, *_ in lines if (number, level) not in wanted()]
    for number, _, state, where in lines:
        if state == "met" and not re.search(
            r"`|docs/|SECURITY\.md|proxy|Python|none|as \d|there are|nothing here", where
        ):
            found.append(f"{number} does not say where")
    states = Counter(state.strip("*") for *_, state, _ in lines)
    said = f"{states['met']} are met, {states['not applicable']} do not apply, {states['open']} are open"
    return found if said in page else [*found, f"the page should say: {said}"]


def test_every_number_of_levels_one_and_two_is_there_once_and_says_where():
    assert Counter(level for _, level in wanted()) == {"1": 70, "2": 183}
    assert problems(PAGE) == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("| 8.2.2 | 1 |", "| 8.2.9 | 1 |"),
        ("| 8.2.2 | 1 |", "| 8.2.1 | 1 |"),
        ("| 8.2.2 | 1 |", "| 8.2.2 | 2 |"),
        ("| **open** |", "| met |"),
    ],
)
def test_a_line_that_is_missing_twice_or_counted_wrongly_is_noticed(old, new):
    assert problems(PAGE.replace(old, new, 1))


def test_the_inventory_names_every_purpose_in_the_code():
    """Each label under which something is sealed, signed or derived stands in docs/cryptography.md."""
    inventory = (DOCS / "cryptography.md").read_text("utf-8")
    labels = {
        label
        for path in (DOCS.parent / "app").rglob("*.py")
        for label in re.findall(r'b?"([a-z][a-z -]+/v\d)(?:\\x00)?"', path.read_text("utf-8"))
        if "format" not in label
    }

    assert {"envelope seal/v1", "envelope signature/v1", "wrap/v1" if "wrap/v1" in labels else "box/v1"} <= labels
    assert sorted(label for label in labels if f"`{label}`" not in inventory) == []
