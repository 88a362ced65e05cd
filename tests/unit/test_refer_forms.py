"""The questions: nothing must be answered, what is typed stays as it was typed, and what is not on the list is refused."""

import unicodedata
from pathlib import Path

import pytest
from flask import Flask
from flask_babel import Babel
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from werkzeug.datastructures import MultiDict
from wtforms.fields import SelectChoice

from app.adapters.content import load_area, load_languages
from app.domain import referral as ids
from app.domain.contact import Box, IfAnswered, School, Way
from app.forms.refer import (
    FORMS,
    JOURNEY,
    AboutForm,
    BslForm,
    CallForm,
    CheckboxesField,
    ChildAgeForm,
    ChildKnowsForm,
    ChoiceField,
    EmailForm,
    HelpForm,
    InterpreterForm,
    KnowsForm,
    LetterForm,
    LossForm,
    PoliceForm,
    RelayForm,
    ReplyForm,
    TextForm,
    TrustedForm,
    WayForm,
    WhoForm,
    WorkForm,
)
from app.forms.summary import labels_of, summary

CALDERWICK = Path(__file__).parents[1] / "area"
AREA, LANGUAGES = load_area(CALDERWICK), load_languages(CALDERWICK)
SHARED = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
# The pages of each way ask for an address or for a press on "Leave this", which keeps nothing of the page.
ASKS_FOR_SOMETHING = {f"reply-{way.value}" for way in Way}
TIMES = [*Box, *School]
LETTERS = st.characters(exclude_categories=("Cc", "Cs", "Cn"), include_characters="\t\n")


@pytest.fixture(autouse=True)
def a_request():
    """Forms read the request and the language of the page."""
    app = Flask(__name__)
    app.config.update(WTF_CSRF_ENABLED=False, SECRET_KEY="not needed here", WTF_I18N_ENABLED=False)
    Babel(app)
    with app.test_request_context("/", method="POST"):
        yield


def filled(form_class, answers=()):
    form = form_class(formdata=MultiDict(answers))
    if isinstance(form, PoliceForm):
        form.district.choices = [SelectChoice("", "-"), *(SelectChoice(each.id, each.name) for each in AREA.districts)]
    if isinstance(form, ReplyForm):
        form.language.choices = [SelectChoice(each.slug, each.endonym) for each in LANGUAGES.all]
    return form


# Nothing must be answered


@pytest.mark.rule("rule 1")
@pytest.mark.requirement("A3")
@pytest.mark.parametrize("key", sorted(set(FORMS) - ASKS_FOR_SOMETHING))
def test_every_question_may_be_left(key):
    form = filled(FORMS[key])

    assert form.validate(), form.errors
    assert form.answer() == {}


@pytest.mark.requirement("B12")
@pytest.mark.parametrize("key", sorted(FORMS))
def test_nothing_is_chosen_beforehand(key):
    for field in filled(FORMS[key]):
        assert not field.data, field.name
        assert not field.default, field.name


@pytest.mark.parametrize("key", sorted(FORMS))
def test_the_browser_is_not_told_that_anything_is_required(key):
    assert not [field.name for field in filled(FORMS[key]) if field.flags.required]


@pytest.mark.requirement("B5")
def test_a_yes_to_contact_needs_a_way_so_that_it_does_not_end_in_silence():
    assert "ways" in _errors(ReplyForm, {"contact": "yes"})
    assert not _errors(ReplyForm, {"contact": "yes", "ways": "call"})
    assert not _errors(ReplyForm, {"contact": "no"})
    assert not _errors(ReplyForm, {"ways": "call"})
    assert not _errors(ReplyForm, {})


def _errors(form_class, answers):
    form = filled(form_class, answers)
    form.validate()
    return form.errors


# What is on the list


@pytest.mark.parametrize(
    ("form_class", "name", "known"),
    [
        (WhoForm, "who", ids.WHO),
        (HelpForm, "help", ids.HELP),
        (AboutForm, "to_whom", ids.TO_WHOM),
        (AboutForm, "happened", ids.HAPPENED),
        (AboutForm, "ongoing", ids.ONGOING),
        (PoliceForm, "police", ids.POLICE),
        (KnowsForm, "they_know", ids.YES_NO_UNSURE),
        (LossForm, "how", ids.HOW_DIED),
        (ChildAgeForm, "child_age", ids.AGE_BANDS),
        (ChildKnowsForm, "child_knows", ids.YES_NO_UNSURE),
        (InterpreterForm, "interpreter", ids.INTERPRETERS),
        (ReplyForm, "conflict", ids.YES_NO_UNSURE),
        (ReplyForm, "ways", [way.value for way in Way]),
        (ReplyForm, "ways", ids.WAYS),
        (CallForm, "times", TIMES),
        (TextForm, "times", TIMES),
        (EmailForm, "times", TIMES),
        (RelayForm, "times", TIMES),
        (BslForm, "times", TIMES),
        (TrustedForm, "times", TIMES),
        (CallForm, "if_answered", list(IfAnswered)),
    ],
)
def test_the_choices_are_the_ids_that_travel(form_class, name, known):
    """The labels are only words; what is kept are the ids of the vocabulary, all of them and no others."""
    assert sorted(choice.value for choice in filled(form_class)[name].choices) == sorted(known)


