"""At the desk: a sentence of the phrase book, chosen and sent."""

from __future__ import annotations

from flask import abort, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from app.forms.desk import MessageForm, PhraseForm, StatusForm
from app.forms.phrases import phrase_words
from app.pages.hub import pages, words
from app.pages.hub.desk import case_page, envelope_id_of, id_of, page_was_old
from app.pages.hub.news import can_be_kept
from app.services.hub import phrases
from app.services.hub.desk import NotOpened
from app.services.hub.guard import NoSuchCase
from app.services.hub.news import Chosen, NeedsADay
from app.services.hub.phrases import NeedsAPromise, UnknownPhrase
from app.services.hub.speaking import ReceiptOnly
from app.web import staff
from app.web.answers import redirect
from app.web.clock import now
from app.web.hub import hub


@pages.post("/cases/<case_id>/phrase")
@staff.signed_in_only
def send_phrase(case_id: str) -> ResponseReturnValue:
    """Send the sentence that was chosen, with its days."""
    form = PhraseForm()
    problem = ""
    if form.validate_on_submit() and can_be_kept(form):
        try:
            phrases.send_phrase(
                hub().database,
                case_id=id_of(case_id),
                code=form.phrase.data or "",
                english=phrase_words(form.phrase.data or ""),
                chosen=Chosen(on=form.on.data, at=form.time.data, by=form.by.data),
                signed=staff.me(),
                opener=hub().opener,
                voice=hub().voice,
                envelope_id=envelope_id_of(form),
                now=now(),
            )
            return redirect(url_for("hub.case", case_id=case_id) + "#conversation", code=303)
        except NoSuchCase:
            abort(404)
        except UnknownPhrase:
            form.phrase.errors = [gettext("Choose a sentence.")]
        except NeedsADay:
            form.on.errors = [gettext("This sentence needs its day.")]
        except NeedsAPromise:
            form.by.errors = [gettext("This sentence needs the day by which we write again.")]
        except NotOpened:
            problem = gettext("Open the request first.")
        except ReceiptOnly:
            problem = words.receipt_only()
    return case_page(
        case_id,
        StatusForm(formdata=None),
        MessageForm(formdata=None),
        phrase_form=form,
        problem=problem or page_was_old(form),
    )
