"""Who may be rung, texted or written to at this very moment. No number stands here: each line leads to a case."""

from __future__ import annotations

from flask import request, url_for
from flask.typing import ResponseReturnValue

from app.pages.hub import pages
from app.pages.hub.desk import desk_page
from app.services.hub import desk, reachable
from app.services.hub.queue import Clock
from app.web import staff
from app.web.clock import now
from app.web.hub import hub


@pages.get("/contact-now")
@staff.signed_in_only
def contact_now() -> ResponseReturnValue:
    """The window that closes soonest first; empty while contact plans may be out of date."""
    clock = Clock(now(), hub().area.hub_hours)
    number = max(1, request.args.get("page", 1, type=int))
    with hub().database.reading() as session:
        page = reachable.now_open(
            session,
            staff.me().identity,
            clock=clock,
            targets=hub().area.targets,
            opener=hub().opener,
            number=number,
        )
        health = desk.post_health(session, now=clock.now)
    links = {each: url_for("hub.contact_now", page=each) for each in (number - 1, number + 1)}
    return desk_page(
        "hub/contact_now.html",
        found=page,
        health=health,
        page=number,
        page_links={each: link for each, link in links.items() if each >= 1 and (each < number or page.has_more)},
        staff_languages=hub().area.staff_languages,
    )
