"""Commands for those who keep the content true: `flask content checked`, `flask area check`. They need no side."""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path

import click

from app.adapters import content, rights
from app.adapters.case_reviews import load_case_reviews, load_who_does_what
from app.adapters.checking import NotWritten, mark_checked
from app.adapters.yaml_reader import ContentError
from app.domain.area import STATEMENTS, Area
from app.web.clock import now


@click.group("content")
def content_group() -> None:
    """The content folder: what was checked."""


@content_group.command("checked")
@click.argument("service_id")
@click.option("--on", "day", required=True, type=click.DateTime(["%Y-%m-%d"]), help="The day, such as 2026-12-01.")
@click.option("--by", required=True, help="Who, and how: “Hub lead, by phone”.")
def content_checked(service_id: str, day: datetime, by: str) -> None:
    """Write down that SERVICE_ID was checked; `hub` is the Hub's own number. Comments in the file stay."""
    if day.date() > now().date():
        raise click.ClickException("--on: this day has not come yet")
    try:
        name = mark_checked(_folder(), service_id, on=day.date(), by=by)
    except (NotWritten, ContentError) as problem:
        raise click.ClickException(str(problem)) from None
    click.echo(f"{name}: {service_id} was checked on {day:%Y-%m-%d}. Now run: python -m tools.before_launch")


@click.group("area")
def area_group() -> None:
    """The county file and what hangs on it."""


@area_group.command("check")
def area_check() -> None:
    """Go through everything that an area has to fill in (docs/adopting.md); exit 1 while something is open."""
    folder = _folder()
    try:
        area = content.load_area(folder)
        found, missing = _seen(folder, area)
    except ContentError as problem:
        raise click.ClickException(str(problem)) from None
    for heading, told in found.items():
        click.echo(f"{heading}: {told}")
    if missing:
        click.echo("\nStill open:")
        for line in missing:
            click.echo(f"- {line}")
        raise SystemExit(1)
    click.echo("\nNothing is open.")


def _seen(folder: Path, area: Area) -> tuple[dict[str, str], list[str]]:
    """What there is, by heading, and one line for each thing that somebody still has to do. Raises ContentError."""
    directory = content.load_directory(folder)
    help_now = content.load_help_now(folder, directory)
    languages = content.load_languages(folder)
    pledge = content.load_pledge(folder, "en")
    content.load_accessibility(folder)
    rights.load_rights(folder, "en")
    reviews = load_case_reviews(folder, area, directory)
    load_who_does_what(folder, area, directory)
    listed = [service for service in directory.all if service.is_reachable]
    numbers = [each for service in listed for each in (service.phone, service.sms, service.textphone) if each]
    rung = sum(each.checked_on is not None for each in numbers)
    unread = [rule.district for rule in reviews.values() if rule.reports is None]
    written = len(STATEMENTS) - len(area.missing_statements())
    shown = [each.slug for each in languages.shown(pseudo=False)]
    found = {
        "names": f"{area.service_name}; {area.area_name}; {area.hub_name}",
        "districts": f"{len(area.districts)}, and their case reviews",
        "hours": f"holidays are listed until {area.holidays_known_until or 'no day'}",
        "services": f"{len(listed)} of {len(directory.all)} can be shown; {rung} of {len(numbers)} numbers were checked",
        "get help now": f"{len(help_now.kinds) + 2} groups",
        "statements": f"{written} of {len(STATEMENTS)}",
        "languages": f"{len(shown)}: {' '.join(shown)}",
        "pledge": f"version {pledge.version}, {pledge.status}",
        "duties": "; ".join(dict.fromkeys(promise.kept_by for promise in pledge.promises)),
        "colours": "static/styles/_theme.scss; tests/unit/test_assets.py computes their contrast",
        "data protection": "docs/dpia.md is filled in for the default; go through it with your data protection officer",
    }
    missing = [f"{key}: write it in the Hub's own words (docs/before-launch.md)" for key in area.missing_statements()]
    for key, is_there in (
        ("site_host", area.site_host),
        ("freepost", area.freepost),
        ("hub_phone: ring it", area.hub_phone.checked_on),
        ("hub_hours: ask for them", area.hub_hours_checked_on),
        ("sign_language", area.sign_language.provider),
        ("outside_contact", area.outside_contact.name),
        ("interpreter_provider", area.interpreter_provider),
        ("translation_days", area.translation_days),
        ("commissioner_name", area.commissioner_name),
    ):
        if not is_there:
            missing.append(f"{key}: is empty")
    if area.holidays_known_until is None or (area.holidays_known_until - now().date()).days < 90:
        missing.append("holidays: list next year's")
    if rung < len(numbers):
        missing.append(
            f"services: {len(numbers) - rung} numbers were not checked (docs/before-launch.md, “Ring these first”)"
        )
    missing += [f"case-review.yaml: ask the council of {district} for its number" for district in unread]
    if not pledge.is_agreed:
        missing.append("pledge.md: the partner agencies have not agreed it")
    return found, missing


def _folder() -> Path:
    return Path(os.environ.get("CONTENT_DIR") or Path(__file__).parent.parent / "content")
