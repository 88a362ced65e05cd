"""The front door, the way out, and the hatch for the courier."""

from __future__ import annotations

from flask import Response, abort, request, url_for

from app.adapters.carriers import MOST_PARCEL_BYTES, PASS_PATH, TOKEN_HEADER, BadToken, MalformedParcel
from app.domain.retention import Periods
from app.pages.portal import outer
from app.services.portal import drafts as draft_rows
from app.services.portal import post, space
from app.web import drafts, language, visits
from app.web.answers import redirect
from app.web.clock import now
from app.web.cookies import LOOKS
from app.web.errors import NOT_KEPT
from app.web.portal import portal

# Where the exit leads: a neutral page that says nothing about the person. The same for everybody.
NEUTRAL_SITE = "https://www.bbc.co.uk/weather"


@outer.get("/")
def front() -> Response:
    """To the home page in the language that the browser asks for."""
    chosen = language.negotiated(pseudo=portal().settings.in_development)
    response = redirect(url_for("portal.home", lang=chosen.slug), code=302)
    response.headers["Vary"] = "Accept-Language"
    return response


@outer.get("/exit")
def leave() -> Response:
    """End everything that this visitor has open and leave for a neutral site.

    The one GET that writes; a browser that only fetches ahead gets nothing done.
    """
    if "prefetch" in (request.headers.get("Sec-Purpose", "") + request.headers.get("Purpose", "")):
        return Response(status=204)
    response = redirect(NEUTRAL_SITE, code=303)
    forget_everything(response)
    return response


def forget_everything(response: Response) -> None:
    """Delete draft and visit, here and in the browser, and how pages look. Leaving never fails, whatever the database does."""
    own_draft, own_visit = drafts.token(), visits.token()
    if own_draft is not None or own_visit is not None:
        try:
            with portal().database.writing() as session:
                if own_draft is not None:
                    draft_rows.erase(session, own_draft)
                if own_visit is not None:
                    space.end_visit(session, own_visit)
        except NOT_KEPT:
            response.headers["Retry-After"] = "1"
    drafts.forget(response)
    visits.forget(response)
    drafts.jar().forget(response, LOOKS)
    # Cookies know no ports: on loopback, clearing them would sign the other side out too.
    cleared = '"cache", "storage"' if portal().settings.in_development else '"cache", "cookies", "storage"'
    response.headers["Clear-Site-Data"] = cleared


@outer.post(PASS_PATH)
def post_pass() -> Response:
    """One pass of the post. Anything but a valid pass meets the site's own "not found"."""
    own = portal()
    request.max_content_length = MOST_PARCEL_BYTES
    own.salts.of(now())  # a new day throws the old one away, also when nobody else comes
    try:
        reply = post.take_pass(
            own.database,
            body=request.get_data(cache=False),
            token=request.headers.get(TOKEN_HEADER, ""),
            trust=own.trust,
            office=own.office,
            keys=own.order_keys,
            now=now(),
            keep=Periods(**own.settings.keep),
        )
    except (BadToken, MalformedParcel):
        abort(404)
    response = Response(reply.body, content_type="application/octet-stream")
    response.headers[TOKEN_HEADER] = reply.token
    return response
