"""Sign in, a case."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from flask import abort, make_response, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_wtf import FlaskForm

from app.adapters import sealing
from app.domain.asker import ASKED_BY_ANOTHER
from app.domain.attempts import Outcome, Ruling, offered
from app.domain.audit import Act
from app.domain.change import Change
from app.domain.contact import BY_TEXT, VOICE_WAYS, Allowed, Decision, Reason, Refused, Wait, Way
from app.domain.referral import OUTSIDE_AREA
from app.domain.status import Promise, Told, day_in, promise_now
from app.forms import how
from app.forms.desk import (
    LONGEST_MESSAGE,
    MILESTONE_LABELS,
    PHRASE_NAMES,
    STAGE_LABELS,
    STATUS_LABELS,
    MessageForm,
    MilestoneForm,
    PhraseForm,
    PressForm,
    StatusForm,
)
from app.forms.more import as_it_came
from app.forms.more import shown as addition_words
from app.forms.refer import JOURNEY, TIMES
from app.forms.summary import Line, labels_of, summary
from app.pages.hub import pages, words
from app.pages.hub.links import links_for
from app.services.hub import (
    asked,
    attempts,
    auditing,
    contact,
    danger,
    desk,
    handovers,
    news,
    showing,
    translating,
    unsent,
)
from app.services.hub.desk import AlreadyClaimed, ClosedCase, NotOpened, OpenCase, Shown
from app.services.hub.guard import NoSuchCase
from app.services.hub.speaking import ReceiptOnly, gets_receipt_only
from app.web import staff
from app.web.answers import once, redirect
from app.web.clock import now
from app.web.hub import hub

UNPROCESSABLE = 422
# The button that keeps a message unsent.
KEEP = "keep"
# In the signed cookie of whoever is signed in: they want no keys (WCAG 2.1.4).
KEYS_OFF = "keys-off"


@pages.get("/cases/<case_id>")
@staff.signed_in_only
def case(case_id: str) -> ResponseReturnValue:
    """A case: coded facts, and what was sealed once it has been opened."""
    return case_page(case_id, StatusForm(formdata=None), MessageForm(formdata=None))


@pages.post("/cases/<case_id>/claim")
@staff.signed_in_only
def claim(case_id: str) -> ResponseReturnValue:
    """Take the case."""
    need_press()
    try:
        news.claim(
            hub().database,
            case_id=id_of(case_id),
            who=staff.me().identity,
            opener=hub().opener,
            voice=hub().voice,
            now=now(),
        )
    except NoSuchCase:
        abort(404)
    except AlreadyClaimed as error:
        return case_page(
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
    need_press()
    try:
        news.hand_back(
            hub().database,
            case_id=id_of(case_id),
            who=staff.me().identity,
            opener=hub().opener,
            voice=hub().voice,
            now=now(),
        )
    except NoSuchCase:
        abort(404)
    return redirect(url_for("hub.case", case_id=case_id), code=303)


@pages.post("/cases/<case_id>/open")
@staff.signed_in_only
def open_case(case_id: str) -> ResponseReturnValue:
    """Open what was sealed: logged, and told to the person the first time.

    A message that could not go because the time to read had run out comes along, and is there again afterwards.
    """
    need_press()
    try:
        desk.open_request(
            hub().database,
            case_id=id_of(case_id),
            signed=staff.me(),
            opener=hub().opener,
            voice=hub().voice,
            now=now(),
        )
        news.tell_read(
            hub().database,
            case_id=id_of(case_id),
            who=staff.me().identity,
            opener=hub().opener,
            voice=hub().voice,
            now=now(),
        )
    except NoSuchCase:
        abort(404)
    if request.form.get("text"):
        return case_page(case_id, StatusForm(formdata=None), MessageForm())
    return redirect(url_for("hub.case", case_id=case_id), code=303)


@pages.post("/cases/<case_id>/message")
@staff.signed_in_only
def send_message(case_id: str) -> ResponseReturnValue:
    """Send a message to the person's space, or keep it unsent for the one who wrote it."""
    form = MessageForm()
    is_right = form.validate_on_submit()
    # Nothing typed, and kept: what was kept before goes.
    lets_go = KEEP in request.form and not (form.text.data or "").strip() and not form.csrf_token.errors
    if not is_right and not lets_go:
        return case_page(case_id, StatusForm(formdata=None), form, problem=page_was_old(form))
    text, language = (form.text.data or "").replace("\r\n", "\n").strip(), written_in(form)
    try:
        if KEEP in request.form:
            _keep_unsent(case_id, text, language)
            return redirect(url_for("hub.case", case_id=case_id) + "#text", code=303)
        desk.send_message(
            hub().database,
            case_id=id_of(case_id),
            text=text,
            language=language,
            signed=staff.me(),
            opener=hub().opener,
            voice=hub().voice,
            envelope_id=envelope_id_of(form),
            now=now(),
        )
    except NoSuchCase:
        abort(404)
    except sealing.TooLarge:
        form.text.errors = [gettext("This is too long to send at once. Please send it in two parts.")]
        return case_page(case_id, StatusForm(formdata=None), form)
    except NotOpened:
        _keep_unsent(case_id, text, language)
        return case_page(case_id, StatusForm(formdata=None), form, problem=gettext("Open the request first."))
    except ReceiptOnly:
        return case_page(case_id, StatusForm(formdata=None), form, problem=words.receipt_only())
    return redirect(url_for("hub.case", case_id=case_id) + "#conversation", code=303)


