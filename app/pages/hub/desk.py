"""Sign in, the queue, a case."""

from __future__ import annotations

from flask import abort, make_response, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from wtforms.fields import SelectChoice

from app.adapters import sealing
from app.domain.contact import Allowed, Refused, Wait
from app.domain.status import CaseState
from app.forms.desk import MessageForm, PressForm, SignInForm, StatusForm
from app.forms.refer import JOURNEY
from app.forms.summary import labels_of, summary
from app.pages.hub import pages
from app.services.hub import desk
from app.services.hub.desk import AlreadyClaimed, NoSuchCase, NotOpened, OpenCase, UnknownStatus
from app.services.hub.staff import UnknownIdentity
from app.web import staff
from app.web.answers import redirect
from app.web.clock import now
from app.web.sides import hub

UNPROCESSABLE = 422


@pages.get("/")
def front() -> ResponseReturnValue:
    """To the queue, by way of the sign-in page when needed."""
    return redirect(url_for("hub.queue"))


@pages.route("/sign-in", methods=["GET", "POST"])
def sign_in() -> ResponseReturnValue:
    """Sign in by whatever the factory was given to prove identities."""
    form = SignInForm()
    form.who.choices = [SelectChoice(each.id, each.name) for each in hub().identities.offered()]
    if form.validate_on_submit():
        try:
            identity = hub().identities.prove(form.who.data or "")
        except UnknownIdentity:
            form.who.errors = [gettext("Choose who you are.")]
        else:
            staff.begin(hub().database, identity)
            return redirect(url_for("hub.queue"), code=303)
    page = render_template("hub/sign_in.html", form=form, has_errors=bool(form.errors))
    return make_response(page, UNPROCESSABLE if form.errors else 200)


@pages.post("/sign-out")
def sign_out() -> ResponseReturnValue:
    """Sign out."""
    staff.end(hub().database)
    return redirect(url_for("hub.sign_in"), code=303)


@pages.get("/queue")
@staff.signed_in_only
def queue() -> ResponseReturnValue:
    """Who waits, longest first, those at risk before all."""
    chosen = request.args.get("state", "")
    state = CaseState(chosen) if chosen in {each.value for each in CaseState} else None
    mine = "mine" in request.args
    with hub().database.reading() as session:
        rows = desk.queue(
            session,
            hours=hub().area.hub_hours,
            now=now(),
            state=state,
            owner_id=staff.me().identity.id if mine else None,
        )
        health = desk.post_health(session, now=now())
    return _page(
        "hub/queue.html", rows=rows, state=state, mine=mine, states=list(CaseState), health=health, press=PressForm()
    )


@pages.get("/cases/<case_id>")
@staff.signed_in_only
def case(case_id: str) -> ResponseReturnValue:
    """A case: coded facts, and what was sealed once it has been opened."""
    return _case_page(case_id, StatusForm(formdata=None), MessageForm(formdata=None))


@pages.post("/cases/<case_id>/claim")
@staff.signed_in_only
def claim(case_id: str) -> ResponseReturnValue:
    """Take the case."""
    _need_press()
    try:
        with hub().database.writing() as session:
            desk.claim(session, _id(case_id), staff.me().identity, now=now())
    except NoSuchCase:
        abort(404)
    except AlreadyClaimed as error:
        return _case_page(
            case_id,
            StatusForm(formdata=None),
            MessageForm(formdata=None),
            problem=gettext("%(name)s has this case already.", name=error.name),
        )
    return redirect(url_for("hub.case", case_id=case_id), code=303)


@pages.post("/cases/<case_id>/hand-back")
@staff.signed_in_only
def hand_back(case_id: str) -> ResponseReturnValue:
    """Put the case back into the queue."""
    _need_press()
    try:
        with hub().database.writing() as session:
            desk.hand_back(session, _id(case_id), staff.me().identity, now=now())
    except NoSuchCase:
        abort(404)
    return redirect(url_for("hub.case", case_id=case_id), code=303)


@pages.post("/cases/<case_id>/open")
@staff.signed_in_only
def open_case(case_id: str) -> ResponseReturnValue:
    """Open what was sealed: logged, and told to the person the first time."""
    _need_press()
    try:
        desk.open_request(
            hub().database,
            case_id=_id(case_id),
            signed=staff.me(),
            opener=hub().opener,
            voice=hub().voice,
            now=now(),
        )
    except NoSuchCase:
        abort(404)
    return redirect(url_for("hub.case", case_id=case_id), code=303)


