"""What every template may rely on: language, area, opening hours, addresses, assets."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from functools import lru_cache
from typing import Any, Self
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from babel.dates import format_time
from flask import Flask, current_app, g, render_template, request, url_for
from flask_babel import format_date
from flask_babel import gettext as _gettext
from flask_babel import lazy_gettext as _l
from jinja2 import StrictUndefined
from markupsafe import Markup

from app.adapters import markup
from app.adapters.translations import load_progress
from app.domain.area import Area
from app.domain.directory import Directory, Service, ServiceWords
from app.domain.languages import Language, Languages
from app.domain.reference import halves
from app.domain.translation import Group, Progress, Standing, group_of_page, message_key
from app.settings import Settings
from app.web.assets import INLINE_SCRIPT, Assets
from app.web.clock import now
from app.web.language import TIME_ZONE, TRANSLATIONS, language, own_digits, same_page_in

MOST_ADDRESSES = 5000
MOST_FRAMES = 2000
MOST_CLOCK_TIMES = 5000
# Where the usual short form of a clock time has letters that few people know: the time of day in words instead.
CLOCKS = {"pa_Guru": "B h:mm", "ur": "B h:mm"}
_UK = ZoneInfo(TIME_ZONE)

FOOTER_LINKS = (
    ("portal.safety", _l("Staying safe on this site")),
    ("portal.how_it_works", _l("How it works")),
    ("portal.guides", _l("Read about it")),
    ("portal.rights", _l("Where do I stand?")),
    ("portal.pledge", _l("Our pledge")),
    ("portal.support", _l("Find local help")),
    ("portal.easy_read", _l("Easy Read")),
    ("portal.posters", _l("Posters and cards to print")),
    ("portal.privacy", _l("Privacy")),
    ("portal.cookies", _l("Cookies")),
    ("portal.accessibility", _l("Accessibility")),
    ("portal.complaints", _l("Complaints")),
    ("portal.feedback", _l("Feedback")),
    ("portal.status", _l("Is it working?")),
)


def gettext(message: str, **values: str) -> str:
    """A message in this page's language."""
    return str(_gettext(message, **values))


def service_words(service: Service) -> ServiceWords:
    """What a service does and when it answers, in this page's language or else in English."""
    return service.words_in(language().slug)


def open_now(service: Service) -> str:
    """Whether a service answers now, by the hours that we know; empty where we do not."""
    found = service.weekly.at(now()) if service.weekly else None
    if found is None:
        return ""
    if found.closes is not None:
        return gettext("By these hours it is open now, until %(time)s.", time=clock_time(found.closes))
    if found.opens is not None:
        day, time = day_name(found.opens), clock_time(found.opens)
        return gettext("By these hours it is closed now. It opens on %(day)s at %(time)s.", day=day, time=time)
    return ""


def lang_of(slug: str) -> Markup:
    """The attributes of a fragment in English on a page in another language; nothing where it is the page's own."""
    return Markup("") if slug == language().slug else Markup(' lang="en-GB" dir="ltr"')


class Vital(Markup):
    """Words in another language with their English beside them."""

    def __new__(cls, said: str, english: str) -> Self:
        """Both are escaped, unless they are mark-up."""
        both = Markup('<span class="vital">{}</span> <span class="vital-english" lang="en-GB" dir="ltr">{}</span>')
        return super().__new__(cls, both.format(said, english))

    def in_other_words(self, said: str, english: str) -> Markup:
        """The same said otherwise, such as to somebody under 18: until these words are checked, their English too."""
        is_checked = progress().of(Group.REQUEST) is Standing.CHECKED
        return Markup("{}").format(said) if is_checked else Vital(said, english)


def vital(message: str, **values: object) -> Markup:
    """A message on which somebody's safety may hang: beside its English until a person has checked the translation.

    Templates call it where they would call `_`, with the message itself: the catalogues are drawn from there.
    """
    # Messages are ours, as are their translations; values are escaped.
    said = Markup(gettext(message)) % values  # noqa: S704  # nosec B704
    is_default = language() == current_app.extensions["languages"].default
    if is_default or message_key(message) in progress().checked_safety:
        return said
    return Vital(said, Markup(message) % values)  # noqa: S704  # nosec B704


