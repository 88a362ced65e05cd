"""The few cookies there are: each strictly necessary, none before somebody has answered or chosen something.

Names differ by side and carry the `__Host-` prefix over TLS (RFC 6265bis). Values are random bytes, and what they open is in
the database, sealed under them; but for the looks of pages, which are a few digits (domain/appearance.py).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from flask import Flask, Request, request
from flask.sessions import SessionInterface
from werkzeug.wrappers import Response

from app.adapters.sealing import derive

DRAFT, VISIT, STAFF, LOOKS, ATTEMPT = "d", "v", "s", "a", "o"
TOKEN_LENGTH = 32


class NoSession(SessionInterface):
    """For a side that keeps no session: none is looked for in a request, and trying to write one is an error."""

    def open_session(self, app: Flask, request: Request) -> None:
        """None, of which Flask makes a session that cannot be changed."""


@dataclass(frozen=True)
class CookieJar:
    """Reads and writes the cookies of one side."""

    side: str
    secure: bool

    def name(self, short: str) -> str:
        """The cookie's full name, such as `__Host-portal-d`."""
        return f"{'__Host-' if self.secure else ''}{self.side}-{short}"

    def read(self, short: str) -> str | None:
        """The value that the browser sent, or None."""
        return request.cookies.get(self.name(short))

    def write(
        self, response: Response, short: str, value: str, *, lasts: timedelta | None, on_return: bool = False
    ) -> None:
        """Set a cookie for this host alone, out of reach of scripts and of other sites. None: until the browser is closed.

        `on_return`: it also comes along when another site sends the browser here by a link (RFC 6265bis, 5.6.7.1).
        """
        response.set_cookie(
            self.name(short),
            value,
            max_age=None if lasts is None else int(lasts.total_seconds()),
            path="/",
            secure=self.secure,
            httponly=True,
            samesite="Lax" if on_return else "Strict",
        )

    def forget(self, response: Response, short: str, *, on_return: bool = False) -> None:
        """Remove a cookie."""
        same_site = "Lax" if on_return else "Strict"
        response.delete_cookie(self.name(short), path="/", secure=self.secure, httponly=True, samesite=same_site)


def token_text(token: bytes) -> str:
    """A token as it stands in a cookie."""
    return base64.urlsafe_b64encode(token).rstrip(b"=").decode("ascii")


def token_of(text: str | None) -> bytes | None:
    """The token in a cookie, or None when there is none or it is not one of ours."""
    if text is None or len(text) > 64:
        return None
    try:
        token = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (binascii.Error, ValueError):
        return None
    return token if len(token) == TOKEN_LENGTH else None


def stamped(token: bytes, *, secret: str, now: datetime) -> str:
    """A token with the moment of its last use, so that a visit can end by itself without a row that tracks it.

    `secret` is this side's SECRET_KEY: whoever finds the cookie on a device cannot stamp it anew.
    """
    seconds = str(int(now.timestamp()))
    return f"{token_text(token)}.{seconds}.{_stamp(token, seconds, secret)}"


def unstamped(text: str | None, *, secret: str, now: datetime, idle: timedelta) -> tuple[bytes, datetime] | None:
    """The token and when it was last used; None when it is not ours or was idle for too long."""
    parts = (text or "").split(".")
    if len(parts) != 3 or not parts[1].isascii() or not parts[1].isdigit() or len(parts[1]) > 12:
        return None
    token = token_of(parts[0])
    if token is None:
        return None
    if not hmac.compare_digest(parts[2].encode("utf-8", "replace"), _stamp(token, parts[1], secret).encode("ascii")):
        return None
    try:
        used = datetime.fromtimestamp(int(parts[1]), UTC)
    except (ValueError, OverflowError):  # beyond the calendar
        return None
    return (token, used) if used <= now + timedelta(minutes=1) and now - used <= idle else None


def _stamp(token: bytes, seconds: str, secret: str) -> str:
    key = derive(secret.encode("utf-8"), "visit cookie/v2")
    return hmac.new(key, token + seconds.encode("ascii"), hashlib.sha256).hexdigest()[:32]
