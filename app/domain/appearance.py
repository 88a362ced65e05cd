"""How somebody wants the pages to look: a handful of choices, the short text that keeps them, and the class names that they mean.

A choice is an id out of a short list, so whatever a browser sends is either one of these or nothing at all.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

# For each setting its choices, the usual one first, and the class name that the document then wears. The kept text counts
# places in these: add settings and choices at the end, never take one out or change the order.
CHOICES: dict[str, dict[str, str]] = {
    "size": {"usual": "", "large": "text-large", "larger": "text-larger", "largest": "text-largest"},
    "space": {"usual": "", "wide": "space-wide", "wider": "space-wider"},
    "lines": {"usual": "", "short": "lines-short", "long": "lines-long"},
    "colours": {
        "device": "",
        "calm": "theme-calm",
        "light": "theme-light",
        "dark": "theme-dark",
        "contrast": "theme-contrast",
        "cream": "theme-cream",
    },
    "links": {"usual": "", "underlined": "links-underlined"},
    "reading": {"usual": "", "easier": "easier"},
    "page": {"usual": "", "plain": "plain"},
    "movement": {"usual": "", "none": "still"},
    "letters": {"usual": "", "nastaliq": "nastaliq", "naskh": "naskh"},
}


@dataclass(frozen=True, kw_only=True)
class Appearance:
    """One choice of each setting, by its id."""

    size: str = "usual"
    space: str = "usual"
    lines: str = "usual"
    colours: str = "device"
    links: str = "usual"
    reading: str = "usual"
    page: str = "usual"
    movement: str = "usual"
    letters: str = "usual"

    @property
    def classes(self) -> str:
        """The class names of the document, with a space between them; empty when everything is as usual."""
        return " ".join(name for each in CHOICES if (name := CHOICES[each][getattr(self, each)]))

    @property
    def text(self) -> str:
        """What is kept: one digit for each setting, the place of its choice."""
        return "".join(str([*CHOICES[each]].index(getattr(self, each))) for each in CHOICES)


USUAL = Appearance()


def chosen(values: Mapping[str, object]) -> Appearance:
    """The appearance that these values ask for, by name of the setting; what is no choice of ours is as usual."""
    return Appearance(**{each: str(values[each]) for each in CHOICES if values.get(each) in CHOICES[each]})


def read(text: str | None) -> Appearance:
    """The appearance that a kept text stands for; as usual when there is none, or anything about it is not ours."""
    if text is None or len(text) != len(CHOICES) or not (text.isascii() and text.isdigit()):
        return USUAL
    places = dict(zip(CHOICES, map(int, text), strict=True))
    if any(place >= len(CHOICES[each]) for each, place in places.items()):
        return USUAL
    return Appearance(**{each: [*CHOICES[each]][place] for each, place in places.items()})
