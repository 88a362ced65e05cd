"""Forms at the desk."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import BooleanField, DateField, HiddenField, RadioField, SelectField, StringField, TextAreaField, TimeField
from wtforms.fields import SelectChoice
from wtforms.validators import AnyOf, DataRequired, InputRequired, Length, Optional, ValidationError

from app.domain.contact import Way
from app.domain.danger import Reason as Danger
from app.domain.danger import Vote
from app.domain.phrases import ABOUT_ANOTHER, FIRST_ANSWER, FOR_BSL_READERS, ON_THE_WAY, REACHING_THEM, Phrase
from app.domain.rights import STAGES
from app.domain.sharing import USUAL_DAYS, Purpose
from app.domain.status import ABOUT_SUPPORT, ABOUT_TROUBLE, RECEIPTS, Milestone
from app.forms.news import MILESTONE_WORDS, STATUS_WORDS
from app.forms.question import QuestionForm, one_kind_of_line_end

LONGEST_MESSAGE = 5000
LONGEST_DANGER = 2000
# What a sentence is called in the list: short enough to be seen whole there.
PHRASE_NAMES = {
    Phrase.THANKS: _l("Thank you, a person has read it"),
    Phrase.READ_BY: _l("We have read it, and write again by a day"),
    Phrase.WHAT_FIRST: _l("What would help most just now?"),
    Phrase.LANGUAGE: _l("Write in your own language"),
    Phrase.DANGER: _l("In danger now: phone 999"),
    Phrase.WHEN_CALL: _l("When is it safe to phone?"),
    Phrase.WILL_CALL: _l("We phone at this time"),
    Phrase.MOVED: _l("The time has moved, sorry"),
    Phrase.NOT_REACHED: _l("We could not reach you"),
    Phrase.STILL_SAFE: _l("Is the way we contact you still safe?"),
    Phrase.INTERPRETER_SOUGHT: _l("Looking for an interpreter"),
    Phrase.INTERPRETER: _l("Interpreter booked"),
    Phrase.PASSING_ON: _l("May we ask another service?"),
    Phrase.LATE: _l("Sorry that we are late"),
    Phrase.MISTAKE: _l("We made a mistake, sorry"),
    Phrase.AWAY: _l("Their worker is away"),
    Phrase.STILL_HERE: _l("Still here if you want us"),
    Phrase.ANYTHING_ELSE: _l("Anything else we can do?"),
    Phrase.NEVER_CONFIRMED: _l("We never say whether we know somebody"),
    Phrase.OWN_WORRY: _l("Tell us what worries you"),
    Phrase.BSL_READ: _l("BSL: we have read it"),
    Phrase.BSL_BY: _l("BSL: we write again by a day"),
    Phrase.BSL_HELP: _l("BSL: what help?"),
    Phrase.BSL_WHEN: _l("BSL: which day, what time?"),
    Phrase.BSL_HOW: _l("BSL: video call or face to face?"),
    Phrase.BSL_SOUGHT: _l("BSL: looking for an interpreter"),
    Phrase.BSL_BOOKED: _l("BSL: interpreter booked"),
    Phrase.BSL_UNCLEAR: _l("BSL: not clear? tell us"),
}
PHRASE_BOOK = (
    (_l("First answer"), FIRST_ANSWER),
    (_l("Reaching them"), REACHING_THEM),
    (_l("On the way"), ON_THE_WAY),
    (_l("To somebody who asks about another person"), ABOUT_ANOTHER),
    (_l("Plain English for BSL readers"), FOR_BSL_READERS),
)


class PressForm(FlaskForm):
    """A button and nothing else; carries the token against forged requests."""


class SignInForm(FlaskForm):
    """Development sign-in: who are you?"""

    who = RadioField(
        _l("Who are you?"), validators=[DataRequired(message=_l("Choose who you are."))], validate_choice=False
    )
    who.component = "radios"


STATUS_LABELS = {each: words.name for each, words in STATUS_WORDS.items()}
MILESTONE_LABELS = {each: words.name for each, words in MILESTONE_WORDS.items()}
STAGE_LABELS = dict(
    zip(
        STAGES,
        (
            _l("The police know"),
            _l("The police do not know"),
            _l("Trouble that keeps coming back"),
            _l("A collision on the road"),
            _l("An inquest"),
            _l("Court"),
            _l("After court"),
        ),
        strict=True,
    )
)
CHOOSE = SelectChoice("", _l("Choose"))
ABOUT_CASE = (
    (_l("Police"), tuple(Milestone)[:6]),
    (_l("Court and after"), tuple(Milestone)[6:12]),
    (_l("After a death"), (Milestone.INQUEST,)),
)


def day_field(label: object, hint: object, *, id_: str) -> DateField:
    """A day, by the browser's own calendar; it may be left. Two forms of a page have the same names, so each has its ids."""
    return DateField(label, description=hint, id=id_, validators=[Optional()], render_kw={"autocomplete": "off"})


def stage_field(*, id_: str) -> SelectField:
    """Which rights to show with the news: nothing by itself."""
    return SelectField(
        _l("Rights to show with it"),
        description=_l("Only what you choose. Whoever has their number reads it too."),
        choices=[SelectChoice("", _l("None")), *(SelectChoice(key, label) for key, label in STAGE_LABELS.items())],
        id=id_,
        validate_choice=False,
    )


