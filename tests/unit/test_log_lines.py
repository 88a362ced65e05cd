"""Lines for those who operate the site, for eyes and for machines."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator

import pytest

from app import log_lines
from app.services import post


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    """Logging as it was, for the tests that come after."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    root.handlers.clear()
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


def test_every_line_for_machines_is_one_object(capsys: pytest.CaptureFixture[str]) -> None:
    log_lines.set_up("json")
    post.alarm("a gap in\nthe numbers", case="00ff")
    try:
        raise ValueError("ein Fehler: ä")
    except ValueError:
        logging.getLogger("app").exception("it went wrong")
    first, second = (json.loads(line) for line in capsys.readouterr().err.splitlines())
    assert first["level"] == "ERROR"
    assert first["message"] == "alarm: a gap in\nthe numbers case=00ff"
    assert "ValueError: ein Fehler: ä" in second["error"]
    assert second["at"].endswith("+00:00")


def test_lines_are_text_unless_something_else_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    log_lines.set_up("")
    logging.getLogger("app").info("it works")
    assert capsys.readouterr().err.rstrip().endswith("INFO app it works")


def test_a_format_that_is_none_is_refused() -> None:
    with pytest.raises(log_lines.UnknownFormat, match="LOG_FORMAT"):
        log_lines.set_up("xml")
