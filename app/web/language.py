"""The language of a request: from its address, and for `/` from what the browser asks for. Numbers are in its own digits."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any, cast

from babel import Locale, localedata
from babel.core import get_global
from babel.support import NullTranslations, Translations
from flask import Flask, abort, current_app, g, request, url_for
from flask_babel import Babel, Domain
from jinja2 import pass_context
from jinja2.runtime import Context

from app.domain import digits
from app.domain.languages import Language, Languages

TRANSLATIONS = Path(__file__).parents[2] / "translations"
TIME_ZONE = "Europe/London"
NUMBER = re.compile(r"%\((\w+)\)d")

# What Babel knows of a language besides how it writes days and numbers: the names of countries, of money, of time zones.
NEVER_ASKED = (
    "compound_unit_patterns", "currency_formats", "currency_names", "currency_names_plural", "currency_symbols",
    "currency_unit_patterns", "languages", "measurement_systems", "meta_zones", "scripts", "territories", "time_zones",
    "unit_display_names", "unit_patterns", "variants", "zone_formats",
)  # fmt: skip


class Texts(Translations):
    """A catalogue whose numbers are put in as texts, because a number's own form knows 0 to 9 only."""

    def __init__(self, inner: NullTranslations) -> None:
        super().__init__()
        self._inner = inner

    def ugettext(self, message: str) -> str:
        """A message."""
        return _for_texts(self._inner.ugettext(message))

    def ungettext(self, singular: str, plural: str, num: int) -> str:
        """A message that hangs on a number."""
        return _for_texts(self._inner.ungettext(singular, plural, num))

    def upgettext(self, context: str, message: str) -> str:
        """A message with its context."""
        return _for_texts(self._inner.upgettext(context, message))


class Catalogues(Domain):
    """Translations by the catalogue that a language names, read once, when somebody first asks for that language.

    A pseudo-language has a catalogue but no locale of its own, so the locale for dates and numbers is kept apart.
    """

    def __init__(self, languages: Languages) -> None:
        super().__init__(translation_directories=str(TRANSLATIONS))
        self._languages = {each.slug: each for each in languages.all}
        self._by_slug: dict[str, NullTranslations] = {}

    def get_translations(self) -> NullTranslations:
        """The catalogue of this request's language."""
        slug = language().slug
        found = self._by_slug.get(slug)
        if found is None:  # two threads at once read the same
            found = self._by_slug[slug] = _catalogue(self._languages[slug])
        return found

    def gettext(self, string: str, **values: Any) -> str:
        """A message in this request's language, with its numbers in the digits of that language."""
        return str(super().gettext(string, **in_own_digits(values)))

    def ngettext(self, singular: str, plural: str, num: int, **values: Any) -> str:
        """A message that hangs on a number."""
        found = self.get_translations().ungettext(singular, plural, num)
        return str(found % in_own_digits({"num": num, **values}))


class Speech(Babel):
    """Flask-Babel with our catalogues."""

    def __init__(self, languages: Languages) -> None:
        self._catalogues = Catalogues(languages)
        super().__init__()

    @property
    def domain_instance(self) -> Catalogues:
        """The one domain."""
        return self._catalogues


def install(app: Flask, languages: Languages) -> None:
    """Make gettext and the formats of dates follow the language of the request."""
    Speech(languages).init_app(
        app,
        default_timezone=TIME_ZONE,
        locale_selector=lambda: Locale.parse(language().format_locale),
        default_translation_directories=str(TRANSLATIONS),
    )
    for name in ("gettext", "ngettext"):
        inner = cast(Callable[..., str], app.jinja_env.globals[name])
        app.jinja_env.globals[name] = _with_own_digits(inner)
    app.extensions["languages"] = languages


def own_digits(text: str) -> str:
    """A date, a time or a count as this page's language writes its digits. Never for what is dialled or typed again."""
    return digits.shown(text, system=_digits_of(language().format_locale))


