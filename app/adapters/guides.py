"""The guides of the content folder, rendered once: safe HTML with slots for what hangs on the page's language.

One Markdown file is one guide; docs/content.md tells editors how to write one. Every complaint is a ContentError, one line with
the file, the line and what is wrong.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.tree import SyntaxTreeNode
from markupsafe import Markup, escape

from app.adapters.content import front_matter, words_hash
from app.adapters.sources import load_sources
from app.adapters.yaml_reader import ContentError, Section, read_file
from app.domain import guide as domain
from app.domain.area import Area
from app.domain.directory import Directory, Service
from app.domain.guide import GROUPS, HUB, MOST_NEXT, OWNERS, Block, Guide, Guides, Slot, Words
from app.domain.source import Source
from app.domain.translation import Standing

ENGLISH = "en"
# Ids that the page around a guide has already.
TAKEN_IDS = frozenset({"main", "talk", "translated"})
TAKEN_PREFIX = "guide-"
# A paragraph of nothing else stands for the table of who does what in each district.
AREAS = "{areas}"
# Numbers that everybody knows, and that stay what they are in every area.
KNOWN_NUMBERS = frozenset({"18001"})

# Folders that a process remembers: one for a server, a few for tests.
MOST_FOLDERS = 16

_MARKDOWN = MarkdownIt("commonmark", {"html": False}).enable("table")
_SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_ID = re.compile(r"\s*\{#([^}]*)\}\s*$")
_BRACES = re.compile(r"\s*\{([^{}]*)\}")
_NOTE = re.compile(r"(?:[A-Z]+\d*|check)(?:\s*,\s*(?:[A-Z]+\d*|check))*")
_HTML = re.compile(r"<\s*[/!?a-zA-Z]")
_NUMBER = re.compile(r"(?<![\d.,])\+?\d(?:[ -]?\d){4,}(?![\d.,]\d)")
_PAGE = re.compile(r"(?:[a-z0-9-]+(?:/[a-z0-9-]+)*)?(?:#[a-z0-9-]+)?")
_LOCAL = {"hub": "hub_name", "commissioner": "commissioner_office", "service": "service_name", "area": "area_name"}
Part = Markup | Slot

_SERVICE_LINK = re.compile(r"\[([^\]{}]+)\]\(service:")

_PARTS_OF_TABLE = {"thead": "govuk-table__head", "tbody": "govuk-table__body", "tr": "govuk-table__row"}


@dataclass(frozen=True, kw_only=True)
class Known:
    """What a guide may name: the area, its services, the sources, and the sections of each guide by slug."""

    area: Area
    directory: Directory
    sources: Mapping[str, Source]
    guides: Mapping[str, frozenset[str]]
    # The words of links to services in the English guides: mostly names, which a translation leaves as they are.
    names_in_links: frozenset[str]


# The English of a folder, as long as no file of it has changed: reading it takes a while.
_READ: dict[Hashable, tuple[Guides, Known]] = {}


class GuidesByLanguage(Mapping[str, Guides]):
    """What each language (a slug) shows. English is read at once, strictly; a language's own guides when they are first asked
    for, so that a server is back soon after a fall. `python -m tools.content` asks for all of them.
    """

    def __init__(self, folder: Path, languages: Iterable[str], english: Guides, *, under: str, known: Known) -> None:
        self._folder, self._under, self._known = folder, under, known
        self._languages = tuple(languages)
        self._read = {ENGLISH: english}

    def __getitem__(self, language: str) -> Guides:
        """Raises ContentError when a guide in this language cannot be used, KeyError for no language of ours."""
        if language not in self._read:
            if language not in self._languages:
                raise KeyError(language)
            self._read[language] = self._in_language(language)
        return self._read[language]

    def __iter__(self) -> Iterator[str]:
        return iter(self._languages)

    def __len__(self) -> int:
        return len(self._languages)

    def _in_language(self, language: str) -> Guides:
        english = self._read[ENGLISH]
        by_slug = {guide.slug: guide for guide in english.all}
        for path in sorted((self._folder / language / self._under).glob("*.md")):
            text, ours = _Text(path, self._folder), by_slug.get(path.stem)
            if ours is None:
                raise ContentError(text.file, "", f"there is no guide '{path.stem}' in English")
            if not ours.in_every_language:
                raise ContentError(text.file, "", "this guide is not one for every language (in_every_language)")
            if text.front.text("of") == guide_hash(self._folder, path.stem, under=self._under):
                by_slug[path.stem] = _translated(text, ours, language=language, known=self._known)
        return Guides(tuple(by_slug[guide.slug] for guide in english.all), english.groups)


def load_guides(
    folder: Path,
    languages: Iterable[str],
    *,
    area: Area,
    directory: Directory,
    under: str = "guides",
    groups: Mapping[str, str] = GROUPS,
    also: tuple[str, ...] = (),
) -> GuidesByLanguage:
    """What each of these languages (slugs) shows of the guides in `folder`/`under`/*.md. `area` and `directory` are those of
    `folder`.

    A translation is `folder`/<language>/`under`/<slug>.md. English is shown where there is none, and where it was made from
    other English; `Guide.language` says which came out. `under` may be another folder of pages in the same format, with `groups`
    of its own and with texts in its front matter named by `also`, which come out as `Guide.more`; links (guide:...) lead to the
    guides all the same. Raises ContentError.
    """
    names = (f"{under}/*.md", "guides/*.md", "area.yaml", "services.yaml", "sources.yaml", "*/area.yaml")
    files = sorted({path for name in names for path in folder.glob(name)})
    state = tuple((path, (stat := path.stat()).st_mtime_ns, stat.st_size) for path in files)
    named = (
        area.area_name,
        area.hub_name,
        area.commissioner_office,
        area.service_name,
        *(one.name for one in directory.all),
    )
    key = (folder, under, tuple(groups), also, named, state)
    if key not in _READ:
        if len(_READ) >= MOST_FOLDERS:
            _READ.clear()
        _READ[key] = _english(folder, area=area, directory=directory, under=under, groups=groups, also=also)
    english, known = _READ[key]
    return GuidesByLanguage(folder, languages, english, under=under, known=known)


