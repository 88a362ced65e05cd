"""At the desk: the page about passing somebody on, handing a packet over, and telling them about a service."""

from __future__ import annotations

import hashlib
from datetime import datetime

from flask import abort, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from app.adapters import sealing
from app.domain.contact import Way
from app.domain.packet import Route, grouped, plain_text
from app.forms import how
from app.forms.desk import PressForm
from app.forms.desk_handing import BACK, ROUTES, CodeWentForm, PacketPressForm, SignpostForm
from app.pages.hub import pages
from app.pages.hub.desk import UNPROCESSABLE, desk_page, id_of
from app.pages.hub.packing import sections_of
from app.pages.hub.passing import guarded, id_or_new, why_not
from app.services.hub import handing, handovers, packets, signposting
from app.services.hub.desk import NotOpened
from app.services.hub.guard import NoSuchCase
from app.services.hub.handing import AlreadySent, Mailed, Stale, Stopped
from app.services.hub.handovers import CannotFollow, Ending
from app.services.hub.speaking import ReceiptOnly
from app.web import staff
from app.web.answers import once, redirect
from app.web.clock import now
from app.web.hub import hub

REFUSALS = (NotOpened, CannotFollow, Ending, Stale, Stopped, AlreadySent, ReceiptOnly, sealing.TooLarge)


@pages.get("/cases/<case_id>/passing")
@staff.signed_in_only
def passing(case_id: str) -> ResponseReturnValue:
    """All about passing them on: what was asked, agreed, sent, read, answered; and what they were told about or sent to read."""
    return _page(case_id)


@pages.post("/cases/<case_id>/handovers/<handover_id>/packet")
@staff.signed_in_only
def packet(case_id: str, handover_id: str) -> ResponseReturnValue:
    """Show exactly what would go, after a pass of its own; then send it. The code is shown once, in the answer to that press."""
    form = PacketPressForm()
    if not form.validate_on_submit():
        abort(403)
    own_id, own_handover = guarded(case_id), id_of(handover_id)
    try:
        made_of = handing.look(hub().collector, case_id=own_id, handover_id=own_handover, signed=staff.me(), clock=now)
        with hub().database.reading() as session:
            needs = tuple(handovers.row_of(session, own_id, own_handover).needs or ())
        words = {"needs": needs, "area": hub().area, "languages": hub().languages}
        sections = sections_of(made_of, **words)  # type: ignore[arg-type]
        seen = hashlib.sha256(plain_text(sections).encode("utf-8")).hexdigest()
        service = hub().directory.get(made_of.service)
        if "send" not in request.form or form.seen.data != seen:
            return desk_page(
                "hub/packet.html",
                case_id=case_id,
                handover_id=handover_id,
                sections=sections_of(made_of, **words, masked=True),  # type: ignore[arg-type]
                left_out="reach" in made_of.agreed and "reach" not in made_of.kinds,
                has_changed=bool(form.seen.data) and form.seen.data != seen,
                service=service,
                seen=seen,
                press_id=sealing.new_id().hex(),
                days=hub().settings.handover_code_days,
            )
        handed = handing.send(
            hub().database,
            case_id=own_id,
            handover_id=own_handover,
            sections=sections,
            sender=hub().area.hub_name,
            receiver=service.name if service else made_of.service,
            press=once(form.press.data or ""),
            signed=staff.me(),
            opener=hub().opener,
            voice=hub().voice,
            portal_key=hub().trust.sealing,
            hours=hub().area.hub_hours,
            code_days=hub().settings.handover_code_days,
            answer_days=hub().settings.handover_answer_days,
            now=now(),
        )
    except NoSuchCase:
        abort(404)
    except REFUSALS as refusal:
        return _page(case_id, problem=_why_not(refusal))
    return desk_page(
        "hub/packet_sent.html",
        case_id=case_id,
        handover_id=handover_id,
        service=service,
        reference=grouped(handed.reference),
        hand_over_code=grouped(handed.code),
        until=handed.until,
        message=message_words(handed.reference, handed.until),
        can_mail=_mails_to(service.handover_email if service else None),
        form=CodeWentForm(formdata=None),
    )


@pages.post("/cases/<case_id>/handovers/<handover_id>/code")
@staff.signed_in_only
def packet_code(case_id: str, handover_id: str) -> ResponseReturnValue:
    """By which way the code went, and who took it."""
    own_id, form = guarded(case_id), CodeWentForm()
    if not form.validate_on_submit() or form.route.data not in set(Route):
        problem = next((str(field.errors[0]) for field in (form.route, form.taken_by) if field.errors), "")
        return _page(
            case_id, problem=problem or gettext("Choose how the code went."), code_form=form, about=handover_id
        )
    try:
        handing.code_went(
            hub().database,
            case_id=own_id,
            handover_id=id_of(handover_id),
            route=Route(form.route.data),
            taken_by=(form.taken_by.data or "").strip(),
            signed=staff.me(),
            opener=hub().opener,
            now=now(),
        )
    except NoSuchCase:
        abort(404)
    except (NotOpened, CannotFollow) as refusal:
        return _page(case_id, problem=_why_not(refusal))
    return redirect(url_for("hub.passing", case_id=case_id), code=303)


