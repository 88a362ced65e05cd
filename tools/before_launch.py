"""The table "Ring these first" of docs/before-launch.md, from the services: what does most harm if it is wrong comes first.

Run as ``python -m tools.before_launch`` after a change of content/; with ``--check`` it only says whether the page is up to
date. What somebody has checked (``checked_on``) is no longer listed.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from app.adapters import content
from app.domain.area import Area
from app.domain.directory import Directory, HelpNow, Service
from app.domain.phone import Phone

ROOT = Path(__file__).resolve().parents[1]
CONTENT = ROOT / "content"
PAGE = ROOT / "docs" / "before-launch.md"
BEGIN, END = "<!-- ring these first: begin -->", "<!-- ring these first: end -->"

# A wrong number on "Get help now" meets somebody at their worst moment: the groups of that page by what is at stake.
AT_STAKE = (
    "danger", "cope", "sexual", "young", "home", "followed", "marriage", "older", "work", "targeted", "road", "death",
    "anything",
)  # fmt: skip


class UnknownGroup(Exception):
    """A group of "Get help now" has no place in the order of harm."""


class MarksMissing(Exception):
    """The page has not the two marks between which the table stands."""


@dataclass(frozen=True)
class Row:
    """One thing to ring or to look up."""

    name: str
    numbers: str
    why: str


def rows(area: Area, directory: Directory, help_now: HelpNow) -> list[Row]:
    """Everything that nobody has checked, worst first. Raises UnknownGroup."""
    found: list[Row] = []
    hub = area.hub_phone
    if hub.checked_on is None:
        found.append(Row(f"the {area.hub_name}", _told([hub]), "stands on every page"))
    groups = {group.id: group for group in (help_now.danger, help_now.cope, *help_now.kinds)}
    if set(groups) - set(AT_STAKE):
        raise UnknownGroup(", ".join(sorted(set(groups) - set(AT_STAKE))))
    urgent: dict[str, tuple[Service, str]] = {}
    for group_id in AT_STAKE:
        if group_id in groups:
            for service in groups[group_id].services:
                urgent.setdefault(service.id, (service, groups[group_id].label))
    sure, unsure = _split(service for service, _ in urgent.values())
    for service in (*unsure, *sure):
        found += _row(service, f"Get help now: {urgent[service.id][1]}", hub)
    sure, unsure = _split(service for service in directory.all if service.id not in urgent)
    for service in (*unsure, *sure):
        listed = "in the directory" if service.is_reachable else "not listed: nothing that may be shown reaches it"
        found += _row(service, listed, hub)
    return found


def table(found: Iterable[Row]) -> str:
    """The rows as a table with room to write in."""
    lines = [
        "| | who | number, and how good the source is | where it stands | date, who answered, hours |",
        "|---|---|---|---|---|",
    ]
    lines += [f"| {place} | {row.name} | {row.numbers} | {row.why} | |" for place, row in enumerate(found, 1)]
    return "\n".join(lines)


def placed(page: str, made: str) -> str:
    """The page with this table in its place. Raises MarksMissing."""
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise MarksMissing
    return f"{before}{BEGIN}\n{made}\n{END}{after}"


def fresh(page: str, folder: Path = CONTENT) -> str:
    """The page as it should be for the content of this folder."""
    directory = content.load_directory(folder)
    found = rows(content.load_area(folder), directory, content.load_help_now(folder, directory))
    return placed(page, table(found))


def main() -> int:
    """Write the page, or check it; return the exit code."""
    page = PAGE.read_text(encoding="utf-8")
    made = fresh(page)
    if made == page:
        print("docs/before-launch.md is up to date.")
        return 0
    if "--check" in sys.argv[1:]:
        print("docs/before-launch.md is not what content/ says: run `python -m tools.before_launch`.")
        return 1
    PAGE.write_text(made, encoding="utf-8")
    print("docs/before-launch.md is written.")
    return 0


def _split(services: Iterable[Service]) -> tuple[list[Service], list[Service]]:
    """(those whose numbers come from a strong source, those with a doubtful number or none), each in order."""
    sure: list[Service] = []
    unsure: list[Service] = []
    for service in services:
        numbers = _numbers(service)
        (sure if numbers and all(number.is_checked for number in numbers) else unsure).append(service)
    return sure, unsure


def _row(service: Service, why: str, hub: Phone) -> list[Row]:
    """The row of a service; none when everything of it was checked, or is the Hub's own number, which is asked once."""
    numbers = [number for number in _numbers(service) if number.number != hub.number]
    due = [number for number in numbers if number.checked_on is None]
    if _numbers(service) and not due:
        return []
    return [Row(service.name, _told(due) or f"no number: {service.web_name or 'find one'}", why)]


def _numbers(service: Service) -> list[Phone]:
    known = (service.phone, service.second_phone, service.sms, service.textphone)
    return [number for number in known if number is not None]


def _told(numbers: list[Phone]) -> str:
    """Each number once, with how good its source is."""
    return "; ".join(dict.fromkeys(f"{number.number} ({number.confidence})" for number in numbers))


if __name__ == "__main__":
    sys.exit(main())
