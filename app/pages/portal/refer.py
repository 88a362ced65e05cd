"""Asking for support: one view serves every step of the journey, then check, send, and the number."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, cast

from flask import Response, abort, g, make_response, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from werkzeug.datastructures import MultiDict
from wtforms.fields import SelectChoice

from app.domain import device
from app.domain.asker import ASKED_BY_ANOTHER
from app.domain.contact import plan_of
from app.domain.journey import Answer, Answers, Path, Place
from app.domain.limits import Kind
from app.domain.reference import rows
from app.domain.referral import OUTSIDE_AREA, is_restricted
from app.domain.status import Delivery
from app.forms.number import KeepForm
from app.forms.question import QuestionForm
from app.forms.refer import FORMS, JOURNEY, BslForm, PoliceForm, ReplyForm, WayForm, is_under_18
from app.forms.slots import OpenForm, Slot, word
from app.forms.summary import summary
from app.forms.young import CONSENT, Said, are_there
from app.pages.portal import pages
from app.pages.portal.doors import forget_everything
from app.services.portal import refer as sending
from app.services.portal.drafts import DraftBusy
from app.services.portal.office import Busy
from app.services.portal.refer import DraftChanged, NothingToSend
from app.web import drafts, headers, language, limits, traps
from app.web.answers import redirect
from app.web.clock import now
from app.web.errors import NOT_KEPT
from app.web.page import clock_time, reading_at_request, seconds_left
from app.web.portal import portal

# The wording that somebody agreed to (requirement B13), and the same in young words.
CONSENT_WORDING, YOUNG_CONSENT_WORDING = "consent-1", "consent-1-young"
# Pages after the request, or instead of it: nothing of anybody is on them.
ENDINGS = ("done", "nothing")
# The answers of whoever has given none.
NOTHING: Answers = {}
# Choices from a list: where the page does not show what was chosen, their first entry keeps it.
LISTS = ("district", "language")
# The slot for the seconds until a draft ends; None is the one for its clock time.
TIME_LEFT = Slot("time-left")
UNPROCESSABLE = 422
UNAVAILABLE = 503


class _AskedAgain(Exception):
    """Nothing was sent, and nothing is lost: the person is asked to press once more, now or a little later."""


@pages.get("/refer/")
def refer() -> Response:
    """The journey begins at its start page."""
    return redirect(_url("start"))


@pages.route("/refer/<slug>", methods=["GET", "POST"])
def refer_step(slug: str) -> ResponseReturnValue:
    """Show a step, or keep its answer and go on to the first step that is still open."""
    if slug in ENDINGS:
        return render_template(f"portal/refer/{slug}.html")
    draft = drafts.current()
    answers = draft.answers if draft else NOTHING
    if draft is None and slug != "start" and _number_is_waiting():
        return redirect(url_for("portal.sent"))
    path = _path(answers)
    place = _meant(slug, path, is_late=draft is None)
    if place is None:
        if draft is None and slug not in _every_slug():
            abort(404)
        return redirect(_url(path.first_open().slug))
    if place.step.key == "check":
        return _check(place) if draft is not None else redirect(_url("start"))
    if request.method == "POST":
        return _keep(place)
    if not path.may_open(slug):
        return redirect(_url(path.first_open().slug))
    return _show(place)


@pages.post("/refer/nothing")
def send_nothing() -> ResponseReturnValue:
    """Something to read was enough: delete the draft, and say so."""
    response = redirect(_url("nothing"), code=303)
    forget_everything(response)
    return response


@pages.route("/refer/sent", methods=["GET", "POST"])
def sent() -> ResponseReturnValue:
    """Sent, and the number: shown until the person says that they have it."""
    own = drafts.token()
    shown, was_kept = None, False
    if own is not None:
        with portal().database.reading() as session:
            shown = sending.shown_number(session, own, now=now())
            was_kept = shown is None and sending.has_code_word(session, own)
    then = url_for("portal.survey") if "then" in request.form else _url("done")
    if own is None or shown is None:
        if request.method == "POST" and (was_kept or not request.form.get("code_word")):
            response = redirect(then, code=303)  # pressed twice, or again after we were gone: it was kept
            if was_kept:
                drafts.forget(response)
            return response
        return redirect(url_for("portal.return_" if request.method == "POST" else "portal.home"), code=303)
    form, said = KeepForm(), Said(young=shown.young)
    said.reword(form, "sent")
    if request.method == "POST":
        form.last_row_is = rows(shown.digits)[-1]
        if form.validate():
            word = (form.code_word.data or "").strip()
            sending.keep_number(
                portal().database, portal().office, token=own, case_id=shown.case_id, word=word, now=now()
            )
            response = redirect(then, code=303)
            drafts.forget(response)
            return response
    with portal().database.reading() as session:
        delivery = sending.delivery_of_request(session, shown.case_id)
    page = render_template(
        "portal/refer/sent.html",
        rows=rows(shown.digits),
        form=form,
        has_errors=bool(form.errors),
        delivery=delivery,
        Delivery=Delivery,
        said=said,
        survey_offered=shown.offer.is_open(now().date()),
        personal=True,
        one_entry=True,  # whoever's device it is: Back must never lead to the number
    )
    return headers.may_send(make_response(page, UNPROCESSABLE if form.errors else 200))


def _keep(place: Place) -> ResponseReturnValue:
    """Keep the answer of a step. What was typed is never lost: not on an error, not when the draft has gone."""
    key = place.step.key
    if drafts.current() is None and key != "start" and "again" not in request.form:
        form = _form(key)
        form.validate()
        return _show(place, form, is_late=True), UNPROCESSABLE
    answer: dict[str, Any] = {}
    if not {"remove", "stay"} & request.form.keys():
        answer = dict(_unseen(key))
    if place.step.asks and not {"leave", "remove", "stay"} & request.form.keys():
        form = _form(key)
        whole = _form(key, sent=form.laid_over(answer)) if answer else form
        if not whole.validate():
            for field in form:  # only what was typed just now is shown again, not what it was laid over
                field.errors = whole[field.name].errors
            return _show(place, form), UNPROCESSABLE
        answer = whole.answer()
    if drafts.must_wait():
        return _show(place, _form(key), was_not_kept=True), UNAVAILABLE
    try:
        if "stay" in request.form:
            drafts.keep_longer()
            return drafts.remember(_show(place, _form(key), has_more_time=True))
        draft = drafts.save(key, answer)
    except (DraftBusy, *NOT_KEPT):
        return _show(place, _form(key), was_not_kept=True), UNAVAILABLE
    return drafts.remember(redirect(_url(JOURNEY.first_open(draft.answers).slug), code=303))


def _check(place: Place) -> ResponseReturnValue:
    """Everything to look over, large; and one button that sends it."""
    draft = drafts.current()
    own = drafts.token()
    if draft is None or own is None:
        return redirect(_url("start"))
    answers: Answers = draft.answers
    path = _path(answers)
    if not answers.keys() <= {each.step.key for each in path.places}:
        answers = JOURNEY.pruned(answers)
        path = _path(answers)
    if not path.may_open(place.slug):
        return redirect(_url(path.first_open().slug))
    problem, said = "", Said(young=is_under_18(answers))
    may_keep = device.is_own(answers)
    if request.method == "POST":
        wording = YOUNG_CONSENT_WORDING if said.young and are_there(*CONSENT) else CONSENT_WORDING
        try:
            if "stay" in request.form:
                drafts.keep_longer()
                return drafts.remember(redirect(_url("check"), code=303))
            if traps.is_sprung() or limits.must_wait(Kind.REQUESTS):
                raise _AskedAgain
            sending.send(
                portal().database,
                portal().office,
                token=own,
                revision=_revision(),
                answers=answers,
                language=language.language().slug,
                consent=f"{wording}/{language.language().slug}",
                now=now(),
                today=now().astimezone(portal().area.hub_hours.zone).date(),
                keep_copy=may_keep and "keep_copy" in request.form,
                draft=draft,
                also=limits.take(Kind.REQUESTS),
            )
            return redirect(url_for("portal.sent"), code=303)
        except (DraftChanged, NothingToSend):
            if _number_is_waiting():
                return redirect(url_for("portal.sent"), code=303)
            g.pop("draft", None)
            draft = drafts.current()
            if draft is None:
                return redirect(_url("start"))
            answers = JOURNEY.pruned(draft.answers)
            problem = "changed"
        except (Busy, DraftBusy):
            problem = "busy"
        except (_AskedAgain, *NOT_KEPT):
            problem = "failed"
    plan = plan_of(answers)
    others_may_look = drafts.others_may_look()
    page = render_template(
        "portal/refer/check.html",
        sections=summary(
            JOURNEY.path(answers),
            answers,
            languages=portal().languages,
            districts=portal().area.districts,
            said=said,
        ),
        said=said,
        plan=plan,
        helped=answers.get("who", {}).get("who") == "me-helped",
        for_another=asked_by if (asked_by := answers.get("who", {}).get("who")) in ASKED_BY_ANOTHER else "",
        has_consent=answers.get("work", {}).get("consent") == "yes",
        restricted=is_restricted(answers),
        may_keep=may_keep,
        wants_copy="keep_copy" in request.form,
        revision=draft.revision,
        problem=problem,
        has_errors=bool(problem),
        kept_until=draft.expires_at,
        draft_left=seconds_left(draft.expires_at),
        back=_back(place),
        personal=True,
        one_entry=others_may_look,
        form=QuestionForm(),
    )
    status = {"": 200, "changed": 409, "busy": UNAVAILABLE, "failed": UNAVAILABLE}[problem]
    return headers.may_send(make_response(page, status))


def _show(
    place: Place,
    form: QuestionForm | None = None,
    *,
    is_late: bool = False,
    was_not_kept: bool = False,
    has_more_time: bool = False,
) -> Response:
    """The page of a step, with the form as it was sent; without one it shows what may be seen of what was kept.

    A question is the same for everybody but for what was answered to it and for one clock time, so it is rendered once.
    """
    draft = drafts.current()
    answers = draft.answers if draft else NOTHING
    path = _path(answers)
    question = path.question_number(place.slug) if draft else None
    before = path.before(place.slug) if draft else None
    is_mould = form is None and place.step.asks
    said = Said(young=is_under_18(answers))
    others_may_look = drafts.others_may_look()
    unseen = _unseen(place.step.key)

    def render(form: QuestionForm | OpenForm, kept_until: str, draft_left: str) -> str:
        return render_template(
            f"portal/refer/{place.step.key.removeprefix('reply-')}.html",
            form=form,
            step=place.step,
            slug=place.slug,
            question=question,
            has_errors=bool(form.errors) or was_not_kept,
            is_late=is_late or "again" in request.form,
            was_not_kept=was_not_kept,
            has_more_time=has_more_time,
            others_may_look=others_may_look,
            one_entry=others_may_look,
            is_unseen=bool(unseen),
            kept_until=kept_until,
            draft_left=draft_left,
            back=_url(before.slug) if before else None,
            answers={} if is_mould else answers,  # a page for everybody holds nobody's answers
            said=said,
            under_18=said.young,
            directory=portal().directory,
            personal=place.step.key != "start",
        )

    kept_until = clock_time(draft.expires_at) if draft else ""
    draft_left = str(seconds_left(draft.expires_at)) if draft else ""
    earlier = _earlier(place.step.key, answers)
    left_out = FORMS[place.step.key].left_out_after(earlier)

    def render_mould(stand_in: Callable[[Slot | None], str]) -> str:
        open_form = OpenForm(_form(place.step.key, data={}), stand_in, left_out)
        return render(open_form, *((stand_in(None), stand_in(TIME_LEFT)) if draft else ("", "")))

    if is_mould:
        state = (others_may_look, bool(unseen), *(name in unseen for name in LISTS), left_out)
        key = (language.language().slug, place, question, before, bool(draft), said.young, state, reading_at_request())

        def in_slot(slot: Slot | None) -> str:
            if slot is None:
                return kept_until
            return draft_left if slot == TIME_LEFT else word(earlier, slot)

        page = portal().moulds.fill(key, in_slot, render_mould)
        response = make_response(page)
    else:
        response = make_response(render(form or _form(place.step.key, data=earlier), kept_until, draft_left))
    return headers.may_send(response) if others_may_look or draft else response


def _path(answers: Answers) -> Path:
    """The path of this request's answers, computed once for those who ask about it."""
    found = cast("Path | None", g.get("path"))
    if found is None or found.answers is not answers:
        found = g.path = JOURNEY.path_of(answers)
    return found


