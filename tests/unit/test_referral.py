"""What travels sealed: it comes back as it was, and whatever else arrives is refused by one name."""

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.contact import Way
from app.domain.referral import (
    HAPPENED,
    HELP,
    RISKS,
    VERSION,
    WAYS,
    WHO,
    Addition,
    MalformedReferral,
    News,
    Referral,
)

READERS = [Referral.from_bytes, Addition.from_bytes, News.from_bytes]
ANSWER_VALUES = st.one_of(st.text(), st.booleans(), st.lists(st.text(max_size=20)))
ANSWERS = st.dictionaries(
    st.text(max_size=20), st.dictionaries(st.text(max_size=20), ANSWER_VALUES, max_size=4), max_size=6
)
REFERRALS = st.builds(
    Referral,
    reference=st.text("0123456789", min_size=6, max_size=6),
    case_secret=st.binary(min_size=32, max_size=32),
    number_wrap=st.binary(max_size=200),
    language=st.text(),
    answers=ANSWERS,
    consent=st.text(),
    sent_at=st.text(),
)
ADDITIONS = st.builds(Addition, kind=st.text(), content=st.dictionaries(st.text(), ANSWER_VALUES))
NEWS = st.builds(
    News, kind=st.text(), at=st.text(), text=st.text(), language=st.text(), status=st.text(), author=st.text()
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


def a_referral(**changes) -> Referral:
    given_ = {
        "reference": "412907",
        "case_secret": bytes(range(32)),
        "number_wrap": b"wrap",
        "language": "en",
        "answers": {},
        "consent": "consent-1/en",
        "sent_at": "2026-06-03T10:00:00+00:00",
    }
    return Referral(**{**given_, **changes})


def spoilt(**changes) -> bytes:
    """A referral whose JSON was changed after it was made; None drops the key."""
    read = json.loads(a_referral().to_bytes()) | changes
    return json.dumps({key: value for key, value in read.items() if value is not None}).encode()


# What is sent comes back as it was


@given(REFERRALS)
def test_any_referral_comes_back_as_it_was(referral):
    assert Referral.from_bytes(referral.to_bytes()) == referral


@given(ADDITIONS)
def test_any_addition_comes_back_as_it_was(addition):
    assert Addition.from_bytes(addition.to_bytes()) == addition


@given(NEWS)
def test_any_news_comes_back_as_it_was(news):
    assert News.from_bytes(news.to_bytes()) == news


@pytest.mark.requirement("A15")
@pytest.mark.parametrize("name", ["Żaneta Łęcka", "بی‌بی گل", "ਗੁਰਪ੍ਰੀਤ", "李小龙", "😀", "a\u0000b", "\u202eabc"])
def test_names_of_any_script_travel_letter_by_letter(name):
    sent = a_referral(answers={"reply": {"name": name}})

    assert Referral.from_bytes(sent.to_bytes()).answers["reply"]["name"] == name


# Anything else is refused by one name


@given(st.binary())
@pytest.mark.parametrize("read", READERS)
def test_random_bytes_are_malformed_and_nothing_worse(read, raw):
    with pytest.raises(MalformedReferral):
        read(raw)


@given(JSON)
@pytest.mark.parametrize("read", READERS)
def test_any_other_json_is_malformed_and_nothing_worse(read, value):
    with pytest.raises(MalformedReferral):
        read(json.dumps(value).encode())


@given(
    st.dictionaries(
        st.sampled_from(
            ["reference", "case_secret", "number_wrap", "language", "answers", "consent", "sent_at", "kind", "content",
             "at", "text", "status", "author"],
        ),
        JSON,
    )
)  # fmt: skip
@pytest.mark.parametrize("read", READERS)
def test_the_right_keys_with_anything_in_them_are_read_or_malformed(read, content):
    raw = json.dumps({"version": VERSION, **content}).encode()

    try:
        opened = read(raw)
    except MalformedReferral:
        return
    assert read(opened.to_bytes()) == opened  # what passes can be kept and read again


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(spoilt(version=2), id="a version to come"),
        pytest.param(spoilt(version=None), id="no version"),
        pytest.param(spoilt(reference=None), id="no reference"),
        pytest.param(spoilt(reference="41290٧"), id="digits of another script"),
        pytest.param(spoilt(reference=""), id="empty reference"),
        pytest.param(spoilt(reference=412907), id="a number for a text"),
        pytest.param(spoilt(case_secret=base64.b64encode(bytes(31)).decode()), id="a short secret"),
        pytest.param(spoilt(case_secret="not base64!"), id="no base64"),
        pytest.param(spoilt(answers=[]), id="answers in a list"),
        pytest.param(spoilt(answers={"who": "me"}), id="an answer that is no record"),
        pytest.param(b"[" * 100_000, id="brackets without end"),
        pytest.param(spoilt(language="\ud800"), id="half a letter"),
        pytest.param(b'{"version":1e999}', id="a version without end"),
    ],
)
def test_a_referral_that_is_not_whole_is_malformed(raw):
    with pytest.raises(MalformedReferral):
        Referral.from_bytes(raw)


