"""The languages of the site, and which one a browser asks for (RFC 4647, lookup)."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

Direction = Literal["ltr", "rtl"]
LONGEST_HEADER = 1000


class LanguageError(ValueError):
    """The languages contradict each other; the text is one line."""


@dataclass(frozen=True, kw_only=True)
class Language:
    """One written language.

    `slug` stands for it in URLs, `tag` in `lang` attributes (BCP 47). `format_locale` says how dates and numbers look,
    `catalogue` names the folder of its translations. `also` lists further tags that browsers send and that it serves.
    `read_for`: tag and own name of languages whose speakers read this one. `pseudo` languages exist for tests and
    development only.
    """

    slug: str
    tag: str
    name: str
    endonym: str
    dir: Direction
    format_locale: str
    catalogue: str
    shown: bool
    pseudo: bool = False
    also: tuple[str, ...] = ()
    read_for: tuple[tuple[str, str], ...] = ()

    @property
    def is_pseudo(self) -> bool:
        """Whether it exists for tests and development only."""
        return self.pseudo


@dataclass(frozen=True)
class Languages:
    """All languages in the order in which they are shown; the first is the default and always shown."""

    all: tuple[Language, ...]

    def __post_init__(self) -> None:
        if not self.all or not self.all[0].shown or self.all[0].pseudo:
            raise LanguageError("the first language is the default and must be shown")
        slugs = [language.slug for language in self.all]
        for slug in slugs:
            if slugs.count(slug) > 1:
                raise LanguageError(f"the slug '{slug}' is there twice")
        seen: dict[str, str] = {}
        for language in self.all:
            for tag in _tags(language):
                if seen.setdefault(tag, language.slug) != language.slug:
                    raise LanguageError(f"the tag '{tag}' belongs to both '{seen[tag]}' and '{language.slug}'")

    @property
    def default(self) -> Language:
        """The language of last resort."""
        return self.all[0]

    def get(self, slug: str) -> Language | None:
        """The language with exactly this slug, shown or not; None when there is none."""
        return self._by_slug.get(slug)

    def of(self, code: str) -> Language | None:
        """The language that a slug or a tag names, as messages and answers keep either; None when there is none."""
        return self._by_slug.get(code) or next((each for each in self.all if each.tag == code), None)

    def shown(self, *, pseudo: bool) -> tuple[Language, ...]:
        """The languages that people may choose; with `pseudo`, those for tests and development too."""
        return self._with_pseudo if pseudo else self._without_pseudo

    @cached_property
    def _with_pseudo(self) -> tuple[Language, ...]:
        return tuple(language for language in self.all if language.shown or language.pseudo)

    @cached_property
    def _without_pseudo(self) -> tuple[Language, ...]:
        return tuple(language for language in self.all if language.shown)

    def negotiate(self, accept_language: str | None, *, pseudo: bool = False) -> Language:
        """The language that suits an Accept-Language header best; the default when none does.

        Ranges are tried by weight, then by order; each is shortened from the end until it names a language that is
        shown (RFC 4647, 3.4). Nonsense in the header is passed over.
        """
        available = {tag: language for language in self.shown(pseudo=pseudo) for tag in _tags(language)}
        refused: set[str] = set()
        wanted: list[tuple[float, str]] = []
        for language_range, weight in _ranges(accept_language or ""):
            if weight == 0:
                refused.add(language_range)
            else:
                wanted.append((weight, language_range))
        for _, language_range in sorted(wanted, key=lambda item: -item[0]):
            if language_range == "*":
                return next((one for one in self.shown(pseudo=False) if not refused & _tags(one)), self.default)
            for shortened in _shortened(language_range):
                if shortened in refused:
                    break
                if shortened in available:
                    return available[shortened]
        return self.default

    @cached_property
    def _by_slug(self) -> dict[str, Language]:
        return {language.slug: language for language in self.all}


def _tags(language: Language) -> set[str]:
    return {tag.casefold() for tag in (language.slug, language.tag, *language.also)}


def _ranges(header: str) -> Iterator[tuple[str, float]]:
    """The ranges of a header with their weights, in order; parts that make no sense are left out (RFC 9110, 12.5.4)."""
    for part in header[:LONGEST_HEADER].split(","):
        language_range, *parameters = (piece.strip().casefold() for piece in part.split(";"))
        if not _is_range(language_range):
            continue
        weight = 1.0
        for parameter in parameters:
            name, _, value = parameter.partition("=")
            if name.strip() == "q":
                weight = _weight(value.strip())
        if weight >= 0:
            yield language_range, weight


def _is_range(text: str) -> bool:
    subtags = text.split("-")
    return text == "*" or all(0 < len(tag) <= 8 and tag.isascii() and tag.isalnum() for tag in subtags)


def _weight(text: str) -> float:
    """A weight from 0 to 1; -1 for what is not a weight."""
    digits = text.replace(".", "", 1)
    if not text.isascii() or not digits.isdigit() or len(text) > 5:
        return -1
    weight = float(text)
    return weight if weight <= 1 else -1


def _shortened(language_range: str) -> Iterator[str]:
    subtags = language_range.split("-")
    while subtags:
        yield "-".join(subtags)
        subtags.pop()
        if len(subtags) > 1 and len(subtags[-1]) == 1:
            subtags.pop()  # a single letter only introduces what followed it