def in_own_digits(values: Mapping[str, Any]) -> dict[str, Any]:
    """What goes into a message: whole numbers in the digits of this page's language, and every text as it is.

    Phones, references and codes are texts, so they keep the digits that people dial and type.
    """
    system = _digits_of(language().format_locale)
    if system not in digits.ZEROS:
        return dict(values)
    return {
        name: digits.shown(str(value), system=system) if isinstance(value, int) else value
        for name, value in values.items()
    }


def language() -> Language:
    """The language of this request; the default where the address names none."""
    found = g.get("language")
    if isinstance(found, Language):
        return found
    return _languages().default


def use(slug: str, *, pseudo: bool) -> None:
    """Take the language from the address; an unknown or hidden one is the site's "not found"."""
    for each in _languages().shown(pseudo=pseudo):
        if each.slug == slug:
            g.language = each
            return
    abort(404)


@contextmanager
def speaking(other: Language) -> Iterator[None]:
    """Within it, messages are in another language than the page's."""
    own = language()
    g.language = other
    try:
        yield
    finally:
        g.language = own


def use_path(path: str, *, pseudo: bool) -> None:
    """For error pages: the language of the address if it names one, else what the browser asks for."""
    slug = path.strip("/").split("/", 1)[0]
    for each in _languages().shown(pseudo=pseudo):
        if each.slug == slug:
            g.language = each
            return
    g.language = negotiated(pseudo=pseudo)


def negotiated(*, pseudo: bool) -> Language:
    """The language that the browser asks for, among those shown."""
    return _languages().negotiate(request.headers.get("Accept-Language"), pseudo=pseudo)


def same_page_in(other: Language) -> str:
    """The address of this very page in another language, filters kept; the home page where there is no such thing."""
    rule = request.url_rule
    # What only takes a post is no page to go to, in any language.
    if request.endpoint is None or rule is None or "lang" not in rule.arguments or "GET" not in (rule.methods or ()):
        return url_for("portal.home", lang=other.slug)
    values = dict(request.view_args or {})
    if request.method in {"GET", "HEAD"}:
        values.update(request.args.to_dict())
    values["lang"] = other.slug
    return url_for(request.endpoint, **values)


@lru_cache
def _digits_of(format_locale: str) -> str:
    """The name of the digits that a locale uses by itself (CLDR, "default numbering system")."""
    forget_unused(format_locale)
    return str(Locale.parse(format_locale).default_numbering_system)


def forget_unused(name: str) -> None:
    """Let go of what Babel knows of a locale, and of those that it is made from, and nobody here asks: a megabyte for each."""
    while True:
        if name == "en":  # in which Babel itself speaks
            return
        known = localedata.load(name)  # the very dictionary that is looked into from then on
        for each in NEVER_ASKED:
            known.pop(each, None)
        if name == "root":
            return
        name = get_global("parent_exceptions").get(name) or (name.rpartition("_")[0] or "root")


def _catalogue(each: Language) -> NullTranslations:
    name = each.catalogue
    compiled = TRANSLATIONS / name / "LC_MESSAGES" / "messages.mo"
    found = _compiled(name, compiled.stat().st_mtime_ns) if compiled.is_file() else NullTranslations()
    return Texts(found) if _digits_of(each.format_locale) in digits.ZEROS else found


@lru_cache(maxsize=64)
def _compiled(name: str, _written: int) -> NullTranslations:
    """A catalogue as it was written then: both sides in one process, and every side of a test, read the same."""
    return Translations.load(str(TRANSLATIONS), [name], "messages")


def _for_texts(message: str) -> str:
    return NUMBER.sub(r"%(\1)s", message)


def _with_own_digits(translate: Callable[..., str]) -> Callable[..., str]:
    """What templates call, told its numbers as the language writes them."""

    @pass_context
    def translated(context: Context, *words: Any, **values: Any) -> str:
        if len(words) == 3:  # one, several, and the number
            values.setdefault("num", words[2])
        return translate(context, *words, **in_own_digits(values))

    return translated


def _languages() -> Languages:
    found = current_app.extensions["languages"]
    assert isinstance(found, Languages)
    return found