@pytest.mark.requirement("A2")
def test_each_of_the_people_close_by_is_a_choice_of_its_own():
    offered = set(labels_of("about", "to_whom"))

    assert {"child", "partner", "parent", "sibling", "friend", "died", "saw"} <= offered


def choice_fields():
    for key, form_class in FORMS.items():
        for name in dir(form_class):
            field_class = getattr(getattr(form_class, name), "field_class", None)
            if field_class and (
                issubclass(field_class, ChoiceField | CheckboxesField) or name in {"district", "language"}
            ):
                yield pytest.param(form_class, name, id=f"{key}.{name}")


@pytest.mark.parametrize(("form_class", "name"), list(choice_fields()))
@given(st.text(min_size=1, max_size=12))
@SHARED
def test_what_is_not_on_the_list_is_refused(form_class, name, made_up):
    form = filled(form_class, {name: made_up})
    known = {choice.value for choice in form[name].choices}
    form.validate()

    assert (name in form.errors) == (made_up not in known)


def test_one_strange_box_among_good_ones_is_refused():
    assert "help" in _errors(HelpForm, [("help", "talk"), ("help", "magic")])
    assert not _errors(HelpForm, [("help", "talk"), ("help", "money")])


# School hours


@pytest.mark.requirement("A9")
@pytest.mark.parametrize("key", [f"reply-{way.value}" for way in Way if way is not Way.LETTER])
@pytest.mark.parametrize(("under_18", "offered"), [(True, School.FINE), (False, School.KEEP_OUT)])
def test_what_is_offered_about_school_hours_fits_the_age(key, under_18, offered):
    form = filled(FORMS[key])
    form.fit(under_18=under_18)

    assert [choice.value for choice in form.times.choices] == [*Box, offered]


@pytest.mark.parametrize("under_18", [True, False])
@pytest.mark.parametrize("ticked", list(School))
def test_a_page_that_was_open_while_the_age_was_changed_can_still_be_sent(under_18, ticked):
    form = filled(CallForm, [("address", "01632 960123"), ("times", ticked.value)])
    form.fit(under_18=under_18)

    assert form.validate(), form.errors
    assert form.answer()["times"] == [ticked.value]


def test_fitting_one_persons_page_leaves_the_next_ones_as_it_was():
    filled(CallForm).fit(under_18=True)

    assert [choice.value for choice in filled(CallForm).times.choices] == TIMES


# The ways that take any words


@pytest.mark.parametrize(
    ("form_class", "typed"),
    [
        (LetterForm, "Flat 2\n1 Example Row\nCalderwick"),
        (LetterForm, "c/o the boat by the bridge"),
        (BslForm, "e.field@example.org"),
        (TrustedForm, "\u0645\u0631\u06cc\u0645 07700 900888"),
    ],
)
def test_an_address_of_any_shape_passes_and_stays_as_it_was_typed(form_class, typed):
    form = filled(form_class, {"address": typed})

    assert form.validate(), form.errors
    assert form.answer()["address"] == typed


@pytest.mark.parametrize("form_class", [LetterForm, BslForm, TrustedForm])
@pytest.mark.parametrize("typed", ["", "  \n "])
def test_an_empty_address_is_told_so(form_class, typed):
    assert "address" in _errors(form_class, {"address": typed})


def test_by_text_the_page_about_bsl_keeps_nothing_else_and_needs_no_address():
    form = filled(BslForm, {"how": "text", "address": "", "times": ["any"], "woman_or_man": "woman"})

    assert form.validate(), form.errors
    assert form.answer() == {"how": "text"}


@pytest.mark.parametrize(
    ("ways", "how", "asked_about"),
    [
        (["bsl"], "text", ["reply-bsl", "reply-text"]),
        (["text", "bsl"], "text", ["reply-bsl", "reply-text"]),
        (["bsl"], "video", ["reply-bsl"]),
        (["text"], "text", ["reply-text"]),
    ],
)
def test_by_text_the_page_about_texts_comes_next(ways, how, asked_about):
    """An answer that stayed from before bsl was unticked asks for nothing."""
    answers = {"reply": {"contact": "yes", "ways": ways}, "reply-bsl": {"how": how}}

    assert [place.step.key for place in JOURNEY.path(answers) if place.step.series == "reply"] == asked_about


