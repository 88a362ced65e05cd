"""Coming back: the number in, news and messages out, a message back, and sign out."""

from __future__ import annotations

from flask import Response, make_response, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from app.adapters import numbers, sealing
from app.domain.directory import ANYTHING, Service
from app.domain.limits import Kind
from app.domain.reference import ALL_NUMBER_LENGTHS, normalise, rows
from app.domain.status import Delivery, Status
from app.forms.more import BY_SLUG
from app.forms.number import MessageForm, ReturnForm, miscounted
from app.pages.portal import news as news_page
from app.pages.portal import pages
from app.pages.portal.carry import BACK_TO, SECTION, UNAVAILABLE, UNPROCESSABLE, carried, number_page
from app.pages.portal.leaving import hidden_page
from app.pages.portal.more import come_back_to
from app.services.portal import contact as reachable
from app.services.portal import copies, leaving, space, survey
from app.services.portal.office import Busy
from app.services.portal.space import OpenVisit, Stopped
from app.web import language, limits, visits
from app.web.answers import once, redirect
from app.web.clock import now
from app.web.errors import NOT_KEPT
from app.web.portal import portal


@pages.route("/return", methods=["GET", "POST"])
def return_() -> ResponseReturnValue:
    """The return number opens the space. Wrong and unknown numbers cannot be told apart, in words or in time."""
    form = ReturnForm()
    form.fit(portal().area.reference_digits)
    form.is_ours = _is_ours
    more = carried(request.form.get(SECTION, ""), known={*BY_SLUG, *BACK_TO})
    message = MessageForm() if more is None and request.form.get("text") else None
    if request.method == "GET" or not form.validate():
        return number_page(form, message, more=more, status=200 if request.method == "GET" else UNPROCESSABLE)
    digits = normalise(form.number.data or "")
    wrong = numbers.check_rows(digits, portal().office.peppers)
    if wrong:
        is_shorter = len(rows(digits)[0]) < numbers.first_row_length(digits, usual=form.reference_length)
        # As many digits as an older number had, but row 1 is a whole newer one: some are missing further on.
        form.number.errors = (
            [str(miscounted(len(digits)))] if is_shorter and 1 in wrong else [_row_words(row) for row in wrong]
        )
        return number_page(form, message, more=more, status=UNPROCESSABLE)
    over = limits.seconds_over(Kind.NUMBERS)
    try:
        token = space.open_visit(portal().database, portal().office, digits=digits, now=now(), is_over=over > 0)
    except numbers.WrongNumber:
        if not over:
            limits.took(Kind.NUMBERS)
        form.number.errors = [gettext("No space opens with this number. Please check each row.")]
        return number_page(form, message, more=more, status=UNPROCESSABLE)
    except Stopped:
        return number_page(form, message, more=more, status=UNAVAILABLE, problem="stopped")
    except (Busy, *NOT_KEPT):
        limits.ask_to_wait(over)
        return number_page(form, message, more=more, status=UNAVAILABLE, problem="busy")
    if message is not None or more is not None:
        # The visit had ended while somebody wrote: their words wait in the box, and nothing is sent by itself.
        with portal().database.reading() as session:
            opened = space.visit(session, token, now=now())
        hidden = hidden_page(opened) if opened is not None else None
        if hidden is not None:
            return visits.remember(hidden, token)
        if opened is not None and more is not None and more.section in BACK_TO:
            return visits.remember(make_response(BACK_TO[more.section](opened)), token)
        if opened is not None and more is not None:
            return visits.remember(make_response(come_back_to(opened, more.section)), token)
        if opened is not None and message is not None:
            return visits.remember(make_response(_message_page(opened, message)), token)
    return visits.remember(redirect(url_for("portal.case"), code=303), token)


def _is_ours(digits: str) -> bool:
    """True for a number that was made here, however long its reference is: those that people hold stay good."""
    is_number = len(digits) in ALL_NUMBER_LENGTHS and digits.isascii() and digits.isdigit()
    return is_number and not numbers.check_rows(digits, portal().office.peppers)


