"""What every view does around its answer: send the browser elsewhere, and know a post that comes twice."""

from __future__ import annotations

import hashlib
from typing import cast

from flask import Response, request
from flask import redirect as flask_redirect

from app.adapters import sealing

ADDRESS = "text/uri-list"  # RFC 2483


def redirect(address: str, code: int = 302) -> Response:
    """Send the browser to another address: 303 after something was kept, 302 else.

    The script that keeps a request to one entry of the browser's history cannot see where an answer leads, so it asks for
    the address itself, and opens it in place of the page (static/scripts/one-entry.js).
    """
    if request.method == "POST" and ADDRESS in request.headers.get("Accept", ""):
        return Response(address, content_type=f"{ADDRESS}; charset=utf-8")
    return cast(Response, flask_redirect(address, code=code))


def once(made: str) -> bytes:
    """The id of what this post sends: the same again for the same words from the same page, another when they differ.

    So a press that comes twice sends once, and who goes back, changes their words and sends them again sends both. `made` is
    the random id, in hexadecimal, that the form was made with; it keeps the id from telling anything of the words. One that
    is missing or mangled is replaced, which costs only the protection from a double send.
    """
    try:
        salt = bytes.fromhex(made)
    except ValueError:
        salt = b""
    if len(salt) != sealing.ID_LENGTH:
        return sealing.new_id()
    typed = sorted(request.form.items(multi=True))
    return hashlib.sha256(salt + repr((request.endpoint, typed)).encode("utf-8")).digest()[: sealing.ID_LENGTH]
