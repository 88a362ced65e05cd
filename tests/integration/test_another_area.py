"""What only the Hub can decide: named where it is not there, with the other ways, and shown where an area has it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import pytest
import time_machine
from click.testing import CliRunner, Result

from app import cli
from tests.harness.people import GATEKEEPER, Colleague, Person
from tests.harness.sides import Sides
from tests.stories import DAUGHTER_HELPS, WATCHED

AREA = Path(__file__).parents[1] / "area"


@pytest.fixture
def elsewhere(tmp_path: Path, day: time_machine.Traveller) -> Iterator[Sides]:
    """Both sides in the made-up area."""
    sides = Sides(tmp_path, environ={"CONTENT_DIR": str(AREA)})
    yield sides
    sides.close()


def doctor(environ: Mapping[str, str]) -> Result:
    """What doctor says."""
    own: dict[str, str | None] = {**dict.fromkeys(set(os.environ) & {"CONTENT_DIR"}), **environ}
    return CliRunner().invoke(cli.doctor, env=own)


@pytest.mark.rule("rule 11")
def test_doctor_lists_what_the_hub_has_not_decided(tmp_path: Path, day: time_machine.Traveller) -> None:
    here = Sides(tmp_path)
    here.close()
    found = doctor(here.environment("hub"))

    assert found.exit_code == 1
    for key in ("hub_run_by", "sign_language", "outside_contact"):
        assert any(key in line and "docs/before-launch.md" in line for line in found.output.splitlines()), key


def test_doctor_misses_nothing_where_everything_is_decided(elsewhere: Sides) -> None:
    assert doctor(elsewhere.environment("hub")).output == "Nothing is missing.\n"


def test_doctor_lists_the_guides_that_are_due_and_a_translation_that_cannot_be_used(
    tmp_path: Path, day: time_machine.Traveller
) -> None:
    folder = shutil.copytree(AREA, tmp_path / "content")
    for file, before, after in (
        (
            "guides/road.md",
            "reviewed_on: 2026-11-01\nreview_by: 2027-05-01",
            "reviewed_on: 2025-08-01\nreview_by: 2026-02-01",
        ),
        ("pl/guides/road.md", "{S63}", "{S70}"),
    ):
        text = (folder / file).read_text(encoding="utf-8")
        assert before in text
        (folder / file).write_text(text.replace(before, after), encoding="utf-8")
    there = Sides(tmp_path / "data", environ={"CONTENT_DIR": str(folder)})
    there.close()
    said = doctor(there.environment("hub"))

    assert said.exit_code == 1
    due, broken = said.output.splitlines()
    assert due == "content/guides/road.md: Hub lead was to look at it again by 2026-02-01 (docs/content.md)"
    assert broken.startswith("content/pl/guides/road.md: line 13: has other placeholders")


def test_references_are_as_long_as_the_area_says(elsewhere: Sides) -> None:
    asking = Person(elsewhere.portal_client(), replace(WATCHED, answers={**WATCHED.answers, "police": {}}))
    asking.ask()

    assert len(asking.reference) == 8


@pytest.mark.rule("rule 13")
def test_whoever_named_every_gatekeeper_is_given_the_one_outside(elsewhere: Sides) -> None:
    Colleague(elsewhere.hub_client()).sign_in(GATEKEEPER)
    reply = {**WATCHED.answers["reply"], "conflict": "yes", "conflict_who": "Dilys"}
    asking = Person(
        elsewhere.portal_client(), replace(WATCHED, answers={**WATCHED.answers, "police": {}, "reply": reply})
    )
    asking.ask()
    elsewhere.deliver()
    told = asking.come_back().part("instead")

    for named in ("Saltmere Open Door", "01632 960 044", "open-door.example.org"):
        assert named in told
    assert "Night line" not in told


@pytest.mark.requirement("A15")
def test_video_relay_is_named_with_its_hours_by_a_plain_link(elsewhere: Sides) -> None:
    reply = {**DAUGHTER_HELPS.answers["reply"], "language": "pl", "ways": ("bsl",)}
    answers = {**DAUGHTER_HELPS.answers, "police": {}, "reply": reply}
    asking = Person(elsewhere.portal_client(), replace(DAUGHTER_HELPS, answers=answers))
    page = asking.begin()
    for place in asking.path():
        if place.step.key == "reply-bsl":
            break
        page = asking.answer(page, place)

    for told in ("Example Relay", "Monday to Friday 10am to 4pm"):
        assert told in page.main.text
    (link,) = [each for each in page.main.all("a") if "relay.example.org" in each.attributes.get("href", "")]
    assert (link.attributes["href"], link.attributes["rel"]) == (
        "https://relay.example.org/lantern",
        "external noreferrer",
    )
    assert "target" not in link.attributes
    offered = {each.value for each in page.form("how").controls if each.name == "how"}
    assert offered == {"video", "relay", "text", "meet"}
