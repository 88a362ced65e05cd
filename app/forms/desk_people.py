"""Forms about colleagues: leave and who covers, and who is to have a case."""

from __future__ import annotations

from collections.abc import Sequence

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import DateField, SelectField
from wtforms.fields import SelectChoice
from wtforms.validators import DataRequired

CHOOSE = SelectChoice("", _l("Choose"))


class LeaveForm(FlaskForm):
    """Somebody is away."""

    from_on = DateField(
        _l("First day away"), id="from-on", validators=[DataRequired(message=_l("Give the first day away."))]
    )
    until_on = DateField(
        _l("Last day away"), id="until-on", validators=[DataRequired(message=_l("Give the last day away."))]
    )
    cover = SelectField(
        _l("Who covers"),
        description=_l(
            "They see these cases as their own until the last day. Who looks after somebody does not change."
        ),
        choices=[],
        validators=[DataRequired(message=_l("Choose who covers."))],
        validate_choice=False,
    )

    def fit(self, people: Sequence[tuple[str, str]]) -> None:
        """Offer these, as (key, name)."""
        self.cover.choices = [CHOOSE, *(SelectChoice(key, name) for key, name in people)]


class GiveForm(FlaskForm):
    """Who is to have a case, or all of them."""

    to = SelectField(
        _l("Give to"),
        choices=[],
        validators=[DataRequired(message=_l("Choose who is to have it."))],
        validate_choice=False,
    )

    def fit(self, people: Sequence[tuple[str, str]]) -> None:
        """Offer these, as (key, name)."""
        self.to.choices = [CHOOSE, *(SelectChoice(key, name) for key, name in people)]
