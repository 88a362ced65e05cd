"""How many pages a second: what is only read against a bare hello, questions against a flat template of the same bytes."""

from __future__ import annotations

import json
import os
import re
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import requests

from tests.harness.clients import HttpVisitor
from tests.harness.people import Person
from tests.harness.supervisor import Supervisor
from tests.stories import OWN_DEVICE, READER
from tools import bench_apps
from tools.bench_parts import Found, Held, Options, Turns, serving, wrk

HELLO, FLAT, QUESTION = "bare Flask view", "bare Flask view, flat template", "question page (with a draft)"
AGAIN, CONTENT = "the same, answered before", ("home", "pledge", "a guide", "local help, filtered")
# What the flat template has as escaped words, in the order of the page.
WORDS_OF_THE_PAGE = {
    "language": r'<html lang="([^"]+)"',
    "action": r'<form method="post" action="([^"]+)"',
    "kept_until": r'id="time-limit">.*?(\d+:\d\d)',
}


@dataclass(frozen=True)
class Question:
    """A question page, and the cookie of the draft of whoever opens it."""

    path: str
    cookie: str


def run(options: Options) -> Found:
    """Measure pages by turns, and weigh them."""
    with tempfile.TemporaryDirectory() as folder:
        site = Supervisor(Path(folder) / "site", fixed_day=False)
        try:
            site.start("portal")
            questions = {
                QUESTION: Question("/en/refer/help", draft_cookie(site, answered=2)),
                AGAIN: Question("/en/refer/help", draft_cookie(site, answered=3)),
            }
            bare = Path(folder) / "bare"
            size = write_flat(bare, fetched(site, questions[QUESTION]))
            with serving("make_bare", {**os.environ, bench_apps.FOLDER: str(bare)}) as bare_url:
                flat_size = len(requests.get(f"{bare_url}/flat", timeout=5).content)
                if flat_size != size:
                    raise SystemExit(f"The flat template has {flat_size} bytes, the question page {size}.")
                taken = measure(site.portal_url, bare_url, questions, options)
            weights = weigh(site)
        finally:
            site.close()
    return report(taken, weights)


def measure(portal: str, bare: str, questions: dict[str, Question], options: Options) -> Turns:
    """Pages a second of each, by turns."""
    of = partial(wrk, seconds=options.seconds)
    pages: dict[str, Callable[[], tuple[float, int]]] = {
        HELLO: partial(of, f"{bare}/"),
        FLAT: partial(of, f"{bare}/flat"),
        "home": partial(of, f"{portal}/en/"),
        "pledge": partial(of, f"{portal}/en/pledge"),
        "a guide": partial(of, f"{portal}/en/guides/abuse-at-home"),
        "local help, filtered": partial(of, f"{portal}/en/support?a=11"),
        **{name: partial(of, portal + each.path, cookie=each.cookie) for name, each in questions.items()},
        "start page": partial(of, f"{portal}/en/refer/start"),
    }
    taken = Turns()
    for _ in range(options.rounds):
        for name, turn in pages.items():
            taken.note(name, turn()[0])
    return taken


def draft_cookie(site: Supervisor, *, answered: int) -> str:
    """The cookie of somebody who has answered so many pages, on a device that nobody else uses."""
    visitor = HttpVisitor(site.portal_url)
    person = Person(visitor, replace(READER, answers={**READER.answers, "start": OWN_DEVICE}))
    page = person.begin()
    for place in person.path()[:answered]:
        page = person.answer(page, place)
    return "; ".join(f"{cookie.name}={cookie.value}" for cookie in visitor.session.cookies)


def fetched(site: Supervisor, question: Question) -> str:
    """The question page as its visitor gets it."""
    with requests.Session() as session:
        session.trust_env = False
        answer = session.get(site.portal_url + question.path, headers={"Cookie": question.cookie})
    answer.raise_for_status()
    return answer.text


def write_flat(folder: Path, page: str) -> int:
    """Write the flat template: this page, with three escaped words in it. Returns its bytes."""
    words: dict[str, str] = {}
    flat, end = "", 0
    for name, pattern in WORDS_OF_THE_PAGE.items():
        found = re.compile(pattern, re.DOTALL).search(page, end)
        assert found, pattern
        words[name] = found[1]
        flat += f"{{% raw %}}{page[end : found.start(1)]}{{% endraw %}}{{{{ {name} }}}}"
        end = found.end(1)
    flat += f"{{% raw %}}{page[end:]}{{% endraw %}}"
    folder.mkdir()
    (folder / "flat.html").write_text(flat, encoding="utf-8")
    (folder / "words.json").write_text(json.dumps(words), encoding="utf-8")
    return len(page.encode("utf-8"))


def weigh(site: Supervisor) -> list[tuple[str, int, int]]:
    """Bytes over the wire of a page alone, and with style and script (compressed, headers left out)."""
    found = []
    with requests.Session() as session:
        session.trust_env = False
        for name, path in (
            ("home", "/en/"),
            ("start", "/en/refer/start"),
            ("pledge", "/en/pledge"),
            ("local help", "/en/support"),
            ("a guide", "/en/guides/abuse-at-home"),
        ):
            page = session.get(site.portal_url + path)
            total = wire_size(session, site.portal_url + path)
            for linked in set(re.findall(r'(?:href|src)="(/static/[^"]+)"', page.text)):
                if not linked.endswith(".svg"):
                    total += wire_size(session, site.portal_url + linked)
            found.append((name, wire_size(session, site.portal_url + path), total))
    return found


def wire_size(session: requests.Session, url: str) -> int:
    """Bytes of a compressed answer."""
    with session.get(url, headers={"Accept-Encoding": "gzip"}, stream=True) as response:
        return len(response.raw.read(decode_content=False))


def report(taken: Turns, weights: list[tuple[str, int, int]]) -> Found:
    """The section, and what is held to something: of pages that are only read the slowest, of questions the slower."""
    lines = [
        "| what | a second | ratio to the bare view | ratio to the flat template |",
        "|---|---:|---:|---:|",
    ]
    for name in taken.names:
        to_flat = f"{taken.ratio(name, FLAT):.3f}" if name in (FLAT, QUESTION, AGAIN) else ""
        lines.append(f"| {name} | {taken.median(name):,.0f} | {taken.ratio(name, HELLO):.3f} | {to_flat} |")
    lines += [
        "",
        "The flat template is a bare Flask view without a database: the question page's own HTML, byte for byte, as one Jinja",
        "template that is compiled once and has three escaped words. The question page reads the draft, opens its seal, and",
        "works out the path.",
        "",
        "| page | bytes over the wire | with style and script |",
        "|---|---:|---:|",
        *(f"| {name} | {alone:,} | {total:,} |" for name, alone, total in weights),
    ]
    return Found(
        "Pages",
        lines,
        [
            Held("a page to read, against a bare Flask hello", min(taken.ratio(name, HELLO) for name in CONTENT), 1.0),
            Held(
                "a question, against a flat template of the same bytes",
                min(taken.ratio(name, FLAT) for name in (QUESTION, AGAIN)),
                0.25,
            ),
        ],
    )
