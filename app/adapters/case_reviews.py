"""Trouble that keeps coming back, by district: `case-review.yaml` and `who-does-what.yaml` of the content folder."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from app.adapters.yaml_reader import Section, read_yaml
from app.domain.area import Area
from app.domain.case_review import Line, ReviewError, Rule, WhoDoesWhat
from app.domain.directory import Directory


def load_case_reviews(folder: Path, area: Area, directory: Directory) -> Mapping[str, Rule]:
    """The rule of every district by the district's id, in the order of the area. Raises ContentError."""
    top = read_yaml(folder / "case-review.yaml")
    if not top.texts("law_sources"):
        raise top.error("law_sources", "what is published needs a source")
    found = top.each("districts", lambda entry: _rule(entry, area, directory))
    top.done()
    by_district = {rule.district: rule for rule in found}
    if len(by_district) != len(found):
        raise top.error("districts", "a district is there twice")
    for district in area.districts:
        if district.id not in by_district:
            raise top.error("districts", f"there is no '{district.id}'")
    return {district.id: by_district[district.id] for district in area.districts}


def load_who_does_what(folder: Path, area: Area, directory: Directory) -> Mapping[str, WhoDoesWhat]:
    """Who does what, by the district's id, in the order of the area; empty where there is no such file. Raises ContentError."""
    path = folder / "who-does-what.yaml"
    if not path.is_file():
        return {}
    top = read_yaml(path)
    top.day("read_on")
    found = {each.district: each for each in top.each("districts", lambda entry: _who(entry, area, directory))}
    top.done()
    return {district.id: found.get(district.id, WhoDoesWhat(district=district.id)) for district in area.districts}


def _who(entry: Section, area: Area, directory: Directory) -> WhoDoesWhat:
    district, service = entry.text("district"), entry.optional_text("service")
    if area.district(district) is None:
        raise entry.error("district", f"'{district}' is not in area.yaml")
    if service is not None and directory.get(service) is None:
        raise entry.error("service", f"there is no service '{service}' that can be reached")
    return WhoDoesWhat(district=district, lines=entry.each("lines", _line), checked_on=entry.optional_day("checked_on"))


def _line(entry: Section) -> Line:
    sources = entry.texts("sources")
    if not sources:
        raise entry.error("sources", "what is published needs a source")
    return Line(text=entry.text("text"), sources=sources, is_old=entry.truth("is_old", default=False))


def _rule(entry: Section, area: Area, directory: Directory) -> Rule:
    district, service = entry.text("district"), entry.optional_text("service")
    if area.district(district) is None:
        raise entry.error("district", f"'{district}' is not in area.yaml")
    if service is not None and directory.get(service) is None:
        raise entry.error("service", f"there is no service '{service}' that can be reached")
    source = entry.text("source")
    if not source.startswith("https://"):
        raise entry.error("source", "must be a web address that starts with https://")
    try:
        return Rule(
            district=district,
            service=service,
            reports=entry.optional_whole("reports"),
            after_answer=entry.truth("after_answer"),
            incidents=entry.optional_whole("incidents"),
            people=entry.optional_whole("people"),
            acknowledged_days=entry.optional_whole("acknowledged_days"),
            source=source,
            read=entry.text("read"),
            checked_on=entry.optional_day("checked_on"),
        )
    except ReviewError as error:
        raise entry.error("reports", str(error)) from None
