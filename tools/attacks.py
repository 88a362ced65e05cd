"""sqlmap and wapiti against both sides on this machine: `python -m tools.attacks --tools FOLDER` (a virtual environment with
both).

They are no part of the locks: they are programs for attackers, and nothing here needs them. Install them apart:

    python3 -m venv var/attackers && var/attackers/bin/pip install sqlmap wapiti3

It starts a site of its own with a request in it, somebody in their space and a colleague at the desk, and lets each tool ask
through a
door that counts: how many requests came, to how many addresses, with how many fields, and what was answered. The same tools,
in the
same way, then meet a small program with holes: they must find those, or what they did not find here says nothing. What came
of it is kept in docs/attacks/. Nothing leaves the loopback; modules that would ask a server of their own are left out.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import re
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from tests.harness.clients import HttpVisitor
from tests.harness.people import Colleague, Person
from tests.harness.supervisor import Supervisor
from tests.stories import PARENT, STORIES

ROOT = Path(__file__).resolve().parents[1]
KEPT = ROOT / "docs" / "attacks"
# Those that ask a server of the tool's makers (ssrf, xxe, log4shell) are left out, and those that guess at other programs.
MODULES = "sql,xss,permanentxss,exec,file,redirect,crlf,csp,cookieflags,http_headers,methods,upload,backup"
# Where somebody leaves: a tool that pressed these would see nothing from then on.
LEAVES = re.compile(r"/exit\b|/sign-out\b|/case/(leave|not-me)|/danger")
LOOPBACK = "127.0.0.1"
# What docs/attacks/README.md explains, and names the tests for: found each time, and no fault.
EXPLAINED = {"POST /en/search"}
EXPLAINED_BY_WAPITI = {"Secure Flag cookie", "HTTP Strict Transport Security (HSTS)"}
PORTAL_PAGES = (
    "/en/",
    "/en/search",
    "/en/return",
    "/en/return/collect",
    "/en/support",
    "/en/support/packet",
    "/en/feedback",
    "/en/appearance",
    "/en/refer/who",
    "/en/refer/help",
    "/en/refer/about",
    "/en/refer/police",
    "/en/refer/reply",
    "/en/case",
    "/en/case/messages",
    "/en/case/contact",
    "/en/survey",
    "/en/handover",
)
DESK_PAGES = (
    "/queue",
    "/find",
    "/call",
    "/reports",
    "/people",
    "/feedback",
    "/translations",
    "/audit",
    "/kept",
    "/contact-now",
)


@dataclass
class Door:
    """Passes requests on to one side as somebody's own browser would send them, and counts."""

    behind: str
    cookies: str = ""
    asked: Counter[int] = field(default_factory=Counter)
    addresses: set[str] = field(default_factory=set)
    fields: set[str] = field(default_factory=set)
    faults: Counter[str] = field(default_factory=Counter)
    url: str = ""
    lock: threading.Lock = field(default_factory=threading.Lock)

    def told(self) -> str:
        """One line."""
        answers = ", ".join(f"{count} x {status}" for status, count in sorted(self.asked.items()))
        return (
            f"{self.asked.total()} requests to {len(self.addresses)} addresses, {len(self.fields)} fields of forms and addresses "
            f"(answers: {answers})"
        )


