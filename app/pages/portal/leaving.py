"""Leaving the space: stop, close, delete, take the request back; and the one page that is left while a deletion waits.

The addresses say "end": "leave" in a history could be taken for leaving somebody.
"""

from __future__ import annotations

from collections.abc import Callable

from flask import Response, make_response, render_template, request, url_for
from flask.typing import ResponseReturnValue

from app.adapters import sealing
from app.domain.change import Change
from app.forms.contact import CodeWordForm
from app.forms.leaving import DeleteForm
from app.forms.number import ReturnForm
from app.forms.question import QuestionForm
from app.pages.portal import pages
from app.pages.portal.carry import BACK_TO, UNAVAILABLE, UNPROCESSABLE, carried, number_page
from app.services.portal import changes, leaving, space
from app.services.portal.space import OpenVisit, Space
from app.web import visits
from app.web.answers import once, redirect
from app.web.clock import now
from app.web.errors import NOT_KEPT
from app.web.portal import portal

CLOSE, DELETE = "leave-close", "leave-delete"
# Everything under this is a page of the space; all but one are hidden while a deletion waits.
SPACE, NOT_ME, BACK = "portal.case", "portal.case_leave_not_me", "portal.case_leave_back"
CONFLICT = 409


@pages.before_request
def hide() -> ResponseReturnValue | None:
    """While a deletion waits, every page of the space is the one that says so (requirement B5)."""
    endpoint = request.endpoint or ""
    if not endpoint.startswith(SPACE) or endpoint == NOT_ME:
        return None
    opened, own = visits.current(), visits.token()
    if opened is None or own is None:
        return None
    if endpoint == BACK and request.method == "POST" and _is_refused(opened):
        return None  # nobody else will delete it
    page = hidden_page(opened)
    return None if page is None else visits.remember(page, own)


def hidden_page(opened: OpenVisit) -> Response | None:
    """The page that says that everything is hidden; None when nothing is being deleted."""
    with portal().database.reading() as session:
        found = leaving.deleting(session, opened)
    if found is None:
        return None
    page = render_template(
        "portal/case/leave_hidden.html",
        deleting=found,
        is_due=found.at <= now(),
        Change=Change,
        ends_at=visits.ends_at(opened),
        personal=True,
    )
    return make_response(page, CONFLICT if request.method == "POST" and request.endpoint != "portal.return_" else 200)


@pages.get("/case/end")
def case_leave() -> ResponseReturnValue:
    """Three ways to leave, side by side: what each does, and what it does not."""

    def show(opened: OpenVisit) -> Response:
        with portal().database.reading() as session:
            found = space.read_space(session, opened)
            marks = leaving.marks(session, opened, found)
        return _page(opened, "leave", leaving=marks, is_refused=found.is_refused)

    return _inside(show)


@pages.route("/case/end/close", methods=["GET", "POST"])
def case_leave_close() -> ResponseReturnValue:
    """The Hub stops working on it."""
    if request.method == "GET":
        return _inside(lambda opened: _page(opened, "close", form=CodeWordForm(formdata=None)))
    return _inside(_close, late=CLOSE)


@pages.get("/case/end/asked")
def case_leave_asked() -> ResponseReturnValue:
    """It was passed on. The same words whatever was typed."""
    return _inside(lambda opened: _page(opened, "asked"))


@pages.route("/case/end/delete", methods=["GET", "POST"])
def case_leave_delete() -> ResponseReturnValue:
    """Everything goes, here and at the Hub. What the Hub could not open is taken back instead: nobody there could delete it."""
    if request.method == "GET":
        return _inside(lambda opened: _begin_to_delete(opened, DeleteForm(formdata=None)))
    return _inside(_delete, late=DELETE)


def _is_refused(opened: OpenVisit) -> bool:
    with portal().database.reading() as session:
        return space.read_space(session, opened).is_refused


def _gone_page(gone: leaving.Gone) -> Response:
    """There is no space any more to come back to: this answer is the only one that says so."""
    page = make_response(render_template("portal/case/leave_gone.html", gone=gone, Gone=leaving.Gone, personal=True))
    visits.forget(page)
    return page


@pages.route("/case/end/back", methods=["GET", "POST"])
def case_leave_back() -> ResponseReturnValue:
    """Take the request back, while nobody has opened it as far as this site knows."""

    opened, own = visits.current(), visits.token()
    if opened is None or own is None:
        # Whoever pressed too late must not think that it is gone.
        return (
            redirect(url_for("portal.return_"), code=303)
            if request.method == "POST"
            else redirect(url_for("portal.home"))
        )
    with portal().database.reading() as session:
        found = space.read_space(session, opened)
    if found.read:
        answer: ResponseReturnValue = redirect(url_for("portal.case_leave_delete"), code=303)
    elif request.method == "GET":
        answer = _back_page(opened, found)
    else:
        try:
            gone = leaving.take_back(
                portal().database, portal().office, opened, change_id=once(request.form.get("change_id", "")), now=now()
            )
        except NOT_KEPT:
            return visits.remember(_back_page(opened, found, failed=True), own)
        if gone is not None:
            return _gone_page(gone)
        answer = redirect(url_for("portal.case"), code=303)
    return visits.remember(make_response(answer), own)