def _unseen(key: str) -> Mapping[str, Any]:
    """The earlier answer to a step that its page does not show, because others may look; what is not sent anew stays."""
    draft = drafts.current()
    return draft.answers.get(key, {}) if draft is not None and key != "start" and drafts.others_may_look() else {}


def _earlier(key: str, answers: Answers) -> Answer:
    """What a step's page shows as answered: what was kept and may be seen, and the page's language until one was chosen."""
    earlier = {} if drafts.others_may_look() else answers.get(key) or {}
    if key == "reply" and "language" not in _unseen(key):
        return {"language": language.language().slug, **earlier}
    return earlier


def _form(key: str, data: Answer | None = None, *, sent: MultiDict[str, Any] | None = None) -> QuestionForm:
    """The form of a step: filled from what was sent, here or as the caller says, or from what was kept."""
    form = FORMS[key](data=data) if data is not None else FORMS[key](sent) if sent is not None else FORMS[key]()
    unseen = _unseen(key)
    draft = drafts.current()
    said = Said(young=draft is not None and is_under_18(draft.answers))
    said.reword(form, key)
    if drafts.others_may_look():
        form.be_discreet()
    if isinstance(form, PoliceForm):
        form.district.choices = [
            SelectChoice("", gettext("Keep what I said before") if "district" in unseen else gettext("Leave this")),
            *(
                SelectChoice(district.id, district.name, render_kw={"lang": "en-GB"})
                for district in portal().area.districts
            ),
            SelectChoice(OUTSIDE_AREA, gettext("Outside this area")),
        ]
    if isinstance(form, WayForm):
        form.fit(under_18=said.young)
    if isinstance(form, BslForm):
        form.offer(relay=bool(portal().area.sign_language.provider))
    if isinstance(form, ReplyForm):
        spoken = [each for each in portal().languages.all if not each.pseudo]
        form.language.choices = [
            SelectChoice(each.slug, each.endonym, render_kw={"lang": each.tag, "dir": each.dir}) for each in spoken
        ] + [
            SelectChoice("bsl", "BSL", render_kw={"lang": "en-GB"}),
            SelectChoice("other", gettext("Another language")),
        ]
        if "language" in unseen:
            form.language.choices.insert(0, SelectChoice("", gettext("Keep what I said before")))
    return form


