"""content/funding.yaml as typed values."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

from app.adapters.yaml_reader import Section, read_yaml
from app.domain.directory import Directory
from app.domain.funding import FundedWork, Funding, FundingList


def load_funding(folder: Path, directory: Directory) -> Funding:
    """The lists of `folder`/funding.yaml, newest first; none when there is no such file. ContentError says what is wrong."""
    path = folder / "funding.yaml"
    if not path.is_file():
        return Funding(lists=(), current_until=None)
    top = read_yaml(path)
    known = {service.id for service in directory.all}

    def work(entry: Section) -> FundedWork:
        service_id = entry.optional_text("service") or ""
        if service_id and service_id not in known:
            raise entry.error("service", f"there is no service '{service_id}'")
        return FundedWork(what=entry.text("what"), by=entry.optional_text("by") or "", service_id=service_id)

    def one(entry: Section) -> FundingList:
        outcomes = entry.text("outcomes", empty=True)
        if outcomes and urlsplit(outcomes).scheme != "https":
            raise entry.error("outcomes", "must be an https address")
        return FundingList(
            dated=entry.day("dated"),
            period=entry.text("period"),
            source=entry.text("source"),
            works=entry.each("works", work),
            outcomes=outcomes,
        )

    lists = top.each("lists", one)
    funding = Funding(
        lists=tuple(sorted(lists, key=lambda each: each.dated, reverse=True)),
        current_until=top.optional_day("current_until"),
    )
    top.done()
    return funding
