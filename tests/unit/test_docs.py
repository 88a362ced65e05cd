"""The documents say what the code does: variables, alarms, commands, tests and files that they name are there."""

import ast
import csv
import importlib
import re
import tomllib
from html.parser import HTMLParser
from pathlib import Path

import click
import pytest

from app.adapters import content
from app.counts import SERIES
from app.domain.alarms import ALARMS, NOW, TODAY, WEEK
from app.domain.area import STATEMENTS
from app.domain.languages import Language
from app.settings import HUB_PREFIXES, HUB_VARIABLES, PORTAL_VARIABLES, SHARED_VARIABLES
from tools import before_launch, unavailable

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
CALDERWICK = ROOT / "tests" / "area"
OPERATIONS = (DOCS / "operations.md").read_text("utf-8")
PAGES = sorted([*DOCS.rglob("*.md"), ROOT / "README.md", ROOT / "SECURITY.md", ROOT / "CHANGELOG.md"])
READERS = [ROOT / "app" / "settings.py", ROOT / "app" / "cli.py", ROOT / "app" / "processes.py"]
NAME = re.compile(r"SIDE|NOTICES|[A-Z]+(_[A-Z]+)+")


def strings(path: Path) -> set[str]:
    """Every text that stands in the code of a module."""
    tree = ast.parse(path.read_text("utf-8"))
    return {each.value for each in ast.walk(tree) if isinstance(each, ast.Constant) and isinstance(each.value, str)}


def table(page: str, heading: str) -> list[list[str]]:
    """The rows of the first table under a heading, without its head."""
    after = page.split(f"## {heading}\n", 1)[1]
    lines = [line for line in re.split(r"\n#+ ", after)[0].splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines[2:]]


# Variables


def variables_in_code() -> set[str]:
    return {text for path in READERS for text in strings(path) if NAME.fullmatch(text)} - {
        "SERVER_PID",
        "MALLOC_ARENA_MAX",
    }


def test_every_variable_that_is_read_is_told_and_every_one_told_is_read():
    told = [row[0].strip("`") for row in table(OPERATIONS, "Variables")]

    assert len(told) == len(set(told))
    assert set(told) == variables_in_code()
    assert set(told) >= SHARED_VARIABLES | PORTAL_VARIABLES | HUB_VARIABLES
    assert "`SERVER_PID`" in OPERATIONS
    assert "`MALLOC_ARENA_MAX`" in OPERATIONS


def test_each_variable_is_told_with_its_meaning_its_default_and_its_side():
    for name, meaning, default, side in table(OPERATIONS, "Variables"):
        own = name.strip("`")
        expected = "both" if own in SHARED_VARIABLES else "portal" if own in PORTAL_VARIABLES else "hub"
        assert meaning, name
        assert default, name
        assert side.split(";")[0] == expected, name


def test_the_families_of_names_that_belong_to_the_hub_are_told():
    assert all(f"`{prefix}`" in OPERATIONS for prefix in HUB_PREFIXES)


def test_the_search_for_variables_finds_one_that_is_read(tmp_path):
    module = tmp_path / "settings.py"
    module.write_text('"""Reads NOT_THIS_ONE."""\nurl = environ.get("NEW_URL", "")\nsays = "NEW_URL must be set"\n')

    assert {text for text in strings(module) if NAME.fullmatch(text)} == {"NEW_URL"}


# Alarms and refusals