def test_the_error_never_repeats_what_was_typed():
    with pytest.raises(MalformedReferral) as error:
        Referral.from_bytes(spoilt(answers={"reply": "my secret name"}))

    assert "secret" not in repr(error.value)
    assert error.value.__cause__ is None
    assert error.value.__suppress_context__


# Coded facts: what the queue may hold in clear


def test_the_ways_that_travel_are_those_of_the_contact_plan():
    assert tuple(WAYS) == tuple(way.value for way in Way)


@given(ANSWERS)
@pytest.mark.rule("rule 7")
def test_facts_hold_codes_that_this_release_knows_and_nothing_that_was_typed(answers):
    known = {"who", "help", "about", "police", "reply"}
    fuzzed = {**answers, **{key: {"who": "x", "help": ["y"], "contact": "z"} for key in known}}

    facts = a_referral(answers=fuzzed).facts()

    assert facts == {
        "who": None, "under_18": False, "age_band": None, "help": [], "to_whom": None, "happened": [], "ongoing": None,
        "police": None, "district": None, "contact": None, "ways": [], "risk": False, "restricted": False, "they_know": None,
        "consent": None, "how_died": None, "child_age": None, "child_knows": None, "windows": {},
    }  # fmt: skip


def test_facts_say_what_was_chosen():
    facts = a_referral(
        answers={
            "who": {"who": WHO[0], "under_18": True},
            "young": {"age_band": "13-15"},
            "help": {"help": ["talk", "money"]},
            "about": {"to_whom": "me", "happened": [HAPPENED[0]], "ongoing": "yes"},
            "police": {"police": "no", "district": "fenland"},
            "reply": {"contact": "yes", "ways": ["call", "pigeon"], "name": "Ada", "language": "pl"},
            "reply-call": {"address": "01632 960 123"},
        }
    ).facts()

    assert facts == {
        "who": "me", "under_18": True, "age_band": "13-15", "help": ["talk", "money"], "to_whom": "me",
        "happened": ["hurt"], "ongoing": "yes", "police": "no", "district": "fenland", "contact": "yes", "ways": ["call"],
        "risk": False, "restricted": False, "they_know": None, "consent": None, "how_died": None, "child_age": None,
        "child_knows": None, "windows": {},
    }  # fmt: skip
    assert "Ada" not in json.dumps(facts)
    assert "01632" not in json.dumps(facts)


@pytest.mark.requirement("A8")
@pytest.mark.parametrize(
    ("who", "given", "band"),
    [
        ({"who": "me", "under_18": True}, "under-13", "under-13"),
        ({"who": "me-helped", "under_18": True}, "16-17", "16-17"),
        ({"under_18": True}, "13-15", "13-15"),
        ({"who": "me", "under_18": True}, None, None),
        ({"who": "me", "under_18": True}, "15", None),  # never an age, only a band
        ({"who": "me"}, "13-15", None),
        ({"who": "other", "under_18": True}, "13-15", None),  # a child's is "child_age"
    ],
)
def test_the_age_band_is_of_young_people_who_ask_for_themselves(who, given, band):
    facts = a_referral(answers={"who": who, "young": {"age_band": given} if given else {}}).facts()

    assert facts["age_band"] == band


@pytest.mark.parametrize(
    ("reply", "restricted"),
    [
        ({}, False),
        ({"conflict": "no"}, False),
        ({"conflict": "yes"}, True),
        ({"conflict": "not-sure"}, True),
        ({"conflict_who": "Gareth"}, True),  # a name without a tick says enough
        ({"conflict": "no", "conflict_who": "  "}, False),
        ({"conflict": ["yes"], "conflict_who": 7}, False),
    ],
)
def test_a_conflict_restricts_and_its_words_stay_sealed(reply, restricted):
    facts = a_referral(answers={"reply": reply}).facts()

    assert facts["restricted"] == restricted
    assert "Gareth" not in json.dumps(facts)


@pytest.mark.requirement("D2")
@pytest.mark.parametrize("help_", HELP)
def test_a_risk_is_known_from_the_first_envelope(help_):
    assert a_referral(answers={"help": {"help": [help_]}}).facts()["risk"] == (help_ in RISKS)


def test_ways_without_a_wish_for_contact_are_no_ways():
    assert a_referral(answers={"reply": {"contact": "no", "ways": ["call"]}}).facts()["ways"] == []
    assert a_referral(answers={"reply": {"ways": ["call"]}}).facts()["ways"] == []
