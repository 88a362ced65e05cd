"""How the Hub may contact somebody: the outline, stop, pause, change, start again, and what waits for a check."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime, time

from flask import Response, make_response, render_template, request, url_for
from flask.typing import ResponseReturnValue

from app.adapters import sealing
from app.domain.asking import Asked
from app.domain.change import Change
from app.domain.contact import Way
from app.forms.ask import ASKABLE
from app.forms.contact import (
    CodeWordForm,
    EachWayForm,
    PauseForm,
    WaysForm,
    check_ways,
    plan_answers,
    way_forms,
)
from app.forms.number import ReturnForm
from app.forms.question import QuestionForm
from app.forms.refer import JOURNEY, TIMES
from app.forms.summary import labels_of, summary
from app.pages.portal import pages
from app.pages.portal.carry import (
    BACK_TO,
    NUMBER,
    SECTION,
    UNAVAILABLE,
    UNPROCESSABLE,
    Carried,
    carried,
    number_page,
)
from app.services.portal import changes, contact, copies, space
from app.services.portal.space import OpenVisit
from app.web import language, visits
from app.web.answers import once, redirect
from app.web.clock import now
from app.web.errors import NOT_KEPT
from app.web.portal import portal

STOP, CHANGE, PAUSE, START = "contact-stop", "contact-change", "contact-pause", "contact-start"
# What the person may ask in one press, by its code in the conversation (app/templates/components/news.html has the words).
ASKS = ("ask-phone",)
NOT_QUESTIONS = frozenset({"send", "back", "change_id", SECTION, NUMBER})


@pages.get("/case/contact")
def case_contact() -> ResponseReturnValue:
    """What this page knows of how the Hub may contact them, and what they may do about it."""
    return _inside(_contact_page)


@pages.post("/case/contact/stop")
def case_contact_stop() -> ResponseReturnValue:
    """Not safe now: one press, no questions. Somebody whose visit has ended gives the number, and it is done then."""
    if visits.current() is None:
        # Something has to be carried, even by a form without any field.
        more = Carried(STOP, (("change_id", ""),))
        return number_page(ReturnForm(formdata=None), None, status=UNPROCESSABLE, problem="not-stopped", more=more)
    return _inside(_stop)


@pages.post("/case/contact/not-me")
def case_contact_not_me() -> ResponseReturnValue:
    """Somebody else asked for what waits: none of it happens."""

    def disown(opened: OpenVisit) -> ResponseReturnValue:
        _ask(opened, Change.NOT_ME, change_id=sealing.new_id())
        return redirect(url_for("portal.case_contact_sent"), code=303)

    return _inside(disown)


@pages.post("/case/contact/outline")
def case_contact_outline() -> ResponseReturnValue:
    """Show an outline here, or keep none."""

    def keep(opened: OpenVisit) -> ResponseReturnValue:
        contact.keep_outline(portal().database, opened, keep="keep" in request.form)
        return redirect(url_for("portal.case_contact") + "#outline-heading", code=303)

    return _inside(keep)


@pages.post("/case/contact/ask")
def case_contact_ask() -> ResponseReturnValue:
    """A ready-made question to the Hub, as a coded message."""

    def ask(opened: OpenVisit) -> ResponseReturnValue:
        about = request.form.get("about", "")
        if about not in ASKS:
            return redirect(url_for("portal.case_contact"), code=303)
        space.write_message(
            portal().database,
            portal().office,
            opened,
            text="",
            language=language.language().tag,
            message_id=once(request.form.get("change_id", "")),
            now=now(),
            kind="ask",
            status=about,
        )
        return redirect(url_for("portal.case") + "#latest", code=303)

    return _inside(ask)


@pages.get("/case/contact/sent")
def case_contact_sent() -> ResponseReturnValue:
    """It was passed on. The same words whatever was typed."""
    return _inside(lambda opened: _page(opened, "sent"))


@pages.route("/case/contact/change", methods=["GET", "POST"])
def case_contact_change() -> ResponseReturnValue:
    """Another plan: which ways, then the questions of each. Nothing is kept between the two but on the page itself."""
    if request.method == "GET":
        return _inside(lambda opened: _ways_page(opened, WaysForm(formdata=None)))
    return _inside(_change, late=CHANGE)


@pages.route("/case/contact/pause", methods=["GET", "POST"])
def case_contact_pause() -> ResponseReturnValue:
    """No contact until a day."""
    if request.method == "GET":
        return _inside(lambda opened: _page(opened, "pause", form=PauseForm(formdata=None)))
    return _inside(_pause, late=PAUSE)


@pages.route("/case/contact/start", methods=["GET", "POST"])
def case_contact_start() -> ResponseReturnValue:
    """Contact may begin again: at once with the code word, else after a check."""
    if request.method == "GET":
        return _inside(lambda opened: _page(opened, "start", form=CodeWordForm(formdata=None)))
    return _inside(_start, late=START)


@pages.get("/case/copy")
def case_copy() -> ResponseReturnValue:
    """The copy of the request that the person chose to keep."""

    def show(opened: OpenVisit) -> ResponseReturnValue:
        with portal().database.reading() as session:
            copy = copies.read(session, opened)
        if copy is None:
            return redirect(url_for("portal.case"))
        lines = summary(
            JOURNEY.path(copy.answers),
            copy.answers,
            languages=portal().languages,
            districts=portal().area.districts,
        )
        return _page(opened, "copy", lines=lines)

    return _inside(show)


@pages.post("/case/copy/clear")
def case_copy_clear() -> ResponseReturnValue:
    """Delete the copy."""

    def clear(opened: OpenVisit) -> ResponseReturnValue:
        with portal().database.writing() as session:
            copies.clear(session, opened)
        return redirect(url_for("portal.case"), code=303)

    return _inside(clear)


def _inside(show: Callable[[OpenVisit], ResponseReturnValue], *, late: str = "") -> ResponseReturnValue:
    """Do this in an open visit. After its end: to the number page, with what was written when `late` names where it goes."""
    opened, own = visits.current(), visits.token()
    if opened is None or own is None:
        more = _carried(late)
        if more is not None:
            return number_page(ReturnForm(formdata=None), None, status=UNPROCESSABLE, problem="ended", more=more)
        return redirect(url_for("portal.home"))
    try:
        return visits.remember(make_response(show(opened)), own)
    except NOT_KEPT:
        return visits.remember(_contact_page(opened, failed=True), own)


def _stop(opened: OpenVisit) -> ResponseReturnValue:
    # Never taken for a repeat: a page that was left open may stop what has begun again since.
    _ask(opened, Change.FREEZE, change_id=sealing.new_id())
    return redirect(url_for("portal.case_contact"), code=303)


def _stop_late(opened: OpenVisit) -> ResponseReturnValue:
    try:
        return _stop(opened)
    except NOT_KEPT:
        return _contact_page(opened, failed=True)


def _ask(opened: OpenVisit, change: Change, *, change_id: bytes, code_word: str = "") -> None:
    changes.ask(
        portal().database,
        portal().office,
        opened,
        change=change,
        code_word=code_word,
        change_id=change_id,
        now=now(),
    )


def _start(opened: OpenVisit) -> ResponseReturnValue:
    form = CodeWordForm()
    if not form.validate():
        return _page(opened, "start", form=form, code=UNPROCESSABLE)
    try:
        _ask(
            opened,
            Change.UNFREEZE,
            change_id=once(request.form.get("change_id", "")),
            code_word=(form.code_word.data or "").strip(),
        )
    except NOT_KEPT:
        return _page(opened, "start", form=form, failed=True)
    return redirect(url_for("portal.case_contact_sent"), code=303)


def _pause(opened: OpenVisit) -> ResponseReturnValue:
    form = PauseForm()
    form.today = _today()
    if not form.validate():
        return _page(opened, "pause", form=form, code=UNPROCESSABLE)
    until = datetime.combine(form.day, time(0), portal().area.hub_hours.zone)
    try:
        contact.pause(
            portal().database,
            portal().office,
            opened,
            until=until,
            change_id=once(request.form.get("change_id", "")),
            now=now(),
        )
    except NOT_KEPT:
        return _page(opened, "pause", form=form, failed=True)
    return redirect(url_for("portal.case_contact_sent"), code=303)


def _change(opened: OpenVisit) -> ResponseReturnValue:
    form = WaysForm()
    if "back" in request.form:
        return _ways_page(opened, form)
    if not form.validate():
        return _ways_page(opened, form, code=UNPROCESSABLE)
    ways = form.ways.data or [] if form.contact.data == "yes" else []
    forms, proof = way_forms(ways, with_answers=True), CodeWordForm()
    if ways and "send" not in request.form:
        return _questions_page(opened, form, forms, proof)
    if not check_ways(forms) or not proof.validate():
        return _questions_page(opened, form, forms, proof, code=UNPROCESSABLE)
    try:
        contact.replace_plan(
            portal().database,
            portal().office,
            opened,
            answers=plan_answers(form, forms),
            code_word=(proof.code_word.data or "").strip(),
            change_id=once(request.form.get("change_id", "")),
            today=_today(),
            now=now(),
        )
    except (sealing.TooLarge, *NOT_KEPT):
        return _questions_page(opened, form, forms, proof, failed=True)
    return redirect(url_for("portal.case_contact_sent"), code=303)


def _change_late(opened: OpenVisit) -> ResponseReturnValue:
    """What was typed is on the page again; nothing is sent by itself."""
    form = WaysForm()
    form.validate()
    ways = form.ways.data or []
    if form.errors or form.contact.data != "yes" or not ways:
        return _ways_page(opened, form)
    return _questions_page(opened, form, way_forms(ways, with_answers=True), CodeWordForm())


def _ways_page(opened: OpenVisit, form: WaysForm, *, code: int = 200) -> Response:
    return _page(opened, "ways", form=form, code=code, kept=_typed_elsewhere({each.name for each in form}))


def _questions_page(
    opened: OpenVisit,
    form: WaysForm,
    forms: Mapping[Way, EachWayForm],
    proof: CodeWordForm,
    *,
    code: int = 200,
    failed: bool = False,
) -> Response:
    shown = {each.name for each in proof} | {each.name for way in forms.values() for each in way}
    errors = [each for way in forms.values() for each in way if each.errors] + [each for each in proof if each.errors]
    return _page(
        opened,
        "questions",
        code=code,
        form=proof,
        failed=failed,
        forms=forms,
        wrong=errors,
        stops=not forms,
        way_labels=labels_of("reply", "ways"),
        kept=_typed_elsewhere(shown),
    )


def _contact_page(opened: OpenVisit, *, failed: bool = False) -> Response:
    with portal().database.reading() as session:
        found = contact.read(session, opened, space.read_space(session, opened).conversation, now=now())
    return _page(
        opened,
        "contact",
        contact=found,
        failed=failed,
        way_labels=labels_of("reply", "ways"),
        times=TIMES,
        summary_number=ASKABLE[Asked.SUMMARY].number,
    )


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
        f"portal/case/contact_{name}.html",
        form=form,
        change_id=_id(request.form.get("change_id", "")).hex(),
        new_id=lambda: sealing.new_id().hex(),
        failed=failed,
        has_errors=failed or code == UNPROCESSABLE,
        ends_at=visits.ends_at(opened),
        personal=True,
        **values,
    )
    return make_response(page, UNAVAILABLE if failed else code)


def _typed_elsewhere(shown: set[str]) -> list[tuple[str, str]]:
    """What was typed on the other page of the two: it travels along hidden, and is lost on neither way."""
    return [
        (name, value)
        for name, value in request.form.items(multi=True)
        if name not in shown and name not in NOT_QUESTIONS
    ]


def _carried(section: str) -> Carried | None:
    return carried(section, known=BACK_TO) if request.method == "POST" else None


def _id(typed: str) -> bytes:
    """The id made with the form; a mangled one is replaced, which costs only the protection from a double send."""
    try:
        found = bytes.fromhex(typed)
    except ValueError:
        return sealing.new_id()
    return found if len(found) == sealing.ID_LENGTH else sealing.new_id()


def _today() -> date:
    return now().astimezone(portal().area.hub_hours.zone).date()


BACK_TO.update(
    {
        STOP: _stop_late,
        CHANGE: _change_late,
        PAUSE: lambda opened: _page(opened, "pause", form=PauseForm()),
        START: lambda opened: _page(opened, "start", form=CodeWordForm()),
    }
)
