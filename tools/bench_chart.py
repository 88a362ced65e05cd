"""The chart of docs/benchmarks.md: how far each figure that is held to something is above its limit."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from tools.bench_parts import Held

WIDTH, LABELS, BAR, ROW, TOP, MOST = 900, 470, 340, 34, 64, 4.0
GOOD, BAD, INK, LINE = "#0f6e56", "#b3261e", "#1d1d1b", "#6b6b66"


def draw(held: Sequence[Held]) -> str:
    """An SVG with a title and a description that say the same in words. A bar ends at four times the limit."""
    height = TOP + ROW * len(held) + 16
    unit = BAR / MOST
    said = "; ".join(f"{each.what}: {each.value_in_words}, held to {each.limit_in_words}" for each in held)
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img" aria-labelledby="t d" '
        'font-family="system-ui, sans-serif" font-size="14">',
        '<title id="t">How far each measured figure is above its limit</title>',
        f'<desc id="d">{escape(said)}.</desc>',
        f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>',
        f'<text x="16" y="28" fill="{INK}" font-size="17" font-weight="600">How many times as good as its limit</text>',
        f'<text x="{LABELS + unit}" y="{TOP - 10}" fill="{INK}" text-anchor="middle">the limit</text>',
    ]
    for place, each in enumerate(held):
        y = TOP + place * ROW
        length = max(2.0, min(each.headroom, MOST) * unit)
        more = " and more" if each.headroom > MOST else ""
        lines += [
            f'<text x="{LABELS - 10}" y="{y + 19}" fill="{INK}" text-anchor="end" font-size="12">{escape(each.what)}</text>',
            f'<rect x="{LABELS}" y="{y + 4}" width="{length:.0f}" height="{ROW - 12}" fill="{GOOD if each.is_met else BAD}"/>',
            f'<text x="{LABELS + length + 6:.0f}" y="{y + 19}" fill="{INK}">{escape(each.value_in_words)}{more}'
            f"{'' if each.is_met else ' (missed)'}</text>",
        ]
    x = LABELS + unit
    lines += [
        f'<line x1="{x}" y1="{TOP - 4}" x2="{x}" y2="{height - 10}" stroke="{LINE}" stroke-width="2" stroke-dasharray="5 4"/>',
        "</svg>",
        "",
    ]
    return "\n".join(lines)
