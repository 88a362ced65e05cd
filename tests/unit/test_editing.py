"""Those who keep the content true: a number is marked as checked without touching a comment, and an area sees what is open."""

import difflib
import shutil
from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from app import editing
from app.adapters import content
from app.adapters.checking import NotWritten, _place
from tools import before_launch

ROOT = Path(__file__).parents[2]
ELSEWHERE = ROOT / "tests" / "area"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of what we publish, to write in."""
    return Path(shutil.copytree(ROOT / "content", tmp_path / "content"))


def run(folder: Path, *arguments: str) -> Result:
    group = {"content": editing.content_group, "area": editing.area_group}[arguments[0]]
    return CliRunner().invoke(group, arguments[1:], env={"CONTENT_DIR": str(folder)})


def changed_lines(folder: Path, name: str) -> list[str]:
    before, after = ((each / name).read_text("utf-8").splitlines() for each in (ROOT / "content", folder))
    return [line for line in difflib.ndiff(before, after) if line[0] in "-+"]


def test_a_checked_number_changes_its_own_lines_and_no_comment(folder):
    done = run(folder, "content", "checked", "childline", "--on", "2026-01-20", "--by", "Hub lead, by phone")

    assert done.exit_code == 0, done.output
    assert changed_lines(folder, "services.yaml") == [
        "-     checked_on: null",
        "+     checked_on: 2026-01-20",
        '+     checked_by: "Hub lead, by phone"',
    ]
    phone = content.load_directory(folder).get("childline").phone
    assert phone.is_checked
    assert (phone.checked_on, phone.checked_by) == (date(2026, 1, 20), "Hub lead, by phone")
    assert "| Childline |" not in before_launch.fresh(before_launch.PAGE.read_text("utf-8"), folder)


def test_checked_again_the_later_day_stands_alone(folder):
    for day in ("2026-01-18", "2026-01-20"):
        assert (
            run(folder, "content", "checked", "childline", "--on", day, "--by", "Supervisor, on their site").exit_code
            == 0
        )
    text = (folder / "services.yaml").read_text("utf-8")
    assert "2026-01-18" not in text
    assert text.count("Supervisor, on their site") == 1


def test_an_entry_that_had_no_day_gets_one(tmp_path):
    folder = Path(shutil.copytree(ELSEWHERE, tmp_path / "area"))
    assert run(folder, "content", "checked", "unreachable", "--on", "2026-01-20", "--by", "Hub lead").exit_code == 0
    assert content.load_directory(folder).get("unreachable").phone.is_checked


def test_the_hubs_own_number_stands_in_the_county_file(folder):
    assert run(folder, "content", "checked", "hub", "--on", "2026-01-20", "--by", "Hub lead, by phone").exit_code == 0
    assert len(changed_lines(folder, "area.yaml")) == 3
    assert content.load_area(folder).hub_phone.checked_by == "Hub lead, by phone"


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("nobody", "--on", "2026-01-20", "--by", "x"), "no service"),
        (("childline", "--on", "2099-01-01", "--by", "x"), "has not come"),
        (("childline", "--on", "2026-01-20", "--by", " "), "say who checked"),
        (("childline", "--on", "2026-01-20", "--by", "x # y"), "say who checked"),
        (("childline", "--on", "yesterday", "--by", "x"), "does not match"),
    ],
)
def test_a_slip_leaves_the_file_alone(folder, arguments, complaint):
    done = run(folder, "content", "checked", *arguments)
    assert done.exit_code != 0
    assert complaint in done.output
    assert changed_lines(folder, "services.yaml") == []


def test_a_name_is_taken_whole():
    with pytest.raises(NotWritten):
        _place("services:\n  - id: childline-wales\n    name: x\n", "childline")


@pytest.mark.requirement("E20")
def test_an_area_sees_what_it_has_still_to_do():
    here = run(ROOT / "content", "area", "check")
    assert here.exit_code == 1
    for said in ("statement_recording", "site_host", "numbers were not checked", "huntingdonshire", "have not agreed"):
        assert said in here.output


@pytest.mark.requirement("E20")
def test_another_area_is_read_by_the_same_command():
    there = run(ELSEWHERE, "area", "check")
    assert "Talk to Someone; Calderwick and Saltmere; Lantern House Team" in there.output
    assert "statements: 7 of 7" in there.output
    for said in ("Cambridge", "Victim and Witness Hub", "Constabulary"):
        assert said not in there.output


@pytest.mark.requirement("E20")
def test_no_name_of_the_area_stands_in_the_program():
    """Another county changes content alone: what this one is called stands nowhere else."""
    area = content.load_area(ROOT / "content")
    names = {area.service_name, area.area_name, area.hub_name, area.commissioner_office, area.hub_phone.number}
    names |= {district.name for district in area.districts} | {agency.name for agency in area.agencies}
    code = [
        *(ROOT / "app").rglob("*.py"),
        *(ROOT / "app" / "templates").rglob("*.html"),
        ROOT / "translations" / "messages.pot",
    ]
    found = {
        (path.name, name)
        for path in code
        for name in names - NAMES_OF_OTHERS
        if name in path.read_text("utf-8").replace(A_SOURCE, "")
    }  # fmt: skip
    assert found == set()


# Whom a page names as the source of what it says, in the words of its translations.
A_SOURCE = "Cambridge and Peterborough Rape Crisis"
# Words of the language as well: a button's, and agencies of the whole country.
NAMES_OF_OTHERS = {"Ask for Support", "Crown Prosecution Service", "Probation Service"}
