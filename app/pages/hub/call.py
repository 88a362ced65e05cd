"""Taking a request at the desk: from a call, a paper form, somebody at the door, or out in the community."""

from __future__ import annotations

from flask import abort, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from app.domain.taken import Source
from app.forms.desk import PressForm
from app.forms.desk_call import PARTS, SOURCES, BeginForm, Sheet, Wrong
from app.pages.hub import pages, words
from app.pages.hub.desk import UNPROCESSABLE, desk_page, id_of, page_was_old
from app.services.hub import guard, taking
from app.services.hub.guard import NoSuchCase
from app.services.hub.taking import AlreadySent, Draft, DraftChanged, NoReferenceLeft, NoSuchDraft
from app.web import staff
from app.web.answers import redirect
from app.web.clock import now
from app.web.errors import NOT_KEPT
from app.web.hub import hub

CONFLICT, UNAVAILABLE = 409, 503


@pages.route("/call", methods=["GET", "POST"])
@staff.signed_in_only
def call() -> ResponseReturnValue:
    """Begin to take a request, or go on with one."""
    form = BeginForm()
    if request.method == "POST" and form.validate_on_submit():
        source = Source(form.source.data) if form.source.data else None
        draft_id = taking.begin(hub().database, staff.me(), source=source, opener=hub().opener, now=now())
        return redirect(url_for("hub.take_call", draft_id=draft_id.hex()), code=303)
    with hub().database.reading() as session:
        begun = taking.listed(session, staff.me().identity, now=now())
    has_errors = bool(form.errors)
    return desk_page(
        "hub/call.html",
        code=UNPROCESSABLE if has_errors else 200,
        form=form,
        begun=begun,
        has_errors=has_errors,
        problem=page_was_old(form) if has_errors else "",
    )


@pages.route("/call/<draft_id>", methods=["GET", "POST"])
@staff.signed_in_only
def take_call(draft_id: str) -> ResponseReturnValue:
    """All questions on one page, in the order in which one speaks, answered in any; once sent, what is to be read out."""
    own_id = id_of(draft_id)
    if request.method == "POST":
        return _take(own_id)
    try:
        with hub().database.reading() as session:
            draft = taking.read(session, own_id, staff.me().identity, opener=hub().opener, now=now())
    except AlreadySent:
        return _read_out(own_id)
    except NoSuchDraft:
        abort(404)
    return _page(draft.id, _sheet(draft), revision=draft.revision)


@pages.post("/call/<draft_id>/done")
@staff.signed_in_only
def call_done(draft_id: str) -> ResponseReturnValue:
    """It was read out: nothing of it stays."""
    if not PressForm().validate_on_submit():
        abort(403)
    taking.drop(hub().database, id_of(draft_id), staff.me().identity)
    return redirect(url_for("hub.call"), code=303)


def _take(draft_id: bytes) -> ResponseReturnValue:
    """Keep what was typed, whatever it is; then send it, go to another part, or say what has to be put right."""
    sheet, press = _sheet(None), PressForm()
    revision = _revision()
    if not press.validate_on_submit():
        return _page(draft_id, sheet, revision=revision, problem=page_was_old(press), code=UNPROCESSABLE)
    if "drop" in request.form:
        taking.drop(hub().database, draft_id, staff.me().identity)
        return redirect(url_for("hub.call"), code=303)
    try:
        draft_id, revision = _keep(draft_id, sheet, revision)
        wrong = sheet.wrong()
        if "send" in request.form:
            wrong += sheet.missing()
            if not wrong:
                _send(draft_id, sheet, revision)
                return _to_read_out(draft_id)
    except AlreadySent:
        return _to_read_out(draft_id)
    except DraftChanged:
        problem = gettext("This was changed in another window. What you see here is yours: press again to keep it.")
        return _page(draft_id, sheet, revision=_revision_now(draft_id), problem=problem, code=CONFLICT)
    except NoReferenceLeft:
        problem = gettext(
            "There is no reference left to give. Nothing was sent. Tell somebody who looks after this system."
        )
        return _page(draft_id, sheet, revision=revision, problem=problem, code=UNAVAILABLE)
    except NOT_KEPT:
        problem = gettext("This could not be kept just now. Nothing was sent. It is still here: please press again.")
        return _page(draft_id, sheet, revision=revision, problem=problem, code=UNAVAILABLE)
    if wrong:
        return _page(draft_id, sheet, revision=revision, wrong=wrong, code=UNPROCESSABLE)
    part = request.form.get("part", "")
    anchor = f"#{part}" if part in PARTS else ""
    return redirect(url_for("hub.take_call", draft_id=draft_id.hex()) + anchor, code=303)


