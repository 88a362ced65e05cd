"""Templates as they were compiled at set-up (tools/templates.py), so that no visitor waits while one is compiled.

The files are only read here: a process that serves can write nothing that would be run. A template that was changed since, or
was compiled by another version, is compiled anew when it is first needed, as all are where nothing was set up.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from jinja2.bccache import Bucket, BytecodeCache

FOLDER: Final = Path(__file__).resolve().parents[2] / "build" / "templates"


class Compiled(BytecodeCache):
    """What was compiled at set-up, by the key that Jinja gives each template."""

    def __init__(self, folder: Path = FOLDER) -> None:
        self.folder = folder

    def load_bytecode(self, bucket: Bucket) -> None:
        """Take what there is. Jinja itself sees whether it is of this very template and version."""
        try:
            with (self.folder / bucket.key).open("rb") as file:
                bucket.load_bytecode(file)
        except OSError:
            bucket.reset()

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Nothing: a process that serves keeps what it compiled to itself."""


class Compiling(Compiled):
    """The same for set-up, which writes."""

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Write it in one step, so that nobody reads half of it."""
        fresh = self.folder / f"{bucket.key}.new"
        with fresh.open("wb") as file:
            bucket.write_bytecode(file)
        fresh.replace(self.folder / bucket.key)
