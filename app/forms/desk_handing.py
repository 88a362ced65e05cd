"""At the desk: handing somebody over to a service, and telling them about one. In English: only staff read this."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import HiddenField, RadioField, SelectField, SelectMultipleField, StringField
from wtforms.fields import SelectChoice
from wtforms.validators import DataRequired, Length

from app.domain.directory import Directory
from app.domain.packet import Reason, Route
from app.domain.survey import NEEDS
from app.forms import how
from app.forms.handover import AskHandoverForm, service_choices

LONGEST_TAKER = 100
ROUTES = {
    Route.PHONE: _l("By phone, to the number in the directory"),
    Route.IN_PERSON: _l("In person"),
    Route.LETTER: _l("In a letter of its own"),
}
BACK = {
    Reason.NOT_OUR_AREA: _l("Not their area"),
    Reason.NO_ROOM: _l("No room now"),
    Reason.WRONG_SERVICE: _l("Not the right service"),
    Reason.CANNOT_REACH: _l("They cannot reach the person safely"),
    Reason.DECLINED: _l("The person does not want their help"),
    Reason.OTHER: _l("Something else"),
}


class AskForm(AskHandoverForm):
    """To which service, why, which kinds of things, and what it would take over."""

    needs = SelectMultipleField(
        _l("What would they take over?"),
        description=_l("What is not ticked stays with us. Tick nothing if no need of theirs goes with it."),
        validate_choice=False,
    )

    def fit(self, directory: Directory) -> None:
        """Offer the services of the directory by name, and the eight needs."""
        super().fit(directory)
        self.needs.choices = need_choices()

    def chosen_needs(self) -> list[str]:
        """The needs that were ticked; anything unknown is left out."""
        return [each for each in NEEDS if each in (self.needs.data or [])]


class PacketPressForm(FlaskForm):
    """At the desk: look at what would be handed over, or send what was looked at. Buttons."""

    press = HiddenField()
    seen = HiddenField()


class CodeWentForm(FlaskForm):
    """At the desk: by which way the code of a packet went, and who took it."""

    route = RadioField(
        _l("How did the code go?"),
        choices=[SelectChoice(each.value, label) for each, label in ROUTES.items()],
        validators=[DataRequired(message=_l("Choose how the code went."))],
        validate_choice=False,
    )
    taken_by = StringField(
        _l("Who took it?"),
        description=_l("Name and role at the service."),
        validators=[
            DataRequired(message=_l("Write who took it.")),
            Length(max=LONGEST_TAKER, message=_l("Use %(most)s letters or fewer.", most=LONGEST_TAKER)),
        ],
        render_kw={"autocomplete": "off", "dir": "auto"},
    )


class SignpostForm(FlaskForm):
    """At the desk: which service somebody was told about, and for what."""

    service = SelectField(
        _l("Which service did you tell them about?"),
        validators=[DataRequired(message=_l("Choose a service."))],
        validate_choice=False,
    )
    need = SelectField(_l("For what?"), validate_choice=False)
    signpost_id = HiddenField()

    def fit(self, directory: Directory) -> None:
        """Offer the services of the directory by name, and the eight needs."""
        self.service.choices = [SelectChoice("", _l("Choose")), *service_choices(directory)]
        self.need.choices = [SelectChoice("", _l("Not said")), *need_choices()]


def need_choices() -> list[SelectChoice]:
    """The eight needs in the words in which they are asked for."""
    labels = how.labels()
    return [SelectChoice(each, labels[each]) for each in NEEDS]
