"""Beside the search for local help: a leaflet of a few services to print, and which services public money pays for."""

from __future__ import annotations

from flask import make_response, render_template, request
from flask.typing import ResponseReturnValue

from app.domain.directory import Service
from app.forms.leaflet import LeafletForm
from app.pages.portal import pages
from app.pages.portal.carry import UNPROCESSABLE
from app.web import kept
from app.web.clock import now
from app.web.portal import portal


@pages.route("/support/leaflet", methods=["GET", "POST"])
def leaflet() -> ResponseReturnValue:
    """Choose from what was found; what was chosen comes back as a sheet. Nothing of it is kept, and no address says it."""
    directory = portal().directory
    found = directory.search(directory.filters(request.args))
    form = LeafletForm()
    form.offer(_offered(form, found.services))
    if request.method == "GET":
        return make_response(render_template("portal/leaflet.html", form=form, personal=True))
    if not form.validate():
        page = render_template("portal/leaflet.html", form=form, has_errors=True, personal=True)
        return page, UNPROCESSABLE
    services = [service for service in map(directory.get, form.services.data) if service is not None]
    return render_template("portal/leaflet_print.html", services=services, short=form.short.data, personal=True)


@pages.get("/support/funding")
def funding() -> ResponseReturnValue:
    """Which services public money pays for, with the date of each list."""
    known = portal().funding
    page = render_template(
        "portal/funding.html", funding=known, directory=portal().directory, is_current=known.is_current(now().date())
    )
    return kept.public(make_response(page))


def _offered(form: LeafletForm, found: tuple[Service, ...]) -> list[Service]:
    """What was found; and what was sent, if that was chosen from another list."""
    sent = [service for service in map(portal().directory.get, form.services.data or []) if service is not None]
    return [*found, *(service for service in sent if service not in found)]
