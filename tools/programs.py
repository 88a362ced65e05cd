"""Make sure of the outside programs that tests need: a Chromium, PostgreSQL's server, and RabbitMQ.

What is missing is installed where that can be done without asking (root on Debian; Playwright's own Chromium elsewhere).
Without Chromium there is no testing. Without PostgreSQL or RabbitMQ their tests are skipped, except in CI, where nothing is
skipped. Of RabbitMQ only the binaries are wanted: a service that comes with its package is not left running.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

CHROMIUM_HINT = "Chromium is missing: install it (Debian: apt-get install chromium) or set CHROMIUM to its path."
POSTGRESQL_HINT = "PostgreSQL's server is missing (Debian: apt-get install postgresql)"
RABBITMQ_HINT = "RabbitMQ is missing (Debian: apt-get install rabbitmq-server)"


# The same engine without a desktop's windows and menus, which nobody looks at here: two thirds of the work. So it is taken first.
SHELL = "chromium-headless-shell"
CHROMIUMS = (SHELL, "chromium", "chromium-browser")


def chromium_path() -> str | None:
    """Where a Chromium is: CHROMIUM, the first on the PATH, or Playwright's own; None when there is none."""
    named = os.environ.get("CHROMIUM")
    if named:
        return shutil.which(named)
    return next((path for path in map(shutil.which, CHROMIUMS) if path), None) or _playwrights_own()


def postgresql_binaries() -> Path | None:
    """The folder with `initdb` and `postgres`, newest version first; None when there is none."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=_version, reverse=True)
    on_path = shutil.which("initdb")
    if on_path:
        folders.append(Path(on_path).resolve().parent)
    return next((each for each in folders if (each / "initdb").exists() and (each / "postgres").exists()), None)


def rabbitmq_server() -> Path | None:
    """The script that starts RabbitMQ as whoever calls it, newest version first; None when there is none.

    Not the one on the PATH: that one starts the machine's own, as the machine's own user."""
    found = sorted(Path("/usr/lib/rabbitmq/lib").glob("rabbitmq_server-*/sbin/rabbitmq-server"))
    return found[-1] if found and shutil.which("epmd") else None


def main() -> int:
    if os.environ.get("CHROMIUM") and chromium_path() is None:
        print("CHROMIUM names nothing that can be run: correct it, or unset it.", file=sys.stderr)
        return 1
    missing = [
        *([SHELL] if _wants_shell() else []),
        *(["postgresql"] if postgresql_binaries() is None else []),
        *(["rabbitmq-server"] if rabbitmq_server() is None else []),
    ]
    if missing and os.geteuid() == 0 and shutil.which("apt-get"):
        _install_from_debian(missing)
    if chromium_path() is None and os.geteuid() == 0 and shutil.which("apt-get"):
        _install_from_debian(["chromium"])  # an older Debian has no shell
    if chromium_path() is None:
        _run([sys.executable, "-m", "playwright", "install", "chromium"])
    if chromium_path() is None:
        print(CHROMIUM_HINT, file=sys.stderr)
        return 1
    hints = [
        *([POSTGRESQL_HINT] if postgresql_binaries() is None else []),
        *([RABBITMQ_HINT] if rabbitmq_server() is None else []),
    ]
    in_ci = os.environ.get("CI", "").lower() == "true"
    for hint in hints:
        print(
            f"{hint}{', and in CI nothing is skipped.' if in_ci else ': the tests that need it are skipped.'}",
            file=sys.stderr,
        )
    return 1 if hints and in_ci else 0


def _wants_shell() -> bool:
    """Without CHROMIUM, whenever the shell is not there: what else there is does as well, but slower."""
    return not os.environ.get("CHROMIUM") and shutil.which(SHELL) is None


def _playwrights_own() -> str | None:
    """Playwright's Chromium, if `playwright install chromium` was run."""
    named = os.environ.get("PLAYWRIGHT_BROWSERS_PATH")
    caches = (
        [Path(named)] if named else [Path.home() / ".cache/ms-playwright", Path.home() / "Library/Caches/ms-playwright"]
    )
    patterns = ("chromium-*/chrome-linux*/chrome", "chromium-*/chrome-mac*/Chromium.app/Contents/MacOS/Chromium")
    found = [path for cache in caches for pattern in patterns for path in cache.glob(pattern)]
    return str(max(found)) if found else None


def _version(folder: Path) -> int:
    number = folder.parent.name
    return int(number) if number.isdigit() else 0


def _install_from_debian(packages: list[str]) -> None:
    print(f"Installing {', '.join(packages)} ...", file=sys.stderr)
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    if _run(["apt-get", "update", "-qq"], quiet):
        for package in packages:  # one at a time: one that cannot be had does not keep the other away
            _run(["apt-get", "install", "-qq", "--yes", "--no-install-recommends", package], quiet)
    if "rabbitmq-server" in packages and shutil.which("systemctl"):
        _run(["systemctl", "disable", "--now", "rabbitmq-server"], quiet)  # tests start their own


def _run(command: list[str], environ: dict[str, str] | None = None) -> bool:
    """Run quietly; what it said is shown only when it failed."""
    result = subprocess.run(
        command, env=environ, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    if result.returncode:
        print(result.stdout, file=sys.stderr)
    return result.returncode == 0


if __name__ == "__main__":
    raise SystemExit(main())
