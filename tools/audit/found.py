"""What the audit looks at, and what it finds."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Literal

EVERY_LOOK = "every look"


class State(StrEnum):
    """How somebody meets a page."""

    EMPTY = "empty"
    ERROR = "error"
    FILLED = "filled"
    RESUMED = "resumed"


class Group(StrEnum):
    """The parts of the portal, as coverage counts them."""

    READING = "pages to read"
    REQUEST = "the request"
    NUMBER = "the number"
    MORE = "tell us more"
    SPACE = "the space"
    SURVEY = "the questionnaire"


@dataclass(frozen=True)
class Document:
    """A page in one state: its address, and its HTML as it came. `live` pages may be opened again at their address."""

    group: Group
    state: State
    path: str
    html: str
    name: str = ""
    live: bool = False

    @property
    def below(self) -> str:
        """Its address below the language, the same in all of them."""
        return self.path.lstrip("/").partition("/")[2]


@dataclass(frozen=True)
class Look:
    """A window, and whether the device paints over the page's colours."""

    name: str
    width: int
    height: int
    forced_colours: Literal["active", "none"] = "none"


LOOKS = (
    Look("320 px", 320, 640),
    Look("desktop", 1280, 900),
    # 1280 x 1024 pixels at 400 % (WCAG 1.4.10).
    Look("400 % zoom", 320, 256),
    Look("forced colours", 360, 740, "active"),
)


@dataclass(frozen=True)
class Finding:
    """Something that is not as it should be, in one line."""

    language: str
    page: str
    state: str
    look: str
    check: str
    words: str


@dataclass
class Result:
    """What was looked at in one language, how often, and what was found."""

    language: str
    counts: dict[tuple[str, str], int] = field(default_factory=dict)
    pages: set[str] = field(default_factory=set)
    findings: list[Finding] = field(default_factory=list)
    pictures: list[tuple[str, str]] = field(default_factory=list)
    # Each line of words in the page's own language, with the first place where it stands: (page, state).
    lines: dict[str, tuple[str, str]] = field(default_factory=dict)

    def count(self, document: Document) -> None:
        """Note that this document was looked at, under every look."""
        key = (document.group.value, document.state.value)
        self.counts[key] = self.counts.get(key, 0) + 1
        self.pages.add(document.below)


@dataclass(frozen=True)
class Scores:
    """Lighthouse's scores of one page, 0 to 100, and the audits that cost points."""

    page: str
    accessibility: int
    best_practices: int
    performance: int
    lost: tuple[str, ...] = ()

    @classmethod
    def of(cls, page: str, report: dict[str, Any]) -> Scores:
        """Read a report of Lighthouse."""
        categories = report["categories"]
        points = {name: round(100 * (each["score"] or 0)) for name, each in categories.items()}
        weighed = {
            ref["id"] for each in categories.values() for ref in each["auditRefs"] if ref["weight"]
        }  # audits without weight only tell
        lost = sorted(
            f"{name}: {audit['title']} {audit.get('displayValue', '')}".strip()
            for name, audit in report["audits"].items()
            if name in weighed and audit["score"] is not None and audit["score"] < 0.9
        )
        return cls(page, points["accessibility"], points["best-practices"], points["performance"], tuple(lost))
