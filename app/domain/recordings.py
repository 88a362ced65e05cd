"""Films in British Sign Language and recordings to listen to: which pages have a place for one, and what there is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

# Pages that have a place for a film. "sexual-violence" and "abuse-at-home" are guides.
FILMED = ("start", "how-it-works", "help-now", "sexual-violence", "abuse-at-home", "rights", "pledge")
# Pages that have a place for a recording, in any language; "number" is the page that shows the return number.
SPOKEN = ("start", "help-now", "number")


@dataclass(frozen=True)
class Recording:
    """One file that is served. Its name in addresses comes from its content, and says nothing of the page."""

    path: Path
    name: str
    content_type: str


@dataclass(frozen=True)
class Film:
    """A film with its captions, and its words in English for whoever would rather read."""

    video: Recording
    captions: Recording
    transcript: tuple[str, ...]


@dataclass(frozen=True)
class Recordings:
    """All there is. `films` by page; `sounds` by language and page."""

    films: Mapping[str, Film] = field(default_factory=dict)
    sounds: Mapping[tuple[str, str], Recording] = field(default_factory=dict)

    @property
    def by_name(self) -> dict[str, Recording]:
        """Every file by its name in addresses."""
        films = [each for film in self.films.values() for each in (film.video, film.captions)]
        return {each.name: each for each in (*films, *self.sounds.values())}