@pages.post("/cases/<case_id>/status")
@staff.signed_in_only
def send_status(case_id: str) -> ResponseReturnValue:
    """Send coded news."""
    form = StatusForm()
    if not form.validate_on_submit():
        return _case_page(case_id, form, MessageForm(formdata=None))
    try:
        desk.send_status(
            hub().database,
            case_id=_id(case_id),
            status=form.status.data or "",
            signed=staff.me(),
            opener=hub().opener,
            voice=hub().voice,
            envelope_id=_envelope_id(form),
            now=now(),
        )
    except NoSuchCase:
        abort(404)
    except UnknownStatus:
        form.status.errors = [gettext("Choose which news to send.")]
        return _case_page(case_id, form, MessageForm(formdata=None))
    except NotOpened:
        return _case_page(case_id, form, MessageForm(formdata=None), problem=gettext("Open the request first."))
    return redirect(url_for("hub.case", case_id=case_id) + "#conversation", code=303)


@pages.post("/cases/<case_id>/message")
@staff.signed_in_only
def send_message(case_id: str) -> ResponseReturnValue:
    """Send a message to the person's space."""
    form = MessageForm()
    if not form.validate_on_submit():
        return _case_page(case_id, StatusForm(formdata=None), form)
    try:
        desk.send_message(
            hub().database,
            case_id=_id(case_id),
            text=(form.text.data or "").strip(),
            language="en",
            signed=staff.me(),
            opener=hub().opener,
            voice=hub().voice,
            envelope_id=_envelope_id(form),
            now=now(),
        )
    except NoSuchCase:
        abort(404)
    except sealing.TooLarge:
        form.text.errors = [gettext("This is too long to send at once. Please send it in two parts.")]
        return _case_page(case_id, StatusForm(formdata=None), form)
    except NotOpened:
        return _case_page(case_id, StatusForm(formdata=None), form, problem=gettext("Open the request first."))
    return redirect(url_for("hub.case", case_id=case_id) + "#conversation", code=303)


def _case_page(
    case_id: str, status_form: StatusForm, message_form: MessageForm, *, problem: str = ""
) -> ResponseReturnValue:
    for form in (status_form, message_form):
        if not form.envelope_id.data:
            form.envelope_id.data = sealing.new_id().hex()
    try:
        with hub().database.reading() as session:
            found = desk.read_case(
                session,
                case_id=_id(case_id),
                signed=staff.me(),
                opener=hub().opener,
                hours=hub().area.hub_hours,
                now=now(),
            )
            health = desk.post_health(session, now=now())
            trail = desk.trail(session, _id(case_id))
    except NoSuchCase:
        abort(404)
    is_open = isinstance(found, OpenCase)
    has_errors = bool(status_form.errors or message_form.errors or problem)
    return _page(
        "hub/case.html",
        code=UNPROCESSABLE if has_errors else 200,
        case=found,
        row=found.row,
        is_open=is_open,
        sections=_answers(found) if isinstance(found, OpenCase) else [],
        health=health,
        trail=trail,
        status_form=status_form,
        message_form=message_form,
        press=PressForm(),
        problem=problem,
        has_errors=has_errors,
        Allowed=Allowed,
        Wait=Wait,
        Refused=Refused,
    )


def _answers(opened: OpenCase) -> list[object]:
    """The request in the words in which it was asked."""
    answers = opened.referral.answers
    return list(summary(JOURNEY.path(answers), answers, languages=hub().languages, districts=hub().area.districts))


def _page(template: str, *, code: int = 200, **values: object) -> ResponseReturnValue:
    values.setdefault("has_errors", False)
    health = values.get("health")
    stale = health.last_pass_at if isinstance(health, desk.PostHealth) and health.is_stale else None
    is_stale = isinstance(health, desk.PostHealth) and health.is_stale
    return make_response(
        render_template(
            template,
            staff_name=staff.me().identity.name,
            me=staff.me().identity,
            hub_links=[("hub.queue", gettext("Queue"), template == "hub/queue.html")],
            plans_stale_since=stale,
            plans_stale=is_stale,
            labels_of=labels_of,
            **values,
        ),
        code,
    )


def _need_press() -> None:
    if not PressForm().validate_on_submit():
        abort(403)


def _id(text: str) -> bytes:
    try:
        found = bytes.fromhex(text)
    except ValueError:
        abort(404)
    if len(found) != sealing.ID_LENGTH:
        abort(404)
    return found


def _envelope_id(form: StatusForm | MessageForm) -> bytes:
    try:
        found = bytes.fromhex(form.envelope_id.data or "")
    except ValueError:
        return sealing.new_id()
    return found if len(found) == sealing.ID_LENGTH else sealing.new_id()
