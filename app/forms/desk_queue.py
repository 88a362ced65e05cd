"""Forms of the queue: to whom a case goes, and until when it rests."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import DateField, SelectField
from wtforms.validators import DataRequired


class AssignForm(FlaskForm):
    """Which colleague looks after the case from now on."""

    to = SelectField(
        _l("Who looks after it now?"),
        description=_l("Their first name is told in the space, at once."),
        choices=[],
        validators=[DataRequired(message=_l("Choose a colleague."))],
        validate_choice=False,
    )


class QuietForm(FlaskForm):
    """The day on which a quiet case is looked at again."""

    until = DateField(
        _l("Look at it again on"),
        description=_l("It comes back by itself on this day, and at once when anything arrives."),
        validators=[DataRequired(message=_l("Choose a day, such as 30 4 2027."))],
        render_kw={"autocomplete": "off"},
    )
