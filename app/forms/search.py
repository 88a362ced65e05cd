"""Looking for something to read: one line, in anybody's own words."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from wtforms import StringField
from wtforms.validators import Length, ValidationError

from app.forms.question import QuestionForm

MOST = 200


class SearchForm(QuestionForm):
    """Nothing of it is kept: it comes in the body of a POST, and goes no further than the page that answers."""

    words = StringField(
        _l("What are you looking for?"),
        description=_l("Use your own words. We do not keep what you write here."),
        validators=[Length(max=MOST, message=_l("Use 200 letters or fewer."))],
        render_kw={"dir": "auto"},
    )

    def validate_words(self, field: StringField) -> None:
        """Nothing to look for is said, not looked for."""
        if not (field.data or "").strip():
            raise ValidationError(_l("Write what you are looking for."))


def search_form() -> SearchForm:
    """The form as it stands on a page. Nobody has said whose device it is: browsers are asked to remember nothing of it."""
    form = SearchForm()
    form.be_discreet()
    return form
