"""The simple line pictures of Easy Read: small drawings in one hand, read from static/pictures/easy when a process starts.

They go into pages as they are, so that they take the colour of the words beside them - dark, forced or on paper - and need no
request of their own.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from xml.etree import ElementTree  # our own files  # nosec B405

from markupsafe import Markup

PICTURES = Path(__file__).parents[2] / "static" / "pictures" / "easy"
# One width of line, round ends, the colour of the words, nothing filled: one hand.
HAND = {
    "viewBox": "0 0 96 96",
    "fill": "none",
    "stroke": "currentColor",
    "stroke-width": "4",
    "stroke-linecap": "round",
    "stroke-linejoin": "round",
}
SHAPES = {"path": {"d"}, "circle": {"cx", "cy", "r"}, "rect": {"x", "y", "width", "height", "rx"}}
_SVG = "{http://www.w3.org/2000/svg}"


class PictureError(ValueError):
    """A picture is not drawn like the others; the text is one line with its file."""


@cache
def pictures(folder: Path = PICTURES) -> dict[str, Markup]:
    """Every picture by its id, ready for a page: decoration that nothing reads out. Raises PictureError."""
    return {path.stem: _picture(path) for path in sorted(folder.glob("*.svg"))}


def _picture(path: Path) -> Markup:
    try:
        root = ElementTree.fromstring(path.read_text(encoding="utf-8"))  # our own files  # noqa: S314  # nosec B314
    except (OSError, ElementTree.ParseError) as error:
        raise PictureError(f"{path.name}: cannot be read: {error}") from None
    if root.tag != f"{_SVG}svg" or dict(root.attrib) != HAND:
        raise PictureError(f"{path.name}: is not drawn like the others")
    shapes = []
    for each in root:
        name = each.tag.removeprefix(_SVG)
        if name not in SHAPES or set(each.attrib) - SHAPES[name] or len(each):
            raise PictureError(f"{path.name}: <{name}> has something that the others have not")
        if not all(re.fullmatch(r"[\w ,.-]+", value) for value in each.attrib.values()):
            raise PictureError(f"{path.name}: <{name}> has something else than numbers")
        values = "".join(f' {key}="{value}"' for key, value in each.attrib.items())
        shapes.append(f"<{name}{values}/>")
    if not shapes:
        raise PictureError(f"{path.name}: is empty")
    # Put together from shapes and numbers alone.
    return Markup(  # noqa: S704  # nosec B704
        f'<svg class="picture" viewBox="{HAND["viewBox"]}" aria-hidden="true" focusable="false">{"".join(shapes)}</svg>'
    )