def _keep_unsent(case_id: str, text: str, language: str) -> None:
    unsent.keep(
        hub().database,
        case_id=id_of(case_id),
        text=text,
        language=language,
        who=staff.me().identity,
        opener=hub().opener,
        now=now(),
    )


def written_in(form: MessageForm) -> str:
    """The slug of the language that whoever wrote a message chose; English for one that is not offered."""
    return form.language.data if form.language.data in dict(languages_offered()) else "en"


def languages_offered() -> list[tuple[str, str]]:
    """The languages to choose from at the desk: (slug, English name) of each."""
    return [(each.slug, each.name) for each in hub().languages.shown(pseudo=hub().settings.in_development)]


def case_page(
    case_id: str,
    status_form: StatusForm,
    message_form: MessageForm,
    *,
    milestone_form: MilestoneForm | None = None,
    phrase_form: PhraseForm | None = None,
    problem: str = "",
    shown: Shown | None = None,
) -> ResponseReturnValue:
    """The page of a case with its forms as they stand: empty, or with what has to be put right. Unknown is not found.

    `shown` is the one way whose number or address a colleague asked to see.
    """
    milestone_form = milestone_form or MilestoneForm(formdata=None)
    phrase_form = phrase_form or PhraseForm(formdata=None)
    for form in (status_form, message_form, milestone_form, phrase_form):
        if not form.envelope_id.data:
            form.envelope_id.data = sealing.new_id().hex()
    try:
        with hub().database.reading() as unit:
            found = desk.read_case(
                unit,
                case_id=id_of(case_id),
                signed=staff.me(),
                opener=hub().opener,
                hours=hub().area.hub_hours,
                targets=hub().area.targets,
                now=now(),
                shown=shown,
            )
            health = desk.post_health(unit, now=now())
            passing_on = (
                handovers.of_case(unit, found, now=now(), hours=hub().area.hub_hours)
                if isinstance(found, OpenCase)
                else []
            )
            texts = translating.of_case(unit, found) if isinstance(found, OpenCase) else []
    except NoSuchCase:
        abort(404)
    if isinstance(found, OpenCase):  # written down before it is shown, each time
        auditing.note(hub().database, Act.READ_CASE, staff.me(), now=now(), case_id=found.row.case_id)
    if isinstance(found, OpenCase) and shown is not None:
        problem = problem or _why_not_shown(found, shown)
    message_form.fit(languages_offered())
    if isinstance(found, OpenCase) and found.unsent is not None and not (message_form.text.data or message_form.errors):
        message_form.text.data, message_form.language.data = found.unsent.text, found.unsent.language
    has_errors = bool(
        status_form.errors or message_form.errors or milestone_form.errors or phrase_form.errors or problem
    )
    receipt_only = gets_receipt_only(found.row.facts)
    services = sorted(((each.id, each.name) for each in hub().directory.all), key=lambda pair: pair[1])
    status_form.fit(receipt_only=receipt_only, services=services)
    return desk_page(
        "hub/case.html",
        code=UNPROCESSABLE if has_errors else 200,
        case=found,
        row=found.row,
        is_open=isinstance(found, OpenCase),
        mine=found.row.owner_id == staff.me().identity.id,
        sections=sections_of(found) if isinstance(found, OpenCase) else {},
        name=replied(found, "name"),
        wish=_wish(found),
        handovers=passing_on,
        wanted=asked.of_case(found) if isinstance(found, OpenCase) else [],
        asked_changes=contact.waiting(found) if isinstance(found, OpenCase) else (),
        language_wanted=replied(found, "language") or found.row.language,
        uses_bsl=uses_bsl(found),
        health=health,
        tried=attempts.views(found.attempts, record_secret=found.record_secret) if isinstance(found, OpenCase) else (),
        new_id=lambda: sealing.new_id().hex(),
        offered=offered,
        texts=texts,
        text_of={each.source: each for each in reversed(texts)},
        status_form=status_form,
        message_form=message_form,
        milestone_form=milestone_form,
        phrase_form=phrase_form,
        receipt_only=receipt_only,
        is_about_another=found.row.facts.get("who") in ASKED_BY_ANOTHER,
        status_labels=status_labels(),
        promise=_promise(found) if isinstance(found, OpenCase) else None,
        day_in=day_in,
        stage_labels=STAGE_LABELS,
        problem=problem,
        has_errors=has_errors,
        longest_message=LONGEST_MESSAGE,
        Allowed=Allowed,
        Wait=Wait,
        Refused=Refused,
        Way=Way,
        Voice=VOICE_WAYS,
        times=TIMES,
        addition_words=lambda addition: how.shown(addition) or addition_words(addition),
        as_it_came=as_it_came,
    )