def test_an_address_of_several_lines_is_kept_with_one_kind_of_line_end():
    form = filled(LetterForm, {"address": "1 Example Row\r\nCalderwick"})

    assert form.answer()["address"] == "1 Example Row\nCalderwick"


def test_a_letter_has_no_times():
    assert not issubclass(LetterForm, WayForm)
    assert "times" not in filled(LetterForm)


@pytest.mark.parametrize(
    ("form_class", "name", "limit"),
    [(LetterForm, "address", 500), (BslForm, "address", 200), (TrustedForm, "person", 80), (CallForm, "say", 80),
     (CallForm, "ask_for", 80), (TextForm, "own_times", 200), (ReplyForm, "sign", 80)],
)  # fmt: skip
def test_own_words_have_room_and_an_end(form_class, name, limit):
    assert name not in _errors(form_class, {name: "x" * limit})
    assert name in _errors(form_class, {name: "x" * (limit + 1)})


@pytest.mark.parametrize("key", [f"reply-{way.value}" for way in Way])
def test_every_field_of_a_way_has_its_place_in_the_order(key):
    names = {field.name for field in filled(FORMS[key])} - {"csrf_token"}

    assert names == set(FORMS[key].ORDER)


# Phone numbers, as people write them

WRITTEN = [
    "01632 960123", "(01632) 960 123", "01632-960-123", "01632.960.123", "+44 1632 960123", "0044 1632 960 123",
    "+441632960123", "07700 900 123", "+44 (0) 7700 900123", "+48 22 123 45 67", "00 48 221234567", "+40 21 312 34 56",
    "\u202a+44 7700 900123\u202c",  # pasted from a list of contacts, with its invisible marks
    "07700\u00a0900\u2011123",
    "tel: 01632 960123",
]  # fmt: skip


@pytest.mark.parametrize("form_class", [CallForm, TextForm, RelayForm])
@pytest.mark.parametrize("typed", WRITTEN)
def test_a_phone_number_passes_in_any_format_and_stays_as_it_was_typed(form_class, typed):
    form = filled(form_class, {"address": typed})

    assert form.validate(), form.errors
    assert form.answer() == {"address": typed}
    assert form.address.data == typed


ZEROS = sorted(chr(code) for code in range(0x110000) if unicodedata.decimal(chr(code), None) == 0)


@pytest.mark.requirement("A15")
@pytest.mark.parametrize("zero", ZEROS, ids=lambda zero: f"U+{ord(zero):04X}")
def test_a_phone_number_passes_in_the_digits_of_any_script_and_is_kept_in_those_that_are_dialled(zero):
    typed = "07700 900123".translate({ord(str(digit)): chr(ord(zero) + digit) for digit in range(10)})
    form = filled(CallForm, {"address": typed})

    assert form.validate(), form.errors
    assert form.answer()["address"] == "07700 900123"


@pytest.mark.requirement("A15")
def test_an_address_for_letters_is_kept_with_the_digits_that_stand_on_envelopes_here():
    form = filled(LetterForm, {"address": "۱۲ Mill Road\nCB۱ ۲AB", "message": "yes", "sure": "yes"})

    assert form.answer()["address"] == "12 Mill Road\nCB1 2AB"


@pytest.mark.parametrize("typed", ["", "   ", "12", "hello", "0", "+", "077", "1" * 40])
def test_what_cannot_be_rung_is_told_so_and_stays_in_the_box(typed):
    form = filled(CallForm, {"address": typed})

    assert not form.validate()
    assert form.address.data == typed


@given(st.text(LETTERS))
@SHARED
def test_anything_at_all_may_be_typed_for_a_phone_number(typed):
    form = filled(CallForm, {"address": typed})
    form.validate()

    assert form.address.data == typed


@pytest.mark.parametrize(
    "typed", ["name@example.org", "  name@example.org ", "zażółć@gęślą.example.org", "a+b@example.co.uk"]
)
def test_an_email_address_is_looked_at_and_not_looked_up(typed):
    form = filled(EmailForm, {"address": typed})

    assert form.validate(), form.errors
    assert form.answer()["address"] == typed.strip()


@given(st.text(LETTERS))
@SHARED
def test_anything_at_all_may_be_typed_for_an_email_address(typed):
    form = filled(EmailForm, {"address": typed})
    form.validate()

    assert form.address.data == typed


@pytest.mark.parametrize("typed", ["", "name", "name@", "@example.org", "a b@example.org", "name@example..org"])
def test_what_is_no_email_address_is_told_so(typed):
    assert "address" in _errors(EmailForm, {"address": typed})


