"""What a process does not load it does not hold: the small things that made a large one."""

from __future__ import annotations

import subprocess
import sys

import pytest
from babel import Locale, localedata
from babel.dates import format_date, format_time

from app.adapters.content import load_languages
from app.web.language import NEVER_ASKED, forget_unused
from tests.unit.test_docs import ROOT

LOCALES = sorted({each.format_locale for each in load_languages(ROOT / "content").all})


def test_nothing_that_serves_loads_what_only_migrates() -> None:
    code = "import sys, app.cli, app.metrics; print([name for name in sys.modules if name.startswith('alembic')])"
    told = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "[]"


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