def _meant(slug: str, path: Path, *, is_late: bool) -> Place | None:
    """The step that this request is about, or None when the person's path does not have it.

    What stands at a numbered address changes with earlier answers, perhaps in another tab, so a page that is sent says
    which step it is: an answer about phone calls is never taken for one about texts.
    """
    key = request.form.get("step", "") if request.method == "POST" else ""
    for place in path.places:
        if (place.step.key == key) if key else (place.slug == slug):
            return place
    if not is_late or request.method != "POST":
        return None
    # The answers have gone, and the path with them; what was typed has not.
    known = (step for step in JOURNEY.steps if step.asks and step.key == (key or slug))
    return next((Place(slug, step) for step in known if slug in _every_slug()), None)


def _back(place: Place) -> str | None:
    draft = drafts.current()
    before = JOURNEY.before(place.slug, draft.answers) if draft else None
    return _url(before.slug) if before else None


def _number_is_waiting() -> bool:
    own = drafts.token()
    if own is None:
        return False
    with portal().database.reading() as session:
        return sending.shown_number(session, own, now=now()) is not None


def _revision() -> int:
    typed = request.form.get("revision", "")
    return int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 10 else -1


def _every_slug() -> set[str]:
    """Every address that some path has; a made-up one is simply not there."""
    series: dict[str, int] = {}
    slugs = {"sent", *ENDINGS}
    for step in JOURNEY.steps:
        if step.series:
            series[step.series] = series.get(step.series, 0) + 1
            slugs.add(f"{step.series}-{series[step.series]}")
        else:
            slugs.add(step.slug or step.key)
    return slugs


def _url(slug: str) -> str:
    return url_for("portal.refer_step", slug=slug)
