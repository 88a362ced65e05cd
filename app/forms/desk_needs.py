"""The needs assessment at the desk: one page, in the very words in which people are asked (requirements C1, C2, C8)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import BooleanField, DateField, HiddenField, RadioField, SelectField, StringField, TextAreaField
from wtforms.fields import SelectChoice
from wtforms.validators import AnyOf, Length, Optional

from app.domain.needs import CATEGORIES, COPING, RECOVERING, RISK_NAMES, SCALES, Acted, Ended, Level, Wish
from app.domain.priority import Group
from app.forms.more import HOW_HARD, YES_NO_SURE
from app.forms.question import QuestionForm, one_kind_of_line_end

LONGEST_NOTE = 4000
NOT_ASKED = _l("Not asked")
COPING_WORDS = {"mostly": _l("Mostly well"), "some-days": _l("Some days"), "hardly": _l("Hardly")}
RECOVERING_WORDS = {"mostly": _l("Mostly"), "partly": _l("Partly"), "not-yet": _l("Not yet")}
AIM_LABELS = {
    COPING: _l("How well do they cope, from day to day?"),
    RECOVERING: _l("Where it is possible: how far are they back in the life they had before?"),
}
WISHES = {"": _l("Not said"), Wish.NOW: _l("Help now"), Wish.LATER: _l("Later"), Wish.NO: _l("Not wanted")}
ENDINGS = {
    Ended.SUPPORTED: _l("Supported by us"),
    Ended.REFERRED: _l("Passed on: a service has taken it over"),
    Ended.SIGNPOSTED: _l("Told where to find help"),
    Ended.DECLINED: _l("They do not want help with it"),
}
LEVELS = {
    Level.INFORMATION: _l("1: information"),
    Level.ONE_TALK: _l("2: one talk"),
    Level.REGULAR: _l("3: regular support"),
}
ACTED = {
    Acted.TALKED: _l("Talked with them about it"),
    Acted.MORE_SUPPORT: _l("More support, or another kind"),
    Acted.PASSED_ON: _l("Passed on to a service"),
    Acted.SAFEGUARDING: _l("Told those who must keep them safe"),
    Acted.THEIR_WISH: _l("Nothing more: that is their wish"),
}
HOW_ASKED = {
    "phone": _l("On the phone"),
    "in-person": _l("In person"),
    "video": _l("By video"),
    "in-space": _l("In their space"),
    "from-theirs": _l("No talk: out of what they sent"),
}


class DayField(DateField):
    """A day, by the browser's own calendar."""

    component = "text_input"


def words_of(name: str) -> Mapping[str, Any]:
    """The words of the answers on a scale, from the best to the worst."""
    words = {
        **dict.fromkeys(CATEGORIES, HOW_HARD),
        **dict.fromkeys(RISK_NAMES, YES_NO_SURE),
        COPING: COPING_WORDS,
        RECOVERING: RECOVERING_WORDS,
    }[name]
    return {each: words[each] for each in SCALES[name]}


def _answer(name: str) -> RadioField:
    choices = [*(SelectChoice(value, label) for value, label in words_of(name).items()), SelectChoice("", NOT_ASKED)]
    return RadioField(name, choices=choices, default="", validate_choice=False)


def _wish(category: str) -> SelectField:
    choices = [SelectChoice(value, label) for value, label in WISHES.items()]
    return SelectField(_l("What they want"), choices=choices, default="", validate_choice=False)