@contextmanager
def opened(door: Door) -> Iterator[Door]:
    """The door on a port of its own."""
    host, port = urlsplit(door.behind).hostname or LOOPBACK, urlsplit(door.behind).port

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _pass_on(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            path = urlsplit(self.path).path
            if LEAVES.search(path):
                self._answer(204, [], b"")
                return
            headers = {
                name: value
                for name, value in self.headers.items()
                if name.lower() not in {"connection", "cookie", "origin"}
            }
            headers |= {"Sec-Fetch-Site": "same-origin", "Origin": door.url, "Connection": "close"}
            said = "; ".join(each for each in (door.cookies, self.headers.get("Cookie", "")) if each)
            if said:
                headers["Cookie"] = said
            connection = http.client.HTTPConnection(host, port, timeout=20)
            try:
                connection.request(self.command, self.path, body=body or None, headers=headers)
                found = connection.getresponse()
                content, status, answered = found.read(), found.status, found.getheaders()
            except (OSError, http.client.HTTPException, ValueError):
                content, status, answered = b"", 502, []
            finally:
                connection.close()
            with door.lock:
                door.asked[status] += 1
                if status < 400 or status == 422:
                    door.addresses.add(path)
                    door.fields |= {f"{path} {name}" for name in names_in(self.path, body)}
                if status >= 500:
                    door.faults[f"{self.command} {path}: {status}"] += 1
            self._answer(status, answered, content)

        def _answer(self, status: int, headers: Iterable[tuple[str, str]], content: bytes) -> None:
            self.send_response_only(status)
            for name, value in headers:
                if name.lower() not in {"content-length", "transfer-encoding", "connection"}:
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(content)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name that is called
            pass

        do_GET = do_POST = do_HEAD = do_PUT = do_DELETE = do_PATCH = do_OPTIONS = do_TRACE = _pass_on  # noqa: N815

    server = ThreadingHTTPServer((LOOPBACK, 0), Handler)
    door.url = f"http://{LOOPBACK}:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield door
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def names_in(path: str, body: bytes) -> set[str]:
    """The names of fields in an address and in a form."""
    return {name for text in (urlsplit(path).query, body[:20_000].decode("latin-1")) for name, _ in parse_qsl(text)}


# What the tools meet


def signed_in(site: Supervisor) -> tuple[str, str, str]:
    """Cookies of somebody in their space who is also in the middle of a request, and of a colleague; and a case's address."""
    asking = Person(site.visitor(), PARENT)
    asking.ask()
    asking.come_back()
    asking.write("Words of mine")
    middle = Person(site.visitor(), STORIES[1])
    middle.fill_in()
    desk = Colleague(site.visitor("hub"))
    desk.sign_in()
    for _ in range(60):
        cases = re.findall(r'"(/cases/[0-9a-f]{32})"', desk.queue().html)
        if cases:
            break
        time.sleep(0.5)
    desk.open(desk.client.visit(cases[0]))
    return _cookies(asking.client, middle.client), _cookies(desk.client), cases[0]


def _cookies(*clients: Any) -> str:
    return "; ".join(f"{name}={value}" for client in clients for name, value in client.session.cookies.items())


def forms_on(visitor: HttpVisitor, cookies: str, pages: Iterable[str]) -> list[tuple[str, str, str]]:
    """(method, address, fields as they are sent) of every form on these pages that takes something typed or chosen."""
    visitor.session.headers["Cookie"] = cookies
    found: dict[tuple[str, str], str] = {}
    for path in pages:
        page = visitor.visit(path)
        for each in re.findall(r"<form\b.*?</form>", page.html, re.DOTALL):
            head = each.partition(">")[0]
            action = re.search(r'\baction="([^"#]*)', head)
            to = (action[1] if action and action[1] else page.path).replace("&amp;", "&")
            if LEAVES.search(to):
                continue
            values: dict[str, str] = {}
            for tag in re.findall(r"<(?:input|select|textarea|button)\b[^>]*>", each):
                name, value = re.search(r'\bname="([^"]*)"', tag), re.search(r'\bvalue="([^"]*)"', tag)
                if name and name[1] not in values:
                    values[name[1]] = value[1] if value and value[1] else "1"
            method = "POST" if 'method="post"' in head.lower() else "GET"
            if values:
                found.setdefault((method, urlsplit(to).path), urlencode(values))
    return [(method, to, data) for (method, to), data in found.items()]


HOLES = """<!doctype html><html lang="en"><title>Holes</title><form method="post" action="/name"><input name="name"
value="ada"></form>
<a href="/number?id=1">One</a>"""


@contextmanager
def holes() -> Iterator[str]:
    """A program with holes, so that a tool that finds none anywhere is noticed: SQL put together from words, and an echo."""
    from flask import Flask, request
    from werkzeug.serving import WSGIRequestHandler, make_server

    class Quiet(WSGIRequestHandler):
        def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
            pass

    app = Flask("holes")
    database = sqlite3.connect(":memory:", check_same_thread=False)
    database.executescript(
        "CREATE TABLE person (id INTEGER, name TEXT); INSERT INTO person VALUES (1, 'ada'), (2, 'ben');"
    )
    lock = threading.Lock()

    def look(words: str) -> str:
        with lock:
            try:
                rows = database.execute(f"SELECT id, name FROM person WHERE {words}").fetchall()  # noqa: S608 - the hole
            except sqlite3.Error as error:
                return f"sqlite3.OperationalError: {error}"
        return "".join(f"<p>{number} {name}</p>" for number, name in rows) or "<p>Nobody</p>"

    @app.get("/")
    def front() -> str:
        return HOLES

    @app.post("/name")
    def name() -> str:
        said = request.form.get("name", "")
        return f"<!doctype html><title>{said}</title><p>{said}</p>" + look(f"name = '{said}'")

    @app.get("/number")
    def number() -> str:
        return look(f"id = {request.args.get('id', '1')}")

    server = make_server(LOOPBACK, 0, app, threaded=True, request_handler=Quiet)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://{LOOPBACK}:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


# The tools


def sqlmap(tools: Path, door: Door, forms: list[tuple[str, str, str]], *, seconds: float) -> list[tuple[str, str]]:
    """(form, outcome) for each form, all within so many seconds."""
    until, found = time.monotonic() + seconds, []
    for place, (method, path, data) in enumerate(forms):
        own = (until - time.monotonic()) / (len(forms) - place)
        if own < 2:
            found.append((f"{method} {path}", "not tried: out of time"))
            continue
        target = ["-u", f"{door.url}{path}?{data}"] if method == "GET" else ["-u", f"{door.url}{path}", "--data", data]
        before = door.asked.total()
        with tempfile.TemporaryDirectory() as folder:
            out = started(
                [
                    tools / "bin" / "sqlmap",
                    *target,
                    "--batch",
                    "--level",
                    "1",
                    "--risk",
                    "1",
                    "--technique",
                    "BEUS",
                    "--timeout",
                    "10",
                    "--retries",
                    "0",
                    "--threads",
                    "1",
                    "--ignore-code",
                    "*",
                    "--ignore-redirects",
                    "--flush-session",
                    "--disable-coloring",
                    "--output-dir",
                    folder,
                    "--answers",
                    "quit=N,follow=N,keep=N,reduce=N",
                ],
                seconds=own,
                folder=folder,
            )
        tried = sorted(set(re.findall(r"(?:GET|POST) parameter '([^']+)'", out)))
        if "identified the following injection point" in out:
            outcome = "FOUND: " + ", ".join(sorted(set(re.findall(r"Type: (.+)", out))))
        elif "false positive" in out:
            outcome = "nothing (looked so at first; its own second look says no)"
        elif "do not appear to be injectable" in out:
            outcome = "nothing"
        else:
            outcome = "nothing until its time was up"
        found.append((f"{method} {path}", f"{outcome}; {len(tried)} fields, {door.asked.total() - before} requests"))
    return found


def wapiti(tools: Path, door: Door, starts: Iterable[str], *, seconds: int, modules: str = MODULES) -> dict[str, Any]:
    """What wapiti says, without what names a place or a machine."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        more = [part for path in starts for part in ("-s", door.url + path)]
        out = started(
            [
                tools / "bin" / "wapiti",
                "-u",
                door.url + "/",
                *more,
                "--scope",
                "domain",
                "-m",
                modules,
                "--flush-session",
                "-d",
                "3",
                "--max-files-per-dir",
                "12",
                "--max-links-per-page",
                "30",
                "--max-scan-time",
                str(seconds // 3),
                "--max-attack-time",
                str(max(8, seconds // (2 * len(modules.split(","))))),
                "-S",
                "normal",
                "-t",
                "10",
                "--verify-ssl",
                "0",
                "--tasks",
                "4",
                "--no-bugreport",
                "-v",
                "1",
                "-f",
                "json",
                "-o",
                report,
                "--store-session",
                folder,
                "--store-config",
                folder,
            ],
            seconds=seconds,
            folder=folder,
        )
        if not report.exists():
            return {"unfinished": [line for line in out.splitlines()[-5:] if folder not in line]}
        read = json.loads(report.read_text("utf-8"))
    return {
        "pages it found": read["infos"].get("crawled_pages_nbr"),
        **{
            kind: {
                name: sorted(
                    {
                        f"{each['method']} {urlsplit(each['path']).path}: {each['info']}".replace(door.url, "")
                        for each in listed
                    }
                )
                for name, listed in read[kind].items()
                if listed
            }
            for kind in ("vulnerabilities", "anomalies", "additionals")
        },
    }


def started(command: list[Any], *, seconds: float, folder: str) -> str:
    """Run a tool within its time and out of its usual places; returns what it printed."""
    environ = {"PATH": os.environ["PATH"], "HOME": folder, "LANG": "C.UTF-8", "NO_PROXY": "*"}
    with subprocess.Popen(
        ["nice", "-n", "5", *map(str, command)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
        env=environ,
        cwd=folder,
    ) as process:
        try:
            out, _ = process.communicate(timeout=max(1.0, seconds))
        except subprocess.TimeoutExpired:
            process.terminate()
            try:
                out, _ = process.communicate(timeout=10)
            except subprocess.TimeoutExpired:
                process.kill()
                out, _ = process.communicate()
    return out.decode("utf-8", "replace")


def version_of(tools: Path, name: str) -> str:
    """The version of an installed tool."""
    asked = f"import importlib.metadata as m; print(m.version({name!r}))"
    return subprocess.run(
        [tools / "bin" / "python", "-c", asked], capture_output=True, text=True, check=True
    ).stdout.strip()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tools", type=Path, required=True, help="a virtual environment with sqlmap and wapiti3")
    parser.add_argument("--seconds", type=int, default=480, help="for everything together, about")
    parser.add_argument("--print", action="store_true", help="write nothing into docs/attacks")
    asked = parser.parse_args()
    tools, share = asked.tools.resolve(), asked.seconds // 8
    versions = f"sqlmap {version_of(tools, 'sqlmap')}, wapiti {version_of(tools, 'wapiti3')}"
    parts: list[str] = []
    reports: dict[str, Any] = {}
    bad = False
    with holes() as url, opened(Door(url)) as door:
        by_sqlmap = sqlmap(tools, door, [("POST", "/name", "name=ada"), ("GET", "/number", "id=1")], seconds=share)
        by_wapiti = wapiti(tools, door, ["/number?id=1"], seconds=share, modules="sql,xss")
        found = set(by_wapiti.get("vulnerabilities", {}))
        blind = sum("FOUND" in said for _, said in by_sqlmap) < 2 or not {"SQL Injection"} <= found
        bad |= blind
        reports["a program with holes"] = by_wapiti
        parts.append(
            section(
                "A program with holes",
                door,
                by_sqlmap,
                "they found none: **what follows says nothing**" if blind else "they found them",
            )
        )
    with tempfile.TemporaryDirectory() as folder:
        site = Supervisor(Path(folder) / "site", fixed_day=False)
        try:
            site.start()
            person, colleague, case = signed_in(site)
            for name, url, cookies, pages, starts in (
                (
                    "The portal, signed in and in the middle of a request",
                    site.portal_url,
                    person,
                    PORTAL_PAGES,
                    PORTAL_PAGES,
                ),
                ("The desk, as a colleague", site.hub_url, colleague, (*DESK_PAGES, case), (*DESK_PAGES, case)),
                ("The desk, as a stranger", site.hub_url, "", ("/sign-in",), ("/sign-in", "/api/v1/docs")),
            ):
                is_short = not cookies
                with opened(Door(url, cookies)) as door:
                    forms = forms_on(HttpVisitor(url), cookies, pages)
                    by_sqlmap = sqlmap(tools, door, forms, seconds=share // 4 if is_short else share * 1.5)
                    reports[name] = wapiti(tools, door, starts, seconds=share // 2 if is_short else int(share * 1.5))
                    parts.append(section(name, door, by_sqlmap, said_by_wapiti(reports[name])))
                    bad |= bool(door.faults)
                    bad |= any("FOUND" in said for form, said in by_sqlmap if form not in EXPLAINED)
                    bad |= not set(reports[name].get("vulnerabilities", ())) <= EXPLAINED_BY_WAPITI
        finally:
            site.close()
    day = datetime.now(UTC).date().isoformat()
    text = PAGE.format(day=day, versions=versions, seconds=asked.seconds) + "\n".join(parts)
    if asked.print:
        print(text, json.dumps(reports, indent=1), sep="\n")
    else:
        KEPT.mkdir(exist_ok=True)
        (KEPT / "found.md").write_text(text, "utf-8")
        (KEPT / "wapiti.json").write_text(
            json.dumps({"day": day, "versions": versions, **reports}, indent=1) + "\n", "utf-8"
        )
    return 1 if bad else 0


def said_by_wapiti(report: dict[str, Any]) -> str:
    """One sentence, without its full stop."""
    if "unfinished" in report:
        return "wapiti did not come to its end"
    faults = report["vulnerabilities"]
    told = ", ".join(f"{name}{' (README.md says why)' if name in EXPLAINED_BY_WAPITI else ''}" for name in faults)
    return f"wapiti looked at {report['pages it found']} pages and found {told or 'nothing'}"


def section(title: str, door: Door, by_sqlmap: list[tuple[str, str]], more: str) -> str:
    """What was seen of one target."""
    lines = [f"## {title}", "", f"{door.told()}.{' ' + more[:1].upper() + more[1:] + '.' if more else ''}", ""]
    if door.faults:
        lines += ["Faults: " + ", ".join(f"{what} ({count})" for what, count in door.faults.items()), ""]
    lines += [
        "| form | what sqlmap says |",
        "|---|---|",
        *(
            f"| {hidden(form)} | {said}{' (README.md says why)' if form in EXPLAINED and 'FOUND' in said else ''} |"
            for form, said in by_sqlmap
        ),
        "",
    ]
    return "\n".join(lines)


def hidden(text: str) -> str:
    """An address without ids."""
    return re.sub(r"[0-9a-f]{32}", "<id>", text)


PAGE = """# What sqlmap and wapiti found

{day}, {versions}, `python -m tools.attacks --seconds {seconds}`, on the loopback of one machine, each side as `make run`
starts it, with
development sign-in. Written by that command; [README.md](README.md) says what to make of it. What wapiti says of each is in
`wapiti.json`.

"""

if __name__ == "__main__":
    sys.exit(main())
