"""What one can ask the Hub for: a short form each, all of it optional but a name to be called by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import HiddenField, RadioField, StringField, TextAreaField
from wtforms.fields import SelectChoice
from wtforms.validators import DataRequired, Length, ValidationError

from app.domain.asking import BY_NUMBER, About, Answer, Asked
from app.forms.question import DISCREET, QuestionForm, one_kind_of_line_end

LONGEST_WORDS = 5000
ABOUT = {
    About.WORKER: _l("My support worker"),
    About.HUB: _l("Something else at the Hub, or this site"),
    About.INVESTIGATION: _l("How the police looked into what happened"),
    About.OTHER: _l("Something else"),
}
WHEN = {
    "now": _l("Tell me more now"),
    "later": _l("Ask me again later"),
    "never": _l("Do not ask me about this"),
}
WHO = {
    "woman": _l("A woman"),
    "man": _l("A man"),
    "other": _l("Another person, it does not matter who"),
}


def box(label: Any, *, hint: Any = None, rows: str = "5") -> TextAreaField:
    """A box for words that one may leave empty."""
    return TextAreaField(
        label,
        description=hint or _l("You can leave this. Write in any language."),
        validators=[
            Length(max=LONGEST_WORDS, message=_l("This is longer than 5,000 letters. Please make it shorter."))
        ],
        filters=[one_kind_of_line_end],
        render_kw={"autocomplete": "off", "rows": rows, "dir": "auto"},
    )


class AskForm(QuestionForm):
    """Anything that can be asked for, with room for words. `change_id` makes sending it twice harmless."""

    words = box(_l("Anything we should know"))
    what = HiddenField()
    change_id = HiddenField()

    def content(self) -> dict[str, str]:
        """What was answered, by name."""
        return {name: value for name, value in self.answer().items() if name not in {"what", "change_id"}}


class RestorativeForm(AskForm):
    """Restorative justice, at a time and in a way that is right for the person (requirement B9)."""

    ORDER = ("when", "words")
    when = RadioField(
        _l("What would be right for you?"),
        choices=[SelectChoice(value, label) for value, label in WHEN.items()],
        validate_choice=False,
    )
    words = box(_l("A time or a way that would be right for you"))


class WorkerForm(AskForm):
    """Another support worker."""

    ORDER = ("prefer", "words")
    prefer = RadioField(
        _l("Who would be better?"),
        description=_l("You can leave this. You need not say why."),
        choices=[SelectChoice(value, label) for value, label in WHO.items()],
        validate_choice=False,
    )


class InterpreterForm(AskForm):
    """An interpreter."""

    ORDER = ("into", "prefer", "words")
    into = StringField(
        _l("Which language?"),
        description=_l("Also say which dialect, if it matters."),
        validators=[Length(max=80, message=_l("Use 80 letters or fewer."))],
        render_kw={**DISCREET, "dir": "auto"},
    )
    prefer = RadioField(
        _l("Who would be better?"),
        choices=[SelectChoice(value, label) for value, label in WHO.items()],
        validate_choice=False,
    )


class CaseNewsForm(AskForm):
    """News of a police or court case: the Hub finds out."""

    words = box(
        _l("Anything that helps us to find out"),
        hint=_l("For example a crime number, an officer's name or a court. You can leave this."),
    )


class NameForm(AskForm):
    """Another name to be called by."""

    ORDER = ("name", "words")
    name = StringField(
        _l("What should we call you?"),
        description=_l("Any name you like. It need not be your legal name."),
        validators=[Length(max=100, message=_l("Use 100 letters or fewer."))],
        render_kw={**DISCREET, "dir": "auto"},
    )

    def validate_name(self, field: StringField) -> None:
        """Without a name there is nothing to change."""
        if not (field.data or "").strip():
            raise ValidationError(_l("Write the name first, or go back."))


class ComplaintForm(AskForm):
    """A complaint, for supervisors alone."""

    ORDER = ("about", "who", "words")
    about = RadioField(
        _l("What is it about?"),
        choices=[SelectChoice(each.value, label) for each, label in ABOUT.items()],
        validate_choice=False,
    )
    who = StringField(
        _l("Who is it about?"),
        description=_l("If you know a name. We keep this from them. You can leave this."),
        validators=[Length(max=100, message=_l("Use 100 letters or fewer."))],
        render_kw={**DISCREET, "dir": "auto"},
    )
    words = box(_l("What went wrong, and what should change"), rows="8")

    def validate_words(self, field: TextAreaField) -> None:
        """An empty page is nobody's complaint: say so rather than send it."""
        if not self.content():
            raise ValidationError(_l("Nothing is filled in yet. Fill in as little as you like, or go back."))


@dataclass(frozen=True)
class Askable:
    """One thing to ask for: its words in the list, on its own page, and its form."""

    what: Asked
    label: Any
    form: type[AskForm] = AskForm

    @property
    def number(self) -> str:
        """The last part of its address, which says nothing of what it is."""
        return next(number for number, each in BY_NUMBER.items() if each is self.what)


ASKABLE: Mapping[Asked, Askable] = {
    each.what: each
    for each in (
        Askable(Asked.WORKER, _l("Another support worker"), WorkerForm),
        Askable(Asked.INTERPRETER, _l("An interpreter"), InterpreterForm),
        Askable(Asked.CASE_NEWS, _l("News of a police or court case"), CaseNewsForm),
        Askable(Asked.SUMMARY, _l("Write down what you know and what we agreed")),
        Askable(Asked.COPY, _l("A copy of everything you hold about me")),
        Askable(Asked.NAME, _l("Call me by another name"), NameForm),
        Askable(Asked.RESTORATIVE, _l("Restorative justice"), RestorativeForm),
        Askable(Asked.COMPLAINT, _l("Make a complaint"), ComplaintForm),
    )
}

# The words of coded answers, for the desk.
CODES: Mapping[str, Mapping[str, Any]] = {
    "about": {each.value: label for each, label in ABOUT.items()},
    "when": WHEN,
    "prefer": WHO,
}


class AnswerForm(FlaskForm):
    """At the desk: what became of something that was asked for."""

    state = RadioField(
        _l("What do you tell them?"),
        choices=[
            SelectChoice(Answer.WORKING.value, _l("We have it, and we are working on it")),
            SelectChoice(Answer.DONE.value, _l("It is done or answered")),
            SelectChoice(Answer.CANNOT.value, _l("We cannot do this")),
        ],
        validators=[DataRequired(message=_l("Choose what to tell them."))],
        validate_choice=False,
    )
    state.component = "radios"
    text = TextAreaField(
        _l("A few words to them"),
        description=_l("They read it in their space, with your first name. You can leave this."),
        validators=[Length(max=LONGEST_WORDS, message=_l("This is longer than 5,000 letters."))],
        filters=[one_kind_of_line_end],
        render_kw={"rows": "4", "autocomplete": "off", "dir": "auto"},
    )
    envelope_id = HiddenField()
