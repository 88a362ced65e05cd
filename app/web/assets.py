"""The built styles, scripts and images: read once, kept in memory, served under names that change with their content."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Final

INLINE_SCRIPT: Final = (
    "document.body.className += ' js-enabled' + "
    "('noModule' in HTMLScriptElement.prototype ? ' govuk-frontend-supported' : '');"
)
"""The one script that pages carry themselves. It marks the body before anything is drawn, so nothing jumps."""

INLINE_SCRIPT_HASH: Final = "sha256-" + base64.b64encode(hashlib.sha256(INLINE_SCRIPT.encode()).digest()).decode(
    "ascii"
)
"""The source expression that allows INLINE_SCRIPT in a content security policy, without its quotes (CSP3, 2.3.1)."""

BUILT: Final = Path(__file__).resolve().parents[2] / "static" / "built"
URL_PREFIX: Final = "/static/"

_TYPES: Final = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".png": "image/png",
    ".svg": "image/svg+xml; charset=utf-8",
}


class AssetsNotBuilt(RuntimeError):
    """The assets have not been built, or only in part; the message says in one line what to run."""


class UnknownAsset(KeyError):
    """A template asked for an asset that the build does not make."""


@dataclass(frozen=True, slots=True)
class AssetFile:
    """One built file as it goes over the wire.

    ``compressed`` is the gzip form, or None where that would not be smaller. ``etag`` has no quotes.
    """

    name: str
    content: bytes
    compressed: bytes | None
    content_type: str
    etag: str


class Assets:
    """All built files, by plain name and by the hashed file name that stands in URLs."""

    def __init__(self, folder: Path = BUILT) -> None:
        """Read everything that ``folder``/manifest.json names; raise AssetsNotBuilt if it or one of its files is missing."""
        try:
            self._names: dict[str, str] = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
            self._files = {name: _read(folder / name) for name in self._names.values()}
        except (OSError, ValueError) as fault:
            raise AssetsNotBuilt("The styles and scripts are not built yet: run «make setup».") from fault

    def url(self, name: str) -> str:
        """Return the path of the asset with this plain name, such as ``site.css``; raise UnknownAsset if there is none."""
        try:
            return URL_PREFIX + self._names[name]
        except KeyError:
            raise UnknownAsset(name) from None

    def get(self, filename: str) -> AssetFile | None:
        """Return the file with this hashed name, as it stands in a URL after ``/static/``, or None."""
        return self._files.get(filename)


def _read(path: Path) -> AssetFile:
    content = path.read_bytes()
    # mtime=0: the same content gives the same bytes in every process.
    compressed = gzip.compress(content, compresslevel=9, mtime=0)
    return AssetFile(
        name=path.name,
        content=content,
        compressed=compressed if len(compressed) < len(content) else None,
        content_type=_TYPES.get(path.suffix, "application/octet-stream"),
        etag=hashlib.sha256(content).hexdigest()[:20],
    )