@pytest.mark.parametrize(("key", "limit"), [("reply-call", 60), ("reply-text", 60), ("reply-email", 254)])
def test_an_address_has_room_for_what_people_need(key, limit):
    assert any(str(limit) in said for said in _errors(FORMS[key], {"address": "x" * (limit + 1)})["address"])


def test_a_name_is_any_name():
    form = filled(ReplyForm, {"name": "  Ó Súilleabháin-Nguyễn 李  "})

    assert form.validate(), form.errors
    assert form.answer() == {"name": "Ó Súilleabháin-Nguyễn 李"}


# What is kept


def test_a_tick_is_kept_and_a_missing_one_is_not():
    assert filled(WhoForm, {"under_18": "y"}).answer() == {"under_18": True}
    assert filled(WhoForm, {}).answer() == {}


def test_what_was_kept_fills_the_form_again():
    kept = {"help": ["talk", "money"]}

    assert HelpForm(formdata=None, data=kept).answer() == kept


@given(
    st.dictionaries(
        st.sampled_from(["address", "times", "shared", "message", "other"]), st.lists(st.text(), max_size=3)
    )
)
@SHARED
def test_only_fields_of_the_form_are_kept(sent):
    form = filled(CallForm, [(name, value) for name, values in sent.items() for value in values])

    assert set(form.answer()) <= set(CallForm.ORDER)


def test_after_a_death_nothing_is_kept_about_still_going_on():
    assert filled(AboutForm, {"to_whom": "died", "ongoing": "yes"}).answer() == {"to_whom": "died"}
    assert filled(AboutForm, {"to_whom": "me", "ongoing": "yes"}).answer()["ongoing"] == "yes"


@pytest.mark.requirement("A9")
@pytest.mark.parametrize("said", [{}, {"consent": "no"}])
def test_a_yes_that_was_not_given_has_no_date_and_no_way(said):
    kept = filled(WorkForm, {**said, "name": "Priya", "consent_when": "3 March", "consent_how": "in-person"}).answer()

    assert kept == {**said, "name": "Priya"}
    assert filled(WorkForm, {"consent": "yes", "consent_when": "3 March"}).answer()["consent_when"] == "3 March"


# The answers in words


def lines(answers):
    return summary(JOURNEY.path(answers), answers, languages=LANGUAGES, districts=AREA.districts)


@pytest.mark.rule("rule 1")
def test_a_question_that_was_left_has_no_words_of_its_own():
    """The page then says "Not answered": an empty answer is shown, never hidden."""
    found = lines({})

    assert found
    assert all(line.values == () for line in found)


def test_every_question_of_the_path_is_there_in_the_order_in_which_it_is_asked():
    answers = {"reply": {"contact": "yes", "ways": ["email"]}}

    assert [line.slug for line in lines(answers)] == (
        ["who"] + ["help"] + ["about"] * 3 + ["police"] * 2 + ["reply"] * 6 + ["reply-1"] * 5
    )


def test_a_box_that_was_not_ticked_is_not_called_a_question_that_was_left():
    assert "Under 18" not in [line.label for line in lines({"who": {"who": "me"}})]


def test_answers_are_told_in_the_words_in_which_they_were_asked():
    answers = {
        "who": {"who": "me", "under_18": True},
        "help": {"help": ["money", "talk"]},
        "police": {"police": "no", "district": AREA.districts[0].id},
        "reply": {"language": "en", "contact": "yes", "ways": ["call"], "name": "Ada <b>"},
        "reply-call": {"address": "01632 960 123", "times": ["weekday-morning"]},
    }
    told = {(line.slug, line.label): line.values for line in lines(answers)}

    assert told["who", "Who needs support?"] == ("I do",)
    assert told["who", "Under 18"] == ("Yes",)
    assert told["help", "What would help you now?"] == ("Money, benefits or compensation", "Someone to talk to")
    assert told["police", "Which area do you live in?"] == (AREA.districts[0].name,)
    assert told["reply", "Which language should we use?"] == (LANGUAGES.get("en").endonym,)
    assert told["reply", "What should we call you?"] == ("Ada <b>",)  # the template escapes it
    assert told["reply-1", "Your phone number"] == ("01632 960 123",)


def test_only_addresses_are_marked_as_addresses():
    answers = {
        "reply": {"contact": "yes", "ways": list(ids.WAYS)},
        "reply-call": {"address": "01632 960 123"},
    }
    found = [line for line in lines(answers) if line.is_address]

    assert [line.slug for line in found] == [f"reply-{number}" for number in range(1, 8)]
    assert [line.dir for line in found] == ["auto", "ltr", "ltr", "ltr", "auto", "ltr", "auto"]


def test_the_words_of_every_choice_can_be_looked_up_by_the_desk():
    assert set(labels_of("help", "help")) == set(ids.HELP)
    assert all(labels_of("about", "happened").values())
    assert labels_of("about", "no such field") == {}
