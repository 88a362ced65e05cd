"""Small pictures of pages: a screenshot becomes a picture of at most 256 colours, which is a fraction of its size.

Reads what browsers write: 8 bits a channel, RGB with or without alpha, not interlaced (PNG, third edition, 7 to 11).
"""

from __future__ import annotations

import struct
import zlib
from collections import Counter
from collections.abc import Iterator

SIGNATURE = b"\x89PNG\r\n\x1a\n"
MOST_COLOURS = 256
RGB, PALETTE, RGBA = 2, 3, 6

Colour = tuple[int, int, int]


class NotAScreenshot(ValueError):
    """Not a PNG, or one of a kind that browsers do not write."""


def shrunk(png: bytes) -> bytes:
    """Return the picture with at most 256 colours; the commonest stay as they are. Raises NotAScreenshot."""
    width, rows = _rows(png)
    counted: Counter[Colour] = Counter()
    for row in rows:
        counted.update(row)
    kept = [colour for colour, _ in counted.most_common(MOST_COLOURS)]
    places = {colour: place for place, colour in enumerate(kept)}
    for colour in counted.keys() - places.keys():
        places[colour] = min(range(len(kept)), key=lambda place: _distance(kept[place], colour))
    # Filter 0 before each row: flat colours, as pages have them, need no other.
    lines = b"".join(b"\0" + bytes(places[colour] for colour in row) for row in rows)
    return SIGNATURE + b"".join(
        (
            _chunk(b"IHDR", struct.pack(">IIBBBBB", width, len(rows), 8, PALETTE, 0, 0, 0)),
            _chunk(b"PLTE", bytes(channel for colour in kept for channel in colour)),
            _chunk(b"IDAT", zlib.compress(lines, 9)),
            _chunk(b"IEND", b""),
        )
    )


def _rows(png: bytes) -> tuple[int, list[list[Colour]]]:
    """The width, and each row as colours; alpha is left out, for a page has no holes."""
    if not png.startswith(SIGNATURE):
        raise NotAScreenshot("not a PNG")
    chunks = list(_chunks(png))
    header = next((data for kind, data in chunks if kind == b"IHDR"), b"")
    if len(header) != struct.calcsize(">IIBBBBB"):
        raise NotAScreenshot("no header")
    width, height, depth, colour_type, _, _, interlaced = struct.unpack(">IIBBBBB", header)
    if depth != 8 or colour_type not in (RGB, RGBA) or interlaced:
        raise NotAScreenshot(f"depth {depth}, colour type {colour_type}, interlaced {interlaced}")
    channels = 3 if colour_type == RGB else 4
    stride = width * channels
    raw = zlib.decompress(b"".join(data for kind, data in chunks if kind == b"IDAT"))
    before = bytearray(stride)
    rows: list[list[Colour]] = []
    for start in range(0, height * (stride + 1), stride + 1):
        before = _unfiltered(raw[start], bytearray(raw[start + 1 : start + 1 + stride]), before, channels)
        rows.append(list(zip(before[0::channels], before[1::channels], before[2::channels], strict=True)))
    return width, rows


def _chunks(png: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = len(SIGNATURE)
    while at + 8 <= len(png):
        length, kind = struct.unpack(">I4s", png[at : at + 8])
        yield kind, png[at + 8 : at + 8 + length]
        at += length + 12


def _unfiltered(kind: int, row: bytearray, before: bytearray, channels: int) -> bytearray:
    """Undo the filter of one row; `before` is the row above as it really is."""
    for at in range(len(row)):
        left = row[at - channels] if at >= channels else 0
        if kind == 1:
            guess = left
        elif kind == 2:
            guess = before[at]
        elif kind == 3:
            guess = (left + before[at]) // 2
        elif kind == 4:
            guess = _paeth(left, before[at], before[at - channels] if at >= channels else 0)
        else:
            return row
        row[at] = (row[at] + guess) & 0xFF
    return row


def _paeth(left: int, above: int, corner: int) -> int:
    near = left + above - corner
    return min((left, above, corner), key=lambda each: abs(near - each))


def _distance(one: Colour, other: Colour) -> int:
    return sum((a - b) ** 2 for a, b in zip(one, other, strict=True))


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
