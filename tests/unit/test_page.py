"""What pages are put together from: slots that are filled safely, and what is worked out once for many requests."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import flask_babel
import pytest
from babel import Locale
from flask import Flask, current_app, g
from flask_babel import format_time, refresh
from hypothesis import given
from hypothesis import strategies as st

from app.adapters import content
from app.domain.area import Area
from app.domain.digits import western
from app.domain.languages import Languages
from app.web import language
from app.web.kept import Moulds
from app.web.page import CLOCKS, ReadingNow, clock_time, day_name, reading_at, short_day

TEST_AREA = Path(__file__).parents[1] / "area"
CONTENT = Path(__file__).parents[2] / "content"
AREA: Area = content.load_area(TEST_AREA)
LANGUAGES: Languages = content.load_languages(CONTENT)
# A day in winter and one in summer: the clocks of the site are those of the UK.
MOMENTS = [datetime(2026, month, 3, hour, 7, 59, tzinfo=UTC) for month in (1, 7) for hour in range(24)]


@pytest.fixture
def speaking() -> Iterator[None]:
    """A request in an application that knows every language."""
    app = Flask("words")
    language.install(app, LANGUAGES)
    with app.test_request_context():
        yield


# Slots


def test_a_slot_is_filled_with_escaped_words_that_are_not_looked_at_again() -> None:
    moulds, made = Moulds(), []

    def render(stand_in: Callable[[str], str]) -> str:
        made.append(1)
        return f'<p title="{stand_in("a")}">{stand_in("b")}</p>'

    first = moulds.fill("page", lambda slot: f"<{slot}>", render)
    assert first == '<p title="&lt;a&gt;">&lt;b&gt;</p>'
    slots = [f"{moulds._mark}{number}@" for number in range(2)]
    assert (
        moulds.fill("page", lambda slot: "".join(slots), render) == f'<p title="{"".join(slots)}">{"".join(slots)}</p>'
    )
    assert len(made) == 1


# Clock times


@pytest.mark.parametrize("slug", [each.slug for each in LANGUAGES.all])
def test_a_clock_time_is_written_as_its_language_writes_it_in_uk_time(slug: str, speaking: None) -> None:
    found = LANGUAGES.get(slug)
    assert found is not None
    g.language = found
    refresh()
    written = [western(clock_time(moment)) for moment in MOMENTS]
    assert written == [format_time(moment, CLOCKS.get(found.format_locale, "short")) for moment in MOMENTS]
    assert Locale.parse(found.format_locale)


# Opening hours


@given(st.lists(st.integers(0, 14 * 24 * 60), min_size=2, max_size=12))
def test_the_answer_that_is_kept_is_the_one_of_the_moment_in_whatever_order_moments_come(minutes: list[int]) -> None:
    reading = ReadingNow(AREA)
    for each in minutes:
        moment = datetime(2026, 3, 20, tzinfo=UTC) + timedelta(minutes=each)  # the clocks change on the 29th
        assert reading.at(moment) == reading_at(AREA, moment)


def test_the_answer_changes_at_the_very_moment_of_closing_and_of_opening() -> None:
    reading, noon = ReadingNow(AREA), datetime(2026, 3, 10, 12, tzinfo=UTC)
    closes = AREA.hub_hours.closes_at(noon)
    assert closes is not None
    opens = AREA.hub_hours.next_opening(closes)
    assert opens is not None
    for change, before in ((closes, True), (opens, False)):
        assert reading.at(change - timedelta(seconds=1)).is_open is before
        assert reading.at(change).is_open is not before


# Digits


@pytest.mark.parametrize(("slug", "digits"), [("ar", "٠١٢٣٤٥٦٧٨٩"), ("fa", "۰۱۲۳۴۵۶۷۸۹")])
def test_dates_times_and_counts_are_in_the_digits_of_the_language(slug: str, digits: str, speaking: None) -> None:
    found = LANGUAGES.get(slug)
    assert found is not None
    g.language = found
    refresh()
    afternoon = datetime(2026, 3, 21, 14, 35, tzinfo=UTC)
    for said in (clock_time(afternoon), day_name(afternoon), short_day(afternoon.date())):
        assert not set("0123456789") & set(said)
        assert set(digits) & set(said)
    # Nobody translates this, so the words are the English ones and the numbers are not.
    assert (
        flask_babel.gettext("Only %(number)d of %(count)d here", number=2, count=5)
        == f"Only {digits[2]} of {digits[5]} here"
    )
    assert flask_babel.ngettext("%(num)s is new.", "%(num)s are new.", 14) == f"{digits[1]}{digits[4]} are new."
    template = current_app.jinja_env.from_string('{{ ngettext("%(num)d is new.", "%(num)d are new.", 14) }}')
    assert template.render() == f"{digits[1]}{digits[4]} are new."


@pytest.mark.parametrize("slug", ["ar", "fa"])
def test_what_is_dialled_or_typed_again_keeps_its_digits_in_every_language(slug: str, speaking: None) -> None:
    found = LANGUAGES.get(slug)
    assert found is not None
    g.language = found
    refresh()
    assert flask_babel.gettext("Phone %(number)s.", number="999") == "Phone 999."
    template = current_app.jinja_env.from_string('{{ _("Phone %(number)s.", number="116 123") }}')
    assert template.render() == "Phone 116 123."


@pytest.mark.parametrize("slug", ["en", "ur", "pa", "zh", "pl"])
def test_other_languages_count_with_the_usual_digits(slug: str, speaking: None) -> None:
    found = LANGUAGES.get(slug)
    assert found is not None
    g.language = found
    refresh()
    assert flask_babel.gettext("Question %(number)d of %(count)d", number=2, count=5).count("2") == 1
    assert "35" in clock_time(datetime(2026, 3, 21, 14, 35, tzinfo=UTC))
