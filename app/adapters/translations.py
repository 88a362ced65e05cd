"""How far each language is, as the build of the catalogues counted it."""

from __future__ import annotations

import json
from pathlib import Path

from app.domain.translation import Count, Group, Progress

PROGRESS = "progress.json"


def load_progress(folder: Path) -> dict[str, Progress]:
    """By catalogue, out of `folder`/progress.json.

    Where the file is missing or says nothing of a language, nothing counts as checked: the reader is told of a draft, and
    safety words stand beside their English.
    """
    try:
        read = json.loads((folder / PROGRESS).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return {
        catalogue: Progress(
            groups={Group(name): Count(**count) for name, count in said["groups"].items()},
            checked_safety=frozenset(said["checked_safety"]),
        )
        for catalogue, said in read.items()
    }
