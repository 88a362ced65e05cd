"""The Easy Read leaflets of content/easy-read, in each language, with their numbers and pictures put in.

Every loader raises ContentError, one line with the file, the key and what is wrong.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from app.adapters.content import pledge_hash, words_hash
from app.adapters.pictures import pictures
from app.adapters.yaml_reader import ContentError, Section, read_yaml
from app.domain.area import STATEMENTS, Area
from app.domain.directory import Directory
from app.domain.easy_read import (
    PLEDGE,
    TITLES,
    Checked,
    EasyReadError,
    Leaflet,
    Line,
    names_in,
    refuse_hard_words,
)
from app.domain.phone import Phone
from app.domain.pledge import PROMISE_IDS, Pledge

FOLDER = "easy-read"
HUB = "hub"


def load_easy_read(
    folder: Path, languages: Iterable[str], *, area: Area, directory: Directory, pledge: Pledge
) -> dict[str, dict[str, Leaflet]]:
    """By language (a slug) and id, in the order of `TITLES`: whatever is in `folder`/easy-read, and always the pledge.

    `pledge` is the English one. A translation is `folder`/<language>/easy-read/<id>.yaml, with words only; the English is
    shown where there is none, or when it was made from other words.
    """
    for path in sorted((folder / FOLDER).glob("*.yaml")):
        if path.stem not in TITLES:
            raise ContentError(path.name, "", "there is no title for it in app/domain/easy_read.py")
    ids = [each for each in TITLES if each == PLEDGE or (folder / FOLDER / f"{each}.yaml").is_file()]
    english = {
        each: _english(folder / FOLDER / f"{each}.yaml", area=area, directory=directory, pledge=pledge) for each in ids
    }
    hashes = {each: leaflet_hash(english[each]) for each in ids}
    return {slug: {each: _in(slug, english[each], folder, hashes[each]) for each in ids} for slug in languages}


def leaflet_hash(english: Leaflet) -> str:
    """What a translation of this leaflet names as `of`."""
    return words_hash(*(f"{line.id} {line.text}" for line in english.lines))


def _english(path: Path, *, area: Area, directory: Directory, pledge: Pledge) -> Leaflet:
    top = read_yaml(path)
    sources = top.optional_section("sources")
    known = {} if sources is None else {key: sources.text(key) for key in sources.keys()}  # noqa: SIM118 - not a dictionary
    is_vital, checked = top.truth("vital", default=False), _checked(top)
    made_from = top.text("of") if path.stem == PLEDGE else ""
    lines = top.each("lines", lambda entry: _line(entry, known=known, area=area, directory=directory))
    top.done()
    if len({line.id for line in lines}) != len(lines):
        raise top.error("lines", "an id is there twice")
    unused = set(known) - {one for line in lines for one in line.sources}
    if unused:
        raise top.error("sources", f"nothing rests on {', '.join(sorted(unused))}")
    try:
        refuse_hard_words(lines)
    except EasyReadError as error:
        raise top.error("lines", str(error)) from None
    if path.stem == PLEDGE:
        if made_from != pledge_hash(pledge):
            raise top.error("of", f"the pledge has changed: read it again, then write {pledge_hash(pledge)}")
        told = tuple(dict.fromkeys(line.promise for line in lines if line.promise))
        if told != PROMISE_IDS:
            raise top.error("lines", "must tell every promise of the pledge, in its order")
    return Leaflet(id=path.stem, language="en", is_vital=is_vital, checked=checked, lines=lines)


def _line(entry: Section, *, known: Mapping[str, str], area: Area, directory: Directory) -> Line:
    line = Line(
        id=entry.text("id"),
        picture=entry.choice("picture", tuple(pictures())),
        text=entry.text("text"),
        english="",
        sources=entry.texts("sources"),
        phone=_number(entry, "phone", area=area, directory=directory),
        sms=_number(entry, "sms", area=area, directory=directory),
        statement=entry.choice("statement", STATEMENTS) if entry.has("statement") else "",
        promise=entry.choice("promise", PROMISE_IDS) if entry.has("promise") else "",
    )
    for one in line.sources:
        if one not in known:
            raise entry.error("sources", f"'{one}' is not in the list of sources")
    return replace(line, english=line.text)


def _number(entry: Section, key: str, *, area: Area, directory: Directory) -> Phone | None:
    """The number of the service that is named here. A line about a number that cannot be shown would help nobody."""
    service_id = entry.optional_text(key)
    if service_id is None:
        return None
    if service_id == HUB and key == "phone":
        return area.hub_phone
    service = directory.get(service_id)
    number = None if service is None else service.phone if key == "phone" else service.sms
    if number is None or not number.may_show:
        raise entry.error(key, f"there is no number of '{service_id}' to be shown")
    return number


def _checked(top: Section) -> Checked | None:
    section = top.optional_section("checked")
    if section is None:
        return None
    checked = Checked(by=section.text("by"), day=section.day("day"))
    section.done()
    return checked


def _in(slug: str, english: Leaflet, folder: Path, english_hash: str) -> Leaflet:
    path = folder / slug / FOLDER / f"{english.id}.yaml"
    if slug == "en" or not path.is_file():
        return english
    top = read_yaml(path)
    if top.text("of") != english_hash:
        return english
    checked, texts = _checked(top), top.section("lines")
    lines = tuple(replace(line, text=texts.text(line.id)) for line in english.lines)
    for line in lines:
        if names_in(line.text) != names_in(line.english):
            raise texts.error(line.id, f"must have {' '.join(names_in(line.english)) or 'nothing'} in braces")
    texts.done()
    top.done()
    return replace(english, language=slug, checked=checked, lines=lines)
