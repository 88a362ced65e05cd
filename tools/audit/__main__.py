"""The full audit: python -m tools.audit [--routes ...] [--languages ...]

Starts a site of its own on the day of the tests, lets things happen on it, and looks at every page of the portal, in every
language that is shown and in the two that are made up, in every state, under every look. Writes docs/coverage.md, the facts
that the accessibility statement shows (content/accessibility-audit.yaml), and a page of pictures in var/audit/, which is not
committed. In parts - with --routes or --languages - it writes only into var/audit/; with --add the languages looked at
within a day are put together, and the last one makes it whole. Exit code 1 when anything is found.
"""

from __future__ import annotations

import argparse
import pickle
import shutil
import signal
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from multiprocessing import get_context
from pathlib import Path

from playwright.sync_api import sync_playwright

from app.adapters.content import load_area, load_languages
from app.domain.languages import Language
from tests.harness.browser import launch
from tests.harness.pages import NotOffered
from tests.harness.supervisor import NotReady, Supervisor
from tools.audit import node, report
from tools.audit.documents import Spaces, documents, needs_spaces
from tools.audit.found import Finding, Result, Scores
from tools.audit.looking import Task, english_left, look_at_language
from tools.audit.measuring import lighthouse, too_low
from tools.programs import CHROMIUM_HINT, chromium_path

ROOT = Path(__file__).resolve().parents[2]
CONTENT, FOLDER = ROOT / "content", ROOT / "var" / "audit"
PARTS = FOLDER / "parts"
COVERAGE, FACTS = ROOT / "docs" / "coverage.md", CONTENT / "accessibility-audit.yaml"
ONE_DAY = timedelta(days=1)
COOKIES = ("portal-d", "portal-v")


@dataclass(frozen=True)
class Routes:
    """Which pages are wanted, by the beginnings of their addresses below the language; all of them without any."""

    beginnings: tuple[str, ...] = ()

    def __call__(self, below: str) -> bool:
        """Whether this page is."""
        return not self.beginnings or any(
            below == "" if each == "home" else below.startswith(each) for each in self.beginnings
        )


def main() -> int:
    """Look at everything that is asked for; return the exit code."""
    arguments = _arguments()
    if chromium_path() is None:
        print(CHROMIUM_HINT, file=sys.stderr)
        return 1
    known = load_languages(CONTENT).shown(pseudo=True)
    chosen = [each for each in known if not arguments.languages or each.slug in arguments.languages]
    unknown = set(arguments.languages) - {each.slug for each in known}
    if unknown:
        print(f"audit: not shown, and not made up either: {', '.join(sorted(unknown))}", file=sys.stderr)
        return 1
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that the site ends with the audit
    if not arguments.add:
        shutil.rmtree(FOLDER, ignore_errors=True)
    PARTS.mkdir(parents=True, exist_ok=True)
    try:
        node.install()
        results, scores = _audit(chosen, Routes(tuple(arguments.routes)), arguments)
    except (node.NodeFailed, NotReady, NotOffered) as problem:
        print(f"audit: {problem}", file=sys.stderr)
        return 1
    if arguments.add:
        results, scores = _with_parts(known, results, scores)
        chosen = [each for each in known if each.slug in {result.language for result in results}]
    findings = [each for result in results for each in result.findings] + english_left(results) + too_low(scores)
    is_whole = not arguments.routes and bool(scores) and list(chosen) == list(known)
    _write(results, findings, scores, languages=chosen, is_whole=is_whole)
    return 1 if findings else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tools.audit", description="Look at every page of the portal.")
    parser.add_argument(
        "--routes", nargs="+", default=[], help="only pages whose address begins so, such as refer/ or home"
    )
    parser.add_argument("--languages", nargs="+", default=[], help="only these languages, such as en ar")
    parser.add_argument("--jobs", type=int, default=2, help="browsers at once")
    parser.add_argument("--add", action="store_true", help="put these languages with those of the last 24 hours")
    parser.add_argument("--no-lighthouse", action="store_true", help="leave out Lighthouse")
    return parser.parse_args()


def _with_parts(
    known: Sequence[Language], results: Sequence[Result], scores: list[Scores]
) -> tuple[list[Result], list[Scores]]:
    """These results with those that runs of the last 24 hours have left in var/audit/parts/, in the order of the languages.

    What is read there was written by this very command.
    """
    for result in results:
        (PARTS / f"{result.language}.pickle").write_bytes(pickle.dumps(result))
    if scores:
        (PARTS / "scores.pickle").write_bytes(pickle.dumps(scores))
    since = (datetime.now(UTC) - ONE_DAY).timestamp()
    there = {
        path.stem: pickle.loads(path.read_bytes())  # noqa: S301 - our own
        for path in PARTS.glob("*.pickle")
        if path.stat().st_mtime >= since
    }
    return [there[each.slug] for each in known if each.slug in there], there.get("scores", scores)


def _audit(
    languages: Sequence[Language], wanted: Routes, arguments: argparse.Namespace
) -> tuple[list[Result], list[Scores]]:
    """Run a site, fetch everything from it, and look at it, as many languages at once as there are jobs."""
    names = (load_area(CONTENT).service_name, *COOKIES)
    results: list[Result] = []
    with tempfile.TemporaryDirectory(prefix="audit-") as folder:
        site = Supervisor(Path(folder) / "site")
        try:
            site.start()
            scores = [] if arguments.no_lighthouse else lighthouse(site, FOLDER)
            for each in scores:
                print(each, flush=True)
            spaces = Spaces(site) if needs_spaces(wanted) else None
            tasks = []
            for language in languages:
                found = tuple(documents(site, spaces, language.slug, wanted))
                print(f"{language.slug}: {len(found)} pages", flush=True)
                tasks.append(Task(language, found, site.portal_url, names, FOLDER))
            with ProcessPoolExecutor(arguments.jobs, mp_context=get_context("spawn")) as pool:
                for result in pool.map(look_at_language, tasks):
                    print(f"{result.language}: {len(result.findings)} findings", flush=True)
                    results.append(result)
        finally:
            site.close()
    return results, scores


def _write(
    results: Sequence[Result],
    findings: Sequence[Finding],
    scores: Sequence[Scores],
    *,
    languages: Sequence[Language],
    is_whole: bool,
) -> None:
    today = datetime.now(UTC).date()
    text = report.coverage(results, findings, scores, languages=languages, versions=_versions(), day=today)
    (FOLDER / "coverage.md").write_text(text, encoding="utf-8")
    if is_whole:
        COVERAGE.write_text(text, encoding="utf-8")
        shown = sum(1 for each in languages if not each.is_pseudo)
        FACTS.write_text(report.facts(results, findings, languages=shown, day=today), encoding="utf-8")
    page = report.pictures(results, findings, FOLDER)
    for line in report.found_lines(findings):
        print(line)
    looked = sum(sum(each.counts.values()) for each in results)
    print(f"{looked} pages in {len(results)} languages; {len(findings)} findings; pictures: {page.relative_to(ROOT)}")


def _versions() -> dict[str, str]:
    with sync_playwright() as playwright:
        browser = launch(playwright)
        chromium = browser.version
        browser.close()
    packages = ("axe-core", "lighthouse", "html-validate", "@guidepup/virtual-screen-reader")
    return {"Chromium": chromium, **{package: node.version(package) for package in packages}}


if __name__ == "__main__":
    raise SystemExit(main())
