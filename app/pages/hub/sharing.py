"""At the desk: which other case system may fetch a case, for what and until when; and ending it."""

from __future__ import annotations

from flask import abort, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from wtforms.fields import SelectChoice

from app.adapters import sealing
from app.domain.sharing import LONGEST_DAYS, Purpose
from app.forms.desk import PURPOSES, ConsentForm, PressForm
from app.forms.handover import KINDS
from app.pages.hub import pages
from app.pages.hub.desk import UNPROCESSABLE, desk_page, id_of, page_was_old
from app.services.hub import sharing
from app.services.hub.desk import NotOpened
from app.services.hub.guard import NoSuchCase
from app.services.hub.sharing import NoClient, NotAgreed, NotShareable, NotThisDay, Offer
from app.web import staff
from app.web.answers import once, redirect
from app.web.clock import now
from app.web.hub import hub


@pages.route("/cases/<case_id>/sharing", methods=["GET", "POST"])
@staff.signed_in_only
def case_sharing(case_id: str) -> ResponseReturnValue:
    """What other systems may fetch, and a form to record that the person agreed to one more."""
    own_id = id_of(case_id)
    try:
        with hub().database.reading() as session:
            consents = sharing.of_case(session, own_id, staff.me(), now=now())
            offers = sharing.offers(session, own_id, staff.me())
    except NoSuchCase:
        abort(404)
    form, problem = ConsentForm(), ""
    form.handover.choices = [SelectChoice(each.handover_id.hex(), _offered(each)) for each in offers]
    form.suggest(now().astimezone(hub().area.hub_hours.zone).date())
    if not form.consent_id.data:
        form.consent_id.data = sealing.new_id().hex()
    if form.validate_on_submit():
        try:
            _record(own_id, form, offers)
            return redirect(url_for("hub.case_sharing", case_id=case_id), code=303)
        except NoSuchCase:
            abort(404)
        except NotOpened:
            problem = gettext("Open the request first.")
        except NotAgreed:
            form.handover.errors = [gettext("They have not agreed to this, or they took it back. Ask them first.")]
        except NoClient:
            form.purpose.errors = [gettext("The system of this service may not do that. Choose the other.")]
        except NotThisDay:
            form.until.errors = [
                gettext("Choose a day from tomorrow on, and at most %(days)s days from now.", days=LONGEST_DAYS)
            ]
        except NotShareable:
            problem = gettext("A case like this is given to no other system.")
    problem = problem or page_was_old(form)
    has_errors = bool(form.errors) or bool(problem)
    return desk_page(
        "hub/case_sharing.html",
        code=UNPROCESSABLE if has_errors else 200,
        case_id=case_id,
        consents=consents,
        offers=offers,
        purpose_words={each.value: label for each, label in PURPOSES.items()},
        form=form,
        problem=problem,
        has_errors=has_errors,
    )


@pages.post("/cases/<case_id>/sharing/<consent_id>/end")
@staff.signed_in_only
def end_sharing(case_id: str, consent_id: str) -> ResponseReturnValue:
    """End a consent now."""
    if not PressForm().validate_on_submit():
        abort(403)
    try:
        sharing.end(hub().database, case_id=id_of(case_id), consent_id=id_of(consent_id), signed=staff.me(), now=now())
    except NoSuchCase:
        abort(404)
    except NotOpened:
        pass  # the page says that it must be opened first
    return redirect(url_for("hub.case_sharing", case_id=case_id), code=303)


def _record(case_id: bytes, form: ConsentForm, offers: list[Offer]) -> None:
    chosen = next((each for each in offers if each.handover_id.hex() == form.handover.data), None)
    if chosen is None:
        raise NotAgreed
    assert form.until.data is not None
    sharing.record(
        hub().database,
        consent_id=once(form.consent_id.data or ""),
        case_id=case_id,
        handover_id=chosen.handover_id,
        purpose=Purpose(form.purpose.data),
        until=form.until.data,
        signed=staff.me(),
        hours=hub().area.hub_hours,
        now=now(),
    )


def _offered(offer: Offer) -> str:
    """What they agreed to, in one line: to whom, and which kinds."""
    service = hub().directory.get(offer.service)
    kinds = [str(label) for kind, label in KINDS.items() if kind.value in offer.kinds]
    named = service.name if service else offer.service
    return f"{named}: {'; '.join(kinds) if kinds else gettext('none of the kinds, only their own words')}"