def status_labels() -> dict[str, str]:
    """The words for codes that the log and the conversation hold: ways, news, steps, sentences, changes."""
    return {
        **{way: str(label) for way, label in labels_of("reply", "ways").items()},
        **{
            each.value: str(label)
            for each, label in (*STATUS_LABELS.items(), *MILESTONE_LABELS.items(), *PHRASE_NAMES.items())
        },
        **{kind.value: words.change(kind) for kind in Change},
    }


@pages.get("/cases/<case_id>/trail")
@staff.signed_in_only
def case_trail(case_id: str) -> ResponseReturnValue:
    """Who did what to a case."""
    try:
        with hub().database.reading() as unit:
            trail = desk.trail(unit, id_of(case_id), staff.me().identity)
    except NoSuchCase:
        abort(404)
    return desk_page(
        "hub/case_trail.html", case_id=case_id, trail=trail, status_labels={**status_labels(), **_words_of_attempts()}
    )


def _words_of_attempts() -> dict[str, str]:
    """The words for what the log says of a way: what became of it, why it was not shown, what was decided."""
    found = {}
    for way, name in labels_of("reply", "ways").items():
        said = {each.value: words.outcome(each, Way(way)) for each in Outcome}
        said |= {each.value: words.refusal(each) for each in Reason}
        said |= {
            showing.OUTSIDE_HOURS: gettext("Outside their hours."),
            Ruling.AGAIN.value: gettext("Use it again"),
            Ruling.NEVER.value: gettext("Do not use it again"),
        }
        found.update({f"{way}: {code}": f"{name}: {meant}" for code, meant in said.items()})
    return found


def _why_not_shown(opened: OpenCase, shown: Shown) -> str:
    """Why a number or an address that was asked for is not on the page, in one line; empty when it is."""
    decision = next((each.decision for each in opened.ways if each.way is shown.way), Refused(Reason.NOT_CHOSEN))
    if isinstance(decision, Refused):
        return words.not_collected() if decision.reason is Reason.STALE else words.refusal(decision.reason)
    if isinstance(decision, Wait):
        again = words.day_and_clock(decision.until, now=now(), zone=hub().area.hub_hours.zone)
        return f"{gettext('Outside their hours.')} {gettext('Next: %(time)s.', time=again)}"
    return ""


def _promise(opened: OpenCase) -> Promise | None:
    """The day by which we said that we would write, as the person reads it."""
    told = [
        Told(each.news.kind, each.news.status, each.news.author, each.news.data)
        for each in opened.conversation
        if not each.from_person
    ]
    return promise_now(told, today=now().astimezone(hub().area.hub_hours.zone).date())


def sections_of(opened: OpenCase) -> dict[str, list[Line]]:
    """The request in the words in which it was asked, by page of the form.

    Without the pages of each way: those are shown by the contact plan alone, their addresses only while it allows
    (requirement B1).
    """
    answers = opened.referral.answers
    sections: dict[str, list[Line]] = {}
    places = [place for place in JOURNEY.path(answers) if not place.step.key.startswith("reply-")]
    for line in summary(places, answers, languages=hub().languages, districts=hub().area.districts):
        if not line.is_address:
            sections.setdefault(line.slug, []).append(line)
    return sections


