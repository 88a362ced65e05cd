"""The list of sources that guides and rights name by id."""

from __future__ import annotations

from pathlib import Path

from app.adapters.yaml_reader import read_yaml
from app.domain.source import Source


def load_sources(folder: Path) -> dict[str, Source]:
    """The sources of `folder`/sources.yaml by id. Raises ContentError."""
    top = read_yaml(folder / "sources.yaml")
    read_on, listed = top.day("read_on"), top.section("sources")
    found: dict[str, Source] = {}
    for one in listed.keys():  # noqa: SIM118 - not a dictionary
        entry = listed.section(one)
        found[one] = Source(
            id=one,
            what=entry.text("what"),
            where=entry.text("where"),
            dated=entry.optional_text("dated") or "",
            read_on=entry.optional_day("read_on") or read_on,
        )
        entry.done()
    listed.done()
    top.done()
    return found