class AssessmentForm(QuestionForm):
    """All of it on one page. Answers may be left; what was left keeps its earlier answer and is not counted as asked."""

    how = SelectField(
        _l("How did you ask?"),
        choices=[SelectChoice(value, label) for value, label in HOW_ASKED.items()],
        validators=[AnyOf(tuple(HOW_ASKED), message=_l("Choose how you asked."))],
        validate_choice=False,
    )
    own = RadioField(
        _l("Whose answers are these?"),
        choices=[
            SelectChoice("yes", _l("Theirs: they said so")),
            SelectChoice("no", _l("Ours: how it looks to us")),
        ],
        default="yes",
        validators=[AnyOf(("yes", "no"), message=_l("Choose whose answers these are."))],
        validate_choice=False,
    )
    they_began = BooleanField(_l("They began to speak of it themselves"))
    level = RadioField(
        _l("Level of support"),
        choices=[
            *(SelectChoice(str(each.value), label) for each, label in LEVELS.items()),
            SelectChoice("", _l("Not decided now")),
        ],
        default="",
        validate_choice=False,
    )
    group = SelectField(_l("Priority group"), default="", validate_choice=False)
    reason = StringField(
        _l("Why, if the group is another than before"),
        description=_l("Only colleagues who open the case read it."),
        validators=[Length(max=500, message=_l("Use 500 letters or fewer."))],
        render_kw={"autocomplete": "off"},
    )
    again = RadioField(
        _l("Do they want to be asked again?"),
        choices=[
            SelectChoice("yes", _l("Yes, by this day")),
            SelectChoice("no", _l("No")),
            SelectChoice("", _l("Not talked about")),
        ],
        default="",
        validate_choice=False,
    )
    ask_on = DayField(_l("Day"), validators=[Optional()], render_kw={"autocomplete": "off"})
    note = TextAreaField(
        _l("Note"),
        description=_l("Sealed with the case. They may ask to read it."),
        validators=[Length(max=LONGEST_NOTE, message=_l("Use 4,000 letters or fewer."))],
        filters=[one_kind_of_line_end],
        render_kw={"rows": "3", "autocomplete": "off", "dir": "auto"},
    )
    envelope_id = HiddenField()

    def fit(self, groups: Mapping[Group, str]) -> None:
        """Offer the groups, in the desk's own words."""
        self.group.choices = [
            SelectChoice("", _l("As it is")),
            *(SelectChoice(each.value, label) for each, label in groups.items()),
        ]

    def answers(self) -> dict[str, str]:
        """The answers on each scale; what is on none is left out."""
        given = {name: str(self[name].data or "") for name in SCALES}
        return {name: value for name, value in given.items() if value in SCALES[name]}

    def wishes(self) -> dict[str, Wish]:
        """What they want, by category."""
        known = {each.value for each in Wish}
        given = {name: str(self[wish_name(name)].data or "") for name in CATEGORIES}
        return {name: Wish(value) for name, value in given.items() if value in known}

    def fill(self, answers: Mapping[str, str], wishes: Mapping[str, str | None]) -> None:
        """Begin with what is known."""
        for name in SCALES:
            self[name].data = answers.get(name, "")
        for name in CATEGORIES:
            self[wish_name(name)].data = wishes.get(name) or ""


def wish_name(category: str) -> str:
    """The field with what they want done about a need."""
    return f"{category}_wish"


for _name in SCALES:
    setattr(AssessmentForm, _name, _answer(_name))
for _name in CATEGORIES:
    setattr(AssessmentForm, wish_name(_name), _wish(_name))


class EndNeedForm(FlaskForm):
    """How a need ended, and at which service if it was passed on."""

    ended = SelectField(
        _l("How did it end?"),
        choices=[SelectChoice("", _l("Choose")), *(SelectChoice(value, label) for value, label in ENDINGS.items())],
        validators=[AnyOf([each.value for each in Ended], message=_l("Choose how it ended."))],
        validate_choice=False,
    )
    service = SelectField(_l("Service, if they were passed on or told of it"), choices=[], validate_choice=False)

    def fit(self, services: Sequence[tuple[str, str]]) -> None:
        """Offer the local services: (id, name) of each."""
        self.service.choices = [SelectChoice("", _l("None")), *(SelectChoice(key, name) for key, name in services)]


class LastNeedForm(EndNeedForm):
    """A need that is open when the case is closed: how it ended, or that it stays open."""

    STAYS = "open"

    ended = SelectField(
        _l("How did it end?"),
        choices=[
            SelectChoice("", _l("Choose")),
            *(SelectChoice(value, label) for value, label in ENDINGS.items()),
            SelectChoice(STAYS, _l("It stays open")),
        ],
        validators=[AnyOf([*(each.value for each in Ended), STAYS], message=_l("Choose how it ended."))],
        validate_choice=False,
    )


class ActedForm(FlaskForm):
    """What was done about something that got worse."""

    acted = SelectField(
        _l("What was done?"),
        choices=[SelectChoice("", _l("Choose")), *(SelectChoice(value, label) for value, label in ACTED.items())],
        validators=[AnyOf([each.value for each in Acted], message=_l("Choose what was done."))],
        validate_choice=False,
    )
    note = StringField(
        _l("In a few words"),
        id="done-note",
        validators=[Length(max=500, message=_l("Use 500 letters or fewer."))],
        render_kw={"autocomplete": "off"},
    )
