"""What a person can read without asking anyone: home, local help, help now, and the pages about this site."""

from __future__ import annotations

from urllib.parse import urlencode

from flask import abort, make_response, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _l

from app.domain.pledge import Pledge
from app.domain.translation import Group
from app.forms.refer import JOURNEY
from app.pages.portal import pages
from app.services.portal import health
from app.web import kept, language
from app.web.clock import now
from app.web.portal import portal

TRANSLATED_PARTS = (
    (Group.SAFETY, _l("Staying safe, and help now")),
    (Group.REQUEST, _l("Asking for support")),
    (Group.SPACE, _l("Your space")),
    (Group.NEWS, _l("News and messages")),
    (Group.AROUND, _l("Everything else")),
)
PLAIN_PAGES = {
    "safety": "safety",
    "how-it-works": "how_it_works",
    "privacy": "privacy",
    "cookies": "cookies",
}


def plain_page(template: str) -> ResponseReturnValue:
    """A page that needs nothing but what every page has."""
    return _public(render_template(f"portal/{template}.html"))


for _path, _name in PLAIN_PAGES.items():
    pages.add_url_rule(f"/{_path}", endpoint=_name, view_func=plain_page, defaults={"template": _name})


@pages.get("/")
def home() -> ResponseReturnValue:
    """The home page."""
    pledge = _pledge()
    return _public(render_template("portal/home.html", pledge=pledge))


@pages.get("/support")
def support() -> ResponseReturnValue:
    """Local help, filtered by codes that say nothing."""
    directory = portal().directory
    filters = directory.filters(request.args)
    # One spelling of each question is kept in memory; any other is answered all the same.
    plain_query = urlencode({name: str(code) for name, code in directory.query(filters).items()})
    page = render_template(
        "portal/support.html", directory=directory, filters=filters, results=directory.search(filters)
    )
    return kept.public(make_response(page), query_is_plain=request.query_string.decode("latin-1") == plain_query)


@pages.get("/support/<service_id>")
def service(service_id: str) -> ResponseReturnValue:
    """One service."""
    found = portal().directory.get(service_id)
    if found is None or not found.is_reachable:
        abort(404)
    return _public(render_template("portal/service.html", service=found))


@pages.get("/help-now")
def help_now() -> ResponseReturnValue:
    """Somebody to talk to now."""
    return _public(render_template("portal/help_now.html", help_now=portal().help_now))


@pages.get("/accessibility")
def accessibility() -> ResponseReturnValue:
    """The accessibility statement."""
    return _public(render_template("portal/accessibility.html", accessibility=portal().accessibility))


@pages.get("/languages")
def languages() -> ResponseReturnValue:
    """Every language by its own name, those without a translation too. From a question each leads back to that question."""
    asked = request.args.get("q", "")
    slug = asked if asked in JOURNEY.slugs else ""
    spoken = [each for each in portal().languages.all if not each.pseudo]
    page = render_template(
        "portal/languages.html", all_languages=spoken, translated_parts=TRANSLATED_PARTS, question=slug
    )
    return _public(page)


@pages.get("/status")
def status() -> ResponseReturnValue:
    """Is it working? The truth, for people."""
    state = health.status(portal().database, hours=portal().area.hub_hours, now=now())
    return make_response(render_template("portal/status.html", status=state))


def _pledge() -> Pledge:
    return portal().pledges[language.language().slug]


def _public(page: str) -> ResponseReturnValue:
    return kept.public(make_response(page))
