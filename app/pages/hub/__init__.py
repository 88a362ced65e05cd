"""The desk's screens."""

from __future__ import annotations

from flask import Blueprint

pages = Blueprint("hub", __name__)
# For machines: no session, no cookie, a token with every request (app/pages/hub/api.py).
machines = Blueprint("api", __name__, url_prefix="/api/v1")
