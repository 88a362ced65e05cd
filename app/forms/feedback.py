"""Feedback: one page for whoever was here, with a number or without."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import HiddenField, StringField, TextAreaField
from wtforms.validators import Length, ValidationError

from app.domain.feedback import LONGEST_REACH, LONGEST_WORDS, About, Feedback
from app.forms.question import QuestionForm, one_kind_of_line_end
from app.forms.refer import ChoiceField, choices

ABOUT: Mapping[str, Any] = {
    About.HARD_TO_USE.value: _l("This site was hard to use"),
    About.WORDS.value: _l("Words that are wrong or hard to understand"),
    About.BROKEN.value: _l("Something did not work"),
    About.COMPLAINT.value: _l("A complaint about the Hub or a promise"),
    About.OTHER.value: _l("Something else"),
}


class FeedbackForm(QuestionForm):
    """What it is about and how to answer may be left. `feedback_id` is made with the page: sending twice is harmless."""

    about = ChoiceField(_l("What is it about?"), choices=choices(ABOUT))
    words = TextAreaField(
        _l("Tell us"),
        description=_l(
            "Please do not write here about what happened to you. To get support, use “Ask for support”. "
            "You can write in any language."
        ),
        validators=[
            Length(max=LONGEST_WORDS, message=_l("This is longer than 2,000 letters. Please make it shorter."))
        ],
        filters=[one_kind_of_line_end],
        render_kw={"rows": "8", "dir": "auto"},
    )
    reach = StringField(
        _l("If you want an answer: how can we reach you?"),
        description=_l("You can leave this. Use only a way that nobody else sees."),
        validators=[Length(max=LONGEST_REACH, message=_l("Use 200 letters or fewer."))],
        render_kw={"dir": "auto"},
    )
    feedback_id = HiddenField()

    def validate_words(self, field: TextAreaField) -> None:
        """Nothing to send is said, not sent."""
        if not (field.data or "").strip():
            raise ValidationError(_l("Write your message first."))

    def feedback(self, *, on: date, language: str) -> Feedback:
        """What a valid form says. `on` is the day in the UK, `language` that of the page."""
        return Feedback(
            on=on,
            language=language,
            about=About(self.about.data) if self.about.data else None,
            words=(self.words.data or "").strip(),
            reach=(self.reach.data or "").strip(),
        )
