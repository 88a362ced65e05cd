"""Answers that send the browser elsewhere."""

from __future__ import annotations

from typing import cast

from flask import Response, request
from flask import redirect as flask_redirect

ADDRESS = "text/uri-list"  # RFC 2483


def redirect(address: str, code: int = 302) -> Response:
    """Send the browser to another address: 303 after something was kept, 302 else.

    The script that keeps a request to one entry of the browser's history cannot see where an answer leads, so it asks for
    the address itself, and opens it in place of the page (static/scripts/one-entry.js).
    """
    if request.method == "POST" and ADDRESS in request.headers.get("Accept", ""):
        return Response(address, content_type=f"{ADDRESS}; charset=utf-8")
    return cast(Response, flask_redirect(address, code=code))
