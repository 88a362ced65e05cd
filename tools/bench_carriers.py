"""Both carriers of the post against the least that a queue could do with the same bytes: what tools/bench_post.py measures."""

from __future__ import annotations

import importlib

from tools.bench_parts import Found, Held, Options

REQUESTS = 300


def run(options: Options) -> Found:
    """Measure by turns, on SQLite. Needs RabbitMQ."""
    measured = importlib.import_module("tools.bench_post").rates(
        requests=REQUESTS if options.rounds > 1 else 50, rounds=options.rounds
    )
    lines = [
        "Requests a second from the portal's table to the Hub's, and the signed answers back. The least that a queue could do:",
        "the same bytes published and confirmed, taken out, and committed as one row.",
        "",
        "| what | engine | a second | ratio |",
        "|---|---|---:|---:|",
        *(f"| {each.what} | {each.engine} | {each.rate:,.0f} | {each.ratio:.2f} |" for each in measured),
    ]
    couriers = [each for each in measured if each.what.startswith("courier")]
    held = [Held(f"the {each.what}, against published, confirmed and one commit", each.ratio, 0.5) for each in couriers]
    return Found("The courier against a queue", lines, held)
