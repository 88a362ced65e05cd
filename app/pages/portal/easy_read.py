"""Easy Read: the leaflets and the pledge, each line with its picture."""

from __future__ import annotations

from flask import abort, make_response, render_template
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from markupsafe import Markup, escape

from app.adapters.pictures import pictures
from app.domain.easy_read import LEAFLETS, PLEDGE, Leaflet
from app.pages.portal import pages
from app.web import kept, language
from app.web.portal import portal


@pages.get("/easy-read")
def easy_read() -> ResponseReturnValue:
    """All that there is in Easy Read."""
    return kept.public(
        make_response(render_template("portal/easy_read/list.html", leaflets=_leaflets(), pictures=pictures()))
    )


@pages.get("/easy-read/<leaflet>")
def easy_read_leaflet(leaflet: str) -> ResponseReturnValue:
    """One leaflet."""
    if leaflet not in LEAFLETS or leaflet not in _leaflets():
        abort(404)
    return _page(leaflet)


@pages.get("/pledge/easy-read")
def pledge_easy_read() -> ResponseReturnValue:
    """The pledge."""
    return _page(PLEDGE)


def said(leaflet: Leaflet, text: str) -> Markup:
    """A line's words with the names of the area put in. Names in English on a page in another language say so."""
    area, slug = portal().area, language.language().slug
    found = area.words_in("area_name", slug)
    names = {"{area}": _name(found.text, found.language, leaflet), "{hub}": _name(area.hub_name, "en", leaflet)}
    words = escape(text)
    for placeholder, name in names.items():
        words = words.replace(placeholder, name)
    return words


def _name(name: str, its_language: str, leaflet: Leaflet) -> Markup:
    if its_language == leaflet.language:
        return escape(name)
    tag = next(each.tag for each in portal().languages.all if each.slug == its_language)
    return Markup('<bdi lang="{}">{}</bdi>').format(tag, name)


def _page(leaflet_id: str) -> ResponseReturnValue:
    leaflet = _leaflets()[leaflet_id]
    page = render_template(
        "portal/easy_read/leaflet.html",
        leaflet=leaflet,
        title=gettext(leaflet.title),
        said=said,
        pictures=pictures(),
        # The pledge says in which version it stands, and that it is a proposal until somebody has agreed.
        pledge=portal().pledges[language.language().slug] if leaflet_id == PLEDGE else None,
    )
    return kept.public(make_response(page))


def _leaflets() -> dict[str, Leaflet]:
    return portal().easy_read[language.language().slug]