def _keep(draft_id: bytes, sheet: Sheet, revision: int) -> tuple[bytes, int]:
    """Keep it in its draft; where that has gone, in a new one, so that nothing that was typed is lost."""
    content, opener = sheet.content, hub().opener
    try:
        kept = taking.keep(
            hub().database, draft_id, content, revision=revision, signed=staff.me(), opener=opener, now=now()
        )
    except NoSuchDraft:
        draft_id = taking.begin(hub().database, staff.me(), source=None, opener=opener, now=now())
        kept = taking.keep(hub().database, draft_id, content, revision=1, signed=staff.me(), opener=opener, now=now())
    return draft_id, kept


def _send(draft_id: bytes, sheet: Sheet, revision: int) -> None:
    own = sheet.own
    taking.send(
        hub().database,
        draft_id,
        taking.Request(
            answers=sheet.answers,
            source=Source(own.source.data),
            own_words=(own.words.data or "").strip(),
            code_word=(own.code_word.data or "").strip(),
            earlier=(own.earlier.data or "").strip(),
            wants_code=own.wants_code,
        ),
        revision=revision,
        signed=staff.me(),
        opener=hub().opener,
        voice=hub().voice,
        portal_key=hub().trust.sealing,
        reference_length=hub().area.reference_digits,
        now=now(),
    )


def _read_out(draft_id: bytes) -> ResponseReturnValue:
    """The reference, and the code if there is one: shown for an hour, or until it was read out."""
    me = staff.me().identity
    with hub().database.reading() as session:
        said = taking.read_out(session, draft_id, me, opener=hub().opener, now=now())
        try:
            may_see = bool(guard.case_for(session, said.case_id, me))
        except NoSuchCase:
            may_see = False
    return desk_page("hub/call_read_out.html", draft_id=draft_id.hex(), said=said, may_see=may_see)


def _to_read_out(draft_id: bytes) -> ResponseReturnValue:
    return redirect(url_for("hub.take_call", draft_id=draft_id.hex()), code=303)


def _sheet(draft: Draft | None) -> Sheet:
    """The questions as they were kept; without a draft as they were just sent."""
    area = hub().area
    return Sheet(
        draft.content if draft else {},
        sent=None if draft else request.form,
        languages=hub().languages,
        districts=area.districts,
        relay=bool(area.sign_language.provider),
    )


def _page(
    draft_id: bytes,
    sheet: Sheet,
    *,
    revision: int,
    wrong: list[Wrong] | None = None,
    problem: str = "",
    code: int = 200,
) -> ResponseReturnValue:
    return desk_page(
        "hub/call_sheet.html",
        code=code,
        draft_id=draft_id.hex(),
        sheet=sheet,
        revision=revision,
        wrong=wrong or [],
        problem=problem,
        has_errors=bool(wrong or problem),
        filled=sheet.filled(),
        part_words=words.parts_of_a_call(),
        unusable=[(way, words.refusal(reason)) for way, reason in sheet.unusable()],
        sources=SOURCES,
    )


def _revision() -> int:
    typed = request.form.get("revision", "")
    return int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 10 else 0


def _revision_now(draft_id: bytes) -> int:
    try:
        with hub().database.reading() as session:
            return taking.read(session, draft_id, staff.me().identity, opener=hub().opener, now=now()).revision
    except (NoSuchDraft, AlreadySent):
        return 0