def guide_hash(folder: Path, slug: str, *, under: str = "guides") -> str:
    """What a translation of this guide names as `of`."""
    path = folder / under / f"{slug}.md"
    return words_hash(front_matter(path)[1])


def _english(
    folder: Path,
    *,
    area: Area,
    directory: Directory,
    under: str,
    groups: Mapping[str, str],
    also: tuple[str, ...],
) -> tuple[Guides, Known]:
    texts = {path.stem: _Text(path, folder) for path in sorted((folder / under).glob("*.md"))}
    others = texts
    if under != "guides":
        others = {path.stem: _Text(path, folder) for path in sorted((folder / "guides").glob("*.md"))}
    known = Known(
        area=area,
        directory=directory,
        sources=load_sources(folder),
        guides={slug: text.anchors() for slug, text in others.items()},
        names_in_links=frozenset(
            name for path in (folder / "guides").glob("*.md") for name in _SERVICE_LINK.findall(path.read_text("utf-8"))
        ),
    )
    read = [_read(text, known, groups=groups, also=also) for text in texts.values()]
    for guide in read:
        for slug in guide.next:
            if slug not in texts or slug == guide.slug:
                raise texts[guide.slug].front.error("next", f"there is no other guide '{slug}'")
    in_order = sorted(read, key=lambda guide: (tuple(groups).index(guide.group), guide.order, guide.slug))
    return Guides(tuple(in_order), groups), known


