"""Forms at the desk."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import BooleanField, HiddenField, RadioField, StringField, TextAreaField
from wtforms.fields import SelectChoice
from wtforms.validators import AnyOf, DataRequired, Length, ValidationError

from app.domain.status import RECEIPTS, SENT_BY_STAFF, Status
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


STATUS_LABELS = {
    Status.WORKING: _l("We are working on it"),
    Status.FINDING_OUT: _l("We are finding something out for you"),
    Status.WAITING_FOR_YOU: _l("We need to hear from you"),
    Status.NO_NEWS: _l("No news, and we have not forgotten you"),
    Status.TAKEN_ON: _l("Receipt: we could take this on"),
    Status.NOT_TAKEN_ON: _l("Receipt: we could not take this on"),
}


class StatusForm(FlaskForm):
    """Coded news for the person; for somebody who asks in their work, a receipt (requirement E14)."""

    status = RadioField(
        _l("Send news"),
        choices=[SelectChoice(each.value, STATUS_LABELS[each]) for each in SENT_BY_STAFF],
        validators=[DataRequired(message=_l("Choose which news to send."))],
        validate_choice=False,
    )
    status.component = "radios"
    envelope_id = HiddenField()

    def fit(self, *, receipt_only: bool) -> None:
        """Offer what may be sent to whoever asked."""
        if receipt_only:
            self.status.choices = [SelectChoice(each.value, STATUS_LABELS[each]) for each in RECEIPTS]


class CodeForm(FlaskForm):
    """A code for a new return number: how it was checked who asks, and whether somebody else has the old number."""

    check = RadioField(
        _l("How did you check that it is them?"),
        choices=[
            SelectChoice("code-word", _l("They said the code word")),
            SelectChoice("safe-way", _l("I reached them in a way that their plan named before")),
            SelectChoice("in-person", _l("In person, and a colleague or a service knows them")),
        ],
        validators=[DataRequired(message=_l("Choose how you checked."))],
        validate_choice=False,
    )
    check.component = "radios"
    is_stolen = BooleanField(_l("Somebody else has the old number: stop it now"))


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


class RightForm(PressForm):
    """Was it right? Two buttons."""

    right = StringField(validators=[AnyOf(("yes", "no"))])