def is_drafted() -> bool:
    """Whether this page is a translation that no person has checked yet: it says so, and leads to the English."""
    if language() == current_app.extensions["languages"].default:
        return False
    if "is_drafted" in g:
        return bool(g.is_drafted)
    return progress().of(group_of_page(request.endpoint or "")) is Standing.DRAFTED


def say_drafted(is_draft: bool) -> None:
    """Say of the page that is being made whether it is a translation that nobody has checked: for pages whose words do not come
    out of the catalogues."""
    g.is_drafted = is_draft


def progress() -> Progress:
    """How far this page's language is."""
    found: dict[str, Progress] = current_app.extensions["progress"]
    return found.get(language().catalogue, Progress())


@dataclass(frozen=True)
class Reading:
    """When will someone read this? `closes` when the Hub is open, `opens` when it is not; local times."""

    is_open: bool
    closes: datetime | None
    opens: datetime | None

    @property
    def words(self) -> str:
        """The sentence that stands on home, start, check, sent and above every message box."""
        if self.is_open and self.closes is not None:
            return gettext("The Hub is open now, until %(time)s.", time=clock_time(self.closes))
        closed = gettext("The Hub is closed. Nobody is reading requests or messages.")
        if self.opens is None:
            return closed
        return (
            closed
            + " "
            + gettext("It opens on %(day)s at %(time)s.", day=day_name(self.opens), time=clock_time(self.opens))
        )


def reading_at(area: Area, moment: datetime) -> Reading:
    """The opening hours' answer at a moment."""
    hours = area.hub_hours
    if hours.open_at(moment):
        return Reading(is_open=True, closes=hours.closes_at(moment), opens=None)
    return Reading(is_open=False, closes=None, opens=hours.next_opening(moment))


def clock_time(moment: datetime) -> str:
    """A clock time as people here write it, in this page's language, UK time."""
    local = moment.astimezone(_UK)
    return own_digits(_clock_words(language().format_locale, local.hour, local.minute))


@lru_cache(maxsize=MOST_CLOCK_TIMES)
def _clock_words(locale: str, hour: int, minute: int) -> str:
    """A day has few minutes, and most pages say one of them."""
    return str(format_time(time(hour, minute), CLOCKS.get(locale, "short"), locale=locale))


def day_name(moment: datetime) -> str:
    """A day with its date, such as "Monday 3 March"; UK time."""
    return own_digits(str(format_date(moment, gettext("EEEE d MMMM"))))


def long_day(day: date) -> str:
    """A day with its date, and with its year when that is another one than this."""
    written = gettext("EEEE d MMMM") if day.year == now().year else gettext("EEEE d MMMM y")
    return own_digits(str(format_date(day, written)))


def short_day(day: date) -> str:
    """A day without its weekday, such as "3 March"."""
    return own_digits(str(format_date(day, gettext("d MMMM"))))


def written_day(day: date, how: str) -> str:
    """A day in one of the forms that each language has: "short", "medium", "long" or "full"."""
    return own_digits(str(format_date(day, how)))


def day_and_time(moment: datetime) -> str:
    """A day and a clock time; UK time."""
    return gettext("%(day)s, %(time)s", day=day_name(moment), time=clock_time(moment))


class ReadingNow:
    """The opening hours' answer, worked out once for as long as it holds: until the Hub next opens or closes."""

    def __init__(self, area: Area) -> None:
        self._area = area
        self._last: tuple[datetime, datetime, Reading] | None = None

    def at(self, moment: datetime) -> Reading:
        """The answer at a moment. Threads may ask at once: what was worked out is put in place as a whole."""
        last = self._last
        if last is not None and last[0] <= moment < last[1]:
            return last[2]
        reading = reading_at(self._area, moment)
        until = reading.closes if reading.is_open else reading.opens
        if until is not None:
            self._last = (moment, until.astimezone(UTC), reading)
        return reading


