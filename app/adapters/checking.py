"""Writing down that somebody checked a number: two lines of a content file change, and every comment stays."""

from __future__ import annotations

import json
import os
import re
from datetime import date
from pathlib import Path
from typing import Any

import yaml

from app.adapters.yaml_reader import read_file

HUB = "hub"
_LONGEST_BY = 80


class NotWritten(Exception):
    """The day could not be written down; the file is as it was. The text is one line."""


def mark_checked(folder: Path, service_id: str, *, on: date, by: str) -> str:
    """Write `checked_on` of a service into `folder`/services.yaml, or of the Hub's number ("hub") into area.yaml.

    `by` says who checked and how ("Hub lead, by phone"); it stands below the day, and on the service's page. Returns the file's
    name.
    Raises NotWritten when there is no such entry, or when anything else would change; ContentError when there is no file.
    """
    told = " ".join(by.split())
    if not told or len(told) > _LONGEST_BY or "#" in told or not told.isprintable():
        raise NotWritten(f"--by: say who checked, and how, in at most {_LONGEST_BY} letters and without #")
    path = folder / ("area.yaml" if service_id == HUB else "services.yaml")
    before = read_file(path)
    start, end, indent = _place(before, service_id)
    block = before[start:end]
    lines = f"{indent}checked_on: {on.isoformat()}\n{indent}checked_by: {json.dumps(told, ensure_ascii=False)}"
    without = re.sub(rf"(?m)^{indent}checked_by:.*\n", "", block)
    after_block, times = re.subn(rf"(?m)^{indent}checked_on:.*$", lambda _: lines, without, count=1)
    if not times:
        # Behind the last line of the entry, before the empty lines and headings that follow it.
        kept = re.sub(r"(\n\s*(#[^\n]*)?)*\Z", "", block)
        after_block = f"{kept}\n{lines}{block[len(kept) :]}"
    after = before[:start] + after_block + before[end:]
    if _without(before, service_id) != _without(after, service_id) or _day(after, service_id) != on:
        raise NotWritten(f"{path.name}: the entry '{service_id}' is written in a way that only a person can change")
    beside = path.with_name(path.name + ".new")
    beside.write_text(after, encoding="utf-8")
    os.replace(beside, path)
    return path.name


def _place(text: str, service_id: str) -> tuple[int, int, str]:
    """Where an entry begins and ends, and how far its keys stand in."""
    if service_id == HUB:
        found = re.search(r"(?m)^hub_phone:[^\n]*\n((?:[ ]+[^\n]*\n|\s*#[^\n]*\n)*)", text)
        if not found:
            raise NotWritten("area.yaml: there is no hub_phone")
        return found.start(1), found.end(1), "  "
    begins = re.search(rf"(?m)^  - id: {re.escape(service_id)}[ ]*(?:#[^\n]*)?$", text)
    if not begins:
        raise NotWritten(f"services.yaml: there is no service '{service_id}'")
    following = re.compile(r"(?m)^  - id: ").search(text, begins.end())
    return begins.start(), following.start() if following else len(text), "    "


def _read(text: str, service_id: str) -> tuple[Any, dict[str, Any]]:
    whole = yaml.safe_load(text)
    if service_id == HUB:
        return whole, whole["hub_phone"]
    return whole, next(each for each in whole["services"] if each["id"] == service_id)


def _without(text: str, service_id: str) -> Any:
    whole, entry = _read(text, service_id)
    for key in ("checked_on", "checked_by"):
        entry.pop(key, None)
    return whole


def _day(text: str, service_id: str) -> Any:
    return _read(text, service_id)[1].get("checked_on")
