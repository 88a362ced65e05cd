"""The list of requirements and the report on which of them a test shows."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tools.requirements_shown import UnknownRequirement, requirements, shown

KNOWN = {"B1": "one", "B2": "two"}


def write_test(folder: Path, source: str) -> Path:
    tests = folder / "tests"
    tests.mkdir()
    (tests / "test_it.py").write_text("import pytest\n" + source, encoding="utf-8")
    return tests


def test_the_list_has_every_id_in_order() -> None:
    listed = requirements()
    assert all(re.fullmatch(r"[A-H][1-9][0-9]?", each) and words for each, words in listed.items())
    assert list(listed) == sorted(listed, key=lambda each: (each[0], int(each[1:])))
    for letter in "ABCDEFGH":
        numbers = [int(each[1:]) for each in listed if each[0] == letter]
        assert numbers == list(range(1, len(numbers) + 1))


def test_the_tests_of_this_site_name_only_what_is_listed() -> None:
    assert shown(requirements())


def test_a_mark_is_found_wherever_it_stands(tmp_path: Path) -> None:
    tests = write_test(
        tmp_path,
        '@pytest.mark.requirement("B1")\ndef test_a(): ...\nX = pytest.param(1, marks=pytest.mark.requirement("B2"))\n',
    )
    assert shown(KNOWN, tests) == {"B1": ["tests/test_it.py:2"], "B2": ["tests/test_it.py:4"]}


@pytest.mark.parametrize("argument", ['"B3"', "NAME", '"b1"'])
def test_an_unknown_id_is_an_error(tmp_path: Path, argument: str) -> None:
    tests = write_test(tmp_path, f"@pytest.mark.requirement({argument})\ndef test_a(): ...\n")
    with pytest.raises(UnknownRequirement):
        shown(KNOWN, tests)
