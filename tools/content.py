"""Is the reading content whole, sourced and plain? python -m tools.content [FOLDER]

Loads everything in the content folder (content/ unless another is named) in every language that is shown, and says one line for
each thing that is broken, has no source, is hard to read, or names by hand what belongs to one area only. docs/content.md has the
rules for editors. Nothing here hangs on today's date: `flask doctor` says which guides are due for another look.

python -m tools.content hash SLUG says what a translation of a guide names as `of`.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from flask import Flask
from werkzeug.exceptions import NotFound
from werkzeug.routing import Map, RequestRedirect

from app import factory
from app.adapters import content
from app.adapters.guides import GuidesByLanguage, guide_hash, load_guides
from app.adapters.rights import load_to_read
from app.adapters.sources import load_sources
from app.adapters.yaml_reader import ContentError
from app.domain.area import Area
from app.domain.directory import Directory
from app.domain.guide import Block, Guide
from app.domain.rights import Code
from app.pages.portal import pages
from tools import reading

ROOT = Path(__file__).resolve().parents[1]
SHIPPED = ROOT / "content"
MOST_WORDS_OF_TEASER = 30
# What may stand without a source although it has a digit: the numbers that everybody is to know.
KNOWN = re.compile(r"\b(?:999|101|111|112|55|18001|24/7)\b")
_FEW = "one|two|three|four|five|six|seven|eight|nine|ten|twelve"
# Words that make a sentence a fact about law, money, time or a duty. Short on purpose: each is worth asking "says who?".
FACT = re.compile(
    rf"\d|\b(?:must|laws?|legal(?:ly)?|illegal|entitled|within|free of charge|for free|compensation|deadline"
    rf"|(?:courts?|judges?) (?:can|may|will|must|decides?|orders?)|your rights?|the right to|has a right|have a right"
    rf"|(?:{_FEW}) (?:working )?(?:hour|day|week|month|year)s?)\b",
    re.IGNORECASE,
)
# What says nothing of the kind: a question, what a person may feel, turns of phrase.
NO_FACT = re.compile(
    r"[^.!?:]*\?|\byou must (?:be|have|not (?:blame|think))\b|\bwhat (?:you|they) must\b|\bagainst the law\b"
    r"|\bnobody the right to\b|\bone day\b",
    re.IGNORECASE,
)
# Blocks that say nothing by themselves.
NOT_SAID = frozenset({"h3", "head", "areas"})


def main() -> None:
    """Say what is wrong; exit 1 then."""
    if len(sys.argv) == 3 and sys.argv[1] == "hash":
        print(guide_hash(SHIPPED, sys.argv[2]))
        return
    if len(sys.argv) > 2:
        raise SystemExit(__doc__)
    found = list(problems(Path(sys.argv[1]) if len(sys.argv) == 2 else SHIPPED))
    for problem in found:
        print(problem)
    if found:
        raise SystemExit(1)


def problems(folder: Path) -> Iterator[str]:
    """What is wrong in a content folder, one line each. What cannot be loaded hides the rest."""
    try:
        area, directory = content.load_area(folder), content.load_directory(folder)
        load_sources(folder)
        languages = [each.slug for each in content.load_languages(folder).all]
        guides = load_guides(folder, languages, area=area, directory=directory)
        loaded = {language: guides[language] for language in languages}
        to_read = load_to_read(folder, languages, area=area, directory=directory)
        read = {"guides": loaded["en"], "rights/paths": to_read.paths["en"], "rights": to_read.pages["en"]}
    except ContentError as error:
        yield str(error)
        return
    texts: dict[str, list[str]] = {}
    # However long a name is, it is read as one word, and its words are not ours.
    names = re.compile(
        "|".join(re.escape(each.name) for each in sorted(directory.all, key=lambda each: -len(each.name)))
    )
    known_pages = url_map()
    for under, found in read.items():
        for guide in found.all:
            texts[file_of(guide, under)] = texts_of(guide, names)
            yield from of_guide(guide, known_pages, under=under)
    texts["content/rights/code.yaml"] = code_texts(to_read.code)
    yield from reading.problems(texts)
    yield from typed_names(guides, folder, local_names(area, directory))


def of_guide(guide: Guide, known_pages: Map, *, under: str = "guides") -> Iterator[str]:
    """What is wrong with one English guide, or page in its format, but for how it reads."""
    file = file_of(guide, under)
    for block in guide.blocks:
        if word := needs_source(block):
            yield f"{file}: line {block.line}: “{word}” needs a source {{S..}} or {{check}}: {block.text[:60]!r}"
    if (count := len(guide.teaser.split())) > MOST_WORDS_OF_TEASER:
        yield f"{file}: the introduction has {count} words, more than {MOST_WORDS_OF_TEASER}: it is the teaser in lists too"
    for path in sorted(guide.pages):
        if not leads_somewhere(path, known_pages):
            yield f"{file}: there is no page '{path}'"


def needs_source(block: Block) -> str:
    """The word for which a block needs a source that it does not have; empty when it needs none or has one."""
    if block.sources or block.is_unchecked or block.kind in NOT_SAID:
        return ""
    found = FACT.search(NO_FACT.sub(" ", KNOWN.sub(" ", block.own)))
    return found[0] if found else ""


def texts_of(guide: Guide, names: re.Pattern[str]) -> list[str]:
    """What is read of a guide, in pieces that are each read on their own; `names` are those of services."""
    texts = [guide.title, *(section.title for section in guide.sections), *(block.text for block in guide.blocks)]
    return [names.sub("Name", text) for text in texts]


def local_names(area: Area, directory: Directory) -> tuple[str, ...]:
    """Names that belong to this area alone: a guide gets them by placeholder, so that another area can have the guide."""
    places = re.split(r",|\band\b", area.area_name)
    services = (service.name for service in directory.all if not service.is_national)
    names = [*places, *(each.name for each in area.districts), area.hub_name, area.commissioner_office, *services]
    return tuple(sorted({name.strip() for name in names if name.strip()}, key=len, reverse=True))


def typed_names(guides: GuidesByLanguage, folder: Path, names: Iterable[str]) -> Iterator[str]:
    """Local names that are typed by hand in any guide of the folder, whatever its language."""
    wanted = re.compile(r"\b(?:" + "|".join(map(re.escape, names)) + r")\b")
    ours = (folder / under for under in ("guides", "rights", "rights/paths"))
    for place in (*ours, *(folder / language / "guides" for language in guides)):
        for path in sorted(place.glob("*.md")):
            _keys, body = content.front_matter(path)
            for name in sorted(set(wanted.findall(body))):
                yield f"{path.relative_to(folder)}: “{name}” is a name of this area alone: use a placeholder"


def url_map() -> Map:
    """The portal's own map."""
    factory.import_screens("portal")
    app = Flask("map")
    app.register_blueprint(pages)
    return app.url_map


def leads_somewhere(path: str, known_pages: Map) -> bool:
    """Whether there is a page at this path below the language."""
    try:
        known_pages.bind("").match(f"/en/{path}")
    except RequestRedirect:
        return True
    except NotFound:
        return False
    return True


def code_texts(code: Code) -> list[str]:
    """What is read of the Victims' Code on its page, in pieces."""
    rights = [words for right in code.rights for words in (right.title, *right.text)]
    notes = [note.text for note in (code.times_note, code.coming) if note]
    return [*rights, *(time.what for time in code.times), *notes]


def file_of(guide: Guide, under: str = "guides") -> str:
    """The English file of a guide, or of a page in its format, as complaints name it."""
    return f"content/{under}/{guide.slug}.md"


if __name__ == "__main__":
    main()
