"""The portal's screens. Every page lives under its language; `pages` is the one blueprint they share."""

from __future__ import annotations

from typing import Any

from flask import Blueprint

from app.web import language
from app.web.portal import portal

pages = Blueprint("portal", __name__, url_prefix="/<lang>")
# What has no language: the front door, the way out, the post.
outer = Blueprint("doors", __name__)


@pages.url_value_preprocessor
def take_language(_endpoint: str | None, values: dict[str, Any] | None) -> None:
    """The first part of the address is the language; views never see it."""
    if values is not None and "lang" in values:
        language.use(values.pop("lang"), pseudo=portal().settings.in_development)


@pages.url_defaults
def give_language(_endpoint: str, values: dict[str, Any]) -> None:
    """Addresses made on a page stay in its language."""
    values.setdefault("lang", language.language().slug)
