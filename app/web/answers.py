"""Answers that send the browser elsewhere."""

from __future__ import annotations

from typing import cast

from flask import Response
from flask import redirect as flask_redirect


def redirect(address: str, code: int = 302) -> Response:
    """Send the browser to another address: 303 after something was kept, 302 else."""
    return cast(Response, flask_redirect(address, code=code))
