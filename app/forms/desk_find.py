"""Finding somebody at the desk, and putting cases together."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, HiddenField, StringField
from wtforms.fields import SelectChoice
from wtforms.validators import DataRequired, Length

from app.domain.finding import LONGEST_QUERY
from app.domain.joined import Tie
from app.forms.question import QuestionForm
from app.forms.refer import ChoiceField

TIES = {
    Tie.SAME.value: _l("The same person"),
    Tie.LINKED.value: _l("Two people who belong together, such as relatives"),
}


class FindForm(QuestionForm):
    """What to look for. `after` says how far back the last press looked; it is taken for this search only."""

    wanted = StringField(
        _l("Name, word, reference, phone number or email address"),
        description=_l("A word may be cut short at its end. Phone numbers in any format."),
        validators=[
            DataRequired(message=_l("Write what to look for.")),
            Length(max=LONGEST_QUERY, message=_l("Use 100 letters or fewer.")),
        ],
        render_kw={"autocomplete": "off", "spellcheck": "false", "dir": "auto"},
    )
    closed_too = BooleanField(_l("Closed cases too"))
    after = HiddenField()


class JoinForm(QuestionForm):
    """Another case, by its reference, and how the two belong together."""

    reference = StringField(
        _l("Reference of the other case"),
        validators=[DataRequired(message=_l("Write the reference.")), Length(max=40)],
        render_kw={"autocomplete": "off", "inputmode": "numeric", "dir": "ltr"},
    )
    tie = ChoiceField(
        _l("How do they belong together?"),
        choices=[SelectChoice(value, label) for value, label in TIES.items()],
        validators=[DataRequired(message=_l("Choose how they belong together."))],
    )
