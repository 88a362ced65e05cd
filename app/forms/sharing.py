"""At the desk: for what, and until when, a service's case system may fetch a case."""

from __future__ import annotations

from datetime import date, timedelta

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import HiddenField, RadioField
from wtforms.fields import DateField, SelectChoice
from wtforms.validators import AnyOf, DataRequired, InputRequired

from app.domain.sharing import USUAL_DAYS, Purpose

PURPOSES = {
    Purpose.SUPPORT: _l("To help them: it fetches what they agreed to"),
    Purpose.CASE_NEWS: _l("The same, and it sends news of a police or court case to their space"),
}


class ConsentForm(FlaskForm):
    """Record a consent on an agreement of the person's."""

    handover = RadioField(
        _l("What have they agreed to?"),
        validators=[DataRequired(message=_l("Choose what they agreed to."))],
        validate_choice=False,
    )
    purpose = RadioField(
        _l("For what?"),
        choices=[SelectChoice(each.value, label) for each, label in PURPOSES.items()],
        validators=[
            DataRequired(message=_l("Choose for what.")),
            AnyOf(list(Purpose), message=_l("Choose for what.")),
        ],
        validate_choice=False,
    )
    until = DateField(_l("Last day"), validators=[InputRequired(message=_l("Write the last day."))])
    consent_id = HiddenField()

    def suggest(self, today: date) -> None:
        """Where no day was written yet, the usual one."""
        if self.until.data is None and not self.until.raw_data:
            self.until.data = today + timedelta(days=USUAL_DAYS)
