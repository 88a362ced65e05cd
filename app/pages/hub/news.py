"""At the desk: news in a set form of words, and steps of a police or court case, each with its days."""

from __future__ import annotations

from datetime import date

from flask import abort, url_for
from flask.typing import ResponseReturnValue
from flask_babel import format_date, gettext

from app.forms.desk import MessageForm, MilestoneForm, PhraseForm, StatusForm
from app.pages.hub import pages, words
from app.pages.hub.desk import case_page, envelope_id_of, id_of, page_was_old
from app.services.hub import news
from app.services.hub.desk import NotOpened, UnknownStatus
from app.services.hub.guard import NoSuchCase
from app.services.hub.news import AboutAnother, Chosen, NeedsADay, NeedsAService, QuietNow
from app.services.hub.speaking import ReceiptOnly
from app.web import staff
from app.web.answers import redirect
from app.web.clock import now
from app.web.hub import hub


@pages.post("/cases/<case_id>/status")
@staff.signed_in_only
def send_status(case_id: str) -> ResponseReturnValue:
    """Send coded news."""
    form = StatusForm()
    problem = ""
    if form.validate_on_submit() and can_be_kept(form):
        known = {each.id for each in hub().directory.all}
        try:
            news.send_status(
                hub().database,
                case_id=id_of(case_id),
                status=form.status.data or "",
                chosen=Chosen(
                    on=form.on.data,
                    at=form.time.data,
                    by=form.by.data,
                    stage=form.stage.data or "",
                    service=form.service.data if form.service.data in known else "",
                ),
                signed=staff.me(),
                opener=hub().opener,
                voice=hub().voice,
                envelope_id=envelope_id_of(form),
                now=now(),
            )
            return redirect(url_for("hub.case", case_id=case_id) + "#conversation", code=303)
        except NoSuchCase:
            abort(404)
        except UnknownStatus:
            form.status.errors = [gettext("Choose which news to send.")]
        except NeedsADay:
            form.on.errors = [gettext("This news needs its day.")]
        except NeedsAService:
            form.service.errors = [gettext("Choose what they may read.")]
        except QuietNow as quiet:
            day = format_date(quiet.until, gettext("EEEE d MMMM"))
            problem = gettext("Someone close to them has died. Do not ask how they are before %(day)s.", day=day)
        except AboutAnother:
            problem = words.about_another()
        except NotOpened:
            problem = gettext("Open the request first.")
        except ReceiptOnly:
            problem = words.receipt_only()
    return case_page(case_id, form, MessageForm(formdata=None), problem=problem or page_was_old(form))


@pages.post("/cases/<case_id>/milestone")
@staff.signed_in_only
def send_milestone(case_id: str) -> ResponseReturnValue:
    """Pass on a step of a police or court case."""
    form = MilestoneForm()
    problem = ""
    if form.validate_on_submit() and can_be_kept(form):
        try:
            news.send_milestone(
                hub().database,
                case_id=id_of(case_id),
                milestone=form.milestone.data or "",
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
        except UnknownStatus:
            form.milestone.errors = [gettext("Choose which step.")]
        except NeedsADay:
            form.on.errors = [gettext("A step needs its day.")]
        except AboutAnother:
            problem = words.about_another()
        except NotOpened:
            problem = gettext("Open the request first.")
        except ReceiptOnly:
            problem = words.receipt_only()
    return case_page(
        case_id,
        StatusForm(formdata=None),
        MessageForm(formdata=None),
        milestone_form=form,
        problem=problem or page_was_old(form),
    )


def can_be_kept(form: StatusForm | MilestoneForm | PhraseForm) -> bool:
    """A promise is about a day still to come, or today."""
    by = form.by.data
    if by is not None and by < _today():
        form.by.errors = [gettext("Choose today or a day that is still to come.")]
        return False
    return True


def _today() -> date:
    return now().astimezone(hub().area.hub_hours.zone).date()