class _Text:
    """A file taken apart: its front matter, and the tree of its body."""

    def __init__(self, path: Path, folder: Path) -> None:
        self.slug, self.file = path.stem, path.relative_to(folder).as_posix()
        self.front, body = front_matter(path, file=self.file)
        self._before = read_file(path).count("\n") - body.count("\n")
        if not _SLUG.fullmatch(self.slug):
            raise ContentError(self.file, "", "its name must be of small letters, digits and single hyphens")
        # Where the words that are being read begin: what is inside a block does not know its line.
        self.at = 0
        self.top = SyntaxTreeNode(_MARKDOWN.parse(body)).children

    def line(self, node: SyntaxTreeNode) -> int:
        """The line of the file on which a node begins."""
        if node.map:
            self.at = self._before + node.map[0] + 1
        return self.at

    def error(self, node: SyntaxTreeNode, problem: str) -> ContentError:
        """A complaint about the place of a node."""
        return ContentError(self.file, f"line {self.line(node)}", problem)

    def anchors(self) -> frozenset[str]:
        """The ids of its sections, as they are written."""
        headings = (node.children[0].content for node in self.top if node.type == "heading" and node.tag == "h2")
        return frozenset(match[1] for heading in headings if (match := _ID.search(heading)))


def _read(text: _Text, known: Known, *, groups: Mapping[str, str], also: tuple[str, ...]) -> Guide:
    """An English guide."""
    front = text.front
    words = _Body(text, known, language=ENGLISH)
    guide = Guide(
        slug=text.slug,
        language=ENGLISH,
        group=front.choice("group", tuple(groups)),
        order=front.whole("order"),
        owner=front.choice("owner", OWNERS),
        reviewed_on=front.day("reviewed_on"),
        review_by=front.day("review_by"),
        in_every_language=front.truth("in_every_language"),
        services=_services(front, known),
        about=front.optional_text("about"),
        next=front.texts("next"),
        asked=front.texts("asked"),
        danger=front.truth("danger", default=False),
        title=words.title.text,
        title_html=words.title.html,
        teaser=words.lead_block.text,
        lead=words.lead,
        lead_block=words.lead_block,
        sections=words.sections,
        more={key: found for key in also if (found := front.optional_text(key))},
    )
    front.done()
    _check_front(front, guide, known)
    return guide


def _check_front(front: Section, guide: Guide, known: Known) -> None:
    if guide.review_by <= guide.reviewed_on:
        raise front.error("review_by", "must be after reviewed_on")
    if not guide.asked:
        raise front.error("asked", "say what people would type when they look for this")
    if guide.about is not None and guide.about not in {option.id for option in known.directory.about}:
        raise front.error("about", f"there is no '{guide.about}' among the facets of services.yaml")
    if len(set(guide.next)) != len(guide.next) or len(guide.next) > MOST_NEXT:
        raise front.error("next", f"name at most {MOST_NEXT} guides, each once")


def _services(front: Section, known: Known) -> tuple[str, ...]:
    """The services that can be reached: the others wait until somebody has found out how."""
    named, listed = front.texts("services"), {service.id for service in known.directory.all}
    for service_id in named:
        if service_id not in listed:
            raise front.error("services", f"there is no service '{service_id}'")
    if len(set(named)) != len(named):
        raise front.error("services", "name each once")
    return tuple(service_id for service_id in named if known.directory.get(service_id) is not None)


def _translated(text: _Text, english: Guide, *, language: str, known: Known) -> Guide:
    """A guide in another language: its words, and what people would type. Everything else is the English guide's."""
    front = text.front
    asked, checked_by, checked_on = (
        front.texts("asked"),
        front.optional_text("checked_by"),
        front.optional_day("checked_on"),
    )
    front.done()
    if (checked_by is None) != (checked_on is None):
        raise front.error("checked_by", "a check needs both who did it and its day")
    words = _Body(text, known, language=language)
    guide = replace(
        english,
        language=language,
        asked=asked or english.asked,
        title=words.title.text,
        title_html=words.title.html,
        teaser=words.lead_block.text,
        lead=words.lead,
        lead_block=words.lead_block,
        sections=words.sections,
        standing=Standing.CHECKED if checked_by else Standing.DRAFTED,
    )
    _check_shape(text, guide, english)
    return guide


