"""Tell me when there is something new: by which way, in which words, seen as on a locked screen before it is sent."""

from __future__ import annotations

from flask import Response, make_response, render_template, request, url_for
from flask.typing import ResponseReturnValue

from app.adapters import sealing
from app.domain.contact import Way
from app.domain.limits import Kind
from app.domain.notice import telling
from app.forms.notices import NONE, NoticesForm, SeenForm
from app.forms.number import ReturnForm
from app.pages.portal import pages
from app.pages.portal.carry import BACK_TO, UNAVAILABLE, UNPROCESSABLE, carried, number_page
from app.services.portal import notices
from app.services.portal.space import OpenVisit
from app.web import limits, visits
from app.web.answers import once, redirect
from app.web.clock import now
from app.web.errors import NOT_KEPT
from app.web.portal import portal

NOTICES, SEEN = "notices", "notices-seen"


@pages.route("/case/notices", methods=["GET", "POST"])
def case_notices() -> ResponseReturnValue:
    """Choose, look at it, and pass it on. No notices is passed on at once."""
    opened, own = visits.current(), visits.token()
    if opened is None or own is None:
        return _late(NOTICES)
    response = _choose_page(opened, NoticesForm(formdata=None)) if request.method == "GET" else _choose(opened)
    return visits.remember(response, own)


@pages.post("/case/notices/seen")
def case_notices_seen() -> ResponseReturnValue:
    """Whether only they saw the test."""
    opened, own = visits.current(), visits.token()
    if opened is None or own is None:
        return _late(SEEN)
    form = SeenForm()
    if not form.validate():
        return visits.remember(_choose_page(opened, NoticesForm(formdata=None), seen=form, code=UNPROCESSABLE), own)
    try:
        notices.answer(
            portal().database,
            portal().office,
            opened,
            only_me=form.only_me.data or "",
            change_id=once(form.change_id.data or ""),
            now=now(),
        )
    except NOT_KEPT:
        return visits.remember(_choose_page(opened, NoticesForm(formdata=None), seen=form, failed=True), own)
    return visits.remember(redirect(url_for("portal.case_notices"), code=303), own)


def _choose(opened: OpenVisit) -> Response:
    form = NoticesForm()
    _fit(opened, form)
    if "back" in request.form:
        return _choose_page(opened, form)
    if not form.validate():
        return _choose_page(opened, form, code=UNPROCESSABLE)
    if not form.wants_none and "send" not in request.form:
        return _look_page(opened, form)
    # Stopping counts at once, whoever sent how much.
    if not form.wants_none and limits.must_wait(Kind.SPACE):
        return _look_page(opened, form, failed=True)
    try:
        notices.choose(
            portal().database,
            portal().office,
            opened,
            way=None if form.wants_none else Way(form.way.data),
            words=form.chosen_words,
            code_word=(form.code_word.data or "").strip(),
            change_id=once(form.change_id.data or ""),
            now=now(),
        )
    except NOT_KEPT:
        page = _choose_page if form.wants_none else _look_page
        return page(opened, form, failed=True)
    limits.took(Kind.SPACE)
    return redirect(url_for("portal.case_notices"), code=303)


def _choose_page(
    opened: OpenVisit, form: NoticesForm, *, seen: SeenForm | None = None, code: int = 200, failed: bool = False
) -> Response:
    found = _fit(opened, form)
    if not form.is_submitted() or form.way.data is None:
        form.way.data = found.way.value if found.way else NONE
    seen = seen or SeenForm(formdata=None)
    return _page("notices", opened, form, code=code, failed=failed, seen=seen, notices=found)


def _look_page(opened: OpenVisit, form: NoticesForm, *, failed: bool = False) -> Response:
    """The words just as they would stand on a locked screen, and, once, a warning when they tell something."""
    return _page(
        "notices_look",
        opened,
        form,
        failed=failed,
        chosen=form.chosen_words,
        tells=telling(form.chosen_words, also=(portal().area.hub_name, portal().area.service_name)),
    )


def _page(
    name: str, opened: OpenVisit, form: NoticesForm, *, code: int = 200, failed: bool = False, **values: object
) -> Response:
    page = render_template(
        f"portal/case/{name}.html",
        form=form,
        change_id=_id(form.change_id.data).hex(),
        new_id=sealing.new_id().hex(),
        failed=failed,
        has_errors=failed or code == UNPROCESSABLE,
        ends_at=visits.ends_at(opened),
        personal=True,
        **values,
    )
    return make_response(page, UNAVAILABLE if failed else code)


def _fit(opened: OpenVisit, form: NoticesForm) -> notices.Notices:
    with portal().database.reading() as session:
        found = notices.read(session, opened, now=now())
    form.fit(found.ways)
    return found


def _late(section: str) -> ResponseReturnValue:
    """The visit has ended: to the number page, with what was chosen and written."""
    more = carried(section, known=BACK_TO) if request.method == "POST" else None
    if more is None:
        return redirect(url_for("portal.home"))
    return number_page(ReturnForm(formdata=None), None, status=UNPROCESSABLE, problem="ended", more=more)


def _back(opened: OpenVisit) -> Response:
    """What was typed is on the page again; nothing is sent by itself."""
    form = NoticesForm()
    _fit(opened, form)
    return _look_page(opened, form) if "send" in request.form and form.validate() else _choose_page(opened, form)


def _back_to_seen(opened: OpenVisit) -> Response:
    return _choose_page(opened, NoticesForm(formdata=None), seen=SeenForm())


def _id(typed: str | None) -> bytes:
    """The id made with the form; a mangled one is replaced, which costs only the protection from a double send."""
    try:
        found = bytes.fromhex(typed or "")
    except ValueError:
        return sealing.new_id()
    return found if len(found) == sealing.ID_LENGTH else sealing.new_id()


BACK_TO.update({NOTICES: _back, SEEN: _back_to_seen})
