"""Forms for leaving: the code word that makes it count at once, and at the desk how somebody said that they want to close."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import HiddenField, RadioField, StringField
from wtforms.fields import SelectChoice
from wtforms.validators import DataRequired, Length

from app.forms.number import SECRET_INPUT
from app.forms.question import QuestionForm


class DeleteForm(QuestionForm):
    """Deleting: at once with the code word, else after its days. `change_id` makes sending it twice harmless."""

    code_word = StringField(
        _l("Your code word"),
        description=_l("If you chose a code word, type it here: then it happens at once. You can leave this."),
        validators=[Length(max=60, message=_l("Use 60 letters or fewer."))],
        render_kw=SECRET_INPUT,
    )
    change_id = HiddenField()


class CloseForm(FlaskForm):
    """At the desk: a case is closed because the person said so. That nobody has heard from them is no reason."""

    how = RadioField(
        _l("How did they say that they want to close it?"),
        choices=[
            SelectChoice("in-space", _l("They wrote it in their space")),
            SelectChoice("phone", _l("On the phone, and they said the code word")),
            SelectChoice("in-person", _l("In person")),
            SelectChoice("receipt", _l("A professional asked, and has our receipt")),
        ],
        validators=[DataRequired(message=_l("Choose how they said it. That they are silent is no reason."))],
        validate_choice=False,
    )
    how.component = "radios"