@pages.post("/cases/<case_id>/handovers/<handover_id>/mail")
@staff.signed_in_only
def packet_mail(case_id: str, handover_id: str) -> ResponseReturnValue:
    """Send the message that says where to look, where the service has given an address for that. Never the code."""
    if not PressForm().validate_on_submit():
        abort(403)
    own_id, own_handover = guarded(case_id), id_of(handover_id)
    try:
        with hub().database.reading() as session:
            row = handovers.row_of(session, own_id, own_handover)
            about = packets.message_of(session, own_handover)
        service = hub().directory.get(row.service)
        address = service.handover_email if service else None
        notifier = hub().notifier
        if about is None or address is None or notifier is None or not _mails_to(address):
            abort(404)
        became = handing.mail(
            hub().database,
            notifier,
            case_id=own_id,
            handover_id=own_handover,
            address=address,
            words=message_words(*about),
            signed=staff.me(),
            now=now(),
        )
    except NoSuchCase:
        abort(404)
    except (NotOpened, CannotFollow) as refusal:
        return _page(case_id, problem=_why_not(refusal))
    if became is not Mailed.SENT:
        return _page(case_id, problem=_not_mailed(became))
    return redirect(url_for("hub.passing", case_id=case_id), code=303)


@pages.post("/cases/<case_id>/signpost")
@staff.signed_in_only
def signpost(case_id: str) -> ResponseReturnValue:
    """Write down that a colleague told them about a service."""
    own_id, form = guarded(case_id), SignpostForm()
    form.fit(hub().directory)
    service = hub().directory.get(form.service.data or "")
    if not form.validate_on_submit() or service is None:
        form.service.errors = [gettext("Choose a service.")]
        return _page(case_id, signpost_form=form)
    try:
        signposting.tell(
            hub().database,
            case_id=own_id,
            service=service.id,
            need=form.need.data or None,
            signpost_id=once(form.signpost_id.data or ""),
            signed=staff.me(),
            now=now(),
        )
    except NoSuchCase:
        abort(404)
    except ValueError:
        form.need.errors = [gettext("Choose for what.")]
        return _page(case_id, signpost_form=form)
    except NotOpened as refusal:
        return _page(case_id, problem=_why_not(refusal), signpost_form=form)
    return redirect(url_for("hub.passing", case_id=case_id) + "#told", code=303)


def message_words(reference: str, until: datetime) -> str:
    """The message to a service: where to look, and for what. Nothing about anybody, nothing of what it is about."""
    local = until.astimezone(hub().area.hub_hours.zone)
    return str(
        gettext(
            "A document is ready for you. Open %(address)s and type this reference: %(reference)s. "
            "You get the code from us in another way. It can be read until %(day)s.",
            address=f"{hub().site_address}/en/handover",
            reference=grouped(reference),
            day=f"{local:%d/%m/%Y}",
        )
    )


def _page(
    case_id: str,
    *,
    problem: str = "",
    signpost_form: SignpostForm | None = None,
    code_form: CodeWentForm | None = None,
    about: str = "",
) -> ResponseReturnValue:
    own_id = id_of(case_id)
    if signpost_form is None:
        signpost_form = SignpostForm(formdata=None)
        signpost_form.fit(hub().directory)
    signpost_form.signpost_id.data = id_or_new(signpost_form.signpost_id.data).hex()
    try:
        with hub().database.reading() as session:
            found = handing.passing_on(
                session, own_id, signed=staff.me(), opener=hub().opener, hours=hub().area.hub_hours, now=now()
            )
    except NoSuchCase:
        abort(404)
    has_errors = bool(problem or signpost_form.errors)
    return desk_page(
        "hub/case_passing_on.html",
        code=UNPROCESSABLE if has_errors else 200,
        case_id=case_id,
        row=found,
        is_open=found.is_open,
        handovers=found.handovers,
        packets=found.packets,
        told=found.told,
        need_labels=how.labels(),
        routes={each.value: label for each, label in ROUTES.items()},
        reasons={each.value: label for each, label in BACK.items()},
        grouped=grouped,
        mails_to=_mails_to,
        signpost_form=signpost_form,
        code_form=code_form or CodeWentForm(formdata=None),
        about=about,
        problem=problem,
        has_errors=has_errors,
    )


def _mails_to(address: str | None) -> bool:
    notifier = hub().notifier
    return address is not None and notifier is not None and Way.EMAIL in notifier.ways


def _why_not(refusal: Exception) -> str:
    said = {
        CannotFollow: gettext("This stands otherwise by now. Look at how it stands below."),
        Stale: gettext("We could not collect from the site just now, so nothing goes. Please try again."),
        Stopped: gettext("They have stopped all contact. Nothing goes until they start it again."),
        AlreadySent: gettext("This was sent already. The code was shown once. If nobody has it, hand it over again."),
        sealing.TooLarge: gettext(
            "This is too long to hand over. Ask them to agree to less, or send it in another way."
        ),
    }
    return str(said.get(type(refusal)) or why_not(refusal))


def _not_mailed(became: Mailed) -> str:
    if became is Mailed.UNSURE:
        return str(gettext("It is not sure whether the message left. Ask the service whether they have it."))
    return str(gettext("The message did not leave. Send it yourself, or try again."))
