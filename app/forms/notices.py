"""How somebody wants to be told that there is something new in their space, and in which words."""

from __future__ import annotations

from collections.abc import Iterable

from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from wtforms import Field, HiddenField, StringField
from wtforms.validators import ValidationError

from app.domain.contact import Way
from app.domain.notice import LONGEST_WORDS, one_line
from app.forms.contact import CodeWordForm
from app.forms.question import DISCREET, QuestionForm
from app.forms.refer import ChoiceField, choices

NONE, OWN = "none", "own"
# The three plain ones, by their codes; none of them may tell what this is about, in any language.
WORDS = {
    "new": _l("There is something new for you to read."),
    "check": _l("Please check when you have a minute."),
    "reminder": _l("Reminder."),
}
WAYS = {
    NONE: _l("Do not tell me. I look here myself."),
    Way.TEXT.value: _l("By text"),
    Way.EMAIL.value: _l("By email"),
    Way.LETTER.value: _l("By letter. It takes some days."),
}


class NoticesForm(CodeWordForm):
    """By which way, in which words, and the code word with which it counts at once."""

    way = ChoiceField(_l("How may we tell you?"), choices=choices(WAYS))
    words = ChoiceField(_l("In which words?"), choices=choices({**WORDS, OWN: _l("In my own words")}))
    own = StringField(
        _l("Your own words"),
        description=_l("60 letters or fewer. Do not write anything that others should not read."),
        render_kw={**DISCREET, "dir": "auto"},
    )

    def fit(self, ways: Iterable[Way] | None) -> None:
        """Offer these ways only, and no notices; None where it is not known which there are."""
        if ways is not None:
            known = {NONE, *(each.value for each in ways)}
            self.way.choices = [each for each in self.way.choices if each.value in known]

    @property
    def wants_none(self) -> bool:
        """True when they want no notices."""
        return bool(self.way.data == NONE)

    @property
    def chosen_words(self) -> str:
        """The words just as they will be sent, in the language of this page or in the person's own."""
        if self.words.data == OWN:
            return one_line(self.own.data or "")
        return str(WORDS.get(self.words.data, WORDS["new"]))

    def validate_way(self, field: Field) -> None:
        """Something has to be chosen: no notices is a choice like any other."""
        if not field.data:
            raise ValidationError(_l("Choose one. If you go back, nothing changes."))

    def validate_words(self, field: Field) -> None:
        """A notice needs words."""
        if not self.wants_none and not field.data:
            raise ValidationError(_l("Choose the words."))

    def validate_own(self, field: Field) -> None:
        """Own words fit on one line of a lock screen."""
        if self.wants_none or self.words.data != OWN:
            return
        typed = " ".join((field.data or "").split())
        if not typed:
            raise ValidationError(_l("Write your own words, or choose others."))
        if len(typed) > LONGEST_WORDS:
            raise ValidationError(gettext("Use 60 letters or fewer. There are %(count)d now.", count=len(typed)))


class SeenForm(QuestionForm):
    """After the test: whether nobody else saw it. `change_id` makes sending it twice harmless."""

    only_me = ChoiceField(
        _l("Did only you see it?"),
        choices=choices({"yes": _l("Yes, only me"), "no": _l("No, or I am not sure")}),
    )
    change_id = HiddenField()

    def validate_only_me(self, field: Field) -> None:
        """Nothing chosen is no answer, and changes nothing."""
        if not field.data:
            raise ValidationError(_l("Choose one. If you go back, nothing changes."))
