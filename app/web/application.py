"""Flask as both sides use it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Flask

from app.web.bodies import FormRequest


class Application(Flask):
    """One side's application: its requests bring texts, and none of its functions is a coroutine (tests/unit/test_bodies.py)."""

    request_class = FormRequest

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """The function itself. Flask looks at each one at every request, in case it is a coroutine."""
        return func
