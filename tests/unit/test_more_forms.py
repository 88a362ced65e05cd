"""The sections of "Tell us more": what is asked, what travels, and in which words the desk reads it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask
from flask_babel import Babel
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from werkzeug.datastructures import MultiDict

from app.domain.referral import GOES_ON_LONG, HOW_DIED, REPORTED_OFTEN, SAFETY, SAFETY_RISKS, Addition
from app.forms.more import (
    BY_SLUG,
    KINDS,
    LONGEST_WORDS,
    SECTIONS,
    DeathForm,
    EffectsForm,
    KindForm,
    MoreForm,
    NearbyForm,
    SafetyForm,
    WordsForm,
    addition_of,
    as_it_came,
    form_of,
    printable,
    questions,
    shown,
)

SHARED = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
WRITTEN = st.characters(exclude_categories=("Cc", "Cs", "Cn"), include_characters="\t\n\r")
EVERY_FORM = [section.form for section in SECTIONS if section.form is not KindForm] + [
    form for _, form in KINDS.values()
]


@pytest.fixture(autouse=True)
def a_request() -> Iterator[None]:
    """Forms read the request and the language of the page."""
    app = Flask(__name__)
    app.config.update(WTF_CSRF_ENABLED=False, SECRET_KEY="not needed here", WTF_I18N_ENABLED=False)
    Babel(app)
    with app.test_request_context("/", method="POST"):
        yield


def filled(form_class: type[MoreForm], answers: list[tuple[str, str]]) -> MoreForm:
    return form_class(formdata=MultiDict(answers))


def sent(section: str, form: MoreForm) -> Addition:
    return addition_of(BY_SLUG[section], form, sent_at="2026-11-24T10:00:00+00:00", language="en-GB")


def nearby(**answers: str) -> tuple[str, ...]:
    form = filled(NearbyForm, [("kind", "nearby"), *answers.items()])
    return sent("3", form).tells_of_persistence()


@pytest.mark.parametrize("form_class", EVERY_FORM, ids=lambda form: form.__name__)
def test_nothing_must_be_answered_and_nothing_is_preselected(form_class: type[MoreForm]) -> None:
    form = filled(form_class, [("addition_id", "x")])
    assert form.validate()
    assert form.answer() == {}
    assert 1 <= len(questions(form_class)) <= 9


@pytest.mark.requirement("C1")
def test_the_eight_needs_are_asked_for_and_leave_is_no_answer() -> None:
    needs = ["health", "shelter", "family", "work", "drink_drugs", "money", "outlook", "social"]
    assert list(questions(EffectsForm)) == [*needs, "others"]
    form = filled(EffectsForm, [(need, value) for need, value in zip(needs, ["fine", "leave"] * 4, strict=True)])
    assert form.validate()
    assert form.answer() == dict.fromkeys(needs[::2], "fine")


@pytest.mark.requirement("C5")
@pytest.mark.requirement("C6")
@pytest.mark.requirement("C7")
@pytest.mark.requirement("C8")
def test_the_four_risks_are_asked_for_under_the_names_that_the_queue_knows() -> None:
    assert list(questions(SafetyForm)) == [*SAFETY_RISKS, "getting_worse", "details"]
    assert BY_SLUG["1"].kind == SAFETY
    for risk in SAFETY_RISKS:
        for said, tells in (("yes", True), ("not-sure", True), ("no", False)):
            assert sent("1", filled(SafetyForm, [(risk, said)])).tells_of_risk() is tells
    assert not sent("1", filled(SafetyForm, [("getting_worse", "yes"), ("details", "yes")])).tells_of_risk()
    assert not Addition(kind="effects", content={"answers": {"safer": "yes"}}).tells_of_risk()
    assert not Addition(kind="safety", content={"answers": ["safer"]}).tells_of_risk()


@pytest.mark.requirement("D1")
@pytest.mark.requirement("D6")
def test_trouble_nearby_tells_how_often_and_how_long() -> None:
    told = dict.fromkeys(("none", "1-2"), ()) | {"3-or-more": (REPORTED_OFTEN,)}
    assert {choice: nearby(reports=choice) for choice in questions(NearbyForm)["reports"][1]} == told
    long = {"6-months-or-more": (GOES_ON_LONG,), "years": (GOES_ON_LONG,)}
    told = dict.fromkeys(("under-1-month", "under-6-months"), ()) | long
    assert {choice: nearby(how_long=choice) for choice in questions(NearbyForm)["how_long"][1]} == told
    assert nearby(reports="3-or-more", how_long="years") == (REPORTED_OFTEN, GOES_ON_LONG)
    assert Addition(kind="happened", content={"about": "nearby", "answers": ["years"]}).tells_of_persistence() == ()
    assert (
        Addition(kind="happened", content={"about": "hate", "answers": {"how_long": "years"}}).tells_of_persistence()
        == ()
    )


@pytest.mark.requirement("A16")
def test_every_page_to_read_belongs_to_a_branch_and_no_other_branch_has_one() -> None:
    found = {
        about: Addition(kind="happened", content={"about": about, "answers": {}}).page_to_read() for about in KINDS
    }
    assert {about: page for about, page in found.items() if page} == {
        "died": ("loss", ""), "sexual": ("sexual", ""), "exploited": ("exploited", ""),
    }  # fmt: skip
    for how in questions(DeathForm)["how"][1]:
        (page, known) = Addition(
            kind="happened", content={"about": "died", "answers": {"how": how}}
        ).page_to_read() or ("", "")
        assert (page, known) == ("loss", how if how in HOW_DIED else "")
    for junk in ({"about": ["died"], "answers": {}}, {"about": "died"}, {"about": "died", "answers": [1]}, {}):
        assert Addition(kind="happened", content=junk).page_to_read() is None
    assert Addition(kind="safety", content={"about": "died", "answers": {}}).page_to_read() is None


def test_what_is_not_on_the_list_is_refused() -> None:
    assert not filled(EffectsForm, [("health", "awful")]).validate()
    assert not filled(NearbyForm, [("knows", "police"), ("knows", "king")]).validate()
    assert not filled(KindForm, [("kind", "king")]).validate()
    assert not filled(KindForm, []).validate()


def test_a_made_up_kind_leads_to_the_first_question() -> None:
    assert form_of(BY_SLUG["3"], "king") is KindForm
    assert form_of(BY_SLUG["3"], "nearby") is NearbyForm
    assert form_of(BY_SLUG["5"], "nearby") is WordsForm


def test_ids_in_addresses_are_numbers_and_kinds_are_told_once() -> None:
    assert list(BY_SLUG) == ["1", "2", "3", "4", "5"]
    assert len({section.kind for section in SECTIONS}) == len(SECTIONS)


def test_the_limit_counts_what_was_typed() -> None:
    line_ends = "a\r\n" * (LONGEST_WORDS // 2)
    assert filled(WordsForm, [("text", line_ends)]).validate()
    form = filled(WordsForm, [("text", line_ends + "a")])
    assert not form.validate()
    assert "10,000" in str(form.text.errors[0])  # type: ignore[attr-defined]


@SHARED
@given(st.text(WRITTEN, max_size=500).filter(str.strip))
def test_text_travels_letter_for_letter(text: str) -> None:
    addition = sent("5", filled(WordsForm, [("text", text)]))
    read = Addition.from_bytes(addition.to_bytes())
    assert read.content["answers"]["text"] == text.replace("\r\n", "\n").replace("\r", "\n")


@pytest.mark.parametrize("kind", KINDS)
def test_the_desk_reads_every_question_and_choice_in_words(kind: str) -> None:
    form_class = KINDS[kind][1]
    answers = {name: sorted(labels) or "typed" for name, (_, labels) in questions(form_class).items()}
    found = shown(Addition(kind="happened", content={"about": kind, "answers": answers}))
    assert found is not None
    assert (found.title, found.about) == ("More about what happened", str(KINDS[kind][0]))
    for told, (label, labels) in zip(found.told, questions(form_class).values(), strict=True):
        assert told.label == label
        assert set(told.values) == (set(labels.values()) or {"typed"})


def test_an_addition_from_another_release_is_shown_as_it_came() -> None:
    assert shown(Addition(kind="later", content={"answers": {}})) is None
    assert shown(Addition(kind="words", content={"text": "x"})) is None
    assert shown(Addition(kind="happened", content={"about": ["x"], "answers": {}})) is None
    assert (
        as_it_came(Addition(kind="later", content={"a": "ж\x7f"})) == '{"later": {"a": "ж\N{REPLACEMENT CHARACTER}"}}'
    )
    found = shown(Addition(kind="effects", content={"answers": {"new": {"a": 1}, "health": "new-word"}}))
    assert found is not None
    assert [(told.label, told.values) for told in found.told] == [("My health", ("new-word",)), ("new", ("{'a': 1}",))]


def test_only_what_a_page_may_not_hold_is_shown_by_a_sign() -> None:
    assert printable("a\tb\nc\x00\x1b\x85\ufffe") == "a\tb\nc␀␛\N{REPLACEMENT CHARACTER}\N{REPLACEMENT CHARACTER}"
    kept = "żółć Помогите مجھے ਮੈਨੂੰ 我需要 👩\u200d👧 \u202e<b>&amp;\u202c"
    assert printable(kept) == kept
