"""What is known of how the promises were kept, out of content/results.yaml. docs/measures.md says what each figure means."""

from __future__ import annotations

import re
from pathlib import Path

from app.adapters.yaml_reader import ContentError, Section, read_yaml
from app.domain.pledge import PROMISE_IDS
from app.domain.promise_results import (
    FIGURES,
    Changed,
    Published,
    Quarter,
    QuarterFigures,
    Results,
    ResultsError,
    Tally,
)


def load_results(folder: Path) -> Results:
    """The results of `folder`/results.yaml. Raises ContentError, one line with the file, the key and what is wrong."""
    top = read_yaml(folder / "results.yaml")
    try:
        results = Results(
            quarters=top.each("quarters", _quarter),
            published=top.each("published", _published),
            changed=top.each(
                "changed",
                lambda entry: Changed(entry.choice("promise", PROMISE_IDS), entry.day("day"), entry.text("what")),
            ),
        )
    except ResultsError as error:
        raise ContentError(top.file, "quarters", str(error)) from None
    top.done()
    return results


def _quarter(entry: Section) -> QuarterFigures:
    return QuarterFigures(
        Quarter.read(entry.text("quarter")),
        entry.each(
            "figures",
            lambda one: Tally(
                one.choice("promise", PROMISE_IDS), one.choice("by", FIGURES), one.whole("kept"), one.whole("of")
            ),
        ),
    )


def _published(entry: Section) -> Published:
    web = entry.optional_text("web")
    if web and not re.fullmatch(r"https?://[^\s/]+\.[^\s]+", web):
        raise entry.error("web", "must be a web address that starts with https:// or http://")
    return Published(entry.choice("promise", PROMISE_IDS), entry.day("day"), entry.text("title"), web)
