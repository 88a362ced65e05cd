"""Which requirements a test shows, and which none does: `@pytest.mark.requirement("B1")` against docs/requirements.csv.

Read from the tests' source, so that it takes no time. A mark with an id that is not on the list is an error.
"""

from __future__ import annotations

import ast
import csv
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LIST = ROOT / "docs" / "requirements.csv"
TESTS = ROOT / "tests"


class UnknownRequirement(Exception):
    """A test names a requirement that is not on the list, or one that cannot be read from its source."""


def requirements(path: Path = LIST) -> dict[str, str]:
    """The ids in their order, with what each asks for."""
    with path.open(encoding="utf-8", newline="") as file:
        return {row["id"]: row["description"] for row in csv.DictReader(file)}


def marks(source: str) -> Iterator[tuple[int, str]]:
    """(line, id) of every mark in a test file. Raises UnknownRequirement when an id is not written out."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "requirement":
            for argument in node.args:
                if not (isinstance(argument, ast.Constant) and isinstance(argument.value, str)):
                    raise UnknownRequirement(f"line {node.lineno}: write the id out, so that it can be found")
                yield node.lineno, argument.value


def shown(known: Mapping[str, str], tests: Path = TESTS) -> dict[str, list[str]]:
    """Where each requirement is shown, by id, as "file:line". Raises UnknownRequirement."""
    found: dict[str, list[str]] = defaultdict(list)
    for path in sorted(tests.rglob("test_*.py")):
        for line, requirement in marks(path.read_text(encoding="utf-8")):
            place = f"{path.relative_to(tests.parent)}:{line}"
            if requirement not in known:
                raise UnknownRequirement(f"{place}: there is no requirement {requirement!r} in docs/requirements.csv")
            found[requirement].append(place)
    return found


def main() -> int:
    known = requirements()
    try:
        found = shown(known)
    except UnknownRequirement as problem:
        print(problem, file=sys.stderr)
        return 1
    missing = [requirement for requirement in known if requirement not in found]
    print(f"Shown by a test: {len(found)} of {len(known)}")
    for requirement in known:
        if requirement in found:
            print(f"  {requirement:4} {known[requirement]}  ({', '.join(found[requirement])})")
    print(f"Shown by none: {len(missing)}")
    for requirement in missing:
        print(f"  {requirement:4} {known[requirement]}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
