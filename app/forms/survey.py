"""The one questionnaire, on one page: about you, about our support, and whether we kept our promises.

One page, because a page in between would leave the answers of the first half in the browser's memory of sent forms. There
is no box to write in. The ids are those of app/domain/survey.py; the labels are only words.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from flask_babel import lazy_gettext as _l
from markupsafe import Markup
from wtforms import Field, HiddenField
from wtforms.fields import SelectChoice

from app.domain import survey as ids
from app.domain.area import Area
from app.domain.pledge import Pledge
from app.domain.survey import Survey
from app.forms.question import QuestionForm
from app.forms.refer import CheckboxesField, ChoiceField, ListField, choices

LEAVE = "leave"
RATHER_NOT = {LEAVE: _l("I would rather not say")}
LEAVE_IT = {LEAVE: _l("Leave this")}
# A promise is about these when the pledge says that somebody is asked.
ASKED = "asked"
NEEDS: Mapping[str, Any] = {
    "health": _l("My health"),
    "shelter": _l("Where I live"),
    "family": _l("Family, friends and children"),
    "work": _l("School, skills and work"),
    "drink_drugs": _l("Drink and drugs"),
    "money": _l("Money and benefits"),
    "outlook": _l("How I see things"),
    "social": _l("Being with other people"),
}


def about_you(label: Any, labels: Mapping[str, Any], hint: Any = None) -> ChoiceField:
    """A question about who somebody is."""
    return ChoiceField(label, description=hint, choices=choices({**labels, **RATHER_NOT}))


def about_us(label: Any, labels: Mapping[str, Any], hint: Any = None) -> ChoiceField:
    """A question about how it went."""
    return ChoiceField(label, description=hint, choices=choices({**labels, **LEAVE_IT}))


def several(label: Any) -> CheckboxesField:
    """Some of the eight parts of a life."""
    return CheckboxesField(label, description=_l("Tick as many as you like."), choices=choices(NEEDS))


class SurveyForm(QuestionForm):
    """Everything but the promises, which the pledge brings. `answer_id` is made with the page: sending twice is harmless."""

    ABOUT_YOU = tuple(ids.EQUALITY)
    ABOUT_US = ("moment", "asked_for", "district", "wait", "doing", "got_better", "still_hard", "together")

    answer_id = HiddenField()

    age = about_you(
        _l("How old are you?"),
        {
            "16-17": _l("16 or 17"),
            "18-24": _l("18 to 24"),
            "25-34": _l("25 to 34"),
            "35-44": _l("35 to 44"),
            "45-54": _l("45 to 54"),
            "55-64": _l("55 to 64"),
            "65-74": _l("65 to 74"),
            "75-or-more": _l("75 or older"),
        },
    )
    disability = about_you(
        _l("Does an illness or disability make daily life harder for you?"),
        {"a-lot": _l("Yes, a lot"), "a-little": _l("Yes, a little"), "no": _l("No")},
        _l("One that has lasted, or will last, for a year or more."),
    )
    gender = about_you(
        _l("Is your gender the same as the sex you were registered with at birth?"),
        {"same": _l("Yes"), "different": _l("No")},
    )
    partnership = about_you(
        _l("Are you married or in a civil partnership?"),
        {"married": _l("Married"), "civil": _l("In a civil partnership"), "neither": _l("Neither")},
    )
    pregnancy = about_you(
        _l("Are you pregnant, or have you had a baby in the last year?"), {"yes": _l("Yes"), "no": _l("No")}
    )
    ethnic_group = about_you(
        _l("What is your ethnic group?"),
        {
            "asian": _l("Asian or Asian British"),
            "black": _l("Black, Black British, African or Caribbean"),
            "mixed": _l("Mixed, or several ethnic groups"),
            "white-british": _l("White: British or Irish"),
            "white-traveller": _l("White: Gypsy, Roma or Irish Traveller"),
            "white-other": _l("White: from anywhere else"),
            "other": _l("Another ethnic group, such as Arab"),
        },
    )
    religion = about_you(
        _l("What is your religion or belief?"),
        {
            "none": _l("None"),
            "buddhist": _l("Buddhist"),
            "christian": _l("Christian"),
            "hindu": _l("Hindu"),
            "jewish": _l("Jewish"),
            "muslim": _l("Muslim"),
            "sikh": _l("Sikh"),
            "other": _l("Another religion or belief"),
        },
    )
    sex = about_you(_l("What is your sex?"), {"female": _l("Female"), "male": _l("Male")})
    orientation = about_you(
        _l("Which of these are you?"),
        {
            "straight": _l("Straight"),
            "gay": _l("Gay or lesbian"),
            "bi": _l("Bi"),
            "other": _l("I use another word"),
        },
    )

    moment = about_us(
        _l("When are you answering?"),
        {
            "after-asking": _l("Soon after I asked for support"),
            "three-months": _l("About three months later"),
            "end": _l("When my support ended"),
            "other": _l("At another time"),
        },
    )
    asked_for = about_us(
        _l("For whom did you ask?"),
        {
            "me": _l("For myself"),
            "someone": _l("For someone I know"),
            "work": _l("For someone, as part of my work"),
        },
    )
    district = ListField(_l("Where do you live?"), description=_l("The district only. You can leave this."))

    wait = about_us(
        _l("About how long was it until someone answered you?"),
        {
            "same-day": _l("The same day"),
            "three-days": _l("Two or three days"),
            "week": _l("About a week"),
            "longer": _l("Longer than a week"),
            "not-yet": _l("Nobody has answered me yet"),
        },
    )
    doing = about_us(
        _l("How are you doing, compared with when you asked?"),
        {
            "better": _l("Better"),
            "bit-better": _l("A bit better"),
            "same": _l("About the same"),
            "bit-worse": _l("A bit worse"),
            "worse": _l("Worse"),
        },
    )
    got_better = several(_l("What has got better for you?"))
    still_hard = several(_l("What is still hard for you?"))
    together = about_us(
        _l("How was the help from everyone together?"),
        {
            "very-good": _l("Very good"),
            "good": _l("Good"),
            "mixed": _l("Good and bad"),
            "poor": _l("Poor"),
            "very-poor": _l("Very poor"),
        },
        _l("The Hub, the police, the courts and all others who helped you."),
    )

    @property
    def promises(self) -> list[Field]:
        """The questions about promises, in the pledge's order."""
        return [self[name] for name in ids.PROMISES if name in self]

    def fit(self, area: Area) -> None:
        """Offer the area's districts by their codes."""
        self.district.choices = [
            SelectChoice("", _l("Leave this")),
            *(SelectChoice(str(each.code), each.name, render_kw={"lang": "en-GB"}) for each in area.districts),
            SelectChoice(str(area.outside_code), _l("Outside this area")),
        ]

    def survey(self, *, month: str) -> Survey:
        """The answers of a valid form, as codes. Raises MalformedSurvey when nothing was answered."""
        given = {
            name: value
            for name, value in self.answer().items()
            if value != LEAVE and name in ids.ONE_OF | ids.SEVERAL.keys()
        }
        for name, known in ids.SEVERAL.items():
            if name in given:
                given[name] = [code for code in known if code in given[name]]
        return Survey(month=month, district=int(self.district.data) if self.district.data else None, answers=given)


@lru_cache(maxsize=64)
def form_of(pledge: Pledge, *, is_own_language: bool) -> type[SurveyForm]:
    """The form with one question for each promise of this pledge that is measured by asking.

    `is_own_language` is False where the pledge is shown in English for want of a translation.
    """
    asked = {each.id: each.text for each in pledge.promises if ASKED in each.measures}
    in_english = Markup('<span lang="en-GB" dir="ltr">{}</span>')
    fields: dict[str, Any] = {
        name: about_us(
            asked[promise] if is_own_language else in_english.format(asked[promise]),
            {"yes": _l("Yes"), "partly": _l("Partly"), "no": _l("No"), "not-known": _l("I do not know")},
        )
        for name, promise in ids.PROMISES.items()
        if promise in asked
    }
    return type("SurveyFormWithPromises", (SurveyForm,), fields)
