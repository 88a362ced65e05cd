"""Headers on every response, and which requests are let in: own hosts only, and no POST from elsewhere.

Sources: CSP Level 3; Fetch Metadata; WHATWG Fetch (CORP), HTML (COOP); ASVS 5.0 chapter 3.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import Flask, Response, abort, request
from flask.globals import request_ctx

from app.settings import LOOPBACK_HOSTS, Settings
from app.web.assets import INLINE_SCRIPT_HASH

POLICY = "; ".join(
    (
        "default-src 'none'",
        f"script-src 'self' '{INLINE_SCRIPT_HASH}'",
        "style-src 'self'",
        "img-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
# For pages whose forms a script sends, to this site and nowhere else.
POLICY_OF_SENDING = f"{POLICY}; connect-src 'self'"
# Where there is a film or a recording: from this site, and as large as the screen.
OF_PLAYING = "; media-src 'self'"
FEATURES = (
    "accelerometer", "autoplay", "browsing-topics", "camera", "display-capture",
    "encrypted-media", "fullscreen", "geolocation", "gyroscope", "hid", "identity-credentials-get", "idle-detection",
    "local-fonts", "magnetometer", "microphone", "midi", "payment", "picture-in-picture", "publickey-credentials-get",
    "screen-wake-lock", "serial", "storage-access", "usb", "xr-spatial-tracking",
)  # fmt: skip
SECURITY_HEADERS = {
    "Content-Security-Policy": POLICY,
    # With "no-referrer" browsers send `Origin: null`, and no form could be told from a forged one.
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": ", ".join(f"{feature}=()" for feature in FEATURES),
    "X-Frame-Options": "DENY",  # for browsers older than frame-ancestors
}
TRANSPORT_SECURITY = "max-age=63072000; includeSubDomains"
NO_STORE = "no-store"
FROM_HERE = frozenset({"same-origin"})
UNSAFE_METHODS = frozenset({"POST", "PUT", "PATCH", "DELETE"})
# The courier is no browser: its token, not its origin, says who it is.
TOKEN_PATHS = frozenset({"/post/pass"})
# Nor are other agencies' case systems: they send no cookie, and a token with every request.
TOKENS_UNDER = "/api/v1/"


def guard(app: Flask, settings: Settings, *, plays: bool = False) -> None:
    """Put the guards before, and the headers after, every request of this application. `plays`: it has films or recordings."""
    hosts = {urlsplit(origin).netloc for origin in settings.origins}

    @app.before_request
    def only_own_hosts() -> None:
        if not is_own_host(request.host, hosts=hosts, in_development=settings.in_development):
            abort(404)

    @app.before_request
    def only_own_posts() -> None:
        asked = request_ctx.request  # found once: each `request` looks for it anew
        if asked.method not in UNSAFE_METHODS or asked.path in TOKEN_PATHS or asked.path.startswith(TOKENS_UNDER):
            return
        if not is_from_here(
            asked.headers.get("Sec-Fetch-Site"),
            asked.headers.get("Origin"),
            own=settings.origins or (f"http://{asked.host}",),
        ):
            abort(403)

    # What is not said to be public is personal.
    usual = {**SECURITY_HEADERS, "Cache-Control": NO_STORE}
    if plays:
        usual["Permissions-Policy"] = usual["Permissions-Policy"].replace("fullscreen=()", "fullscreen=(self)")
    if settings.is_https:
        usual["Strict-Transport-Security"] = TRANSPORT_SECURITY
    # Lower case, as names are compared; and each once, because a list of pairs is slow to ask nine times.
    usual_by_name = {name.lower(): (name, value) for name, value in usual.items()}

    @app.after_request
    def add_headers(response: Response) -> Response:
        own = {name.lower() for name in response.headers.keys()}  # noqa: SIM118 - iterating gives pairs
        response.headers.extend([pair for name, pair in usual_by_name.items() if name not in own])
        if plays:
            response.headers["Content-Security-Policy"] += OF_PLAYING
        return response


def may_send(response: Response) -> Response:
    """Let the scripts of this page send its forms to this site; without this they can ask for nothing at all (CSP3, 6.1.2)."""
    response.headers["Content-Security-Policy"] = POLICY_OF_SENDING
    return response


def is_own_host(host: str, *, hosts: set[str], in_development: bool) -> bool:
    """True when the request's Host is one of ours; in development, loopback with any port."""
    if not in_development:
        return host in hosts
    try:
        parts = urlsplit(f"//{host}")
    except ValueError:
        return False
    return parts.hostname in LOOPBACK_HOSTS and parts.username is None


def is_from_here(fetch_site: str | None, origin: str | None, *, own: tuple[str, ...]) -> bool:
    """True when the browser says that our own page made this request.

    Old browsers send no Sec-Fetch-Site, but an Origin with every POST; without either the request is refused.
    """
    if fetch_site is not None:
        return fetch_site in FROM_HERE
    return origin is not None and origin in own
