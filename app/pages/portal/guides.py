"""Guides: the list of them, and each of them, kept in memory like every page that is the same for everybody."""

from __future__ import annotations

from flask import abort, make_response, render_template
from flask.typing import ResponseReturnValue

from app.domain.guide import Guides
from app.domain.recordings import FILMED
from app.domain.translation import Standing
from app.forms.search import search_form
from app.pages.portal import pages
from app.web import kept, language, page
from app.web.portal import portal


@pages.get("/guides")
def guides() -> ResponseReturnValue:
    """Every guide by group, each with what it tells."""
    found = own_guides()
    if any(guide.standing is Standing.DRAFTED for guide in found.all):
        page.say_drafted(True)
    return kept.public(make_response(render_template("portal/guides/index.html", guides=found, form=search_form())))


@pages.get("/guides/<guide_slug>")
def guide(guide_slug: str) -> ResponseReturnValue:
    """One guide, in this page's language or else in English, which is then said."""
    found = own_guides()
    guide = found.get(guide_slug)
    if guide is None:
        abort(404)
    is_own = guide.language == language.language().slug
    if not is_own or guide.standing is Standing.DRAFTED:
        # Nobody translated what is in English; a translation stays a draft until a person has checked it.
        page.say_drafted(is_own)
    sources = {one: portal().sources[one] for block in guide.blocks for one in block.sources}
    days = {source.read_on for source in sources.values()}
    return kept.public(
        make_response(
            render_template(
                "portal/guides/guide.html",
                guide=guide,
                next_guides=[other for slug in guide.next if (other := found.get(slug))],
                sources=sources,
                read_on=days.pop() if len(days) == 1 else None,
                directory=portal().directory,
                is_filmed=guide.slug in FILMED,
            )
        )
    )


def own_guides() -> Guides:
    """The guides as this page's language shows them."""
    return portal().guides[language.language().slug]
