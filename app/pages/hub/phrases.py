"""At the desk: a sentence of the phrase book, chosen and sent."""

from __future__ import annotations

from dataclasses import dataclass

from flask import abort, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from app.adapters import sealing
from app.domain.phrases import FOR_BSL_READERS, NEEDS_A_DAY, NEEDS_A_PROMISE
from app.forms.desk import PHRASE_BOOK, PHRASE_NAMES, MessageForm, PhraseForm, StatusForm
from app.forms.phrases import phrase_words
from app.pages.hub import pages, words
from app.pages.hub.desk import case_page, desk_page, envelope_id_of, id_of, page_was_old, replied, uses_bsl
from app.pages.hub.news import can_be_kept
from app.services.hub import desk, phrases
from app.services.hub.desk import NotOpened, OpenCase
from app.services.hub.guard import NoSuchCase
from app.services.hub.news import Chosen, NeedsADay
from app.services.hub.phrases import NeedsAPromise, UnknownPhrase
from app.services.hub.speaking import ReceiptOnly, gets_receipt_only
from app.web import staff
from app.web.answers import redirect
from app.web.clock import now
from app.web.hub import hub
from app.web.language import speaking


@dataclass(frozen=True)
class Sentence:
    """A sentence of the phrase book: its name at the desk, its English, and what the person reads. `key` presses it."""

    code: str
    name: str
    english: str
    theirs: str
    key: str
    asks_day: bool
    asks_promise: bool


# With the key that leads here and the one that sends, the first answer takes three.
KEYS = "123456789"


@pages.get("/cases/<case_id>/reply")
@staff.signed_in_only
def case_reply(case_id: str) -> ResponseReturnValue:
    """The phrase book: every sentence in English and in the person's language; the chosen one with its days, to be sent."""
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
    if not isinstance(found, OpenCase) or gets_receipt_only(found.row.facts):
        return redirect(url_for("hub.case", case_id=case_id))
    wanted = replied(found, "language") or found.row.language
    signs = bool(uses_bsl(found))
    groups = _sentences(wanted, signs=signs)
    chosen = next(
        (each for _, group in groups for each in group if each.code == request.args.get("phrase")),
        None,
    )
    form = PhraseForm(formdata=None)
    form.envelope_id.data = sealing.new_id().hex()
    return desk_page(
        "hub/case_reply.html",
        case_id=case_id,
        groups=groups,
        chosen=chosen,
        form=form,
        wanted=wanted,
        has_theirs=hub().languages.get(wanted) not in (None, hub().languages.default),
        uses_bsl=signs,
    )


def _sentences(wanted: str, *, signs: bool) -> list[tuple[str, list[Sentence]]]:
    """The groups of the phrase book; those for readers of BSL first where they are for this person, and else not at all."""
    groups = [(str(name), group) for name, group in PHRASE_BOOK if group != FOR_BSL_READERS]
    own = [(str(name), group) for name, group in PHRASE_BOOK if group == FOR_BSL_READERS and signs]
    keys = iter(KEYS)
    other = hub().languages.get(wanted)
    found = []
    for name, group in [*own, *groups]:
        sentences = []
        for each in group:
            english = theirs = phrase_words(each.value)
            if other is not None:
                with speaking(other):
                    theirs = phrase_words(each.value)
            sentences.append(
                Sentence(
                    code=each.value,
                    name=str(PHRASE_NAMES[each]),
                    english=english,
                    theirs=theirs,
                    key=next(keys, ""),
                    asks_day=each in NEEDS_A_DAY,
                    asks_promise=each in NEEDS_A_PROMISE,
                )
            )
        found.append((name, sentences))
    return found


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
