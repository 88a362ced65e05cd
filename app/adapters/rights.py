"""The rights of the content folder as typed values. Every loader raises ContentError."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from app.adapters.content import words_hash
from app.adapters.guides import load_guides
from app.adapters.sources import load_sources
from app.adapters.yaml_reader import ContentError, Section, read_yaml
from app.domain.area import Area
from app.domain.directory import Directory
from app.domain.guide import Guide
from app.domain.rights import (
    CODE_STAGES,
    HOW_MANY_RIGHTS,
    PATH_SECTIONS,
    PATHS,
    READ,
    STAGES,
    WITHOUT_REPORT,
    Code,
    CodeRight,
    NewerCode,
    Note,
    Right,
    Rights,
    RightsToRead,
    Time,
    Within,
)
from app.domain.source import Source
from app.domain.status import Milestone

FOLDER = "rights"


def load_all_rights(folder: Path, languages: Iterable[str]) -> dict[str, Rights]:
    """The rights in each of these languages, by slug; see `load_rights`."""
    english = _rights(folder / FOLDER / "stages.yaml")
    return {language: _in_language(folder, english, language) for language in languages}


def load_rights(folder: Path, language: str) -> Rights:
    """What applies at each stage, out of `folder`/rights/stages.yaml, in the language with this slug.

    A translation holds words only: numbers, times and sources always come from the English file. Falls back to English when
    there is no translation, or when it was made from other words; `Rights.language` says which language came out.
    """
    return _in_language(folder, _rights(folder / FOLDER / "stages.yaml"), language)


def _in_language(folder: Path, english: Rights, language: str) -> Rights:
    path = folder / language / FOLDER / "stages.yaml"
    if language == "en" or not path.is_file():
        return english
    return _translated_rights(path, english, language=language)


def load_code(folder: Path) -> Code:
    """The twelve rights and the times of the Victims' Code, out of `folder`/rights/code.yaml. In English only."""
    top, known = read_yaml(folder / FOLDER / "code.yaml"), load_sources(folder)
    coming = top.optional_section("coming")
    code = Code(
        rights=top.each("rights", lambda entry: _code_right(entry, known)),
        times=top.each("times", lambda entry: _time(entry, known)),
        times_note=_note(top.section("times_note"), known),
        coming=None if coming is None else _note(coming, known),
    )
    top.done()
    if [right.number for right in code.rights] != list(range(1, HOW_MANY_RIGHTS + 1)):
        raise top.error("rights", f"must be the rights 1 to {HOW_MANY_RIGHTS}, in their order")
    for key, ids in (("rights", [each.id for each in code.rights]), ("times", [each.id for each in code.times])):
        if len(set(ids)) != len(ids):
            raise top.error(key, "an id is there twice")
    return code


def load_to_read(folder: Path, languages: Iterable[str], *, area: Area, directory: Directory) -> RightsToRead:
    """Everything of `folder`/rights that people read on pages of its own, in each of these languages (slugs)."""
    slugs = tuple(languages)
    paths, pages = (
        load_guides(folder, slugs, area=area, directory=directory, under=under, also=(READ,))
        for under in (f"{FOLDER}/paths", FOLDER)
    )
    for each in PATHS:
        _need_sections(paths["en"].get(each), f"{FOLDER}/paths/{each}.md")
    return RightsToRead(code=load_code(folder), paths=paths, pages=pages)


def _need_sections(path: Guide | None, file: str) -> None:
    if path is None:
        raise ContentError(file, "", "the page for this path is missing")
    if tuple(section.id for section in path.sections) != PATH_SECTIONS:
        raise ContentError(file, "", f"must have the sections {', '.join(PATH_SECTIONS)}, in this order")


def rights_hash(english: Rights) -> str:
    """What a translation of these rights names as `of`."""
    texts = (each.text for each in (*english.stages.values(), *english.milestones.values()))
    return words_hash(english.enhanced, *texts)


