"""Agreeing to be passed on, kind by kind; and at the desk, asking for it."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import HiddenField, RadioField, SelectField, SelectMultipleField, StringField, TextAreaField
from wtforms.fields import SelectChoice
from wtforms.validators import AnyOf, DataRequired, Length

from app.domain.directory import Directory, Service
from app.domain.handover import BY_STAFF, Decision, Kind, Why
from app.forms.question import QuestionForm, one_kind_of_line_end

LONGEST_NOTE = 2000
PASS_ON, LEAVE_OUT = "pass", "leave"
PREFIX = "kind_"

# What may be passed on, as the person is asked.
KINDS = {
    Kind.NAME: _l("Your name"),
    Kind.REACH: _l("A way to reach you"),
    Kind.PLAN: _l("How and when you may be contacted safely"),
    Kind.ACCESS: _l("Your language, and what you need to take part"),
    Kind.HELP: _l("What would help you"),
    Kind.HAPPENED: _l("What kind of thing happened"),
    Kind.WROTE: _l("What you wrote in your own words"),
}
HINTS = {
    Kind.REACH: _l("The phone, address or other way that you gave us."),
    Kind.PLAN: _l("Without this, we do not pass on a way to reach you."),
    Kind.HAPPENED: _l("As you ticked it. None of your own words."),
}
WHY = {
    Why.KNOWS_MORE: _l("They know a lot about what happened to you."),
    Why.NEARER: _l("They are near you."),
    Why.LANGUAGE: _l("They speak your language."),
    Why.LONGER: _l("They can stay with you for longer."),
    Why.YOU_ASKED: _l("You asked for this."),
    Why.OTHER_AREA: _l("You live in another area, and they work there."),
}


class DecideForm(QuestionForm):
    """Yes or no to passing on, each kind on its own. A kind that was not answered is left out."""

    note = TextAreaField(
        _l("Anything you want to say about this"),
        description=_l(
            "If you say yes, we pass your words on as you wrote them. If you say no, only the Hub reads them. You can leave this."
        ),
        validators=[Length(max=LONGEST_NOTE, message=_l("This is longer than 2,000 letters. Please make it shorter."))],
        filters=[one_kind_of_line_end],
        render_kw={"autocomplete": "off", "rows": "4", "dir": "auto"},
    )
    handover = HiddenField()
    change_id = HiddenField()

    @property
    def kind_fields(self) -> list[RadioField]:
        """The question about each kind, in order."""
        return [field for field in self if isinstance(field, RadioField)]

    @property
    def chosen(self) -> list[str]:
        """The kinds that got a yes of their own."""
        return [each.name.removeprefix(PREFIX) for each in self.kind_fields if each.data == PASS_ON]


def decide_form(kinds: tuple[str, ...], **options: Any) -> DecideForm:
    """The form for what is asked. A kind that this release has no words for is not asked, so it is left out."""
    known = [each for each in Kind if each.value in kinds]
    fields = {
        PREFIX + kind.value: RadioField(
            KINDS[kind],
            description=HINTS.get(kind, ""),
            choices=[SelectChoice(PASS_ON, _l("Pass on")), SelectChoice(LEAVE_OUT, _l("Leave out"))],
            validate_choice=False,
        )
        for kind in known
    }
    order = (*fields, "note")
    form: type[DecideForm] = type("KindsForm", (DecideForm,), {**fields, "ORDER": order})
    return form(**options)


class AskHandoverForm(FlaskForm):
    """At the desk: to which service, why, and which kinds of things."""

    service = SelectField(
        _l("To which service?"),
        validators=[DataRequired(message=_l("Choose a service."))],
        validate_choice=False,
    )
    why = RadioField(
        _l("Why this one?"),
        choices=[SelectChoice(each.value, label) for each, label in WHY.items()],
        validators=[DataRequired(message=_l("Choose why."))],
        validate_choice=False,
    )
    kinds = SelectMultipleField(
        _l("What would you pass on?"),
        description=_l(
            "Only what this service needs. They see these kinds, never the things themselves, and say yes or no to each."
        ),
        choices=[SelectChoice(each.value, label) for each, label in KINDS.items()],
        validators=[DataRequired(message=_l("Choose what would be passed on."))],
        validate_choice=False,
    )
    handover_id = HiddenField()
    why.component = "radios"

    def fit(self, directory: Directory) -> None:
        """Offer the services of the directory by name."""
        self.service.choices = [SelectChoice("", _l("Choose")), *service_choices(directory)]

    def chosen_kinds(self) -> list[Kind]:
        """The kinds that were ticked; anything unknown is left out. A way to reach somebody comes with what makes it safe."""
        ticked = set(self.kinds.data or [])
        if Kind.REACH.value in ticked:
            ticked.add(Kind.PLAN.value)
        return [each for each in Kind if each.value in ticked]


class RecordForm(FlaskForm):
    """At the desk: how a handover stands now. Buttons."""

    state = StringField(validators=[AnyOf([each.value for each in BY_STAFF])])


def service_choices(directory: Directory) -> list[SelectChoice]:
    """Every service that can be reached, by name."""
    listed: list[Service] = [each for each in directory.all if each.is_reachable]
    return [SelectChoice(each.id, each.name) for each in sorted(listed, key=lambda one: one.name.casefold())]


DECISIONS = {each.value: each for each in (Decision.APPROVE, Decision.REFUSE)}
