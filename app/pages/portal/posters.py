"""What hangs in a library, is torn off or goes into a pocket: printed by the browser, with a square code to this language."""

from __future__ import annotations

from urllib.parse import urlencode, urlsplit

from flask import make_response, render_template, request
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from app.adapters import qr
from app.domain.area import District
from app.pages.portal import pages
from app.web import kept, language
from app.web.portal import portal

SHEETS = ("poster", "strips", "card")


@pages.get("/posters")
def posters() -> ResponseReturnValue:
    """What there is to print, for the whole area or one district."""
    return _page("index")


def sheet(name: str) -> ResponseReturnValue:
    """One of SHEETS, ready to print."""
    return _page(name)


for _name in SHEETS:
    pages.add_url_rule(f"/posters/{_name}", endpoint=f"posters_{_name}", view_func=sheet, defaults={"name": _name})


def _page(name: str) -> ResponseReturnValue:
    own, slug = portal(), language.language().slug
    district = _district()
    # Before it has an address for people, a site that is tried out leads to itself.
    site = own.site_address or request.host_url.rstrip("/")
    page = render_template(
        f"portal/posters/{name}.html",
        district=district,
        code=Markup(qr.drawing(f"{site}/{slug}/")),  # drawn out of our own address  # noqa: S704  # nosec B704
        address=short_address(site, slug),
        is_settled=bool(own.site_address),
        pledge=own.pledges[slug],
    )
    # One spelling of each district is kept in memory; any other is answered all the same.
    plain = urlencode({"d": district.code}) if district else ""
    return kept.public(make_response(page), query_is_plain=request.query_string.decode("latin-1") == plain)


def short_address(site: str, slug: str) -> str:
    """What people type: the host, and the language unless it is English, which the host alone leads to in most browsers here."""
    host = urlsplit(site).netloc
    return host if not host or slug == "en" else f"{host}/{slug}"


def _district() -> District | None:
    given = request.args.get("d", "")
    return next((each for each in portal().area.districts if str(each.code) == given), None)