def _check_shape(text: _Text, guide: Guide, english: Guide) -> None:
    for section, ours in zip(guide.sections, english.sections, strict=False):
        if section.id != ours.id:
            raise ContentError(text.file, f"#{section.id}", f"the English has #{ours.id} here")
        if len(section.blocks) != len(ours.blocks):
            problem = f"has {len(section.blocks)} paragraphs, items and rows; the English has {len(ours.blocks)}"
            raise ContentError(text.file, f"#{section.id}", problem)
    if len(guide.sections) != len(english.sections):
        raise ContentError(
            text.file, "", f"has {len(guide.sections)} sections; the English has {len(english.sections)}"
        )
    for block, own in zip(guide.blocks, english.blocks, strict=True):
        if (
            replace(guide, lead_block=block, sections=()).shape()
            != replace(english, lead_block=own, sections=()).shape()
        ):
            problem = f"has other placeholders, links or sources than line {own.line} of the English"
            raise ContentError(text.file, f"line {block.line}", problem)


class _Run:
    """A run of words: its parts for the page, and what the checks of content want to know of it."""

    def __init__(self) -> None:
        self.parts: list[Part] = []
        self.text = self.own = ""
        self.sources: list[str] = []
        self.marks: list[str] = []
        self.is_unchecked = False

    @property
    def html(self) -> Markup:
        """All of it, where no slot is in it."""
        return Markup("").join(part for part in self.parts if not isinstance(part, Slot))

    def add(self, part: Markup | Slot, text: str = "", *, in_link: bool = False) -> None:
        """A further piece, and how it reads."""
        self.parts.append(part)
        self.text += text
        self.own += " " if in_link else text

    def block(self, kind: str, *further: _Run, line: int) -> Block:
        """This run, and further ones, as one block."""
        runs = (self, *further)
        return Block(
            kind=kind,
            text=" ".join(filter(None, (run.text.strip() for run in runs))),
            own=" ".join(filter(None, (run.own.strip() for run in runs))),
            sources=tuple(dict.fromkeys(source for run in runs for source in run.sources)),
            is_unchecked=any(run.is_unchecked for run in runs),
            marks=tuple(mark for run in runs for mark in run.marks),
            line=line,
        )


