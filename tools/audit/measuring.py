"""What two programs of others say: html-validate of every document, and Lighthouse of the pages that matter most."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from tests.harness.browser import FLAGS
from tests.harness.clients import HttpVisitor
from tests.harness.every_step import step_form
from tests.harness.supervisor import Supervisor
from tools.audit import node
from tools.audit.found import EVERY_LOOK, Document, Finding, Scores
from tools.programs import chromium_path

CATEGORIES = "accessibility,best-practices,performance"
LEAST = {"accessibility": 100, "best_practices": 100, "performance": 99}
# Whatever else the machine does only makes a page slower: the best of three turns says most about the page.
TURNS = 3
QUESTION = "refer/help"


def validated(language: str, documents: Iterable[Document]) -> list[Finding]:
    """Every fault of HTML in these documents of a language."""
    by_name = {str(at): each for at, each in enumerate(documents)}
    given = json.dumps([{"name": name, "html": each.html} for name, each in by_name.items()])
    found = []
    for answer in json.loads(node.run("node", "validate.mjs", given=given)):
        document = by_name[answer["name"]]
        found += [
            Finding(language, document.below or "(home)", document.state.value, EVERY_LOOK, "html-validate", words)
            for words in answer["faults"]
        ]
    return found


def lighthouse(site: Supervisor, folder: Path, *, turns: int = TURNS) -> list[Scores]:
    """Scores of home, a question and a guide, on Lighthouse's own phone with its slow line."""
    visitor = site.visitor()
    cookie = _begin(visitor)
    pages = [("home", "/en/", ""), ("a question", f"/en/{QUESTION}", cookie)]
    guides = [address for address, _ in visitor.visit("/en/guides").links if address.startswith("/en/guides/")]
    pages.append(("a guide", guides[0], ""))
    return [_scored(site.portal_url + path, name, cookie, folder, turns=turns) for name, path, cookie in pages]


def too_low(scores: Iterable[Scores]) -> list[Finding]:
    """Scores below what is held to, with what cost the points."""
    return [
        Finding(
            "en", each.page, "empty", "phone", f"Lighthouse {name}", f"{getattr(each, name)}: {'; '.join(each.lost)}"
        )
        for each in scores
        for name, least in LEAST.items()
        if getattr(each, name) < least
    ]


def _begin(visitor: HttpVisitor) -> str:
    """Begin a request, so that a question can be opened; returns the cookie as a browser sends it."""
    page = visitor.visit("/en/refer/start")
    form = step_form(page)
    assert form is not None
    page = visitor.submit(page, form, {"device": "own"})
    while not page.path.endswith(QUESTION):
        form = step_form(page)
        assert form is not None, page
        page = visitor.submit(page, form, {"who": "me"} if "who" in form.names else {})
    return "; ".join(f"{each.name}={each.value}" for each in visitor.session.cookies)


def _scored(address: str, name: str, cookie: str, folder: Path, *, turns: int) -> Scores:
    runs = []
    flags = [flag for flag in FLAGS if not flag.startswith("--host-resolver-rules")]
    for turn in range(turns):
        report = folder / f"lighthouse-{name.replace(' ', '-')}-{turn + 1}.json"
        options = [
            address,
            "--quiet",
            "--output=json",
            f"--output-path={report}",
            f"--only-categories={CATEGORIES}",
            f"--chrome-flags={' '.join(flags)}",
            *([f"--extra-headers={json.dumps({'Cookie': cookie})}"] if cookie else []),
        ]
        program = node.MODULES / "lighthouse" / "cli" / "index.js"
        node.run("node", str(program), *options, environ={"CHROME_PATH": chromium_path() or ""})
        read = json.loads(report.read_text(encoding="utf-8"))
        if not read["finalDisplayedUrl"].startswith(address.partition("?")[0]):
            raise node.NodeFailed(f"Lighthouse was led from {address} to {read['finalDisplayedUrl']}")
        runs.append(Scores.of(name, read))
    return max(runs, key=lambda each: each.performance)
