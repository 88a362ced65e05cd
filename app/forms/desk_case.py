"""Forms on the page of a case and on its sub-pages: attempts, recording, the translation desk."""

from __future__ import annotations

from collections.abc import Sequence

from flask_babel import lazy_gettext as _l
from wtforms import (
    BooleanField,
    DateField,
    HiddenField,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
)
from wtforms.fields import SelectChoice
from wtforms.validators import AnyOf, DataRequired, Length, ValidationError

from app.domain.attempts import Outcome, Ruling
from app.domain.contact import Way
from app.domain.directory import Directory
from app.domain.recording import Decision
from app.domain.redaction import MARK
from app.domain.translating import By
from app.forms.desk import LONGEST_MESSAGE, PressForm
from app.forms.handover import service_choices
from app.forms.question import QuestionForm, one_kind_of_line_end

LONGEST_NOTE = 500
TOO_LONG = _l("This is longer than 500 letters. Please make it shorter.")
TOO_LONG_TEXT = _l("This is longer than 5,000 letters. Please do it in two parts.")


class AttemptForm(PressForm):
    """What became of an attempt: a button for each outcome, and a line about it that may be left."""

    way = StringField(validators=[AnyOf([each.value for each in Way])])
    outcome = StringField(validators=[AnyOf([each.value for each in Outcome])])
    note = StringField(_l("A note (you can leave this)"), validators=[Length(max=LONGEST_NOTE, message=TOO_LONG)])
    attempt_id = HiddenField()


class RulingForm(PressForm):
    """Whether a way is used again after somebody else answered: two buttons and why."""

    ruling = StringField(validators=[AnyOf([each.value for each in Ruling])])
    reason = StringField(_l("Why"), validators=[Length(max=LONGEST_NOTE, message=TOO_LONG)])


class DistressForm(PressForm):
    """Whether what they wrote is marked as very distressing: a button either way."""

    mark = StringField(validators=[AnyOf(("yes", "no"))])


class RecordingForm(QuestionForm):
    """What was decided about recording a crime."""

    decision = RadioField(
        _l("What was decided?"),
        choices=[
            SelectChoice(Decision.RECORDED.value, _l("It was recorded as a crime")),
            SelectChoice(Decision.NOT_RECORDED.value, _l("It was not recorded")),
            SelectChoice(Decision.ASK.value, _l("A supervisor decides: I ask them")),
        ],
        validators=[DataRequired(message=_l("Choose what was decided."))],
        validate_choice=False,
    )
    told = RadioField(
        _l("Was the person told?"),
        choices=[SelectChoice("yes", _l("Yes")), SelectChoice("no", _l("No"))],
        validators=[AnyOf(("yes", "no"), message=_l("Say whether they were told."))],
        validate_choice=False,
    )
    recording_id = HiddenField()


class TextForm(QuestionForm):
    """A text for the translation desk: one of theirs, or words for them."""

    source = HiddenField()
    text = TextAreaField(
        _l("The words, as they are now"),
        validators=[Length(max=LONGEST_MESSAGE, message=TOO_LONG_TEXT)],
        filters=[one_kind_of_line_end],
        render_kw={"rows": "6", "autocomplete": "off", "dir": "auto"},
    )
    language_from = SelectField(_l("From"), choices=[], validate_choice=False)
    language_to = SelectField(_l("Into"), choices=[], validate_choice=False)

    def offer(self, languages: Sequence[tuple[str, str]]) -> None:
        """The languages to choose from: (slug, name) of each."""
        for field in (self.language_from, self.language_to):
            field.choices = [SelectChoice(slug, name) for slug, name in languages]

    def validate_text(self, field: TextAreaField) -> None:
        """There is nothing to translate."""
        if not (field.data or "").strip():
            raise ValidationError(_l("Write or choose the words first."))

    def validate_language_to(self, field: SelectField) -> None:
        """From one language into another."""
        if field.data == self.language_from.data:
            raise ValidationError(_l("Choose two different languages."))


