"""Films and recordings of the content folder: bsl/<page>.mp4 with .vtt and .txt beside it, audio/<language>/<page>.mp3.

None has to be there. A file that no page has a place for, or a film without captions or words, is an error: it would look
finished to whoever put it there, and be shown to nobody.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from pathlib import Path

from app.adapters.yaml_reader import ContentError
from app.domain.recordings import FILMED, SPOKEN, Film, Recording, Recordings

FILMS, SOUNDS = "bsl", "audio"
TYPES = {".mp4": "video/mp4", ".vtt": "text/vtt; charset=utf-8", ".mp3": "audio/mpeg"}
NAME_LENGTH = 20
# What people put beside files.
NOTES = ".md"


def load_recordings(content_dir: Path, languages: Collection[str]) -> Recordings:
    """Everything that is there, for `languages` by their slugs. Raises ContentError."""
    films = {
        page: _film(content_dir / FILMS, page) for page in _pages(content_dir / FILMS, FILMED, (".mp4", ".vtt", ".txt"))
    }
    sounds = {}
    for folder in sorted((content_dir / SOUNDS).glob("*/")):
        if folder.name not in languages:
            raise ContentError(SOUNDS, folder.name, "is no language of the site")
        for page in _pages(folder, SPOKEN, (".mp3",)):
            sounds[(folder.name, page)] = _recording(folder / f"{page}.mp3")
    return Recordings(films, sounds)


def _pages(folder: Path, known: Collection[str], endings: Collection[str]) -> list[str]:
    files = [each for each in sorted(folder.glob("*")) if each.is_file() and each.suffix != NOTES]
    for file in files:
        if file.stem not in known or file.suffix not in endings:
            raise ContentError(folder.name, file.name, f"no page has a place for it; there are: {', '.join(known)}")
    return sorted({file.stem for file in files})


def _film(folder: Path, page: str) -> Film:
    for ending in (".mp4", ".vtt", ".txt"):
        if not (folder / f"{page}{ending}").is_file():
            raise ContentError(FILMS, f"{page}{ending}", "is missing: a film needs its captions and its words")
    lines = (folder / f"{page}.txt").read_text("utf-8").splitlines()
    if not (folder / f"{page}.vtt").read_text("utf-8").startswith("WEBVTT"):
        raise ContentError(FILMS, f"{page}.vtt", "does not begin with WEBVTT")
    return Film(
        video=_recording(folder / f"{page}.mp4"),
        captions=_recording(folder / f"{page}.vtt"),
        transcript=tuple(line.strip() for line in lines if line.strip()),
    )


def _recording(path: Path) -> Recording:
    with path.open("rb") as file:
        name = hashlib.file_digest(file, "sha256").hexdigest()[:NAME_LENGTH]
    return Recording(path, f"{name}{path.suffix}", TYPES[path.suffix])
