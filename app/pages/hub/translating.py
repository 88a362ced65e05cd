"""The translation desk: choose a text, take out who and where, take it as a file, bring the translation back, send or read it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from flask import Response, abort, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from app.adapters import sealing
from app.domain.audit import Act
from app.domain.referral import Addition
from app.domain.translating import By, State
from app.forms.desk import PressForm
from app.forms.desk_case import BackForm, OutForm, SendTranslationForm, TextForm
from app.forms.more import free_text
from app.forms.summary import written_answers
from app.pages.hub import pages
from app.pages.hub.desk import UNPROCESSABLE, desk_page, id_of, languages_offered, page_was_old, replied
from app.services.hub import auditing, desk, translating
from app.services.hub.desk import NotOpened, OpenCase
from app.services.hub.guard import NoSuchCase
from app.services.hub.speaking import ReceiptOnly, gets_receipt_only
from app.services.hub.translating import ADDED, NEW, REQUEST, NoSuchText, NotNow, Source, StillThere, Text
from app.web import staff
from app.web.answers import redirect
from app.web.clock import now
from app.web.hub import hub

ENGLISH = "en"


@pages.get("/translations")
@staff.signed_in_only
def translations() -> ResponseReturnValue:
    """All that is at the translation desk, with its dates. No words."""
    with hub().database.reading() as session:
        found = translating.waiting(session, staff.me().identity)
    return desk_page("hub/translations.html", found=found, today=_today(), State=State)


@pages.route("/cases/<case_id>/translation", methods=["GET", "POST"])
@staff.signed_in_only
def case_translation(case_id: str) -> ResponseReturnValue:
    """The texts of a case; and, of the one that was chosen, what would go out, to be looked at and confirmed."""
    case = _open(case_id)
    if case is None:
        return redirect(url_for("hub.case", case_id=case_id))
    code = (request.form if request.method == "POST" else request.args).get("source", "")
    if not code:
        return _texts_page(case_id, case)
    source = _source(case, code)
    if source is None:
        abort(404)
    if request.method == "GET":
        return _begin(case_id, case, source)
    if "sent_out" not in request.form:
        return _propose(case_id, case)
    return _confirm(case_id, case, source)


@pages.get("/cases/<case_id>/translation/<text_id>")
@staff.signed_in_only
def translation_text(case_id: str, text_id: str) -> ResponseReturnValue:
    """One text: as it was, as it went out, and what came back."""
    case = _open(case_id)
    if case is None:
        return redirect(url_for("hub.case", case_id=case_id))
    return _text_page(case_id, case, _text(case, text_id))


@pages.post("/cases/<case_id>/translation/<text_id>/file")
@staff.signed_in_only
def translation_file(case_id: str, text_id: str) -> ResponseReturnValue:
    """The text as a file for the translator: logged, and nothing in it or in its name leads to the case."""
    if not PressForm().validate_on_submit():
        abort(403)
    case = _open(case_id)
    if case is None:
        return redirect(url_for("hub.case", case_id=case_id), code=303)
    try:
        found = translating.take_out(hub().database, case=case, text_id=id_of(text_id), signed=staff.me(), now=now())
    except (NoSuchCase, NoSuchText):
        abort(404)
    except NotOpened:
        return redirect(url_for("hub.case", case_id=case_id), code=303)
    answer = Response(translating.as_file(found, names=dict(languages_offered())), mimetype="text/plain")
    answer.headers["Content-Disposition"] = f'attachment; filename="words-{found.id.hex()[:6]}.txt"'
    return answer


@pages.post("/cases/<case_id>/translation/<text_id>/back")
@staff.signed_in_only
def translation_back(case_id: str, text_id: str) -> ResponseReturnValue:
    """What the translator gave back."""
    case = _open(case_id)
    if case is None:
        return redirect(url_for("hub.case", case_id=case_id), code=303)
    form, problem = BackForm(), ""
    text = _text(case, text_id)
    if form.validate_on_submit():
        if form.done_on.data > _today():
            form.done_on.errors = [gettext("This day is still to come.")]
        else:
            try:
                translating.bring_back(
                    hub().database,
                    case=case,
                    text_id=text.id,
                    translated=(form.translated.data or "").strip(),
                    by=By(form.by.data),
                    by_name=(form.by_name.data or "").strip(),
                    done_on=form.done_on.data,
                    signed=staff.me(),
                    now=now(),
                )
                return redirect(_address(case_id, text_id), code=303)
            except NoSuchCase:
                abort(404)
            except NotOpened:
                problem = gettext("Open the request first.")
            except NotNow:
                problem = gettext("It was sent or read already, so it stays as it is.")
    return _text_page(case_id, case, text, back_form=form, problem=problem or page_was_old(form))


@pages.post("/cases/<case_id>/translation/<text_id>/send")
@staff.signed_in_only
def translation_send(case_id: str, text_id: str) -> ResponseReturnValue:
    """Send our own words with their translation."""
    case = _open(case_id)
    if case is None:
        return redirect(url_for("hub.case", case_id=case_id), code=303)
    form, problem = SendTranslationForm(), ""
    text = _text(case, text_id)
    if form.validate_on_submit():
        try:
            translating.send(
                hub().database,
                case=case,
                text_id=text.id,
                text=(form.final.data or "").strip(),
                signed=staff.me(),
                opener=hub().opener,
                voice=hub().voice,
                now=now(),
            )
            return redirect(url_for("hub.case", case_id=case_id) + "#conversation", code=303)
        except NoSuchCase:
            abort(404)
        except NotOpened:
            problem = gettext("Open the request first.")
        except NotNow:
            problem = gettext("There is no translation yet. Put it in first.")
        except sealing.TooLarge:
            form.final.errors = [gettext("This is too long to send at once. Please send it in two parts.")]
    return _text_page(case_id, case, text, send_form=form, problem=problem or page_was_old(form))


@pages.post("/cases/<case_id>/translation/<text_id>/read")
@staff.signed_in_only
def translation_read(case_id: str, text_id: str) -> ResponseReturnValue:
    """A colleague has read the translation of what the person wrote."""
    if not PressForm().validate_on_submit():
        abort(403)
    case = _open(case_id)
    if case is None:
        return redirect(url_for("hub.case", case_id=case_id), code=303)
    try:
        translating.settle(hub().database, case=case, text_id=_text(case, text_id).id, signed=staff.me(), now=now())
    except NoSuchCase:
        abort(404)
    except (NotOpened, NotNow):
        return redirect(_address(case_id, text_id), code=303)
    return redirect(url_for("hub.case", case_id=case_id) + "#conversation", code=303)


def _texts_page(case_id: str, case: OpenCase) -> ResponseReturnValue:
    with hub().database.reading() as session:
        texts = translating.of_case(session, case)
    asked = {each.source for each in texts}
    return desk_page(
        "hub/case_translation.html",
        case_id=case_id,
        texts=texts,
        sources=[each for each in translating.sources(case, _written) if each.code not in asked],
        receipt_only=gets_receipt_only(case.row.facts),
        is_distressing=bool(case.row.facts.get("distressing")),
        State=State,
    )


def _begin(case_id: str, case: OpenCase, source: Source) -> ResponseReturnValue:
    """One of theirs is there as it is; words for them have to be written first."""
    if source.code == NEW:
        form = TextForm(formdata=None)
        kept = case.unsent
        form.text.data, form.language_from.data = (kept.text, kept.language) if kept else ("", ENGLISH)
        form.language_to.data = _their_language(case)
        form.source.data = NEW
        return _out_page(case_id, case, form)
    form = OutForm(formdata=None)
    form.source.data, form.text.data = source.code, source.text
    form.language_from.data, form.language_to.data = _slug(source.language), ENGLISH
    form.sent_out.data = translating.proposal(source.text, case, area=hub().area).text
    form.text_id.data = sealing.new_id().hex()
    return _out_page(case_id, case, form)


def _propose(case_id: str, case: OpenCase) -> ResponseReturnValue:
    """Words for them were written: what would go out."""
    typed = TextForm()
    if not typed.validate_on_submit():
        return _out_page(case_id, case, typed, problem=page_was_old(typed))
    form = OutForm(formdata=None)
    form.source.data, form.text.data = NEW, (typed.text.data or "").strip()
    form.language_from.data, form.language_to.data = typed.language_from.data, typed.language_to.data
    form.sent_out.data = translating.proposal(form.text.data, case, area=hub().area).text
    form.text_id.data = sealing.new_id().hex()
    return _out_page(case_id, case, form)


def _confirm(case_id: str, case: OpenCase, source: Source) -> ResponseReturnValue:
    form, problem = OutForm(), ""
    still_there: tuple[str, ...] = ()
    known = dict(languages_offered())
    if source.code != NEW:
        form.text.data = source.text  # theirs is never what a form says
    if form.validate_on_submit():
        if form.language_from.data not in known or form.language_to.data not in known:
            form.language_to.errors = [gettext("Choose two languages of the list.")]
        else:
            try:
                text_id = id_of(form.text_id.data or "")
                translating.ask(
                    hub().database,
                    case=case,
                    text_id=text_id,
                    source=source.code,
                    original=(form.text.data or "").strip(),
                    sent_out=(form.sent_out.data or "").strip(),
                    language_from=form.language_from.data,
                    language_to=form.language_to.data,
                    is_sure=bool(form.sure.data),
                    send_now=form.when.data != "later",
                    area=hub().area,
                    signed=staff.me(),
                    opener=hub().opener,
                    voice=hub().voice,
                    now=now(),
                )
                return redirect(_address(case_id, text_id.hex()), code=303)
            except NoSuchCase:
                abort(404)
            except StillThere as still:
                still_there = still.found
                form.sure.errors = [gettext("It may still say who or where. Take it out, or tick this.")]
            except NotOpened:
                problem = gettext("Open the request first.")
            except ReceiptOnly:
                problem = gettext("Asked by a professional: a receipt only, nothing about the person.")
            except sealing.TooLarge:
                form.text.errors = [gettext("This is too long to send at once. Please send it in two parts.")]
    return _out_page(case_id, case, form, problem=problem or page_was_old(form), still_there=still_there)


def _out_page(
    case_id: str, case: OpenCase, form: TextForm, *, problem: str = "", still_there: Sequence[str] = ()
) -> ResponseReturnValue:
    form.offer(languages_offered())
    has_errors = bool(form.errors) or bool(problem)
    return desk_page(
        "hub/case_translation_out.html",
        code=UNPROCESSABLE if has_errors else 200,
        case_id=case_id,
        form=form,
        is_ours=form.source.data == NEW,
        goes_out=isinstance(form, OutForm),
        still_there=still_there,
        problem=problem,
        has_errors=has_errors,
    )


def _text_page(
    case_id: str,
    case: OpenCase,
    text: Text,
    *,
    back_form: BackForm | None = None,
    send_form: SendTranslationForm | None = None,
    problem: str = "",
) -> ResponseReturnValue:
    if back_form is None:
        back_form = BackForm(formdata=None)
        back_form.translated.data, back_form.by_name.data = text.translated, text.by_name
        back_form.by.data, back_form.done_on.data = text.done_by, text.done_on or _today()
    if send_form is None:
        send_form = SendTranslationForm(formdata=None)
        send_form.final.data = text.whole
    has_errors = bool(back_form.errors or send_form.errors or problem)
    return desk_page(
        "hub/case_translation_text.html",
        code=UNPROCESSABLE if has_errors else 200,
        case_id=case_id,
        text=text,
        back_form=back_form,
        send_form=send_form,
        problem=problem,
        has_errors=has_errors,
        State=State,
    )


def _open(case_id: str) -> OpenCase | None:
    """The case, opened, which is written down for a page that shows it; None while it is closed to this session.

    What this colleague may not know of is not found.
    """
    try:
        with hub().database.reading() as session:
            found = desk.read_case(
                session,
                case_id=id_of(case_id),
                signed=staff.me(),
                opener=hub().opener,
                hours=hub().area.hub_hours,
                targets=hub().area.targets,
                now=now(),
            )
    except NoSuchCase:
        abort(404)
    if not isinstance(found, OpenCase):
        return None
    if request.method == "GET":
        auditing.note(hub().database, Act.READ_CASE, staff.me(), now=now(), case_id=found.row.case_id)
    return found


def _text(case: OpenCase, text_id: str) -> Text:
    own_id = id_of(text_id)
    with hub().database.reading() as session:
        found = next((each for each in translating.of_case(session, case) if each.id == own_id), None)
    return found if found is not None else abort(404)


def _source(case: OpenCase, code: str) -> Source | None:
    if code == NEW:
        return None if gets_receipt_only(case.row.facts) else Source(NEW, "", ENGLISH, None)
    return next((each for each in translating.sources(case, _written) if each.code == code), None)


def _written(case: OpenCase) -> list[Source]:
    """What they wrote in the request, and in each thing that they added, in their own words."""
    found = [
        Source(f"{ADDED}{place}", "\n\n".join(words), _language_of(addition), at)
        for place, (at, addition) in enumerate(case.additions)
        if (words := free_text(addition))
    ]
    request_words = written_answers(case.referral.answers)
    if request_words:
        found.append(Source(REQUEST, "\n\n".join(request_words), case.referral.language, case.row.received_at))
    return found


def _language_of(addition: Addition) -> str:
    content: Mapping[str, Any] = addition.content
    return str(content.get("language") or ENGLISH)


def _their_language(case: OpenCase) -> str:
    wanted = replied(case, "language") or case.row.language
    return wanted if wanted in dict(languages_offered()) else ENGLISH


def _slug(code: str) -> str:
    """Messages and answers keep a slug or a tag; forms offer slugs."""
    found = hub().languages.of(code)
    return found.slug if found is not None else ENGLISH


def _address(case_id: str, text_id: str) -> str:
    return url_for("hub.translation_text", case_id=case_id, text_id=text_id)


def _today() -> date:
    return now().astimezone(hub().area.hub_hours.zone).date()