class StatusForm(FlaskForm):
    """Coded news for the person; for somebody who asks in their work, a receipt (requirement E14)."""

    status = SelectField(
        _l("News"),
        choices=[
            CHOOSE,
            *(SelectChoice(each.value, STATUS_LABELS[each], optgroup=_l("Support")) for each in ABOUT_SUPPORT),
            *(
                SelectChoice(each.value, STATUS_LABELS[each], optgroup=_l("Trouble that keeps coming back"))
                for each in ABOUT_TROUBLE
            ),
        ],
        validators=[DataRequired(message=_l("Choose which news to send."))],
        validate_choice=False,
    )
    on = day_field(_l("Day"), _l("For a time to talk or the next check."), id_="status-on")
    time = TimeField(_l("Time"), id="status-time", validators=[Optional()], render_kw={"autocomplete": "off"})
    service = SelectField(_l("For something to read: what"), id="status-service", choices=[], validate_choice=False)
    by = day_field(
        _l("We write again by"), _l("They see this day. Past it, they read that we are late."), id_="status-by"
    )
    stage = stage_field(id_="status-stage")
    envelope_id = HiddenField()

    def fit(self, *, receipt_only: bool, services: Sequence[tuple[str, str]] = ()) -> None:
        """Offer what may be sent to whoever asked, and the local services: (id, name) of each."""
        self.service.choices = [SelectChoice("", _l("None")), *(SelectChoice(key, name) for key, name in services)]
        if receipt_only:
            self.status.choices = [CHOOSE, *(SelectChoice(each.value, STATUS_LABELS[each]) for each in RECEIPTS)]


class PhraseForm(FlaskForm):
    """A sentence of the phrase book. The page says each in full below the list."""

    phrase = SelectField(
        _l("Choose a sentence"),
        description=_l("They read it in the language in which they come back."),
        choices=[
            SelectChoice("", _l("Choose")),
            *(
                SelectChoice(each.value, PHRASE_NAMES[each], optgroup=heading)
                for heading, group in PHRASE_BOOK
                for each in group
            ),
        ],
        validators=[DataRequired(message=_l("Choose a sentence."))],
        validate_choice=False,
    )
    by = day_field(
        _l("We write again by"), _l("They see this day. Past it, they read that we are late."), id_="phrase-by"
    )
    on = day_field(_l("Day"), _l("For a call, a time to meet or an interpreter."), id_="phrase-on")
    time = TimeField(_l("Time"), id="phrase-time", validators=[Optional()], render_kw={"autocomplete": "off"})
    envelope_id = HiddenField()


class MilestoneForm(FlaskForm):
    """A step of a police or court case, with its day."""

    milestone = SelectField(
        _l("Step"),
        choices=[
            CHOOSE,
            *(
                SelectChoice(each.value, MILESTONE_LABELS[each], optgroup=heading)
                for heading, group in ABOUT_CASE
                for each in group
            ),
        ],
        validators=[DataRequired(message=_l("Choose which step."))],
        validate_choice=False,
    )
    on = day_field(_l("Day"), _l("When it was, or will be."), id_="milestone-on")
    time = TimeField(
        _l("Time, for a hearing"), id="milestone-time", validators=[Optional()], render_kw={"autocomplete": "off"}
    )
    by = day_field(
        _l("We write again by"), _l("They see this day. Past it, they read that we are late."), id_="milestone-by"
    )
    envelope_id = HiddenField()


class CheckedForm(FlaskForm):
    """How it was checked who asks."""

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


class CodeForm(CheckedForm):
    """A code for a new return number; and whether somebody else has the old one."""

    is_stolen = BooleanField(_l("Somebody else has the old number: stop it now"))


class DeleteForm(CheckedForm):
    """Everything is deleted, because they asked for it."""


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
    language = SelectField(_l("Written in"), choices=[], default="en", id="message-language", validate_choice=False)
    envelope_id = HiddenField()

    def fit(self, languages: Sequence[tuple[str, str]]) -> None:
        """Offer the languages that a colleague may write in: (slug, name) of each."""
        self.language.choices = [SelectChoice(slug, name) for slug, name in languages]

    def validate_text(self, field: TextAreaField) -> None:
        """Nothing to send is said, not sent."""
        if not (field.data or "").strip():
            raise ValidationError(_l("Write your message first."))


class DangerForm(QuestionForm):
    """A supervisor asks to open contact details because of danger to life."""

    reason = RadioField(
        _l("Why?"),
        choices=[
            SelectChoice(Danger.LIFE.value, _l("A life is in danger")),
            SelectChoice(Danger.CHILD.value, _l("A child is in danger")),
            SelectChoice(Danger.COURT.value, _l("A court has ordered it")),
        ],
        validators=[DataRequired(message=_l("Choose why."))],
        validate_choice=False,
    )
    reason.component = "radios"
    words = TextAreaField(
        _l("What do you know?"),
        description=_l("Whoever agrees reads it first. It is sealed with the case."),
        validators=[Length(max=LONGEST_DANGER, message=_l("This is longer than 2,000 letters."))],
        filters=[one_kind_of_line_end],
        render_kw={"rows": "4", "autocomplete": "off", "dir": "auto"},
    )
    danger_id = HiddenField()

    def validate_words(self, field: TextAreaField) -> None:
        """Whoever agrees must know why."""
        if not (field.data or "").strip():
            raise ValidationError(_l("Write what you know: whoever agrees must know why."))


class VoteForm(PressForm):
    """Would telling them add danger? Two buttons."""

    vote = StringField(validators=[AnyOf([each.value for each in Vote])])


class WayForm(PressForm):
    """A button that names a way to reach somebody. `read` stands for what whoever presses has read of how."""

    read = StringField()
    way = StringField(validators=[AnyOf([each.value for each in Way])])


class RightForm(PressForm):
    """Was it right? Two buttons."""

    right = StringField(validators=[AnyOf(("yes", "no"))])


# For what another agency's case system may fetch a case.
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
