"""What a process does not load it does not hold: the small things that made a large one."""

from __future__ import annotations

import ast
import re
import subprocess
import sys

import pytest
from babel import Locale, localedata
from babel.dates import format_date, format_time
from flask import Flask, g

from app.adapters.content import load_languages
from app.web import language
from app.web.language import NEVER_ASKED, forget_unused
from tests.unit.test_docs import ROOT

LOCALES = sorted({each.format_locale for each in load_languages(ROOT / "content").all})


def loaded(code: str, packages: tuple[str, ...]) -> list[str]:
    """What of these packages is there after this code ran in a process of its own."""
    told = f"import sys; {code}; print(*(each for each in {packages!r} if each in sys.modules))"
    run = subprocess.run([sys.executable, "-c", told], cwd=ROOT, capture_output=True, text=True, check=True)
    return run.stdout.split()


def test_nothing_that_serves_loads_what_only_migrates() -> None:
    assert loaded("import app.cli, app.metrics", ("alembic",)) == []


def test_no_parser_of_html_is_loaded_before_there_is_a_message_to_show() -> None:
    assert loaded("import app.cli, app.web.hub, app.web.portal", ("bleach",)) == []


def test_a_portal_never_loads_what_calls_others() -> None:
    code = "import app.factory, app.web.portal; app.factory.import_screens('portal')"
    assert loaded(code, ("requests", "urllib3", "authlib")) == []


def test_commands_know_the_faults_of_signing_in_without_what_signs_in() -> None:
    assert loaded("import app.cli", ("authlib",)) == []


@pytest.mark.parametrize("module", ["courier", "hatch"])
def test_what_carries_the_post_loads_nothing_that_makes_pages(module: str) -> None:
    pages = (
        "flask",
        "werkzeug",
        "jinja2",
        "wtforms",
        "babel",
        "markdown_it",
        "click",
        "nh3",
        "segno",
        "email_validator",
    )
    assert loaded(f"import app.{module}", pages) == []


def test_the_hatch_never_loads_what_opens() -> None:
    assert loaded("import app.hatch", ("app.adapters.opening", "app.services.hub", "app.data.hub")) == []


def test_assertions_only_tell_the_type_checker_what_is_so() -> None:
    """What serves runs without them (docs/adr/0032): nothing that comes from outside may hang on one."""
    for path in (ROOT / "app").rglob("*.py"):
        for each in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(each, ast.Assert):
                assert re.fullmatch(r"[\w.]+ is not None|isinstance\(\w+, \w+\)", ast.unparse(each.test)), path


def test_a_catalogue_is_read_when_somebody_asks_for_its_language() -> None:
    languages = load_languages(ROOT / "content")
    app = Flask("app")
    language.install(app, languages)
    catalogues = app.extensions["babel"].instance.domain_instance
    assert catalogues._by_slug == {}
    with app.test_request_context("/"):
        g.language = next(each for each in languages.all if each.slug == "pl")
        first = catalogues.get_translations()
        assert catalogues.get_translations() is first
    assert list(catalogues._by_slug) == ["pl"]


@pytest.mark.parametrize("name", LOCALES)
def test_a_language_writes_days_and_times_as_before_and_keeps_no_names_of_countries(name: str) -> None:
    from datetime import date, time

    def written() -> list[str]:
        days = [
            format_date(date(2026, month, 3), how, locale=name) for month in range(1, 13) for how in ("full", "medium")
        ]
        times = [format_time(time(hour, 5), how, locale=name) for hour in (0, 9, 12, 21) for how in ("short", "h:mm B")]
        locale = Locale.parse(name)
        return [*days, *times, locale.default_numbering_system, locale.text_direction, locale.plural_form(2)]

    localedata._cache.clear()
    before = written()
    localedata._cache.clear()
    forget_unused(name)
    assert written() == before
    assert not set(localedata.load(name)) & set(NEVER_ASKED)
