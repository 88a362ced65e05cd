"""Forms at the desk."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import HiddenField, RadioField, TextAreaField
from wtforms.fields import SelectChoice
from wtforms.validators import DataRequired, Length, ValidationError

from app.domain.status import Status
from app.forms.question import QuestionForm, one_kind_of_line_end

LONGEST_MESSAGE = 5000


class PressForm(FlaskForm):
    """A button and nothing else; carries the token against forged requests."""


class SignInForm(FlaskForm):
    """Development sign-in: who are you?"""

    who = RadioField(
        _l("Who are you?"), validators=[DataRequired(message=_l("Choose who you are."))], validate_choice=False
    )
    who.component = "radios"


class StatusForm(FlaskForm):
    """Coded news for the person."""

    status = RadioField(
        _l("Send news"),
        choices=[
            SelectChoice(Status.WORKING.value, _l("We are working on it")),
            SelectChoice(Status.FINDING_OUT.value, _l("We are finding something out for you")),
            SelectChoice(Status.WAITING_FOR_YOU.value, _l("We need to hear from you")),
            SelectChoice(Status.NO_NEWS.value, _l("No news, and we have not forgotten you")),
        ],
        validators=[DataRequired(message=_l("Choose which news to send."))],
        validate_choice=False,
    )
    status.component = "radios"
    envelope_id = HiddenField()


class MessageForm(QuestionForm):
    """A message in the person's space."""

    text = TextAreaField(
        _l("Write a message"),
        validators=[
            Length(max=LONGEST_MESSAGE, message=_l("This is longer than 5,000 letters. Please send it in two parts."))
        ],
        filters=[one_kind_of_line_end],
        render_kw={"rows": "5", "autocomplete": "off", "dir": "auto"},
    )
    envelope_id = HiddenField()

    def validate_text(self, field: TextAreaField) -> None:
        """Nothing to send is said, not sent."""
        if not (field.data or "").strip():
            raise ValidationError(_l("Write your message first."))
