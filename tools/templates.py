"""Compile every template of both sides, for app/web/compiled.py.

Run as ``python -m tools.templates`` wherever the site is installed: the files belong to that place and that Python. What is
compiled already stays. It needs no keys of anybody's: two sides are made for it in a folder that goes again.
"""

from __future__ import annotations

import hashlib
import os
import platform
import tempfile
from importlib.metadata import version
from pathlib import Path

from flask import Flask

from app.web.compiled import FOLDER, Compiling

TEMPLATES = Path(__file__).resolve().parents[1] / "app" / "templates"
STAMP = "stamp"


def main(folder: Path = FOLDER) -> int:
    """Compile what is not compiled yet; returns how many templates there are, or 0 when nothing has changed."""
    stamp = stamp_of(TEMPLATES)
    if (folder / STAMP).is_file() and (folder / STAMP).read_text(encoding="ascii") == stamp:
        return 0
    folder.mkdir(parents=True, exist_ok=True, mode=0o755)
    with tempfile.TemporaryDirectory() as data_dir:
        count = sum(compile_all(app, folder) for app in both_sides(data_dir))
    (folder / STAMP).write_text(stamp, encoding="ascii")
    return count


def stamp_of(templates: Path) -> str:
    """Changes with every template, with what compiles them, and with the place that they are compiled for."""
    digest = hashlib.sha256(f"{platform.python_version()} {version('jinja2')} {templates}".encode())
    for path in sorted(templates.rglob("*.html")):
        digest.update(path.relative_to(templates).as_posix().encode("utf-8") + b"\0" + path.read_bytes())
    return digest.hexdigest()


def both_sides(data_dir: str) -> list[Flask]:
    """Both applications, as they are wired: what a template is compiled to hangs on the filters and settings of its side."""
    from click.testing import CliRunner  # these only when there is something to do: mostly there is not

    from app import cli, factory
    from app import settings as settings_module
    from app.settings import HUB_VARIABLES, PORTAL_VARIABLES, SHARED_VARIABLES

    own = SHARED_VARIABLES | PORTAL_VARIABLES | HUB_VARIABLES
    environ: dict[str, str | None] = {name: None for name in own if name in os.environ}
    environ |= {"DATA_DIR": data_dir, "DEV_SIGN_IN": "1"}
    made = CliRunner().invoke(cli.setup, env=environ, catch_exceptions=False)
    if made.exit_code:
        raise SystemExit(made.output)
    given = {name: value for name, value in environ.items() if value is not None}
    return [
        factory.create(settings_module.load(settings_module.environment_of(side, given))) for side in ("portal", "hub")
    ]


def compile_all(app: Flask, folder: Path) -> int:
    """Compile every template that this side can show, and what both share."""
    app.jinja_env.bytecode_cache = Compiling(folder)
    other = "hub" if app.jinja_env.globals["side"] == "portal" else "portal"
    names = [name for name in app.jinja_env.list_templates() if not name.startswith((f"{other}/", "unavailable/"))]
    for name in names:
        app.jinja_env.get_template(name)
    app.extensions["side"].database.close()
    return len(names)


if __name__ == "__main__":
    print(f"{main()} templates compiled.")
