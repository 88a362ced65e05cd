"""Tell us more: a list of five sections, one view for each of them, and the page that says that it was passed on."""

from __future__ import annotations

from flask import abort, make_response, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from app.adapters import sealing
from app.domain.referral import Addition
from app.forms.more import BY_SLUG, KINDS, SECTIONS, KindForm, LongText, MoreForm, Section, addition_of, form_of
from app.forms.number import ReturnForm
from app.pages.portal import pages
from app.pages.portal.carry import UNAVAILABLE, UNPROCESSABLE, carried, number_page
from app.services.portal import refer as sending
from app.services.portal import space, survey
from app.services.portal.space import OpenVisit
from app.web import language, visits
from app.web.answers import once, redirect
from app.web.clock import now
from app.web.errors import NOT_KEPT
from app.web.portal import portal


@pages.get("/case/more")
def case_more() -> ResponseReturnValue:
    """The five sections."""
    return _page("list", sections=SECTIONS)


@pages.get("/case/more/sent")
def case_more_sent() -> ResponseReturnValue:
    """It was passed on, and cannot be read here again."""
    return _page("sent")


@pages.get("/case/more/talk")
def case_more_talk() -> ResponseReturnValue:
    """It was passed on, and there is somebody to talk to now: shown once after a risk was told (requirements C5, C6, D9)."""
    return _page("talk")


@pages.route("/case/more/next", methods=["GET", "POST"])
def case_more_next() -> ResponseReturnValue:
    """It was passed on, and there is something to read first: shown until one goes on (requirements A6, A16, A20)."""
    opened, own = visits.current(), visits.token()
    if request.method == "POST" and opened is not None and own is not None:
        space.set_to_read(portal().database, opened, own, page="")
    if opened is None or request.method == "POST" or not opened.to_read:
        return redirect(url_for("portal.case_more_sent"), code=303 if request.method == "POST" else 302)
    read, _, how = opened.to_read.partition("/")
    return _page("next", read=read, how=how, directory=portal().directory)


@pages.route("/case/more/<section>", methods=["GET", "POST"])
def case_more_section(section: str) -> ResponseReturnValue:
    """Show a section, or pass on what was written in it. It can be used again: that adds."""
    found = BY_SLUG.get(section)
    if found is None:
        abort(404)
    opened, own = visits.current(), visits.token()
    if opened is None or own is None:
        late = carried(section, known=BY_SLUG)
        if request.method == "POST" and late is not None:
            return number_page(ReturnForm(formdata=None), None, status=UNPROCESSABLE, problem="ended", more=late)
        return redirect(url_for("portal.home"))
    if request.method == "GET":
        return visits.remember(make_response(section_page(opened, found, form_of(found)(formdata=None))), own)
    form = form_of(found, "" if "choose" in request.form else request.form.get("kind", ""))()
    if not _may_be_sent(form):
        return visits.remember(make_response(section_page(opened, found, form), UNPROCESSABLE), own)
    if isinstance(form, KindForm):
        questions = form_of(found, form.kind.data)(formdata=None)
        questions.kind.data = form.kind.data
        return visits.remember(make_response(section_page(opened, found, questions)), own)
    addition = addition_of(found, form, sent_at=now().isoformat(timespec="seconds"), language=language.language().tag)
    try:
        survey.told_more(portal().database, opened, of_a_death=addition.content.get("about") == "died", now=now())
        sending.send_addition(
            portal().database,
            portal().office,
            case_id=opened.case_id,
            addition=addition,
            addition_id=once(form.addition_id.data or ""),
            now=now(),
        )
        after = _after(addition, opened, own)
    except sealing.TooLarge:
        text = next(field for field in form if isinstance(field, LongText))
        text.errors = [gettext("This is too long to send at once. Please send it in two parts.")]
        return visits.remember(make_response(section_page(opened, found, form), UNPROCESSABLE), own)
    except NOT_KEPT:
        return visits.remember(make_response(section_page(opened, found, form, failed=True), UNAVAILABLE), own)
    return visits.remember(redirect(after, code=303), own)


def come_back_to(opened: OpenVisit, section: str) -> str:
    """The page of a section with everything that this post carries in it; nothing is sent by itself."""
    found = BY_SLUG[section]
    return section_page(opened, found, form_of(found, request.form.get("kind", ""))())


def section_page(opened: OpenVisit, section: Section, form: MoreForm, *, failed: bool = False) -> str:
    """A section as it stands: empty, with what has to be put right, or as it was typed when it could not be sent."""
    _give_id(form)
    is_choice = isinstance(form, KindForm)
    return render_template(
        "portal/more/section.html",
        section=section,
        form=form,
        is_choice=is_choice,
        about="" if is_choice else form.kind.data or "",
        about_words=KINDS[form.kind.data][0] if not is_choice and form.kind.data in KINDS else "",
        questions=[form.kind] if is_choice else [each for each in form if each.name not in MoreForm.NOT_ANSWERS],
        failed=failed,
        has_errors=bool(form.errors) or failed,
        ends_at=visits.ends_at(opened),
        personal=True,
    )


def _after(addition: Addition, opened: OpenVisit, own: bytes) -> str:
    """Where sending it leads: somebody to talk to, something to read, or that it was sent."""
    found = addition.page_to_read()
    if found or opened.to_read:
        space.set_to_read(portal().database, opened, own, page="/".join(found) if found else "")
    if addition.tells_of_risk():
        return url_for("portal.case_more_talk")
    return url_for("portal.case_more_next" if found else "portal.case_more_sent")


def _page(name: str, **values: object) -> ResponseReturnValue:
    opened, own = visits.current(), visits.token()
    if opened is None or own is None:
        return redirect(url_for("portal.home"))
    page = render_template(f"portal/more/{name}.html", ends_at=visits.ends_at(opened), personal=True, **values)
    return visits.remember(make_response(page), own)


def _may_be_sent(form: MoreForm) -> bool:
    """True when everything is as it can be sent; an empty section is said, not sent."""
    if not form.validate():
        return False
    if not isinstance(form, KindForm) and not form.answer():
        first = next(field for field in form if field.name not in MoreForm.NOT_ANSWERS)
        first.errors = [gettext("Nothing is filled in yet. Fill in as little as you like, or go back.")]
        return False
    return True


def _give_id(form: MoreForm) -> None:
    """See that the form has an id, so that a press that comes twice sends once (see `once`)."""
    try:
        found = bytes.fromhex(form.addition_id.data or "")
    except ValueError:
        found = b""
    if len(found) != sealing.ID_LENGTH:
        form.addition_id.data = sealing.new_id().hex()
