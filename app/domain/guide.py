"""Guides: what people can read without asking anyone, each with its sources, whom to turn to, and who keeps it true."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Literal

from app.domain.translation import Standing

SlotKind = Literal["phone", "check", "page", "guide", "support", "areas"]
# Whose number {phone:hub} stands for.
HUB = "hub"
OWNERS = ("Hub lead", "Supervisor", "Safeguarding lead", "Commissioner's office")
MOST_NEXT = 3


def N_(message: str) -> str:  # noqa: N802 - the name that message extraction looks for
    """Mark `message` for translation where it stands; it is looked up when it is shown."""
    return message


# The headings of the index, in their order.
GROUPS: Mapping[str, str] = {
    "harm": N_("What has happened?"),
    "death": N_("Someone close to me has died"),
    "law": N_("Police, courts and your rights"),
    "after": N_("Getting on with life"),
    "others": N_("Helping someone else"),
}


@dataclass(frozen=True)
class Slot:
    """What is put in when a page is shown, for it hangs on the page's language.

    "phone": the number of the service `value`, or the Hub's. "check": the note that we have not checked this. "areas": the
    table of who does what in each district. The others are addresses: of a page by its path below the language, of a guide (slug,
    or slug#section), of a service's page.
    """

    kind: SlotKind
    value: str = ""


# Safe HTML and slots by turns; an address stands between the quotes of an href.
Words = tuple[str | Slot, ...]


@dataclass(frozen=True, kw_only=True)
class Block:
    """A paragraph, an item of a list, a row of a table or a small heading, as the checks of content see it.

    `text` is plain, with names filled in and one word for each number to ring; `own` the same without the words of links.
    `marks` names its placeholders and links as the editor wrote them; `line` is its line in the file.
    """

    kind: str
    text: str
    own: str
    sources: tuple[str, ...]
    is_unchecked: bool
    marks: tuple[str, ...]
    line: int


@dataclass(frozen=True, kw_only=True)
class Section:
    """A part of a guide under a heading of its own. `id` never changes: other pages lead to it."""

    id: str
    title: str
    title_html: str
    body: Words
    blocks: tuple[Block, ...]

    @property
    def sources(self) -> tuple[str, ...]:
        """The ids of its sources, each once, in the order of the text."""
        return tuple(dict.fromkeys(source for block in self.blocks for source in block.sources))

    @property
    def text(self) -> str:
        """Its words without mark-up, for searching."""
        return " ".join(block.text for block in self.blocks)


@dataclass(frozen=True, kw_only=True)
class Guide:
    """One guide in one language.

    `language` is the slug of the language that its words are really in. `lead` says in a sentence or two for whom it is, with
    `teaser` as the same in plain text. `asked` are phrases that people would type, for searching, never shown. `services` and
    `about` (a facet of the directory) say who can help; `next` are slugs of guides. `danger` calls for the calm box about danger
    now. `standing`: whether a person has checked the translation. `more` holds what a kind of page needs besides.
    """

    slug: str
    language: str
    group: str
    order: int
    owner: str
    reviewed_on: date
    review_by: date
    in_every_language: bool
    services: tuple[str, ...]
    about: str | None
    next: tuple[str, ...]
    asked: tuple[str, ...]
    danger: bool
    title: str
    title_html: str
    teaser: str
    lead: Words
    lead_block: Block
    sections: tuple[Section, ...]
    standing: Standing = Standing.CHECKED
    more: Mapping[str, str] = field(default_factory=dict, hash=False)

    @property
    def blocks(self) -> Iterator[Block]:
        """All its blocks in order, the introduction first."""
        yield self.lead_block
        for section in self.sections:
            yield from section.blocks

    @property
    def text(self) -> str:
        """All its words without mark-up, for searching: headings too."""
        return " ".join((self.teaser, *(f"{section.title} {section.text}" for section in self.sections)))

    @property
    def anchors(self) -> frozenset[str]:
        """The ids of its sections."""
        return frozenset(section.id for section in self.sections)

    @property
    def pages(self) -> frozenset[str]:
        """The paths of pages that it leads to, below the language, without a place on the page."""
        marks = (mark for block in self.blocks for mark in block.marks)
        return frozenset(mark.removeprefix("page:").partition("#")[0] for mark in marks if mark.startswith("page:"))

    def is_overdue(self, today: date) -> bool:
        """Whether the day by which somebody was to look at it again has passed."""
        return today > self.review_by

    def shape(self) -> tuple[tuple[object, ...], ...]:
        """What a translation keeps: the blocks by kind with their placeholders, links and sources, and the ids of sections."""
        parts: list[tuple[object, ...]] = [_shape(self.lead_block)]
        for section in self.sections:
            parts.append(("##", section.id))
            parts += map(_shape, section.blocks)
        return tuple(parts)


@dataclass(frozen=True)
class Guides:
    """The guides that one language shows, in the order of the index; `groups` gives the words of each group by its id."""

    all: tuple[Guide, ...]
    groups: Mapping[str, str] = field(default_factory=lambda: GROUPS, hash=False)

    def get(self, slug: str) -> Guide | None:
        """The guide with this slug, if there is one."""
        return self._by_slug.get(slug)

    @cached_property
    def by_group(self) -> tuple[tuple[str, str, tuple[Guide, ...]], ...]:
        """(id, words to translate, guides) of each group that has any."""
        found = (
            (group, words, tuple(guide for guide in self.all if guide.group == group))
            for group, words in self.groups.items()
        )
        return tuple(each for each in found if each[2])

    @cached_property
    def _by_slug(self) -> dict[str, Guide]:
        return {guide.slug: guide for guide in self.all}


def _shape(block: Block) -> tuple[object, ...]:
    return (block.kind, tuple(sorted(block.marks)), tuple(sorted(block.sources)), block.is_unchecked)
