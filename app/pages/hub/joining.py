"""The same person: look for likely duplicates of a case, put two together in two presses, and undo it."""

from __future__ import annotations

from flask import abort, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from app.domain.joined import Tie
from app.forms.desk import PressForm
from app.forms.desk_find import TIES, JoinForm
from app.pages.hub import pages, words
from app.pages.hub.desk import UNPROCESSABLE, desk_page, id_of, page_was_old
from app.services.hub import guard, joining
from app.services.hub.desk import NotOpened
from app.services.hub.finding import Mark
from app.services.hub.guard import NoSuchCase
from app.services.hub.joining import CannotJoin, Compared
from app.web import staff
from app.web.answers import redirect
from app.web.clock import now
from app.web.hub import hub


@pages.route("/cases/<case_id>/same", methods=["GET", "POST"])
@staff.signed_in_only
def same(case_id: str) -> ResponseReturnValue:
    """What a case is joined with; a press looks for likely duplicates. Pressing is a read, so it is a post."""
    if request.method == "GET":
        return _page(case_id)
    if not PressForm().validate_on_submit():
        abort(403)
    try:
        compared = joining.look(
            hub().database,
            id_of(case_id),
            staff.me(),
            opener=hub().opener,
            now=now(),
            after=Mark.from_text(request.form.get("after", "")),
        )
    except NoSuchCase:
        abort(404)
    except NotOpened:
        return _page(case_id, problem=gettext("Open the request first."))
    return _page(case_id, compared=compared)


@pages.post("/cases/<case_id>/join")
@staff.signed_in_only
def join(case_id: str) -> ResponseReturnValue:
    """The first press asks whether it is sure, and shows both; the second joins them."""
    form, me = JoinForm(), staff.me().identity
    try:
        if not form.validate_on_submit():
            return _page(case_id, form=form, problem=page_was_old(form))
        tie = Tie(form.tie.data)
        with hub().database.reading() as session:
            other = joining.by_reference(session, id_of(case_id), form.reference.data or "", me)
            case = guard.case_for(session, id_of(case_id), me)
        if "sure" not in request.form:
            return desk_page(
                "hub/case_join.html", case_id=case_id, row=case, other=other, form=form, tie=TIES[tie.value]
            )
        with hub().database.writing() as session:
            joining.join(session, id_of(case_id), other.id, tie=tie, who=me, now=now())
    except NoSuchCase:
        abort(404)
    except CannotJoin:
        form.reference.errors = [gettext("There is no other case with this reference that you may join.")]
        return _page(case_id, form=form)
    return redirect(url_for("hub.same", case_id=case_id), code=303)


@pages.post("/cases/<case_id>/part")
@staff.signed_in_only
def part(case_id: str) -> ResponseReturnValue:
    """Undo it."""
    if not PressForm().validate_on_submit():
        abort(403)
    try:
        with hub().database.writing() as session:
            other_id = id_of(request.form.get("other", ""))
            joining.part(session, id_of(case_id), other_id, who=staff.me().identity, now=now())
    except NoSuchCase:
        abort(404)
    return redirect(url_for("hub.same", case_id=case_id), code=303)


def _page(
    case_id: str, *, compared: Compared | None = None, form: JoinForm | None = None, problem: str = ""
) -> ResponseReturnValue:
    form = form or JoinForm(formdata=None)
    me = staff.me().identity
    try:
        with hub().database.reading() as session:
            case = guard.case_for(session, id_of(case_id), me)
            pairs = joining.joined_to(session, case.id, me)
    except NoSuchCase:
        abort(404)
    has_errors = bool(form.errors or problem)
    return desk_page(
        "hub/case_same.html",
        code=UNPROCESSABLE if has_errors else 200,
        case_id=case_id,
        row=case,
        pairs=pairs,
        compared=compared,
        form=form,
        tie_words=words.tie,
        why_words=words.likeness,
        problem=problem,
        has_errors=has_errors,
    )
