"""The short request: its questions, their order and their conditions. One view serves every step.

Identity hangs on the ids of app/domain/referral.py; the labels here are only words.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping
from typing import Any

import phonenumbers
from email_validator import EmailNotValidError, validate_email
from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, RadioField, SelectField, SelectMultipleField, StringField
from wtforms.fields import SelectChoice
from wtforms.validators import Length, StopValidation, ValidationError
from wtforms.widgets import CheckboxInput, ListWidget

from app.domain import referral as ids
from app.domain.contact import Box, Way
from app.domain.journey import Answers, Journey, Step
from app.forms.question import QuestionForm

LONGEST_LINE = 200
OWN_DEVICE, SHARED_DEVICE = "own", "shared"


class CheckboxesField(SelectMultipleField):
    """Several of a list, as checkboxes."""

    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()
    component = "checkboxes"

    def pre_validate(self, form: Any) -> None:
        """Refuse what is not on the list, in our own words."""
        known = {choice.value for choice in self.choices or []}
        if any(value not in known for value in self.data or []):
            raise ValidationError(_l("Choose from the list."))


class ChoiceField(RadioField):
    """One of a list, as radio buttons. Nothing is preselected and nothing must be chosen."""

    component = "radios"

    def __init__(self, label: Any = None, **options: Any) -> None:
        options.setdefault("validate_choice", False)
        super().__init__(label, **options)

    def pre_validate(self, form: Any) -> None:
        """Refuse what is not on the list, in our own words; nothing chosen is fine."""
        if self.data and self.data not in {choice.value for choice in self.choices or []}:
            raise ValidationError(_l("Choose one of the list."))


class ListField(SelectField):
    """One of a longer list that the page fills in. Nothing must be chosen."""

    component = "select"

    def __init__(self, label: Any = None, **options: Any) -> None:
        options.setdefault("validate_choice", False)
        super().__init__(label, **options)

    def pre_validate(self, form: Any) -> None:
        """Refuse what is not on the list, in our own words; nothing chosen is fine."""
        if self.data and self.data not in {choice.value for choice in self.choices or []}:
            raise ValidationError(_l("Choose one of the list."))


def choices(labels: Mapping[str, Any], group: Any = None) -> list[SelectChoice]:
    """Choices from ids and words, under a heading when one is given."""
    return [SelectChoice(value, label, optgroup=group) for value, label in labels.items()]


class StartForm(QuestionForm):
    """Only I use this device / someone else might: two buttons."""

    device = ChoiceField(
        choices=choices(
            {
                OWN_DEVICE: _l("Only I use this device"),
                SHARED_DEVICE: _l("Someone else might look at it, or I am not sure"),
            }
        )
    )


class WhoForm(QuestionForm):
    """Who needs support?"""

    who = ChoiceField(
        _l("Who needs support?"),
        choices=choices(
            {
                "me": _l("I do"),
                "me-helped": _l("I do, and someone is helping me with this form"),
                "other": _l("Someone else: I am asking for them"),
                "professional": _l("I help people in my work"),
            }
        ),
    )
    under_18 = BooleanField(_l("Under 18"), description=_l("Tick this if the person who needs support is under 18."))


class HelpForm(QuestionForm):
    """What would help you now?"""

    help = CheckboxesField(
        _l("What would help you now?"),
        description=_l("Tick as many as you like. You can change your mind later."),
        choices=[
            *choices(
                {
                    "safer": _l("To be safer from someone"),
                    "afraid-of-myself": _l("I am afraid of what I might do to myself"),
                    "dependant": _l("To keep safe someone who depends on me"),
                    "home-secure": _l("My home, locks or windows made safe"),
                },
                _l("Being safe"),
            ),
            *choices(
                {
                    "talk": _l("Someone to talk to"),
                    "health": _l("My health, sleep or mood"),
                    "family": _l("My family, children or friends"),
                    "less-alone": _l("Feeling less alone"),
                    "going-out": _l("Feeling able to go out and do things"),
                    "drink-drugs": _l("Drink or drugs"),
                },
                _l("Coping"),
            ),
            *choices(
                {
                    "housing": _l("Somewhere to live"),
                    "money": _l("Money, benefits or compensation"),
                    "work-school": _l("Work, school or college"),
                    "getting-worse": _l("Things are getting worse and I need to stop it"),
                },
                _l("Sorting things out"),
            ),
            *choices(
                {
                    "rights": _l("My rights, and what could happen"),
                    "case-news": _l("News of a police or court case"),
                    "advocate": _l("Someone to speak for me or come with me"),
                    "reading": _l("Something to read is enough"),
                },
                _l("Knowing"),
            ),
            *choices(
                {
                    "phone-in-language": _l("Please phone me, with someone who speaks my language"),
                    "not-sure": _l("I do not know yet"),
                },
                _l("Or"),
            ),
        ],
    )


class AboutForm(QuestionForm):
    """What happened? To whom, which kinds, and whether it goes on."""

    to_whom = ChoiceField(
        _l("To whom did it happen?"),
        choices=choices(
            {
                "me": _l("To me"),
                "child": _l("To my child"),
                "partner": _l("To my partner"),
                "parent": _l("To my mother or father"),
                "sibling": _l("To my brother or sister"),
                "friend": _l("To a close friend"),
                "other": _l("To someone else close to me"),
                "died": _l("Someone close to me has died"),
                "saw": _l("I saw or heard it"),
            }
        ),
    )
    happened = CheckboxesField(
        _l("What kind of thing was it?"),
        description=_l("Tick as many as fit. It does not matter how long ago it was."),
        choices=choices(
            {
                "hurt": _l("Hurt or threatened"),
                "controlled": _l("Frightened or controlled by a partner or family"),
                "sexual": _l("Something sexual that I did not want"),
                "followed": _l("Followed or contacted again and again"),
                "hate": _l("Targeted for who I am"),
                "antisocial": _l("Trouble that keeps coming back nearby"),
                "collision": _l("A collision on the road"),
                "burgled": _l("Broken into, robbed or damaged"),
                "cheated": _l("Cheated out of money, or something online"),
                "exploited": _l("Made to work, or pay or papers kept"),
                "something-else": _l("Something else"),
                "not-sure": _l("Not sure that it counts"),
                "rather-not": _l("I would rather not say"),
            }
        ),
    )
    ongoing = ChoiceField(
        _l("Is it still going on?"),
        choices=choices({"yes": _l("Yes"), "no": _l("No"), "might": _l("It might start again")}),
    )


class PoliceForm(QuestionForm):
    """Do the police know? And where about."""

    police = ChoiceField(
        _l("Do the police know?"),
        description=_l("Your answer changes nothing in the help you get."),
        choices=choices(
            {
                "yes": _l("Yes"),
                "no": _l("No"),
                "not-sure": _l("Not sure"),
                "might": _l("I might tell them"),
                "rather-not": _l("I would rather not say"),
            }
        ),
    )
    district = ListField(
        _l("Which area do you live in?"),
        description=_l("This helps us find services near you. Help is just as good everywhere."),
    )


class ReplyForm(QuestionForm):
    """How should we reply?"""

    ORDER = ("contact", "ways", "name", "language")

    name = StringField(
        _l("What should we call you?"),
        description=_l("Any name. It does not have to be your real one."),
        validators=[Length(max=80, message=_l("Use 80 letters or fewer."))],
        render_kw={"autocomplete": "off", "spellcheck": "false"},
    )
    language = ListField(_l("Which language should we use?"))
    contact = ChoiceField(
        _l("How should we reply?"),
        choices=choices(
            {
                "yes": _l("Please contact me"),
                "no": _l("Do not contact me. I will come back here."),
            }
        ),
    )
    ways = CheckboxesField(
        _l("If we may contact you: how?"),
        description=_l("Choose only ways that are safe for you. We ask about each one next."),
        choices=choices(
            {
                Way.CALL.value: _l("Phone call"),
                Way.TEXT.value: _l("Text message"),
                Way.EMAIL.value: _l("Email"),
            }
        ),
    )

    def validate_ways(self, field: CheckboxesField) -> None:
        """Asking for contact without a way would end in silence, so say so while it can be mended."""
        if self.contact.data == "yes" and not field.data:
            raise ValidationError(_l("Choose at least one way, or choose “Do not contact me”."))


TIMES = {
    Box.WEEKDAY_MORNING.value: _l("Weekday mornings, 9 to 12"),
    Box.WEEKDAY_AFTERNOON.value: _l("Weekday afternoons, 12 to 5"),
    Box.WEEKDAY_EVENING.value: _l("Weekday evenings, 5 to 8"),
    Box.WEEKEND_MORNING.value: _l("Weekend mornings, 9 to 12"),
    Box.WEEKEND_AFTERNOON.value: _l("Weekend afternoons, 12 to 5"),
    Box.WEEKEND_EVENING.value: _l("Weekend evenings, 5 to 8"),
    Box.ANY.value: _l("Any time the Hub is open"),
}


class WayForm(QuestionForm):
    """What the page of each way shares: when, who else may see, whether a message is all right."""

    # The order on the page and at Check: the address with who else might see it right beside it.
    ORDER = ("address", "shared", "message", "times")

    address: StringField
    times = CheckboxesField(
        _l("When is it safe?"),
        description=_l("We use only the times you tick. If you tick none, we will not contact you this way."),
        choices=choices(TIMES),
    )
    shared = ChoiceField(
        _l("Could anyone else answer or see it?"),
        choices=choices(
            {"only-me": _l("Only me"), "others": _l("Someone else might"), "not-sure": _l("I am not sure")}
        ),
    )


class CallForm(WayForm):
    """A phone call."""

    address = StringField(
        _l("Your phone number"),
        description=_l("Any format. We use it only in the way you tell us here."),
        validators=[Length(max=60, message=_l("Use 60 characters or fewer."))],
        render_kw={"inputmode": "tel", "autocomplete": "off", "dir": "ltr"},
    )
    message = ChoiceField(
        _l("May we leave a voice message?"),
        description=_l("It would be short. It would not say who we are or what it is about."),
        choices=choices({"yes": _l("Yes"), "no": _l("No")}),
    )

    def validate_address(self, field: StringField) -> None:
        """Any format of phone number."""
        need_phone(field)


class TextForm(WayForm):
    """A text message."""

    address = StringField(
        _l("Your mobile number"),
        description=_l("Any format. We use it only in the way you tell us here."),
        validators=[Length(max=60, message=_l("Use 60 characters or fewer."))],
        render_kw={"inputmode": "tel", "autocomplete": "off", "dir": "ltr"},
    )
    message = ChoiceField(
        _l("Is it all right if a text shows on your screen?"),
        description=_l("It would be plain. It would not say who we are or what it is about."),
        choices=choices({"yes": _l("Yes"), "no": _l("No")}),
    )

    def validate_address(self, field: StringField) -> None:
        """Any format of phone number."""
        need_phone(field)


class EmailForm(WayForm):
    """An e-mail."""

    address = StringField(
        _l("Your email address"),
        description=_l("Use one that nobody else can open."),
        validators=[Length(max=254, message=_l("Use 254 characters or fewer."))],
        render_kw={"inputmode": "email", "autocomplete": "off", "spellcheck": "false", "dir": "ltr"},
    )
    message = ChoiceField(
        _l("Is it all right if an email shows on your screen?"),
        description=_l("It would be plain. It would not say who we are or what it is about."),
        choices=choices({"yes": _l("Yes"), "no": _l("No")}),
    )

    def validate_address(self, field: StringField) -> None:
        """The shape of an e-mail address; whether it exists is not looked up."""
        typed = (field.data or "").strip()
        if not typed:
            raise StopValidation(_l("Write your email address, or press “Leave this”."))
        try:
            validate_email(typed, check_deliverability=False)
        except EmailNotValidError:
            raise StopValidation(_l("Check the email address. It should look like name@example.org.")) from None


class CheckForm(QuestionForm):
    """Everything to look over, and one button."""


def need_phone(field: StringField) -> None:
    """A phone number in any format and any script's digits; never changed, only looked at."""
    typed = unicodedata.normalize("NFKC", (field.data or "").strip())
    if not typed:
        raise StopValidation(_l("Write the phone number, or press “Leave this”."))
    try:
        number = phonenumbers.parse(typed, "GB")
    except phonenumbers.NumberParseException:
        raise StopValidation(_l("Check the phone number. Some digits may be missing.")) from None
    if phonenumbers.is_possible_number_with_reason(number) != phonenumbers.ValidationResult.IS_POSSIBLE:
        raise StopValidation(_l("Check the phone number. Some digits may be missing."))


