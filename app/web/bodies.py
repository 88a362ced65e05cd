"""What a request may bring: the fields of a form, and nothing else that a form of ours would read.

Flask-WTF also takes JSON and files for fields. No form of ours sends either, and a list, an object or a file is nothing that a
field was made for. The API for case systems reads its own bytes.
"""

from __future__ import annotations

from typing import Any

from flask import Request
from werkzeug.datastructures import ImmutableMultiDict


class FormRequest(Request):
    """A request whose fields are texts."""

    @property
    def is_json(self) -> bool:
        """Never: no field is read out of JSON."""
        return False

    @property
    def files(self) -> ImmutableMultiDict[str, Any]:
        """None: what comes as a file is dropped, and its name with it."""
        return ImmutableMultiDict()