def alarms_in_code() -> set[str]:
    found = set()
    for path in sorted((ROOT / "app").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not isinstance(node, ast.Call) or not node.args or not isinstance(node.args[0], ast.Constant):
                continue
            called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            text = str(node.args[0].value)
            if called == "alarm":
                found.add(text)
            elif called in {"error", "critical"} and text.startswith("alarm: ") and "%s %s" not in text:
                found.add(re.sub(r" \w+=.*", "", text.removeprefix("alarm: ")))
    return found


def test_every_alarm_is_told_with_what_to_do_and_no_other():
    rows = table(OPERATIONS, "Alarms")

    assert {row[0].strip("`") for row in rows} == alarms_in_code()
    assert all(len(row) == 3 and all(row) for row in rows)


def test_every_alarm_has_its_urgency_in_the_code_and_on_the_page():
    assert set(ALARMS) == alarms_in_code()
    sections = re.split(r"\n## ", (DOCS / "operations" / "alarms.md").read_text("utf-8"))
    for urgency, heading in ((NOW, "Now"), (TODAY, "Today"), (WEEK, "This week")):
        section = next(each for each in sections if each.startswith(heading))
        told = {
            (part, name)
            for line in section.splitlines()
            if (found := re.match(r"\| ([a-z-]+) \| `", line))
            for part in found.groups()
            for name in re.findall(r"`([^`]+)`", line)
        }
        assert told == {(part, name) for name, (part, own) in ALARMS.items() if own == urgency}, urgency


def test_every_count_is_told_on_the_page():
    page = (DOCS / "operations" / "alarms.md").read_text("utf-8")
    names = {f"ask_{each.name}{'' if each.bounds or each.is_level else '_total'}" for each in SERIES}
    gauges = set(re.findall(r'(?:single|Gauge)\(\s*"([a-z_]+)"', (ROOT / "app" / "metrics.py").read_text("utf-8")))
    assert len(gauges) > 12
    assert set(re.findall(r"^\| `(ask_\w+)`", page, re.M)) == names | {f"ask_{name}" for name in gauges}


def test_every_code_of_a_refusal_is_told():
    reasons = set()
    for side in ("hub", "portal"):
        tree = ast.parse((ROOT / "app" / "services" / side / "post.py").read_text("utf-8"))
        for node in ast.walk(tree):
            if isinstance(node, ast.Return | ast.Assign) and isinstance(node.value, ast.Constant):
                reasons.add(node.value.value)
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Verdict" and len(node.args) == 2:
                reasons.add(getattr(node.args[1], "value", None))
    codes = {reason for reason in reasons if isinstance(reason, str) and re.fullmatch(r"[a-z]+(-[a-z]+)*", reason)}

    assert len(codes) >= 8
    assert {code for code in codes if f"`{code}`" not in OPERATIONS} == set()


# Commands


def test_every_command_is_declared_and_told_in_the_operations_page():
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["entry-points"]["flask.commands"]
    module = importlib.import_module("app.cli")
    commands = {name: found for name, found in vars(module).items() if isinstance(found, click.Command)}
    grouped = {
        id(inner) for found in commands.values() if isinstance(found, click.Group) for inner in found.commands.values()
    }
    standing = {found.name: f"app.cli:{name}" for name, found in commands.items() if id(found) not in grouped}

    assert standing == declared
    told = OPERATIONS + (ROOT / "README.md").read_text("utf-8")
    for found in commands.values():
        if id(found) in grouped:
            assert re.search(rf"flask \w+ {found.name}\b", told), found.name
        else:
            assert f"flask {found.name}" in told, found.name


# What the pages point at


def names_of_tests(text: str) -> set[tuple[str, str]]:
    return set(re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", text))


def missing_tests(text: str) -> list[str]:
    return [
        f"{file}::{name}"
        for file, name in sorted(names_of_tests(text))
        if not (ROOT / file).is_file()
        or not re.search(rf"^def {name}\(", (ROOT / file).read_text("utf-8"), re.MULTILINE)
    ]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_test_that_a_page_names_is_there(page):
    assert missing_tests(page.read_text("utf-8")) == []


def test_a_test_that_is_not_there_is_noticed():
    assert missing_tests("`tests/unit/test_docs.py::test_that_nobody_wrote`")
    assert missing_tests("`tests/unit/test_nothing.py::test_at_all`")
    assert not missing_tests("`tests/unit/test_docs.py::test_a_test_that_is_not_there_is_noticed`")


def untied(page: str) -> list[str]:
    """The rows of a threat model that name no test, but for the heads."""
    rows = [line for line in page.splitlines() if line.startswith("| ")]
    return [line for line in rows if not line.endswith("shown by |") and not names_of_tests(line.rpartition(" | ")[2])]


def test_every_row_of_the_threat_model_is_tied_to_a_test_and_every_threat_has_rows():
    page = (DOCS / "threat-model.md").read_text("utf-8")

    assert untied(page) == []
    assert untied(page + "| they try | something | nothing | - |\n")
    for threat in (
        "partner",
        "at the Hub",
        "breaks into the portal",
        "carries the post",
        "device that is seized",
        "court",
    ):
        assert re.search(rf"^## .*{threat}", page, re.MULTILINE), threat


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_link_within_the_project_leads_somewhere(page):
    for target in re.findall(r"\]\(([^)#:]+)(?:#[\w-]*)?\)", page.read_text("utf-8")):
        if not target.endswith(".png"):  # pictures are made anew by `make screenshots`
            assert (page.parent / target).exists(), target


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_file_that_a_page_names_is_there(page):
    named = re.findall(
        r"`((?:app|content|docs|tests|tools|migrations|static|translations)/[\w./-]*)`", page.read_text("utf-8")
    )

    made_at_set_up = {"static/built/unavailable.html"}
    assert [name for name in named if name not in made_at_set_up and not (ROOT / name).exists()] == []


def test_the_map_of_the_house_has_every_room():
    readme = (ROOT / "README.md").read_text("utf-8")
    rooms = sorted(each.name for each in (ROOT / "app").iterdir() if each.is_dir() and (each / "__init__.py").exists())

    assert [room for room in rooms if f"  {room}/" not in readme] == []


def test_every_decision_names_the_test_that_holds_it_and_stands_in_the_list():
    decisions = sorted(page for page in (DOCS / "adr").glob("[0-9]*.md"))
    listed = (DOCS / "adr" / "README.md").read_text("utf-8")

    assert [page.name[:4] for page in decisions] == [f"{number:04}" for number in range(1, len(decisions) + 1)]
    for page in decisions:
        text = page.read_text("utf-8")
        assert text.startswith(f"# {page.name[:4]}: "), page.name
        assert names_of_tests(text), page.name
        assert page.name in listed, page.name


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_no_page_claims_what_is_not_true(page):
    """The claim is "the website cannot read past requests"; "end-to-end encrypted" may only be denied."""
    for sentence in re.split(r"(?<=[.:;])\s", page.read_text("utf-8")):
        if "end-to-end" in sentence:
            assert "not " in sentence or "never" in sentence.lower(), sentence


def test_every_sheet_of_requirements_is_whole():
    path = DOCS / "requirements.csv"
    if path.exists():
        with path.open(encoding="utf-8", newline="") as file:
            lines = list(csv.reader(file))
        assert len({len(line) for line in lines}) == 1


# Before launch


@pytest.mark.rule("rule 11")
def test_every_statement_of_the_hub_is_explained_with_wordings_to_choose_from():
    page = (DOCS / "before-launch.md").read_text("utf-8")

    for statement in STATEMENTS:
        section = page.split(f"### `{statement}`\n", 1)[1].split("\n##", 1)[0]
        assert 2 <= len(re.findall(r"^- .*`.+`", section, re.MULTILINE)) <= 3, statement


@pytest.mark.rule("rule 9")
def test_the_numbers_to_ring_first_are_those_of_the_services():
    page = before_launch.PAGE.read_text("utf-8")

    assert before_launch.fresh(page) == page, "run `python -m tools.before_launch`"


@pytest.fixture(scope="module")
def calderwick():
    directory = content.load_directory(CALDERWICK)
    return content.load_area(CALDERWICK), directory, content.load_help_now(CALDERWICK, directory)


def test_what_does_most_harm_if_it_is_wrong_comes_first():
    directory = content.load_directory(ROOT / "content")
    area = content.load_area(ROOT / "content")
    found = before_launch.rows(area, directory, content.load_help_now(ROOT / "content", directory))
    places = [row.why for row in found]

    assert found[0].name.endswith(area.hub_name)
    urgent = [place for place, why in enumerate(places) if why.startswith("Get help now")]
    assert urgent == list(range(1, len(urgent) + 1))
    doubtful = [place for place in urgent if "(high)" not in found[place].numbers]
    assert doubtful == list(range(1, len(doubtful) + 1))


def test_what_was_checked_is_no_longer_on_the_list(calderwick):
    names = [row.name for row in before_launch.rows(*calderwick)]

    assert not [name for name in names if "Lantern" in name]  # the Hub's number was checked
    assert "Night line" in names


def test_a_table_that_is_out_of_date_is_noticed(calderwick):
    page = f"above\n{before_launch.BEGIN}\nold\n{before_launch.END}\nbelow"
    made = before_launch.placed(page, before_launch.table(before_launch.rows(*calderwick)))

    assert made != page
    assert made.startswith("above\n")
    assert made.endswith("\nbelow")
    with pytest.raises(before_launch.MarksMissing):
        before_launch.placed("no marks", "table")


# The page for when the site does not answer


class Seen(HTMLParser):
    """What a browser would make of a page, as far as the tests ask."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.words = ""
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, {name: value or "" for name, value in attrs}))

    def handle_data(self, data):
        self.words += data

    def attributes(self, name: str) -> list[str]:
        return [found[name] for _, found in self.tags if name in found]


ENGLISH = Language(
    slug="en",
    tag="en-GB",
    name="English",
    endonym="English",
    dir="ltr",
    format_locale="en_GB",
    catalogue="en",
    shown=True,
)
MIRRORED = Language(
    slug="ar-XB",
    tag="ar-XB",
    name="Mirrored",
    endonym="x",
    dir="rtl",
    format_locale="ar",
    catalogue="ar_XB",
    shown=True,
)


@pytest.fixture(scope="module")
def shipped() -> str:
    folder = ROOT / "content"
    help_now = content.load_help_now(folder, content.load_directory(folder))
    return unavailable.render(content.load_area(folder), help_now, content.load_languages(folder).shown(pseudo=False))


@pytest.mark.requirement("D9")
def test_the_unavailable_page_has_every_number_of_get_help_now(shipped):
    folder = ROOT / "content"
    help_now = content.load_help_now(folder, content.load_directory(folder))
    words = Seen(shipped).words

    for group in (help_now.danger, help_now.cope, *help_now.kinds):
        for service in group.services:
            assert service.name in words
            assert all(number.number in words for number in service.numbers)
    assert content.load_area(folder).hub_phone.number in words


@pytest.mark.rule("rule 9")
def test_a_number_that_nobody_checked_says_so_there_too(shipped):
    assert "Not checked by us yet" in shipped


@pytest.mark.rule("rule 4")
@pytest.mark.rule("rule 5")
def test_the_unavailable_page_needs_nothing_from_anywhere(shipped):
    page = Seen(shipped)

    assert not {"script", "link", "img", "iframe", "form", "object"} & {tag for tag, _ in page.tags}
    assert not page.attributes("src")
    assert not page.attributes("style")
    assert "url(" not in shipped
    assert "@import" not in shipped


def test_its_policy_allows_its_own_styles_and_nothing_else(shipped):
    policies = [
        found["content"] for tag, found in Seen(shipped).tags if found.get("http-equiv") == "Content-Security-Policy"
    ]
    inside = re.search(r"<style>(.*?)</style>", shipped, re.DOTALL)

    assert inside
    assert inside[1] == unavailable.STYLES  # so that the hash fits
    assert len(policies) == 1
    assert policies[0].startswith("default-src 'none'; style-src 'sha256-")
    assert shipped.index("Content-Security-Policy") < shipped.index("<style>")


@pytest.mark.rule("rule 3")
def test_its_title_says_nothing_about_why_somebody_came(shipped):
    title = re.search(r"<title>(.*?)</title>", shipped)

    assert title
    assert not re.search(r"victim|crime|police|hub|abuse", title[1], re.IGNORECASE)


@pytest.mark.requirement("A15")
def test_every_language_that_is_shown_has_its_own_part_with_its_direction(calderwick):
    area, _, help_now = calderwick
    page = Seen(unavailable.render(area, help_now, [ENGLISH, MIRRORED]))
    parts = [(found.get("lang"), found.get("dir")) for tag, found in page.tags if tag == "section"]

    assert parts == [("en-GB", "ltr"), ("ar-XB", "rtl")]
    assert [tag for tag, _ in page.tags].count("h1") == 1
    ids = page.attributes("id")
    assert len(ids) == len(set(ids))


def test_the_page_is_written_in_one_step_and_only_when_it_changed(tmp_path):
    page = tmp_path / "built" / "unavailable.html"

    assert unavailable.write("first", page)
    assert not unavailable.write("first", page)
    assert unavailable.write("second", page)
    assert page.read_text("utf-8") == "second"
    assert [each.name for each in page.parent.iterdir()] == ["unavailable.html"]
