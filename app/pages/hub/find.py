"""Finding somebody: what is looked for is in the body of a post, and nowhere else."""

from __future__ import annotations

from flask import request
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from app.domain.finding import NothingToFind, query_of
from app.forms.desk_find import FindForm
from app.pages.hub import pages
from app.pages.hub.desk import UNPROCESSABLE, desk_page, page_was_old
from app.services.hub import finding
from app.services.hub.finding import Found, Mark
from app.web import staff
from app.web.clock import now
from app.web.hub import hub


@pages.route("/find", methods=["GET", "POST"])
@staff.signed_in_only
def find() -> ResponseReturnValue:
    """By name, word, reference, phone number or e-mail address."""
    form, found = FindForm(), None
    if request.method == "POST" and form.validate_on_submit():
        found = _found(form)
    problem = page_was_old(form) if form.errors else ""
    has_errors = bool(form.errors)
    return desk_page(
        "hub/find.html",
        code=UNPROCESSABLE if has_errors else 200,
        form=form,
        found=found,
        problem=problem,
        has_errors=has_errors,
    )


def _found(form: FindForm) -> Found | None:
    typed, me = form.wanted.data or "", staff.me().identity
    found = finding.by_reference(hub().database, typed, me, now=now())
    if found is not None:
        return found
    try:
        query = query_of(typed)
    except NothingToFind:
        form.wanted.errors = [gettext("Write a name, a word, a reference, a phone number or an email address.")]
        return None
    return finding.find(
        hub().database,
        query,
        me,
        opener=hub().opener,
        now=now(),
        after=Mark.from_text(form.after.data or ""),
        closed_too=bool(form.closed_too.data),
    )