@pages.post("/case/end/not-me")
def case_leave_not_me() -> ResponseReturnValue:
    """Somebody else asked, or they think otherwise now: nothing is deleted, and all contact stays stopped."""

    def disown(opened: OpenVisit) -> ResponseReturnValue:
        try:
            # Never taken for a repeat: a page that was left open may take back what was asked for again since.
            changes.ask(
                portal().database,
                portal().office,
                opened,
                change=Change.NOT_ME,
                change_id=sealing.new_id(),
                now=now(),
                remember={leaving.DELETING_ON: None},
            )
        except NOT_KEPT:
            return hidden_page(opened) or redirect(url_for("portal.case"), code=303)
        return redirect(url_for("portal.case_leave_kept"), code=303)

    if visits.current() is None:
        return redirect(url_for("portal.return_"), code=303)
    return _inside(disown)


@pages.get("/case/end/kept")
def case_leave_kept() -> ResponseReturnValue:
    """Nothing is deleted."""
    return _inside(lambda opened: _page(opened, "kept", is_refused=_is_refused(opened)))


def _inside(show: Callable[[OpenVisit], ResponseReturnValue], *, late: str = "") -> ResponseReturnValue:
    """Do this in an open visit. After its end: to the number page, with what was typed when `late` names where it goes."""
    opened, own = visits.current(), visits.token()
    if opened is None or own is None:
        more = carried(late, known=BACK_TO) if request.method == "POST" else None
        if more is not None:
            return number_page(ReturnForm(formdata=None), None, status=UNPROCESSABLE, problem="ended", more=more)
        return redirect(url_for("portal.home"))
    return visits.remember(make_response(show(opened)), own)


def _close(opened: OpenVisit) -> ResponseReturnValue:
    form = CodeWordForm()
    if not form.validate():
        return _page(opened, "close", form=form, code=UNPROCESSABLE)
    try:
        leaving.ask_to_close(
            portal().database,
            portal().office,
            opened,
            code_word=(form.code_word.data or "").strip(),
            change_id=once(request.form.get("change_id", "")),
            now=now(),
        )
    except (sealing.TooLarge, *NOT_KEPT):
        return _page(opened, "close", form=form, failed=True)
    return redirect(url_for("portal.case_leave_asked"), code=303)


def _delete(opened: OpenVisit) -> ResponseReturnValue:
    if _is_refused(opened):
        return redirect(url_for("portal.case_leave_back"), code=303)
    form = DeleteForm()
    if not form.validate():
        return _delete_page(opened, form, code=UNPROCESSABLE)
    try:
        leaving.ask_to_delete(
            portal().database,
            portal().office,
            opened,
            code_word=(form.code_word.data or "").strip(),
            change_id=once(request.form.get("change_id", "")),
            now=now(),
        )
    except (sealing.TooLarge, *NOT_KEPT):
        return _delete_page(opened, form, failed=True)
    return redirect(url_for("portal.case"), code=303)


def _begin_to_delete(opened: OpenVisit, form: DeleteForm) -> ResponseReturnValue:
    if _is_refused(opened):
        return redirect(url_for("portal.case_leave_back"), code=303)
    return _delete_page(opened, form)


def _delete_page(opened: OpenVisit, form: DeleteForm, *, code: int = 200, failed: bool = False) -> Response:
    return _page(opened, "delete", form=form, code=code, failed=failed, goes_at=now() + leaving.DELAYS.delete)


def _back_page(opened: OpenVisit, found: Space, *, failed: bool = False) -> Response:
    goes_at = now() + leaving.DELAYS.delete
    return _page(opened, "back", failed=failed, goes_at=goes_at, is_refused=found.is_refused)


def _page(
    opened: OpenVisit,
    name: str,
    *,
    form: QuestionForm | None = None,
    code: int = 200,
    failed: bool = False,
    **values: object,
) -> Response:
    page = render_template(
        f"portal/case/leave_{name}.html",
        form=form,
        change_id=request.form.get("change_id") or sealing.new_id().hex(),
        failed=failed,
        has_errors=failed or code == UNPROCESSABLE,
        ends_at=visits.ends_at(opened),
        personal=True,
        **values,
    )
    return make_response(page, UNAVAILABLE if failed else code)


BACK_TO.update(
    {
        CLOSE: lambda opened: _page(opened, "close", form=CodeWordForm()),
        DELETE: lambda opened: _begin_to_delete(opened, DeleteForm()),
    }
)