@pages.get("/case")
def case() -> ResponseReturnValue:
    """The person's own space."""
    opened, own = visits.current(), visits.token()
    if opened is None or own is None:
        return redirect(url_for("portal.home"))
    with portal().database.reading() as session:
        found = space.read_space(session, opened)
        offer = survey.offer(session, opened)
        contact = reachable.read(session, opened, found.conversation, now=now())
        copy = copies.read(session, opened)
        marks = leaving.marks(session, opened, found)
    page = render_template(
        "portal/case/case.html",
        space=found,
        news=news_page.sorted_out(found),
        Delivery=Delivery,
        survey_offered=offer.is_open(now().date()),
        nobody_reads=not found.read and any(each.news.status == Status.NO_READER for each in found.conversation),
        independent=_for_anything(),
        contact=contact,
        leaving=marks,
        change_id=sealing.new_id().hex(),
        has_copy=copy is not None,
        ends_at=visits.ends_at(opened),
        personal=True,
    )
    return visits.remember(make_response(page), own)


def _for_anything() -> list[Service]:
    """Those apart from the police that answer anybody about anything, day and night."""
    found = portal().directory.independent()
    return [each for each in found if each.is_national and each.all_hours and ANYTHING in each.about]


@pages.route("/case/messages", methods=["GET", "POST"])
def case_messages() -> ResponseReturnValue:
    """Write to the Hub. A message that comes too late is kept and carried through the number."""
    opened, own = visits.current(), visits.token()
    form = MessageForm()
    if opened is None or own is None:
        if request.method == "POST" and form.text.data:
            return number_page(ReturnForm(formdata=None), form, status=UNPROCESSABLE, problem="ended")
        return redirect(url_for("portal.home"))
    if request.method == "GET":
        form.message_id.data = sealing.new_id().hex()
        return visits.remember(make_response(_message_page(opened, form)), own)
    if not form.validate():
        return visits.remember(make_response(_message_page(opened, form), UNPROCESSABLE), own)
    if limits.must_wait(Kind.SPACE):
        return visits.remember(make_response(_message_page(opened, form, failed=True), UNAVAILABLE), own)
    try:
        space.write_message(
            portal().database,
            portal().office,
            opened,
            text=(form.text.data or "").strip(),
            language=language.language().tag,
            message_id=once(form.message_id.data or ""),
            now=now(),
        )
    except sealing.TooLarge:
        form.text.errors = [gettext("This is too long to send at once. Please send it in two parts.")]
        return visits.remember(make_response(_message_page(opened, form), UNPROCESSABLE), own)
    except NOT_KEPT:
        return visits.remember(make_response(_message_page(opened, form, failed=True), UNAVAILABLE), own)
    limits.took(Kind.SPACE)
    return visits.remember(redirect(url_for("portal.case") + "#latest", code=303), own)


@pages.post("/case/sign-out")
def sign_out() -> Response:
    """End the visit, here and in the browser."""
    own = visits.token()
    if own is not None:
        with portal().database.writing() as session:
            space.end_visit(session, own)
    response = redirect(url_for("portal.home"), code=303)
    visits.forget(response)
    response.headers["Clear-Site-Data"] = (
        '"cache", "storage"' if portal().settings.in_development else '"cache", "cookies", "storage"'
    )
    return response


def _message_page(opened: OpenVisit, form: MessageForm, *, failed: bool = False) -> str:
    if not form.message_id.data:
        form.message_id.data = sealing.new_id().hex()
    return render_template(
        "portal/case/message.html",
        form=form,
        failed=failed,
        has_errors=bool(form.errors) or failed,
        ends_at=visits.ends_at(opened),
        personal=True,
    )


def _row_words(row: int) -> str:
    ordinal: dict[int, str] = {
        1: gettext("The first row does not look right. Please check it."),
        2: gettext("The second row does not look right. Please check it."),
        3: gettext("The third row does not look right. Please check it."),
        4: gettext("The last row does not look right. Please check it."),
    }
    return ordinal[row]