class _Body:
    """The body of a file: title, introduction and sections."""

    def __init__(self, text: _Text, known: Known, *, language: str) -> None:
        self._text, self._known, self._language = text, known, language
        self._parts: list[Part] = []
        self._blocks: list[Block] = []
        self.sections: tuple[domain.Section, ...] = ()
        top = list(text.top)
        if [node.type for node in top[:2]] != ["heading", "paragraph"] or top[0].tag != "h1":
            raise ContentError(text.file, "", "must begin with its title (#) and one paragraph of introduction")
        self.title = self._run(top[0].children[0])
        if any(isinstance(part, Slot) for part in self.title.parts) or self.title.sources:
            raise text.error(top[0], "a title has words and names, and nothing else")
        lead = self._run(top[1].children[0])
        self.lead: Words = _joined(lead.parts)
        self.lead_block = lead.block("p", line=text.line(top[1]))
        self._read_sections(top[2:])

    def _read_sections(self, nodes: list[SyntaxTreeNode]) -> None:
        """Each `##` with what stands below it."""
        found: list[domain.Section] = []
        for at, node in enumerate(nodes):
            if node.type != "heading" or node.tag != "h2":
                if not at:
                    raise self._text.error(node, "after the introduction comes a section (##)")
                continue
            section_id, title = self._section_heading(node)
            if section_id in {section.id for section in found}:
                raise self._text.error(node, f"the id '{section_id}' is there twice")
            self._parts, self._blocks = [], []
            for inner in nodes[at + 1 :]:
                if inner.type == "heading" and inner.tag == "h2":
                    break
                self._block(inner, section_id)
            if not self._blocks:
                raise self._text.error(node, "says nothing")
            found.append(
                domain.Section(
                    id=section_id,
                    title=title.text,
                    title_html=title.html,
                    body=_joined(self._parts),
                    blocks=tuple(self._blocks),
                )
            )
        if not found:
            raise ContentError(self._text.file, "", "has no sections")
        self.sections = tuple(found)

    def _section_heading(self, node: SyntaxTreeNode) -> tuple[str, _Run]:
        match = _ID.search(node.children[0].content)
        if not match or not _SLUG.fullmatch(match[1]):
            raise self._text.error(node, "a section needs an id of small letters at its end: {#such-as-this}")
        if match[1] in TAKEN_IDS or match[1].startswith(TAKEN_PREFIX):
            raise self._text.error(node, f"the page has the id '{match[1]}' already")
        run = self._run(node.children[0])
        if run.marks or run.sources or run.is_unchecked:
            raise self._text.error(node, "a heading has words and nothing else")
        return match[1], run

    def _block(self, node: SyntaxTreeNode, section_id: str) -> None:
        """A block of any kind, with what is inside it."""
        if node.type == "paragraph" and node.children[0].content.strip() == AREAS:
            self._areas(node)
        elif node.type == "paragraph":
            self._put("p", node, Markup("<p>"), Markup("</p>"))
        elif node.type == "heading" and node.tag == "h3":
            self._put("h3", node, Markup("<h3>"), Markup("</h3>"))
        elif node.type in ("bullet_list", "ordered_list"):
            tag = "ul" if node.type == "bullet_list" else "ol"
            self._parts.append(Markup("<{}>").format(tag))
            for item in node.children:
                self._item(item, section_id)
            self._parts.append(Markup("</{}>").format(tag))
        elif node.type == "blockquote":
            self._parts.append(Markup('<div class="box box--tint">'))
            for inner in node.children:
                self._block(inner, section_id)
            self._parts.append(Markup("</div>"))
        elif node.type == "table":
            self._table(node, section_id)
        else:
            raise self._text.error(node, f"'{node.tag or node.type}' does not belong in a guide")

    def _put(self, kind: str, node: SyntaxTreeNode, start: Markup, end: Markup) -> None:
        run = self._run(node.children[0])
        self._parts += [start, *run.parts, end]
        self._blocks.append(run.block(kind, line=self._text.line(node)))

    def _areas(self, node: SyntaxTreeNode) -> None:
        """The table of who does what in each district."""
        line = self._text.line(node)
        self._parts.append(Slot("areas"))
        self._blocks.append(
            Block(kind="areas", text="", own="", sources=(), is_unchecked=False, marks=(AREAS,), line=line)
        )

    def _item(self, item: SyntaxTreeNode, section_id: str) -> None:
        """An item with its own words, and lists inside it."""
        self._parts.append(Markup("<li>"))
        own = [child for child in item.children if child.type == "paragraph"]
        runs = [self._run(child.children[0]) for child in own]
        if not runs:
            raise self._text.error(item, "an item of a list needs words")
        for number, run in enumerate(runs):
            self._parts += [*([Markup("<br>")] if number else []), *run.parts]
        self._blocks.append(runs[0].block("item", *runs[1:], line=self._text.line(item)))
        for child in item.children:
            if child not in own:
                self._block(child, section_id)
        self._parts.append(Markup("</li>"))

    def _table(self, table: SyntaxTreeNode, section_id: str) -> None:
        """A table in a frame that scrolls by itself where the screen is too small for it (WCAG 1.4.10, 2.1.1)."""
        self._parts.append(
            Markup('<div class="table-scroll" role="region" aria-labelledby="{}" tabindex="0">').format(section_id)
        )
        self._parts.append(Markup('<table class="govuk-table">'))
        for part in table.children:
            self._parts.append(_start(part))
            for row in part.children:
                self._parts.append(_start(row))
                runs = []
                for number, cell in enumerate(row.children):
                    runs.append(run := self._run(cell.children[0]))
                    start, end = _cell(cell, is_head=part.type == "thead", is_first=number == 0)
                    self._parts += [start, *run.parts, end]
                kind = "head" if part.type == "thead" else "row"
                self._blocks.append(runs[0].block(kind, *runs[1:], line=self._text.line(row)))
                self._parts.append(Markup("</tr>"))
            self._parts.append(Markup("</{}>").format(part.type))
        self._parts.append(Markup("</table></div>"))

    def _run(self, inline: SyntaxTreeNode) -> _Run:
        """The words of an inline node."""
        run = _Run()
        self._text.line(inline)
        for child in inline.children:
            self._word(child, run, in_link=False)
        run.text, run.own = " ".join(run.text.split()), " ".join(run.own.split())
        return run

    def _word(self, node: SyntaxTreeNode, run: _Run, *, in_link: bool) -> None:
        if node.type == "text":
            self._plain(node, run, in_link=in_link)
        elif node.type == "softbreak":
            run.add(Markup(" "), " ", in_link=in_link)
        elif node.type == "strong":
            run.add(Markup("<strong>"))
            for child in node.children:
                self._word(child, run, in_link=in_link)
            run.add(Markup("</strong>"))
        elif node.type == "link" and not in_link:
            run.add(Markup('<a class="govuk-link" href="'))
            run.add(self._target(node, run))
            is_english = self._language != ENGLISH and _said_by(node) in self._known.names_in_links
            run.add(Markup('" lang="en-GB" dir="ltr">') if is_english else Markup('">'))
            for child in node.children:
                self._word(child, run, in_link=True)
            run.add(Markup("</a>"))
        else:
            raise self._text.error(node, f"'{node.tag or node.type}' does not belong in a guide")

    def _target(self, node: SyntaxTreeNode, run: _Run) -> Slot:
        """Where a link leads."""
        href = str(node.attrs.get("href", ""))
        kind, _, place = href.partition(":")
        run.marks.append(href)
        if kind == "page" and _PAGE.fullmatch(place):
            return Slot("page", place)
        if kind == "service":
            return Slot("support", self._service(node, place).id)
        if kind == "guide":
            slug, hash_sign, anchor = place.partition("#")
            if slug not in self._known.guides:
                raise self._text.error(node, f"there is no guide '{slug}'")
            if hash_sign and anchor not in self._known.guides[slug]:
                raise self._text.error(node, f"the guide '{slug}' has no section '{anchor}'")
            return Slot("guide", place)
        raise self._text.error(node, f"a link leads to page:, guide: or service:, not to '{href}'")

    def _plain(self, node: SyntaxTreeNode, run: _Run, *, in_link: bool) -> None:
        """Words with placeholders in braces."""
        text, at = node.content, 0
        if _HTML.search(text):
            raise self._text.error(node, "HTML does not belong in a guide")
        for match in _BRACES.finditer(text):
            self._words(node, run, text[at : match.start()], in_link=in_link)
            before = text[match.start() : match.start(1) - 1]
            self._placeholder(node, run, match[1].strip(), before=before, in_link=in_link)
            at = match.end()
        self._words(node, run, text[at:], in_link=in_link)

    def _words(self, node: SyntaxTreeNode, run: _Run, words: str, *, in_link: bool) -> None:
        if "{" in words or "}" in words:
            raise self._text.error(node, "a brace has no fellow")
        if "](" in words:
            raise self._text.error(node, "a link is not whole: [words](page:help-now)")
        if (number := _NUMBER.search(words)) and number[0] not in KNOWN_NUMBERS:
            raise self._text.error(node, f"'{number[0]}' is a number to ring: write {{phone:...}} instead")
        run.add(escape(words), words, in_link=in_link)

    def _placeholder(self, node: SyntaxTreeNode, run: _Run, said: str, *, before: str, in_link: bool) -> None:
        """What stands in braces: sources, {check}, a section's id, a name, or a number to ring. `before`: the space before it."""
        if said.startswith("#"):
            return
        if _NOTE.fullmatch(said):
            self._note(node, run, re.split(r"\s*,\s*", said))
            return
        kind, _, value = said.partition(":")
        if said in _LOCAL:
            name = self._local(node, said)
        elif kind == "name":
            name = self._name(self._service(node, value).name)
        elif kind == "phone":
            self._check_phone(node, value)
            run.marks.append(said)
            run.add(escape(before))
            run.add(Slot("phone", value), f"{before}number", in_link=in_link)
            return
        else:
            raise self._text.error(node, f"{{{said}}} is not a placeholder")
        run.marks.append(said)
        run.add(escape(before) + name, before + name.striptags(), in_link=in_link)

    def _note(self, node: SyntaxTreeNode, run: _Run, ids: list[str]) -> None:
        for one in ids:
            if one == "check":
                run.is_unchecked = True
                run.add(Markup(" "))
                run.add(Slot("check"))
            elif one not in self._known.sources:
                raise self._text.error(node, f"'{one}' is not in sources.yaml")
            else:
                run.sources.append(one)

    def _service(self, node: SyntaxTreeNode, service_id: str) -> Service:
        service = self._known.directory.get(service_id)
        if service is None:
            is_listed = service_id in {each.id for each in self._known.directory.all}
            problem = "has no number, address or site that may be shown" if is_listed else "is not in services.yaml"
            raise self._text.error(node, f"the service '{service_id}' {problem}")
        return service

    def _check_phone(self, node: SyntaxTreeNode, value: str) -> None:
        phone = None if value == HUB else self._service(node, value).phone
        if value != HUB and (phone is None or not phone.may_show):
            raise self._text.error(node, f"the service '{value}' has no number that may be shown")

    def _local(self, node: SyntaxTreeNode, which: str) -> Markup:
        """A name of the area, in the guide's language where it has one there."""
        key = _LOCAL[which]
        if which == "area":
            words = self._known.area.words_in(key, self._language)
            return escape(words.text) if words.language == self._language else self._name(words.text)
        text = str(getattr(self._known.area, key))
        if not text.strip():
            raise self._text.error(node, f"area.yaml has no {key} for {{{which}}}")
        return self._name(text)

    def _name(self, name: str) -> Markup:
        """A name in English: said so where the guide is in another language (WCAG 3.1.2)."""
        if self._language == ENGLISH:
            return escape(name)
        return Markup('<bdi lang="en-GB">{}</bdi>').format(name)


def _said_by(link: SyntaxTreeNode) -> str:
    """The words of a link to a service; nothing for any other link."""
    is_service = str(link.attrs.get("href", "")).startswith("service:")
    return "".join(child.content for child in link.children) if is_service else ""


def _joined(parts: list[Part]) -> Words:
    """Neighbouring pieces of HTML in one."""
    found: list[Part] = []
    for part in parts:
        last = found[-1] if found else None
        if isinstance(last, Markup) and isinstance(part, Markup):
            found[-1] = last + part
        else:
            found.append(part)
    return tuple(found)


def _start(node: SyntaxTreeNode) -> Markup:
    return Markup('<{} class="{}">').format(node.type, _PARTS_OF_TABLE[node.type])


def _cell(cell: SyntaxTreeNode, *, is_head: bool, is_first: bool) -> tuple[Markup, Markup]:
    """The tags of a cell; the first of a row names the row (WCAG 1.3.1)."""
    if is_head or is_first:
        scope = "col" if is_head else "row"
        return Markup('<th scope="{}" class="govuk-table__header">').format(scope), Markup("</th>")
    return Markup('<td class="govuk-table__cell">'), Markup("</td>")
