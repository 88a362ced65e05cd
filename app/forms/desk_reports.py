"""What stands on a report beside its figures."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from wtforms import TextAreaField
from wtforms.validators import Length

from app.forms.question import QuestionForm, one_kind_of_line_end

LONGEST = 3000


class WordsForm(QuestionForm):
    """A supervisor's own words about a period."""

    words = TextAreaField(
        _l("Our own words about this time"),
        description=_l("What the figures do not say. About nobody: it is printed."),
        validators=[Length(max=LONGEST, message=_l("Use 3,000 letters or fewer."))],
        filters=[one_kind_of_line_end],
        render_kw={"rows": "6", "autocomplete": "off"},
    )
