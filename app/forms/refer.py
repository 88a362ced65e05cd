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
from wtforms import BooleanField, RadioField, SelectField, SelectMultipleField, StringField, TextAreaField
from wtforms.fields import SelectChoice
from wtforms.fields.core import UnboundField
from wtforms.validators import Length, StopValidation, ValidationError
from wtforms.widgets import CheckboxInput, ListWidget

from app.domain import device as devices
from app.domain import referral as ids
from app.domain.asker import is_young
from app.domain.contact import BY_TEXT, Box, IfAnswered, School, Way
from app.domain.digits import western
from app.domain.journey import Answers, Journey, Step
from app.forms.question import QuestionForm, one_kind_of_line_end

LONGEST_LINE = 200
LONGEST_WORDS = 500


class CheckboxesField(SelectMultipleField):
    """Several of a list, as checkboxes."""

    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()
    component = "checkboxes"
    # Values that this page does not offer to everybody, and takes from whoever was offered them.
    also_known: frozenset[str] = frozenset()

    def pre_validate(self, form: Any) -> None:
        """Refuse what is not on the list, in our own words."""
        known = {choice.value for choice in self.choices or []} | self.also_known
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


def line(label: Any, *, most: int, description: Any = "", autocomplete: str = "off") -> UnboundField:
    """One line of free text that may be left. `autocomplete` is what browsers may fill in on one's own device (WCAG 1.3.5)."""
    return StringField(
        label,
        description=description,
        validators=[Length(max=most, message=_l("Use %(most)s letters or fewer.", most=most))],
        render_kw={"autocomplete": autocomplete, "spellcheck": "false"},
    )


