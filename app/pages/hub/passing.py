"""At the desk: ask to pass somebody on, record what became of it, send something to read, answer what was asked for."""

from __future__ import annotations

import re

from flask import abort, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from app.adapters import sealing
from app.domain.asking import SUPERVISOR, Answer
from app.domain.audit import Act
from app.domain.guide import Guide
from app.domain.handover import State, Why
from app.forms.ask import CODES, LONGEST_WORDS, AnswerForm
from app.forms.desk_case import ReadingForm
from app.forms.desk_handing import AskForm
from app.forms.handover import KINDS, RecordForm
from app.pages.hub import pages, words
from app.pages.hub.desk import UNPROCESSABLE, desk_page
from app.services.hub import asked, auditing, desk, guard, handovers, reading
from app.services.hub.desk import NotOpened, OpenCase
from app.services.hub.guard import NoSuchCase
from app.services.hub.handovers import CannotFollow, Ending
from app.services.hub.speaking import ReceiptOnly
from app.web import staff
from app.web.answers import once, redirect
from app.web.clock import now
from app.web.hub import hub

ASKED_ID = re.compile(r"[0-9a-f]{32}", re.ASCII)


@pages.route("/cases/<case_id>/handover", methods=["GET", "POST"])
@staff.signed_in_only
def ask_handover(case_id: str) -> ResponseReturnValue:
    """Ask the person whether they may be passed on."""
    own_id = guarded(case_id)
    form, problem = AskForm(), ""
    form.fit(hub().directory)
    form.handover_id.data = id_or_new(form.handover_id.data).hex()
    if form.validate_on_submit():
        service = hub().directory.get(form.service.data or "")
        kinds = form.chosen_kinds()
        if service is None:
            form.service.errors = [gettext("Choose a service.")]
        elif not kinds:
            form.kinds.errors = [gettext("Choose what would be passed on.")]
        elif form.why.data not in set(Why):
            form.why.errors = [gettext("Choose why.")]
        else:
            try:
                handovers.ask(
                    hub().database,
                    case_id=own_id,
                    handover_id=bytes.fromhex(form.handover_id.data),
                    service=service.id,
                    why=Why(form.why.data),
                    kinds=kinds,
                    needs=form.chosen_needs(),
                    signed=staff.me(),
                    opener=hub().opener,
                    voice=hub().voice,
                    now=now(),
                )
            except NoSuchCase:
                abort(404)
            except (NotOpened, ReceiptOnly, Ending) as refusal:
                problem = why_not(refusal)
            else:
                return redirect(url_for("hub.case", case_id=case_id) + "#handovers", code=303)
    has_errors = bool(form.errors) or bool(problem)
    return desk_page(
        "hub/handover.html",
        code=UNPROCESSABLE if has_errors else 200,
        case_id=case_id,
        form=form,
        problem=problem,
        has_errors=has_errors,
    )


@pages.post("/cases/<case_id>/handovers/<handover_id>")
@staff.signed_in_only
def record_handover(case_id: str, handover_id: str) -> ResponseReturnValue:
    """Passed on, accepted, came back. One that stands otherwise by now stays as it is, and the page shows how."""
    form = RecordForm()
    if not form.validate_on_submit():
        abort(403)
    own_id = guarded(case_id)
    try:
        handovers.record(
            hub().database,
            case_id=own_id,
            handover_id=_id(handover_id),
            state=State(form.state.data),
            signed=staff.me(),
            opener=hub().opener,
            voice=hub().voice,
            portal_key=hub().trust.sealing,
            now=now(),
        )
    except NoSuchCase:
        abort(404)
    except (NotOpened, CannotFollow, Ending, ReceiptOnly):
        pass
    return redirect(url_for("hub.case", case_id=case_id) + "#handovers", code=303)


@pages.route("/cases/<case_id>/reading", methods=["GET", "POST"])
@staff.signed_in_only
def send_reading(case_id: str) -> ResponseReturnValue:
    """Send guides, and services of the directory, to read."""
    own_id = guarded(case_id)
    form, problem = ReadingForm(), ""
    form.fit(hub().directory, _guides_for(own_id))
    form.envelope_id.data = id_or_new(form.envelope_id.data).hex()
    if form.validate_on_submit():
        chosen = [each for each in form.services.data or [] if hub().directory.get(each)]
        guides = [each for each in form.guides.data or [] if guide_of(each)]
        if not chosen and not guides:
            form.guides.errors = [gettext("Choose at least one.")]
        else:
            try:
                reading.send_reading(
                    hub().database,
                    case_id=own_id,
                    services=chosen,
                    guides=guides,
                    envelope_id=once(form.envelope_id.data),
                    signed=staff.me(),
                    opener=hub().opener,
                    voice=hub().voice,
                    now=now(),
                )
            except NoSuchCase:
                abort(404)
            except (NotOpened, ReceiptOnly) as refusal:
                problem = why_not(refusal)
            else:
                return redirect(url_for("hub.case", case_id=case_id) + "#conversation", code=303)
    has_errors = bool(form.errors) or bool(problem)
    return desk_page(
        "hub/reading.html",
        code=UNPROCESSABLE if has_errors else 200,
        case_id=case_id,
        form=form,
        problem=problem,
        has_errors=has_errors,
    )


