"""The desk's screens."""

from __future__ import annotations

from flask import Blueprint

pages = Blueprint("hub", __name__)