def told_of_risk(answers: Answers) -> bool:
    """Something ticked under 'What would help?' says that somebody may be at risk now."""
    return bool(ids.RISKS & set(answers.get("help", {}).get("help") or ()))


def is_under_18(answers: Answers) -> bool:
    """'Under 18' was tapped."""
    return answers.get("who", {}).get("under_18") is True


def chose(way: Way) -> Callable[[Answers], bool]:
    """A condition: contact is wanted, and by this way."""

    def condition(answers: Answers) -> bool:
        reply = answers.get("reply", {})
        return reply.get("contact") == "yes" and way.value in (reply.get("ways") or ())

    return condition


JOURNEY = Journey(
    steps=(
        Step(key="start"),
        Step(key="who", is_question=True),
        Step(key="young", series="who", applies=is_under_18, asks=False),
        Step(key="help", is_question=True),
        Step(key="risk", series="help", applies=told_of_risk, asks=False),
        Step(key="about", is_question=True),
        Step(key="police", is_question=True),
        Step(key="reply", is_question=True),
        Step(key="reply-call", series="reply", applies=chose(Way.CALL)),
        Step(key="reply-text", series="reply", applies=chose(Way.TEXT)),
        Step(key="reply-email", series="reply", applies=chose(Way.EMAIL)),
        Step(key="check", asks=False),
    )
)

FORMS: Mapping[str, type[QuestionForm]] = {
    "start": StartForm,
    "who": WhoForm,
    "young": QuestionForm,
    "help": HelpForm,
    "risk": QuestionForm,
    "about": AboutForm,
    "police": PoliceForm,
    "reply": ReplyForm,
    "reply-call": CallForm,
    "reply-text": TextForm,
    "reply-email": EmailForm,
    "check": CheckForm,
}