class Frame:
    """What stands around the content of every public page, rendered once for each page, language and opening state.

    It is a third of what a question page costs, and the same for everybody.
    """

    def __init__(self) -> None:
        self._parts: dict[tuple[object, ...], Markup] = {}

    def __call__(self, part: str) -> Markup:
        """The part named "top" or "foot" for this request."""
        reading = reading_at_request()
        key = (part, language().slug, reading, self._place() if part == "top" else None)
        found = self._parts.get(key)
        if found is None:
            # Rendered from our own templates, which escape what they show.
            found = Markup(render_template(f"portal/frame/{part}.html"))  # noqa: S704  # nosec B704
            if part == "foot" or key[-1] is not None:
                if len(self._parts) >= MOST_FRAMES:
                    self._parts.clear()
                self._parts[key] = found
        return found

    @staticmethod
    def _place() -> tuple[object, ...] | None:
        """Which page it is, for the links to its other languages; None where an address is too free to be kept."""
        if request.args or request.endpoint is None:
            return None
        return (request.endpoint, *sorted((request.view_args or {}).items()))


def reading_at_request() -> Reading:
    """The opening hours' answer for this request, worked out once."""
    if "reading" not in g:
        g.reading = current_app.extensions["reading"].at(now())
    found = g.reading
    assert isinstance(found, Reading)
    return found


def seconds_left(moment: datetime) -> int:
    """How many seconds are left until an aware moment; none when it is over."""
    return max(0, int((moment - now()).total_seconds()))


def install_staff_text(app: Flask, directory: Directory) -> None:
    """Messages of the Hub show links to the services that we list, and to nothing else."""
    hosts = frozenset(
        (urlsplit(service.web).hostname or "").removeprefix("www.") for service in directory.all if service.web
    )

    def staff_text(text: str) -> Markup:
        return Markup(markup.staff_text(text, hosts=hosts))  # cleaned there  # noqa: S704  # nosec B704

    app.jinja_env.filters["staff_text"] = staff_text


def install(app: Flask, *, settings: Settings, area: Area, languages: Languages, assets: Assets) -> None:
    """Set up templates: undefined values are errors, and everything below is always there."""
    app.extensions["progress"] = load_progress(TRANSLATIONS)
    app.extensions["reading"] = ReadingNow(area)
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True
    app.jinja_env.filters.update(clock_time=clock_time, day_name=day_name, day_and_time=day_and_time)
    app.jinja_env.filters.update(seconds_left=seconds_left, halves=halves)
    app.jinja_env.filters.update(long_day=long_day, short_day=short_day, dateformat=written_day)
    shown = languages.shown(pseudo=settings.in_development)
    own_endpoints = app.view_functions
    is_tested = settings.in_development or bool(area.missing_statements())

    @lru_cache(maxsize=MOST_ADDRESSES)
    def address(endpoint: str, values: tuple[tuple[str, Any], ...]) -> str:
        return url_for(endpoint, **dict(values))

    def page_url(endpoint: str, **values: Any) -> str:
        """The address of a page, in this page's language. Addresses hold no host, so they are worked out once."""
        if endpoint.startswith("portal."):
            values.setdefault("lang", language().slug)
        return address(endpoint, tuple(values.items()))

    def url_in(other: Language) -> str:
        return same_page_in(other)

    def languages_url() -> str:
        """The list of all languages; from a question it leads back to the question."""
        question = (request.view_args or {}).get("slug") if request.endpoint == "portal.refer_step" else None
        return page_url("portal.languages", q=question) if question else page_url("portal.languages")

    app.jinja_env.globals.update(
        area=area,
        languages=shown,
        url_in=url_in,
        languages_url=languages_url,
        page_url=page_url,
        asset=assets.url,
        inline_script=INLINE_SCRIPT,
        side=settings.side,
        being_tested=is_tested,
        frame=Frame(),
        is_drafted=is_drafted,
        progress_of=lambda other: app.extensions["progress"].get(other.catalogue, Progress()),
        area_words=lambda key: area.words_in(key, language().slug),
        lang_of=lang_of,
        service_words=service_words,
        open_now=open_now,
        vital=vital,
    )

    # Its name is English; where the page is not, a voice that reads it aloud has to know (WCAG 3.1.2).
    foreign_hub = Markup('<bdi lang="en-GB">{}</bdi>').format(area.hub_name)

    @app.context_processor
    def context() -> dict[str, Any]:
        return {
            "hub_name": area.hub_name if language() == languages.default else foreign_hub,
            "language": language(),
            "reading": reading_at_request(),
            "footer_links": [link for link in FOOTER_LINKS if link[0] in own_endpoints],
        }