class OutForm(TextForm):
    """The text as it goes out, after a colleague has looked at it."""

    sent_out = TextAreaField(
        _l("The words, as they go to the translator"),
        description=_l(
            "Take out every name, number, phone, e-mail, postcode and place. Leave a mark such as [1] in their place."
        ),
        validators=[Length(max=LONGEST_MESSAGE, message=TOO_LONG_TEXT)],
        filters=[one_kind_of_line_end],
        render_kw={"rows": "10", "autocomplete": "off", "dir": "auto"},
    )
    checked = BooleanField(_l("I have read every line. Nothing in it says who or where anybody is."))
    sure = BooleanField(_l("I have looked at what is listed above. It says of nobody who or where they are."))
    when = RadioField(
        _l("When do they read it?"),
        choices=[
            SelectChoice("now", _l("Now as it is, and again when the translation is back")),
            SelectChoice("later", _l("Only with the translation")),
        ],
        default="now",
        validate_choice=False,
    )
    text_id = HiddenField()

    def validate_sent_out(self, field: TextAreaField) -> None:
        """Nothing is left to translate."""
        if not (field.data or "").strip():
            raise ValidationError(_l("Nothing is left of the words. Put back what a translator needs."))

    def validate_checked(self, field: BooleanField) -> None:
        """Nobody looked."""
        if not field.data:
            raise ValidationError(_l("Read every line, then tick this."))


class BackForm(QuestionForm):
    """What the translator gave back."""

    translated = TextAreaField(
        _l("The translation"),
        description=_l("Leave the marks such as [1]: what they stand for is put in again by itself."),
        validators=[Length(max=2 * LONGEST_MESSAGE, message=_l("This is longer than 10,000 letters."))],
        filters=[one_kind_of_line_end],
        render_kw={"rows": "8", "autocomplete": "off", "dir": "auto"},
    )
    by = RadioField(
        _l("Who translated it?"),
        choices=[
            SelectChoice(By.PERSON.value, _l("A person")),
            SelectChoice(By.MACHINE.value, _l("A machine, and no person has checked it")),
        ],
        validators=[AnyOf([each.value for each in By], message=_l("Say whether a person or a machine translated it."))],
        validate_choice=False,
    )
    by_name = StringField(
        _l("Name or provider"),
        description=_l("For the desk only. The person reads whether it was a person or a machine, and when."),
        validators=[Length(max=80, message=_l("This is longer than 80 letters."))],
        render_kw={"autocomplete": "off"},
    )
    done_on = DateField(
        _l("When was it translated?"),
        validators=[DataRequired(message=_l("Give the day on which it was translated."))],
        render_kw={"autocomplete": "off"},
    )

    def validate_translated(self, field: TextAreaField) -> None:
        """There is no translation."""
        if not (field.data or "").strip():
            raise ValidationError(_l("Put the translation here."))

    def validate_by_name(self, field: StringField) -> None:
        """Both texts are kept with who translated."""
        if not (field.data or "").strip():
            raise ValidationError(_l("Say who translated it, or which provider."))


class SendTranslationForm(QuestionForm):
    """The translation of our own words, looked through once more before it goes."""

    final = TextAreaField(
        _l("What they read"),
        validators=[Length(max=2 * LONGEST_MESSAGE, message=_l("This is longer than 10,000 letters."))],
        filters=[one_kind_of_line_end],
        render_kw={"rows": "8", "autocomplete": "off", "dir": "auto"},
    )

    def validate_final(self, field: TextAreaField) -> None:
        """Nothing to send is said, not sent; and so is a mark for which the words are still missing."""
        if not (field.data or "").strip():
            raise ValidationError(_l("There is nothing to send."))
        if MARK.search(field.data):
            raise ValidationError(_l("A mark such as [1] is still in it. Put the words there."))


class ReadingForm(PressForm):
    """At the desk: which services and pages of the site to send, to read."""

    guides = SelectMultipleField(_l("Guides"), validate_choice=False)
    services = SelectMultipleField(_l("Services"), validate_choice=False)
    envelope_id = HiddenField()

    def fit(self, directory: Directory, guides: Sequence[tuple[str, str, str]] = ()) -> None:
        """Offer the services of the directory by name, and guides: (slug, title, a hint or nothing) of each."""
        self.services.choices = service_choices(directory)
        self.guides.choices = [
            SelectChoice(slug, title, render_kw={"hint": hint} if hint else {}) for slug, title, hint in guides
        ]
