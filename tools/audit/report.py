"""What the audit writes: docs/coverage.md, the facts that the accessibility statement shows, and a page of pictures."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date
from html import escape
from pathlib import Path

from app.domain.languages import Language
from tools.audit.found import LOOKS, Finding, Result, Scores

FACTS_HEAD = "# Written by `make audit` when it has looked at everything; the accessibility statement shows it.\n"
MOST_PLACES = 6


def coverage(
    results: Sequence[Result],
    findings: Sequence[Finding],
    scores: Sequence[Scores],
    *,
    languages: Sequence[Language],
    versions: Mapping[str, str],
    day: date,
) -> str:
    """The text of docs/coverage.md."""
    looked = sum(sum(each.counts.values()) for each in results)
    lines = [
        "# What the full audit looked at",
        "",
        f"Written by `make audit` on {day.isoformat()}: {looked} pages in {len(results)} languages, under {len(LOOKS)} looks.",
        "",
        "Each page is checked with axe (all of WCAG 2.2 A and AA and best practices at 320 px; the rules that a window or a",
        "device's colours can change under each other look), for scrolling sideways, cut off and overlapping words, small",
        "targets, the exit in sight at the end of the page, `lang` and `dir`, the order of what every page has, words that are",
        "not translated, names that differ from labels, a focus that is hidden or not marked, and its HTML. A virtual screen",
        "reader reads each page to its end.",
        "",
        "## Pages by part of the site, state and language",
        "",
        f"Each number is pages looked at, and each page is looked at {len(LOOKS)} times: "
        + ", ".join(f"{look.name} ({look.width} x {look.height})" for look in LOOKS)
        + ".",
        "",
        "| part | state | " + " | ".join(each.language for each in results) + " |",
        "|---|---|" + "---:|" * len(results),
    ]
    keys = sorted({key for each in results for key in each.counts})
    for group, state in keys:
        cells = " | ".join(str(each.counts.get((group, state), 0)) for each in results)
        lines.append(f"| {group} | {state} | {cells} |")
    names = ", ".join(f"{each.slug} {each.name}" for each in languages)
    lines += ["", f"Languages: {names}.", "", "## Lighthouse, on its own phone", ""]
    lines += ["| page | accessibility | best practices | performance |", "|---|---:|---:|---:|"]
    lines += [f"| {each.page} | {each.accessibility} | {each.best_practices} | {each.performance} |" for each in scores]
    lines += ["", "## What was found", "", *found_lines(findings), "", "## With what", ""]
    lines += [f"- {name} {number}" for name, number in versions.items()]
    return "\n".join(lines) + "\n"


def found_lines(findings: Sequence[Finding]) -> list[str]:
    """One line for each thing that was found, with the places where it is."""
    if not findings:
        return ["Nothing."]
    places: dict[tuple[str, str], list[Finding]] = defaultdict(list)
    for each in findings:
        places[each.check, each.words].append(each)
    lines = []
    for (check, words), there in sorted(places.items(), key=lambda each: (each[0][0], -len(each[1]), each[0][1])):
        told = sorted({f"/{each.language}/{each.page} ({each.state}, {each.look})" for each in there})
        more = f" and {len(told) - MOST_PLACES} more" if len(told) > MOST_PLACES else ""
        lines.append(f"- **{check}**: {words} - {'; '.join(told[:MOST_PLACES])}{more}")
    return lines


def facts(results: Sequence[Result], findings: Sequence[Finding], *, languages: int, day: date) -> str:
    """The text of content/accessibility-audit.yaml. `languages` are those that people may choose."""
    pages = max((len(each.pages) for each in results), default=0)
    kinds = len({(each.check, each.words) for each in findings})
    return f"{FACTS_HEAD}audited_on: {day.isoformat()}\npages: {pages}\nlanguages: {languages}\nfindings: {kinds}\n"


def pictures(results: Sequence[Result], findings: Sequence[Finding], folder: Path) -> Path:
    """Write the page of pictures beside them; returns where it is."""
    parts = ["<!DOCTYPE html><html lang=en><meta charset=utf-8><title>The full audit</title>"]
    parts.append(
        "<style>body{font:16px sans-serif;margin:1rem}figure{display:inline-block;vertical-align:top;margin:.5rem;width:240px}"
        "img{width:240px;height:480px;object-fit:cover;object-position:top;border:1px solid}li{overflow-wrap:anywhere}</style>"
    )
    parts.append(f"<h1>The full audit</h1><h2>{len(findings)} findings</h2><ul>")
    parts += [f"<li>{escape(line.removeprefix('- '))}</li>" for line in found_lines(findings)]
    parts.append("</ul>")
    for result in results:
        parts.append(f"<h2 id='{result.language}'>{result.language}</h2>")
        parts += [
            f"<figure><a href='{name}'><img loading=lazy src='{name}' alt=''></a>"
            f"<figcaption>{escape(title)}</figcaption></figure>"
            for title, name in result.pictures
        ]
    page = folder / "index.html"
    page.write_text("\n".join(parts), encoding="utf-8")
    return page