class StartForm(QuestionForm):
    """Only I use this device / someone else might: two buttons."""

    device = ChoiceField(
        choices=choices(
            {
                devices.OWN: _l("Only I use this device"),
                devices.SHARED: _l("Someone else might look at it, or I am not sure"),
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


class KnowsForm(QuestionForm):
    """Asked for somebody else: do they know?"""

    they_know = ChoiceField(
        _l("Do they know that you are asking us?"),
        description=_l("Your answer is all right either way."),
        choices=choices({"yes": _l("Yes"), "no": _l("No"), "not-sure": _l("Not sure")}),
    )


class WorkForm(QuestionForm):
    """Somebody asks as part of their work: who they are, and whether the person has said yes."""

    name = line(_l("Your name"), most=80, autocomplete="name")
    organisation = line(_l("Your organisation"), most=LONGEST_LINE, autocomplete="organization")
    switchboard = line(
        _l("Its main phone number"),
        description=_l("We ring the number that your organisation makes public, to be sure who asks."),
        most=60,
    )
    consent = ChoiceField(
        _l("Has the person said yes to this request?"),
        description=_l("If you leave this, we take it that they have not."),
        choices=choices({"yes": _l("Yes"), "no": _l("No, or not yet")}),
    )
    consent_when = line(_l("If they said yes: when?"), description=_l("For example, 3 March 2026."), most=80)
    consent_how = ChoiceField(
        _l("If they said yes: how?"),
        choices=choices(
            {
                "in-person": _l("They told me, face to face"),
                "by-phone": _l("They told me by phone or video"),
                "in-writing": _l("They wrote it down"),
                "other": _l("Another way"),
            }
        ),
    )

    def answer(self) -> dict[str, Any]:
        """When and how are kept only with a yes."""
        given = super().answer()
        if given.get("consent") != "yes":
            given.pop("consent_when", None)
            given.pop("consent_how", None)
        return given


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
        description=_l("Leave this if someone has died."),
        choices=choices({"yes": _l("Yes"), "no": _l("No"), "might": _l("It might start again")}),
    )

    @classmethod
    def left_out_after(cls, answer: Mapping[str, Any]) -> frozenset[str]:
        """After a death nobody is asked whether it goes on."""
        return frozenset({"ongoing"}) if answer.get("to_whom") == "died" else frozenset()

    def answer(self) -> dict[str, Any]:
        """After a death nothing is kept about "still going on": it is not asked then."""
        given = super().answer()
        if given.get("to_whom") == "died":
            given.pop("ongoing", None)
        return given


class LossForm(QuestionForm):
    """After a death: two things that may help, both easy to leave."""

    how = ChoiceField(
        _l("How did they die?"),
        choices=choices(
            {
                "road": _l("On the road"),
                "killed": _l("Someone killed them, or it looks like it"),
                "another": _l("Another way"),
                "not-known": _l("We do not know yet"),
            }
        ),
    )
    their_name = line(
        _l("Their name, if you would like us to use it"),
        description=_l("We use it only when we write to you in your space, or talk with you."),
        most=80,
    )


AGES = {"under-13": _l("Under 13"), "13-15": _l("13 to 15"), "16-17": _l("16 or 17")}


class YoungForm(QuestionForm):
    """Somebody under 18 asks for themselves, and has read what that means: how old?"""

    age_band = ChoiceField(
        _l("How old are you?"),
        description=_l("You get help whatever your age. We ask because there is different help at different ages."),
        choices=choices(AGES),
    )


class ChildAgeForm(QuestionForm):
    """A parent asks for their child: how old?"""

    child_age = ChoiceField(
        _l("How old is your child?"),
        choices=choices(AGES),
    )


class ChildKnowsForm(QuestionForm):
    """A parent asks for a child of 13 or more: does the child know?"""

    child_knows = ChoiceField(
        _l("Does your child know that you are asking?"),
        description=_l(
            "From 13 on, young people can often decide about help themselves. So we ask them before we do anything."
        ),
        choices=choices({"yes": _l("Yes"), "no": _l("No"), "not-sure": _l("Not sure")}),
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

    ORDER = ("contact", "ways", "sign", "name", "language", "conflict", "conflict_who")

    name = StringField(
        _l("What should we call you?"),
        description=_l("Any name. It does not have to be your real one."),
        validators=[Length(max=80, message=_l("Use 80 letters or fewer."))],
        render_kw={"autocomplete": "nickname", "spellcheck": "false"},
    )
    language = ListField(_l("Which language should we use?"), render_kw={"autocomplete": "language"})
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
        choices=[
            *choices(
                {
                    Way.CALL.value: _l("Phone call"),
                    Way.TEXT.value: _l("Text message"),
                    Way.EMAIL.value: _l("Email"),
                }
            ),
            SelectChoice(
                Way.LETTER.value,
                _l("Letter"),
                render_kw={"hint": _l("Do not choose this if someone else might open your post.")},
            ),
            *choices(
                {
                    Way.RELAY.value: _l("Text relay, over the phone"),
                    Way.BSL.value: _l("BSL (British Sign Language)"),
                    Way.TRUSTED.value: _l("Through someone I trust"),
                }
            ),
        ],
    )
    sign = StringField(
        _l("Is there a word or sign that means “I cannot talk freely”?"),
        description=_l("If you use it, we stop or change the subject. You can leave this."),
        validators=[Length(max=80, message=_l("Use 80 letters or fewer."))],
        render_kw={"autocomplete": "off"},
    )

    conflict = ChoiceField(
        _l("Does someone you are afraid of work for the police, the council or the Hub?"),
        description=_l(
            "If you say “Yes” or “Not sure”, only a few named people can see your request. "
            "The system hides it from everyone else. It cannot stop people talking."
        ),
        choices=choices({"no": _l("No"), "yes": _l("Yes"), "not-sure": _l("Not sure")}),
    )
    conflict_who = line(
        _l("Who, so that we can keep it from them?"),
        description=_l("A first name and a last name work best. You can leave this."),
        most=LONGEST_LINE,
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


SCHOOL_TIMES = {
    School.KEEP_OUT.value: _l("Not in school hours"),
    School.FINE.value: _l("Also in school hours"),
}


def one_line(
    label: Any, description: Any, *, longest: int = LONGEST_LINE, autocomplete: str = "off", spellcheck: str = "false"
) -> StringField:
    """A line of the person's own words; `autocomplete` and `spellcheck` are for one's own device."""
    return StringField(
        label,
        description=description,
        validators=[Length(max=longest, message=_l("Use %(most)s letters or fewer.", most=longest))],
        render_kw={"autocomplete": autocomplete, "spellcheck": spellcheck},
    )


def shared_field(label: Any) -> ChoiceField:
    """Who else may answer, see or open it."""
    return ChoiceField(
        label,
        choices=choices(
            {"only-me": _l("Only me"), "others": _l("Someone else might"), "not-sure": _l("I am not sure")}
        ),
    )


def yes_or_no(label: Any, description: Any) -> ChoiceField:
    """A question with yes and no; nothing chosen is read as no."""
    return ChoiceField(label, description=description, choices=choices({"yes": _l("Yes"), "no": _l("No")}))


def in_western_digits(typed: str | None) -> str | None:
    """What somebody here will dial, or write on an envelope, with the digits that are dialled and written here."""
    return None if typed is None else western(typed)


def phone_field(label: Any) -> StringField:
    """A phone number as people write it."""
    return StringField(
        label,
        description=_l("Any format. We use it only in the way you tell us here."),
        validators=[Length(max=60, message=_l("Use 60 characters or fewer."))],
        filters=[in_western_digits],
        render_kw={"inputmode": "tel", "autocomplete": "tel", "dir": "ltr"},
    )


class WayForm(QuestionForm):
    """What the page of each way shares: when, who else may see, whether a message is all right."""

    # The order on the page and at Check: the address with who else might see it right beside it.
    ORDER: tuple[str, ...] = ("address", "shared", "message", "times", "own_times")

    address: StringField
    times = CheckboxesField(
        _l("When is it safe?"),
        description=_l("We use only the times you tick. If you tick none, we will not contact you this way."),
        choices=choices({**TIMES, **SCHOOL_TIMES}),
    )
    own_times = one_line(
        _l("Anything else about times?"),
        _l("For example: not on Tuesdays. We read this as well. It never adds a time that you did not tick."),
        spellcheck="true",
    )
    shared = shared_field(_l("Could anyone else answer or see it?"))

    def fit(self, *, under_18: bool) -> None:
        """Offer what fits the age: school hours are out for the young unless ticked, for others when ticked."""
        offered, other = (School.FINE, School.KEEP_OUT) if under_18 else (School.KEEP_OUT, School.FINE)
        hint = (
            _l("Monday to Friday, 8:30 to 3:30. If you do not tick this, we keep out of those hours.")
            if under_18
            else _l("We then keep out of Monday to Friday, 8:30 to 3:30, whatever else you tick.")
        )
        self.times.choices = [
            *choices(TIMES),
            SelectChoice(offered.value, SCHOOL_TIMES[offered.value], render_kw={"hint": hint, "divider": _l("and")}),
        ]
        self.times.also_known = frozenset({other.value})


class VoiceForm(WayForm):
    """A way in which somebody speaks or signs: for whom to ask, who we are, and what if another answers."""

    ORDER: tuple[str, ...] = (
        "address", "shared", "message", "times", "own_times", "ask_for", "say", "number", "if_answered",
    )  # fmt: skip

    ask_for = one_line(
        _l("Which name should we ask for?"), _l("Any name that is safe. It may be a nickname."), longest=80
    )
    say = one_line(
        _l("Who should we say we are?"),
        _l("For example a first name. If you leave this, we give a first name and nothing else."),
        longest=80,
    )
    number = ChoiceField(
        _l("Should our number show on the phone?"),
        description=_l("If you choose nothing, we hide our number. Bills and call lists may still show a call."),
        choices=choices({"show": _l("Show your number"), "withhold": _l("Hide your number")}),
    )
    if_answered = ChoiceField(
        _l("If someone else answers, what should we do?"),
        description=_l("If you choose nothing, we hang up without a word."),
        choices=choices(
            {
                IfAnswered.HANG_UP.value: _l("Hang up"),
                IfAnswered.WRONG_NUMBER.value: _l("Say that it is a wrong number"),
                IfAnswered.ASK.value: _l("Ask for the name I gave"),
            }
        ),
    )


class CallForm(VoiceForm):
    """A phone call."""

    address = phone_field(_l("Your phone number"))
    message = yes_or_no(
        _l("May we leave a voice message?"), _l("It would be short. It would not say who we are or what it is about.")
    )

    def validate_address(self, field: StringField) -> None:
        """Any format of phone number."""
        need_phone(field)


class TextForm(WayForm):
    """A text message."""

    address = phone_field(_l("Your mobile number"))
    message = yes_or_no(
        _l("Is it all right if a text shows on your screen?"),
        _l("It would be plain. It would not say who we are or what it is about."),
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
        render_kw={"inputmode": "email", "autocomplete": "email", "spellcheck": "false", "dir": "ltr"},
    )
    message = yes_or_no(
        _l("Is it all right if an email shows on your screen?"),
        _l("It would be plain. It would not say who we are or what it is about."),
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


class LetterForm(QuestionForm):
    """A letter: no times, but a plain yes, and for somebody under 18 a second one (NNEDV Safety Net)."""

    ORDER: tuple[str, ...] = ("address", "shared", "message", "sure", "ask_for")

    address = TextAreaField(
        _l("Your address"),
        description=_l("Write it in any format, with the postcode if you can."),
        filters=[one_kind_of_line_end, in_western_digits],
        validators=[Length(max=LONGEST_WORDS, message=_l("Use %(most)s letters or fewer.", most=LONGEST_WORDS))],
        render_kw={"autocomplete": "street-address", "spellcheck": "false"},
    )
    shared = shared_field(_l("Could anyone else open your post?"))
    message = yes_or_no(
        _l("May we send a letter to this address?"),
        _l("The envelope is plain. If you choose nothing, we send no letter."),
    )
    sure = BooleanField(
        _l("Yes, I am sure about letters"),
        description=_l(
            "You are under 18, so we ask twice. Parents often open post. Without this tick we send no letter."
        ),
    )
    ask_for = one_line(
        _l("Which name should be on the envelope?"), _l("Any name that is safe."), longest=80, autocomplete="name"
    )

    def validate_address(self, field: TextAreaField) -> None:
        """Any format; only an empty one is of no use."""
        need_words(field, _l("Write the address, or press “Leave this”."))


class RelayForm(VoiceForm):
    """Text relay, over the phone."""

    address = phone_field(_l("Your phone or textphone number"))
    message = yes_or_no(
        _l("If you do not answer, may we leave a message?"),
        _l("It would be short. It would not say who we are or what it is about."),
    )

    def validate_address(self, field: StringField) -> None:
        """Any format of phone number."""
        need_phone(field)


RELAY = "relay"


class BslForm(VoiceForm):
    """British Sign Language: by video, by relay or face to face, with an interpreter who is right for the person; or by text."""

    ORDER: tuple[str, ...] = (
        "how", "address", "avoid", "woman_or_man", "shared", "message", "times", "own_times", "ask_for", "say", "number",
        "if_answered",
    )  # fmt: skip

    how = ChoiceField(
        _l("How should we talk?"),
        choices=[
            *choices({"video": _l("Video call with an interpreter"), RELAY: _l("Video relay")}),
            SelectChoice(
                BY_TEXT,
                _l("By text, without an interpreter"),
                render_kw={"hint": _l("We ask for your mobile number next. You can leave the rest of this page.")},
            ),
            *choices({"meet": _l("Face to face, with an interpreter")}),
        ],
    )
    address = one_line(
        _l("How do we reach you?"), _l("A mobile number, an email address, or the name you use for video calls.")
    )
    avoid = CheckboxesField(
        _l("Who should the interpreter not be?"),
        choices=choices({"known": _l("Not an interpreter I may know"), "relative": _l("Not a relative")}),
    )
    woman_or_man = ChoiceField(
        _l("Would you like a woman or a man to interpret?"),
        choices=choices({"woman": _l("A woman"), "man": _l("A man"), "either": _l("Either is fine")}),
    )
    message = yes_or_no(
        _l("If you do not answer, may we leave a message?"),
        _l("It would be short. It would not say who we are or what it is about."),
    )

    def offer(self, *, relay: bool) -> None:
        """Offer video relay only where the Hub has it."""
        if not relay:
            self.how.choices = [each for each in self.how.choices if each.value != RELAY]

    def validate_address(self, field: StringField) -> None:
        """Any format; only an empty one is of no use. For texts the next page asks for the number."""
        if self.how.data != BY_TEXT:
            need_words(field, _l("Write how we reach you, or press “Leave this”."))

    def answer(self) -> dict[str, Any]:
        """By text, everything else is asked for on the page about texts: nothing of this one could be kept to."""
        return {"how": BY_TEXT} if self.how.data == BY_TEXT else super().answer()


class TrustedForm(VoiceForm):
    """Through somebody whom the person trusts."""

    ORDER: tuple[str, ...] = (
        "person", "address", "told", "shared", "message", "times", "own_times", "ask_for", "say", "number", "if_answered",
    )  # fmt: skip

    person = one_line(_l("What is their name?"), _l("The name that they use. A first name is enough."), longest=80)
    address = one_line(_l("How do we reach them?"), _l("A phone number is best. It can be an email address."))
    told = ChoiceField(
        _l("Do they know that you want to hear from us?"),
        description=_l("If you choose nothing, we do not contact them."),
        choices=choices(
            {
                "knows": _l("Yes, they know"),
                "may-be-told": _l("Not yet, but you may tell them"),
                "no": _l("No, and please do not tell them"),
            }
        ),
    )
    shared = shared_field(_l("Could anyone else answer or see it?"))
    message = yes_or_no(
        _l("May we leave a message with them?"),
        _l("It would be short. It would not say who we are or what it is about."),
    )

    def validate_address(self, field: StringField) -> None:
        """Any format; only an empty one is of no use."""
        need_words(field, _l("Write how we reach them, or press “Leave this”."))


class InterpreterForm(QuestionForm):
    """Somebody who wants a call in their language: who may interpret?"""

    interpreter = ChoiceField(
        _l("Would you like a woman or a man to interpret?"),
        choices=choices({"woman": _l("A woman"), "man": _l("A man"), "either": _l("Either is fine")}),
    )
    not_my_community = BooleanField(
        _l("Not someone from my community"), description=_l("We do our best. If we cannot, we tell you first.")
    )


class CheckForm(QuestionForm):
    """Everything to look over, and one button."""


def need_phone(field: StringField) -> None:
    """A phone number in any format and any script's digits; here only looked at."""
    typed = unicodedata.normalize("NFKC", (field.data or "").strip())
    if not typed:
        raise StopValidation(_l("Write the phone number, or press “Leave this”."))
    try:
        number = phonenumbers.parse(typed, "GB")
    except phonenumbers.NumberParseException:
        raise StopValidation(_l("Check the phone number. Some digits may be missing.")) from None
    if phonenumbers.is_possible_number_with_reason(number) != phonenumbers.ValidationResult.IS_POSSIBLE:
        raise StopValidation(_l("Check the phone number. Some digits may be missing."))


def need_words(field: StringField, otherwise: Any) -> None:
    """Anything at all but nothing."""
    if not (field.data or "").strip():
        raise StopValidation(otherwise)


def told_of_risk(answers: Answers) -> bool:
    """Something ticked under 'What would help?' says that somebody may be at risk now."""
    return bool(ids.RISKS & set(answers.get("help", {}).get("help") or ()))


def asks_as(*who: str) -> Callable[[Answers], bool]:
    """A condition: one of these answers to 'Who needs support?'."""
    return lambda answers: answers.get("who", {}).get("who") in who


def is_under_18(answers: Answers) -> bool:
    """'Under 18' was tapped by somebody who asks for themselves: the page for young people speaks to them."""
    return is_young(answers)


def wants_only(help_id: str) -> Callable[[Answers], bool]:
    """A condition: this alone was ticked under 'What would help?'."""
    return lambda answers: list(answers.get("help", {}).get("help") or ()) == [help_id]


def goes_through_everything(answers: Answers) -> bool:
    """False for the quick path, which jumps from 'Please phone me' to how to reach the person."""
    return not wants_only("phone-in-language")(answers)


def told_of(*happened: str) -> Callable[[Answers], bool]:
    """A condition: one of these was ticked under 'What happened?'."""
    return lambda answers: (
        goes_through_everything(answers) and bool(set(happened) & set(answers.get("about", {}).get("happened") or ()))
    )


def lost_somebody(answers: Answers) -> bool:
    """Somebody close has died."""
    return goes_through_everything(answers) and answers.get("about", {}).get("to_whom") == "died"


def asks_for_their_child(answers: Answers) -> bool:
    """A parent asks for their child."""
    about = answers.get("about", {}) if goes_through_everything(answers) else {}
    return about.get("to_whom") == "child" and asks_as("other")(answers)


def child_may_decide(answers: Answers) -> bool:
    """The child is 13 or more, so it is asked whether the child knows."""
    return asks_for_their_child(answers) and answers.get("child-age", {}).get("child_age") in ("13-15", "16-17")


def wants_an_interpreter(answers: Answers) -> bool:
    """A call in the person's own language was asked for."""
    return "phone-in-language" in (answers.get("help", {}).get("help") or ())


def chose(way: Way) -> Callable[[Answers], bool]:
    """A condition: contact is wanted, and by this way."""
    word = way.value

    def condition(answers: Answers) -> bool:
        reply = answers.get("reply", {})
        return reply.get("contact") == "yes" and word in (reply.get("ways") or ())

    return condition


def is_to_be_texted(answers: Answers) -> bool:
    """Texts were chosen among the ways, or on the page about BSL instead of an interpreter."""
    by_text = answers.get("reply-bsl", {}).get("how") == BY_TEXT
    return chose(Way.TEXT)(answers) or (chose(Way.BSL)(answers) and by_text)


JOURNEY = Journey(
    steps=(
        Step(key="start"),
        Step(key="who", is_question=True),
        Step(key="young", series="who", applies=is_under_18),
        Step(key="knows", series="who", applies=asks_as("other")),
        Step(key="with-you", series="who", applies=asks_as("other"), asks=False),
        Step(key="work", series="who", applies=asks_as("professional")),
        Step(key="help", is_question=True),
        Step(key="risk", series="help", applies=told_of_risk, asks=False),
        Step(key="reading", series="help", applies=wants_only("reading"), asks=False),
        Step(key="about", is_question=True, applies=goes_through_everything),
        Step(key="loss", series="about", applies=lost_somebody),
        Step(key="after-loss", series="about", applies=lost_somebody, asks=False),
        Step(key="sexual", series="about", applies=told_of("sexual"), asks=False),
        Step(key="exploited", series="about", applies=told_of("exploited"), asks=False),
        Step(key="child-age", series="about", applies=asks_for_their_child),
        Step(key="child-knows", series="about", applies=child_may_decide),
        Step(key="police", is_question=True, applies=goes_through_everything),
        Step(key="reply", is_question=True),
        # First, since "By text" on this page asks for the page about texts.
        Step(key="reply-bsl", series="reply", applies=chose(Way.BSL)),
        Step(key="reply-call", series="reply", applies=chose(Way.CALL)),
        Step(key="reply-text", series="reply", applies=is_to_be_texted),
        Step(key="reply-email", series="reply", applies=chose(Way.EMAIL)),
        Step(key="reply-letter", series="reply", applies=chose(Way.LETTER)),
        Step(key="reply-relay", series="reply", applies=chose(Way.RELAY)),
        Step(key="reply-trusted", series="reply", applies=chose(Way.TRUSTED)),
        Step(key="interpreter", series="reply", applies=wants_an_interpreter),
        Step(key="check", asks=False),
    )
)

FORMS: Mapping[str, type[QuestionForm]] = {
    "start": StartForm,
    "who": WhoForm,
    "young": YoungForm,
    "knows": KnowsForm,
    "with-you": QuestionForm,
    "work": WorkForm,
    "help": HelpForm,
    "risk": QuestionForm,
    "reading": QuestionForm,
    "about": AboutForm,
    "loss": LossForm,
    "after-loss": QuestionForm,
    "sexual": QuestionForm,
    "exploited": QuestionForm,
    "child-age": ChildAgeForm,
    "child-knows": ChildKnowsForm,
    "police": PoliceForm,
    "reply": ReplyForm,
    "reply-call": CallForm,
    "reply-text": TextForm,
    "reply-email": EmailForm,
    "reply-letter": LetterForm,
    "reply-relay": RelayForm,
    "reply-bsl": BslForm,
    "reply-trusted": TrustedForm,
    "interpreter": InterpreterForm,
    "check": CheckForm,
}