def _translated_rights(path: Path, english: Rights, *, language: str) -> Rights:
    top = read_yaml(path)
    if top.text("of") != rights_hash(english):
        return english
    enhanced = top.text("enhanced")
    found: list[dict[str, Right]] = []
    for key, ours in (("stages", english.stages), ("milestones", english.milestones)):
        texts = top.section(key)
        found.append({one: replace(right, text=texts.text(one)) for one, right in ours.items()})
        texts.done()
    top.done()
    return replace(english, language=language, enhanced=enhanced, stages=found[0], milestones=found[1])


def _rights(path: Path) -> Rights:
    top = read_yaml(path)
    known = load_sources(path.parents[1])
    _need_sources(top, "enhanced_sources", top.texts("enhanced_sources"), known)
    newer = top.optional_section("superseded_by")
    rights = Rights(
        language="en",
        in_force_since=top.day("in_force_since"),
        read_on=top.day("read_on"),
        enhanced=top.text("enhanced"),
        stages=_all_of(top, "stages", STAGES, known),
        milestones=_all_of(top, "milestones", tuple(each.value for each in Milestone), known),
        superseded_by=None if newer is None else _newer(newer),
    )
    if rights.superseded_by and rights.superseded_by.in_force_since <= rights.in_force_since:
        raise top.error("superseded_by", "must be in force later than the Code whose words are here")
    top.done()
    return rights


def _newer(section: Section) -> NewerCode:
    newer = NewerCode(
        version=section.text("version"), dated=section.day("dated"), in_force_since=section.day("in_force_since")
    )
    section.done()
    return newer


def _code_right(entry: Section, known: Mapping[str, Source]) -> CodeRight:
    right = CodeRight(
        number=entry.whole("number"),
        id=entry.text("id"),
        title=entry.text("title"),
        text=entry.texts("text"),
        stages=_code_stages(entry),
        without_report=entry.choice("without_report", (*WITHOUT_REPORT, None)),
        sources=entry.texts("sources"),
    )
    if not right.text:
        raise entry.error("text", "says nothing")
    _need_sources(entry, "sources", right.sources, known)
    return right


def _time(entry: Section, known: Mapping[str, Source]) -> Time:
    time = Time(
        id=entry.text("id"),
        what=entry.text("what"),
        stages=_code_stages(entry),
        within=_within(entry.section("within")),
        sources=entry.texts("sources"),
    )
    _need_sources(entry, "sources", time.sources, known)
    return time


def _note(section: Section, known: Mapping[str, Source]) -> Note:
    note = Note(section.text("text"), section.texts("sources"))
    _need_sources(section, "sources", note.sources, known)
    section.done()
    return note


def _code_stages(entry: Section) -> tuple[str, ...]:
    stages = entry.texts("stages")
    if not stages or not set(stages) <= set(CODE_STAGES):
        raise entry.error("stages", f"must be some of {', '.join(CODE_STAGES)}")
    return stages


def _within(section: Section) -> Within:
    within = Within(section.whole("normal"), section.whole("enhanced"))
    section.done()
    return within


def _need_sources(section: Section, key: str, sources: tuple[str, ...], known: Mapping[str, Source]) -> None:
    if not sources:
        raise section.error(key, "what is published needs a source")
    for one in sources:
        if one not in known:
            raise section.error(key, f"'{one}' is not in the list of sources")


def _all_of(top: Section, key: str, ids: tuple[str, ...], known: Mapping[str, Source]) -> dict[str, Right]:
    """Each of these, once."""

    def read(entry: Section) -> Right:
        within = entry.optional_section("within")
        right = Right(
            id=entry.choice("id", ids),
            text=entry.text("text"),
            sources=entry.texts("sources"),
            number=entry.optional_whole("number"),
            within=None if within is None else _within(within),
        )
        _need_sources(entry, "sources", right.sources, known)
        return right

    found = top.each(key, read)
    by_id = {right.id: right for right in found}
    for one in ids:
        if one not in by_id:
            raise top.error(key, f"there is no '{one}'")
    if len(by_id) != len(found):
        raise top.error(key, "something is there twice")
    return by_id
