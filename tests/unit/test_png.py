"""Pictures for the documentation are made small without losing what they show."""

from __future__ import annotations

import struct
import zlib

import pytest

from tools import png

RED, GREEN, BLUE = (255, 0, 0), (0, 255, 0), (0, 0, 255)


def picture(rows: list[tuple[int, list[png.Colour]]], *, depth: int = 8) -> bytes:
    """A PNG of rows of colours, each row written with the filter that its number names."""
    width, lines, above = len(rows[0][1]), b"", bytearray(len(rows[0][1]) * 3)
    for kind, colours in rows:
        plain = bytearray(channel for colour in colours for channel in colour)
        line = bytearray()
        for at, value in enumerate(plain):
            left, corner = (plain[at - 3], above[at - 3]) if at >= 3 else (0, 0)
            up, near = above[at], left + above[at] - corner
            nearest = min((left, up, corner), key=lambda each: abs(near - each))
            line.append((value - (0, left, up, (left + up) // 2, nearest)[kind]) & 0xFF)
        lines, above = lines + bytes([kind]) + line, plain
    header = struct.pack(">IIBBBBB", width, len(rows), depth, png.RGB, 0, 0, 0)
    return png.SIGNATURE + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in ((b"IHDR", header), (b"IDAT", zlib.compress(lines)), (b"IEND", b""))
    )


def shown(small: bytes) -> list[list[png.Colour]]:
    """The colours of a small picture, row by row."""
    chunks = {}
    at = len(png.SIGNATURE)
    while at < len(small):
        length, kind = struct.unpack(">I4s", small[at : at + 8])
        data = small[at + 8 : at + 8 + length]
        assert struct.unpack(">I", small[at + 8 + length : at + 12 + length])[0] == zlib.crc32(kind + data)
        chunks[kind] = data
        at += length + 12
    width, height = struct.unpack(">II", chunks[b"IHDR"][:8])
    colours = [tuple(chunks[b"PLTE"][place : place + 3]) for place in range(0, len(chunks[b"PLTE"]), 3)]
    raw = zlib.decompress(chunks[b"IDAT"])
    return [
        [colours[place] for place in raw[start + 1 : start + 1 + width]]  # type: ignore[misc]
        for start in range(0, height * (width + 1), width + 1)
    ]


def test_a_picture_of_few_colours_shows_the_same() -> None:
    rows = [
        (0, [RED, GREEN, BLUE]),
        (1, [RED, RED, GREEN]),
        (2, [RED, BLUE, GREEN]),
        (3, [GREEN, BLUE, RED]),
        (4, [BLUE, BLUE, RED]),
    ]
    assert shown(png.shrunk(picture(rows))) == [colours for _, colours in rows]


def test_of_too_many_colours_the_rare_ones_become_the_nearest() -> None:
    greys = [(shade, shade, shade) for shade in range(256)]
    (row,) = shown(png.shrunk(picture([(0, [*greys, *greys, (7, 7, 8)])])))
    assert row == [*greys, *greys, (7, 7, 7)]


@pytest.mark.parametrize("other", [b"", b"GIF89a", png.SIGNATURE, picture([(0, [RED])], depth=4)])
def test_anything_else_is_refused(other: bytes) -> None:
    with pytest.raises(png.NotAScreenshot):
        png.shrunk(other)
