"""The audit, for auditors and supervisors. Looking at it is written into it."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask import Response, abort, request, url_for
from flask.typing import ResponseReturnValue

from app.domain import digits
from app.domain.audit import Act, Kind
from app.pages.hub import pages
from app.pages.hub.desk import desk_page
from app.services.hub import auditing, viewing
from app.services.hub.viewing import Asked
from app.web import staff
from app.web.clock import now
from app.web.hub import hub

LAST_PAGE = 1000


@pages.get("/audit")
@staff.whoever_signed_in
def audit() -> ResponseReturnValue:
    """Lines of a day, by colleague, case and kind of act; how the chains stand; who read how much."""
    if not viewing.may(staff.me().identity):
        return desk_page("hub/audit.html", found=None)
    asked = _asked()
    auditing.note(hub().database, Act.READ_AUDIT, staff.me(), now=now(), detail=asked.day.isoformat())
    zone = hub().area.hub_hours.zone
    with hub().database.reading() as session:
        found = viewing.look(session, staff.me().identity, asked, zone=zone)
        chains = auditing.state_of_chains(session)
    chosen: dict[str, Any] = {
        "day": asked.day.isoformat(),
        "who": asked.staff_id or None,
        "case": asked.reference or None,
        "kind": asked.kind.value if asked.kind else None,
    }
    turns = {"earlier": asked.page - 1 or None, "later": asked.page + 1 if found.has_more else None}
    return desk_page(
        "hub/audit.html",
        found=found,
        asked=asked,
        chains=chains,
        kinds=tuple(Kind),
        turns={name: url_for("hub.audit", page=page, **chosen) for name, page in turns.items() if page},
        most=viewing.MANY,
    )


@pages.get("/audit/day.csv")
@staff.whoever_signed_in
def audit_day() -> ResponseReturnValue:
    """A day as a file, under the same guard."""
    me = staff.me()
    if not viewing.may(me.identity):
        abort(404)
    day = _asked().day
    auditing.note(hub().database, Act.EXPORTED_AUDIT, me, now=now(), detail=day.isoformat())
    with hub().database.reading() as session:
        text = viewing.export(session, me.identity, day, zone=hub().area.hub_hours.zone)
    made = Response(text, content_type="text/csv; charset=utf-8")
    made.headers["Content-Disposition"] = f'attachment; filename="audit-{day.isoformat()}.csv"'
    return made


def _asked() -> Asked:
    """What the address asks for; what cannot be read counts as not asked for, a day as today."""
    kind = request.args.get("kind", "")
    page = request.args.get("page", 1, type=int)
    return Asked(
        day=_day(request.args.get("day", "")),
        staff_id=request.args.get("who", "").strip(),
        reference="".join(each for each in digits.western(request.args.get("case", "")) if each.isdecimal()),
        kind=Kind(kind) if kind in set(Kind) else None,
        page=min(max(1, page), LAST_PAGE),
    )


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return now().astimezone(hub().area.hub_hours.zone).date()
