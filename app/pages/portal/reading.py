"""What a person can read without asking anyone: home, pledge, local help, help now, and the pages about this site."""

from __future__ import annotations

from flask import abort, make_response, render_template, request
from flask.typing import ResponseReturnValue

from app.domain.pledge import Pledge
from app.pages.portal import pages
from app.services.portal import health
from app.web import language
from app.web.clock import now
from app.web.portal import portal

# The same for everybody, but for the opening hours on them: kept by browsers and proxies for a minute.
FOR_A_MINUTE = "public, max-age=60"

PLAIN_PAGES = {
    "safety": "safety",
    "how-it-works": "how_it_works",
    "privacy": "privacy",
    "cookies": "cookies",
    "accessibility": "accessibility",
    "complaints": "complaints",
    "feedback": "feedback",
    "languages": "languages",
    "appearance": "appearance",
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


@pages.get("/pledge")
def pledge() -> ResponseReturnValue:
    """The one-page pledge."""
    return _public(render_template("portal/pledge.html", pledge=_pledge()))


@pages.get("/support")
def support() -> ResponseReturnValue:
    """Local help, filtered by codes that say nothing."""
    directory = portal().directory
    filters = directory.filters(request.args)
    return _public(
        render_template("portal/support.html", directory=directory, filters=filters, results=directory.search(filters))
    )


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


@pages.get("/status")
def status() -> ResponseReturnValue:
    """Is it working? The truth, for people."""
    state = health.status(portal().database, hours=portal().area.hub_hours, now=now())
    return make_response(render_template("portal/status.html", status=state))


def _pledge() -> Pledge:
    return portal().pledges[language.language().slug]


def _public(page: str) -> ResponseReturnValue:
    response = make_response(page)
    response.headers["Cache-Control"] = FOR_A_MINUTE
    return response
