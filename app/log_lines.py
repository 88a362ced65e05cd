"""What a process tells those who operate it: one line an event, as text or, for machines, as JSON (LOG_FORMAT).

Neither has an address, a user agent, or anything that anybody typed: what is logged is code, ids and counts
(tests/integration/test_every_canary.py).
"""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime
from typing import Literal, get_args

from app import counts
from app.domain import alarms

Format = Literal["text", "json"]
FORMATS: tuple[Format, ...] = get_args(Format)
TEXT = "%(asctime)s %(levelname)s %(name)s %(message)s"
# How every alarm begins (app/services/post.py).
ALARM = "alarm: "
# Libraries that say more than anybody needs.
NOISY = ("urllib3", "alembic", "werkzeug")


class UnknownFormat(Exception):
    """LOG_FORMAT names no format; the text is one line."""


class JsonLines(logging.Formatter):
    """An event as one JSON object: `at` (UTC, RFC 3339), `level`, `logger`, `process`, `message`, and `error`, a traceback."""

    def format(self, record: logging.LogRecord) -> str:
        """The line, without its end."""
        line: dict[str, object] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "process": record.process,
            "message": record.getMessage(),
        }
        if record.exc_info:
            line["error"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=True)


class CountsAlarms(logging.Handler):
    """Counts each alarm by its part and its urgency. The alarm itself stays in the log."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)

    def emit(self, record: logging.LogRecord) -> None:
        """Count it, if it is one."""
        said = record.getMessage()
        if said.startswith(ALARM):
            counts.add("alarms", *alarms.sort_of(said.removeprefix(ALARM)))


def set_up(name: str) -> None:
    """Send events to standard error in the format of this `name`; empty is text. Raises UnknownFormat."""
    if name and name not in FORMATS:
        raise UnknownFormat(f"LOG_FORMAT must be {' or '.join(FORMATS)}.")
    handler = logging.StreamHandler()
    handler.setFormatter(JsonLines() if name == "json" else logging.Formatter(TEXT))
    logging.basicConfig(level=logging.INFO, handlers=[handler, CountsAlarms()], force=True)
    for noisy in NOISY:
        logging.getLogger(noisy).setLevel(logging.WARNING)