def replied(found: OpenCase | ClosedCase, field: str) -> str:
    """One answer of "How should we reply?"; empty when it was left, and while the case is closed."""
    if isinstance(found, ClosedCase):
        return ""
    value = found.referral.answers.get("reply", {}).get(field)
    return value if isinstance(value, str) else ""


def _wish(found: OpenCase | ClosedCase) -> str:
    """Whether they want to be contacted, as it counts now; empty when they left that, and while the case is closed."""
    if isinstance(found, ClosedCase) or found.plan.wanted is None:
        return ""
    return "yes" if found.plan.wanted else "no"


def uses_bsl(found: OpenCase | ClosedCase) -> str:
    """How somebody who chose BSL, as the language or as a way, is spoken with: "text" where they chose texts instead of an
    interpreter, "interpreter" otherwise; empty for everybody else."""
    if isinstance(found, ClosedCase):
        return ""
    reply = found.referral.answers.get("reply", {})
    if reply.get("language") != "bsl" and Way.BSL.value not in (reply.get("ways") or ()):
        return ""
    return BY_TEXT if found.referral.answers.get("reply-bsl", {}).get("how") == BY_TEXT else "interpreter"


def desk_page(template: str, *, code: int = 200, **values: object) -> ResponseReturnValue:
    """A page of the desk in its frame, with what every one of them needs."""
    values.setdefault("has_errors", False)
    me = staff.me().identity
    with hub().database.reading() as unit:
        dangers = danger.waiting_for(unit, me, now=now())
    return make_response(
        render_template(
            template,
            staff_name=me.name,
            me=me,
            hub_links=links_for(me),
            dangers=[each for each in dangers if each.asked_by_id != me.id],
            keys_off=bool(session.get(KEYS_OFF)),
            press=PressForm(),
            labels_of=labels_of,
            words=words,
            language_of=_language_of,
            district_of=_district_of,
            **_words_of_this_moment(now()),
            **values,
        ),
        code,
    )


def _words_of_this_moment(moment: datetime) -> Mapping[str, Any]:
    """Functions for templates that put times in words as seen from now."""
    zone = hub().area.hub_hours.zone

    def day_and_clock(when: datetime) -> str:
        return words.day_and_clock(when, now=moment, zone=zone)

    def until(when: datetime) -> str:
        return words.until(when, now=moment, zone=zone)

    def reach_words(way_label: str, decision: Decision) -> str:
        return words.reach(way_label, decision, now=moment, zone=zone)

    return {"reach_words": reach_words, "day_and_clock": day_and_clock, "until_words": until, "checked_at": moment}


def _language_of(slug: str) -> Mapping[str, str]:
    """How a language is shown: its own name with `lang` and `dir`, and its English name; for one unknown, its code."""
    found = hub().languages.of(slug)
    if found is None:
        name = {"bsl": "BSL", "other": gettext("Another language")}.get(slug, slug)
        return {"tag": "", "dir": "auto", "endonym": name, "name": name}
    return {"tag": found.tag, "dir": found.dir, "endonym": found.endonym, "name": found.name}


def _district_of(district_id: str | None) -> str:
    if district_id == OUTSIDE_AREA:
        return str(gettext("Outside this area"))
    return next((each.name for each in hub().area.districts if each.id == district_id), "")


def page_was_old(form: FlaskForm) -> str:
    """The one problem that is not about an answer: the page's token is no longer good. Empty when it is."""
    if form.csrf_token.errors:
        return str(gettext("This page was open for too long. Please press the button again."))
    return ""


def need_press() -> None:
    """Refuse a post that no page of ours has sent."""
    if not PressForm().validate_on_submit():
        abort(403)


def id_of(text: str) -> bytes:
    """A case's id out of an address; what is none is not found."""
    try:
        found = bytes.fromhex(text)
    except ValueError:
        abort(404)
    if len(found) != sealing.ID_LENGTH:
        abort(404)
    return found


def envelope_id_of(form: StatusForm | MessageForm | MilestoneForm | PhraseForm) -> bytes:
    """Of what this form sends: a press that comes twice sends once, and what was changed and sent again goes too."""
    return once(form.envelope_id.data or "")
