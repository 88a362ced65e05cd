"""What people would type for pages about this site, and words of danger, out of the content folder."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from app.adapters.yaml_reader import ContentError, Section, read_yaml
from app.domain.directory import HelpNow
from app.domain.search import SITE_PAGES, DangerWords

ENGLISH = "en"
FILE = "search.yaml"
DANGER_FILE = "search-danger.yaml"


def load_asked(folder: Path, languages: Iterable[str]) -> dict[str, Mapping[str, tuple[str, ...]]]:
    """By language (a slug) and path below the language: phrases that people would type. English is `folder`/search.yaml, another
    language `folder`/<language>/search.yaml, where it is there. Raises ContentError for a page that there is not.
    """
    found: dict[str, Mapping[str, tuple[str, ...]]] = {}
    for language in languages:
        path = folder / FILE if language == ENGLISH else folder / language / FILE
        found[language] = _asked(read_yaml(path)) if language == ENGLISH or path.is_file() else {}
    return found


def load_danger(folder: Path, languages: Iterable[str], help_now: HelpNow) -> DangerWords:
    """The words of danger of `folder`/search-danger.yaml: by group of "Get help now", then by language (a slug).

    Raises ContentError for a group or a language that there is not.
    """
    top, slugs = read_yaml(folder / DANGER_FILE), set(languages)
    groups = {group.id for group in (help_now.danger, help_now.cope, *help_now.kinds)}
    by_kind: dict[str, tuple[str, ...]] = {}
    kinds = top.keys()
    for kind in kinds:
        if kind not in groups:
            raise top.error(kind, "there is no such group in help-now.yaml")
        section = top.section(kind)
        spoken = section.keys()
        for language in spoken:
            if language not in slugs:
                raise section.error(language, "is no language of ours")
        by_kind[kind] = tuple(text for language in spoken for text in section.texts(language))
        section.done()
    top.done()
    if not by_kind:
        raise ContentError(DANGER_FILE, "", "says nothing")
    return DangerWords(by_kind)


def _asked(top: Section) -> dict[str, tuple[str, ...]]:
    paths = top.keys()
    for path in paths:
        if path not in SITE_PAGES:
            raise top.error(path, "there is no such page in app/domain/search.py")
    found = {path: top.texts(path) for path in paths}
    top.done()
    return found