@pages.route("/cases/<case_id>/asked", methods=["GET", "POST"])
@staff.signed_in_only
def asked_for(case_id: str) -> ResponseReturnValue:
    """What the person asked for, with an answer to each. What was typed stays on the page when it cannot go."""
    own_id = guarded(case_id)
    form, problem = AnswerForm(), ""
    asked_id = request.form.get("asked_id", "")
    if request.method == "POST" and form.validate_on_submit():
        if not ASKED_ID.fullmatch(asked_id):
            abort(404)
        try:
            asked.answer(
                hub().database,
                case_id=own_id,
                asked_id=asked_id,
                state=Answer(form.state.data),
                text=(form.text.data or "").strip(),
                envelope_id=once(form.envelope_id.data or ""),
                signed=staff.me(),
                opener=hub().opener,
                voice=hub().voice,
                now=now(),
            )
        except NoSuchCase:
            abort(404)
        except ValueError:
            form.state.errors = [gettext("Choose what to tell them.")]
        except sealing.TooLarge:
            form.text.errors = [gettext("This is longer than 5,000 letters.")]
        except (NotOpened, ReceiptOnly) as refusal:
            problem = why_not(refusal)
        else:
            return redirect(url_for("hub.asked_for", case_id=case_id), code=303)
    with hub().database.reading() as session:
        found = desk.read_case(
            session,
            case_id=own_id,
            signed=staff.me(),
            opener=hub().opener,
            hours=hub().area.hub_hours,
            targets=hub().area.targets,
            now=now(),
        )
    if isinstance(found, OpenCase):
        auditing.note(hub().database, Act.READ_ASKED, staff.me(), now=now(), case_id=own_id)
    has_errors = bool(form.errors) or bool(problem)
    return desk_page(
        "hub/asked.html",
        code=UNPROCESSABLE if has_errors else 200,
        case_id=case_id,
        is_open=isinstance(found, OpenCase),
        asked_for=asked.of_case(found) if isinstance(found, OpenCase) else [],
        answering=asked_id,
        form=form,
        new_id=lambda: sealing.new_id().hex(),
        codes=CODES,
        longest=LONGEST_WORDS,
        problem=problem,
        has_errors=has_errors,
    )


@pages.get("/complaints")
@staff.signed_in_only
def complaints() -> ResponseReturnValue:
    """Complaints, for supervisors; for everybody else this page is always the same."""
    me = staff.me().identity
    with hub().database.reading() as session:
        found = asked.complaints(session, me, opener=hub().opener)
    if SUPERVISOR in me.roles:
        auditing.note(hub().database, Act.READ_COMPLAINTS, staff.me(), now=now())
    return desk_page(
        "hub/complaints.html",
        found=found,
        is_supervisor=SUPERVISOR in me.roles,
        still_open=sum(each.is_open for each in found),
    )


@pages.context_processor
def words_of_kinds() -> dict[str, object]:
    """Words and names that the section about handovers needs on the page of a case."""
    return {
        "handover_kinds": {each.value: label for each, label in KINDS.items()},
        "service_of": hub().directory.get,
        "guide_of": guide_of,
    }


def guide_of(slug: str) -> Guide | None:
    """A guide as the desk knows it, in English."""
    return hub().guides[hub().languages.default.slug].get(slug)


def _guides_for(case_id: bytes) -> list[tuple[str, str, str]]:
    """The guides to choose from, each with whether the person of this case reads it in English only."""
    with hub().database.reading() as session:
        wanted = guard.case_for(session, case_id, staff.me().identity).language
    theirs, default = hub().guides.get(wanted), hub().languages.default.slug
    found = []
    for each in hub().guides[default].all:
        shown = theirs.get(each.slug) if theirs else None
        is_theirs = wanted == default or (shown is not None and shown.language == wanted)
        found.append((each.slug, each.title, "" if is_theirs else str(gettext("For them in English only"))))
    return found


def guarded(case_id: str) -> bytes:
    """The id of a case that this colleague may see; anything else is not there."""
    own_id = _id(case_id)
    try:
        with hub().database.reading() as session:
            guard.case_for(session, own_id, staff.me().identity)
    except NoSuchCase:
        abort(404)
    return own_id


def why_not(refusal: Exception) -> str:
    """Why something was refused, in one line."""
    if isinstance(refusal, ReceiptOnly):
        return words.receipt_only()
    if isinstance(refusal, Ending):
        return str(gettext("They have asked to end or delete everything. Nothing of theirs may go anywhere."))
    return str(gettext("Open the request first."))


def _id(text: str) -> bytes:
    try:
        found = bytes.fromhex(text)
    except ValueError:
        abort(404)
    if len(found) != sealing.ID_LENGTH:
        abort(404)
    return found


def id_or_new(text: str | None) -> bytes:
    """The id made with the form; a missing or mangled one is replaced, which costs only the protection from a double send."""
    try:
        found = bytes.fromhex(text or "")
    except ValueError:
        return sealing.new_id()
    return found if len(found) == sealing.ID_LENGTH else sealing.new_id()
