"""Templates compiled at set-up: used as they are, never when they are out of date, and never written by who serves."""

from __future__ import annotations

from pathlib import Path

import pytest
from jinja2 import Environment, FileSystemLoader

from app.web.compiled import Compiled, Compiling
from tools.templates import stamp_of


@pytest.fixture
def templates(tmp_path: Path) -> Path:
    folder = tmp_path / "templates"
    folder.mkdir()
    (folder / "page.html").write_text("Hello {{ name }}", encoding="utf-8")
    (tmp_path / "compiled").mkdir()
    return folder


def environment(templates: Path, cache: Compiled) -> Environment:
    return Environment(loader=FileSystemLoader(templates), bytecode_cache=cache, autoescape=True)


def counting(made: Environment, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of what is compiled from here on."""
    compiled: list[str] = []
    compile_it = made.compile

    def note(source: str, name: str | None = None, *more: object, **options: object) -> object:
        compiled.append(str(name))
        return compile_it(source, name, *more, **options)  # type: ignore[call-overload]

    monkeypatch.setattr(made, "compile", note)
    return compiled


def test_what_was_compiled_is_not_compiled_again(templates: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = templates.parent / "compiled"
    environment(templates, Compiling(folder)).get_template("page.html")
    serving = environment(templates, Compiled(folder))
    compiled = counting(serving, monkeypatch)
    assert serving.get_template("page.html").render(name="<you>") == "Hello &lt;you&gt;"
    assert compiled == []


def test_a_template_that_was_changed_is_compiled_anew_and_nothing_is_written(
    templates: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = templates.parent / "compiled"
    environment(templates, Compiling(folder)).get_template("page.html")
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    (templates / "page.html").write_text("Good day {{ name }}", encoding="utf-8")
    serving = environment(templates, Compiled(folder))
    compiled = counting(serving, monkeypatch)
    assert serving.get_template("page.html").render(name="you") == "Good day you"
    assert compiled == ["page.html"]
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_half_a_file_is_no_harm(templates: Path) -> None:
    folder = templates.parent / "compiled"
    environment(templates, Compiling(folder)).get_template("page.html")
    for path in folder.iterdir():
        path.write_bytes(path.read_bytes()[:5])
    assert environment(templates, Compiled(folder)).get_template("page.html").render(name="you") == "Hello you"


def test_it_works_where_nothing_was_set_up(templates: Path, tmp_path: Path) -> None:
    made = environment(templates, Compiled(tmp_path / "nowhere"))
    assert made.get_template("page.html").render(name="you") == "Hello you"


def test_set_up_sees_every_change(templates: Path) -> None:
    before = stamp_of(templates)
    assert stamp_of(templates) == before
    (templates / "page.html").write_text("Good day", encoding="utf-8")
    assert stamp_of(templates) != before
