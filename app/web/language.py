"""The language of a request: from its address, and for `/` from what the browser asks for."""

from __future__ import annotations

from pathlib import Path

from babel import Locale
from babel.support import NullTranslations, Translations
from flask import Flask, abort, current_app, g, request, url_for
from flask_babel import Babel, Domain

from app.domain.languages import Language, Languages

TRANSLATIONS = Path(__file__).parents[2] / "translations"
TIME_ZONE = "Europe/London"


class Catalogues(Domain):
    """Translations by the catalogue that a language names, read once.

    A pseudo-language has a catalogue but no locale of its own, so the locale for dates and numbers is kept apart.
    """

    def __init__(self, languages: Languages) -> None:
        super().__init__(translation_directories=str(TRANSLATIONS))
        self._by_slug: dict[str, NullTranslations] = {
            each.slug: Translations.load(str(TRANSLATIONS), [each.catalogue], "messages") for each in languages.all
        }

    def get_translations(self) -> NullTranslations:
        """The catalogue of this request's language."""
        return self._by_slug[language().slug]


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
    app.extensions["languages"] = languages


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


def _languages() -> Languages:
    found = current_app.extensions["languages"]
    assert isinstance(found, Languages)
    return found
