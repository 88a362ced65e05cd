"""Languages: which are shown, and which one a browser asks for."""

from pathlib import Path

import pytest
from babel import Locale
from hypothesis import example, given
from hypothesis import strategies as st

from app.adapters.content import load_languages
from app.domain.languages import Language, LanguageError, Languages

ROOT = Path(__file__).parents[2]
SHIPPED = load_languages(ROOT / "content")


def language(
    slug: str, *, tag: str = "", shown: bool = True, pseudo: bool = False, also: tuple[str, ...] = ()
) -> Language:
    return Language(
        slug=slug, tag=tag or slug, name=slug, endonym=slug, dir="ltr", format_locale=slug, catalogue=slug, shown=shown,
        pseudo=pseudo, also=also,
    )  # fmt: skip


SEVERAL = Languages(
    (
        language("en", tag="en-GB"),
        language("pl"),
        language("pa", tag="pa-Guru"),
        language("ur", also=("pa-PK", "pa-Arab")),
        language("zh", tag="zh-Hans"),
        language("cs", shown=False),
        language("en-XA", shown=False, pseudo=True),
    )
)


@pytest.mark.parametrize(
    ("header", "slug"),
    [
        (None, "en"),
        ("", "en"),
        ("pl", "pl"),
        ("PL-pl", "pl"),
        ("de, pl;q=0.3", "pl"),
        ("pl;q=0.3, ur;q=0.7", "ur"),
        ("en-US, pl;q=0.9", "en"),
        ("pa-IN", "pa"),
        ("pa-PK", "ur"),
        ("pa-Arab-PK", "ur"),
        ("zh-TW", "zh"),
        ("zh-Hant-x-private", "zh"),
        ("cs, pl;q=0.1", "pl"),  # not shown yet
        ("en-XA", "en"),  # made up, and shortened to English
        ("*", "en"),
        ("en;q=0, *", "pl"),
        ("en-GB;q=0, en;q=0, pl;q=0.2", "pl"),
        ("pl;q=0", "en"),
        ("pl;q=2, ur;q=0.1", "ur"),
        ("pl;q=x, ur;q=0.1", "ur"),
        ("pl ; q=0.8 , ur;q=0.9", "ur"),
        (";;;,,,=q;q=1", "en"),
        ("pl;level=1", "pl"),
        ("-, --, pl", "pl"),
    ],
)
def test_a_browser_gets_the_language_it_asks_for_most(header, slug):
    assert SEVERAL.negotiate(header).slug == slug


def test_made_up_languages_answer_only_in_tests_and_development():
    assert SEVERAL.negotiate("en-XA", pseudo=True).slug == "en-XA"
    assert [one.slug for one in SEVERAL.shown(pseudo=False)] == ["en", "pl", "pa", "ur", "zh"]
    assert [one.slug for one in SEVERAL.shown(pseudo=True)][-1] == "en-XA"


def test_a_language_is_found_by_its_exact_slug():
    assert SEVERAL.get("pl") is SEVERAL.all[1]
    assert SEVERAL.get("PL") is None
    assert SEVERAL.get("xx") is None


@given(st.text() | st.from_regex(r"([a-zA-Z*-]{0,9}(;q=[0-9.]{0,5})?,?){0,30}", fullmatch=True))
@example("a" * 100_000)
@example("en;q=²")
@example("pl;q=1.٣")
@example("İ-pl, ß")
def test_nonsense_never_breaks_anything_and_never_shows_what_is_hidden(header):
    found = SEVERAL.negotiate(header)

    assert found in SEVERAL.shown(pseudo=False)


@pytest.mark.parametrize(
    "several",
    [
        (),
        (language("en", shown=False),),
        (language("en"), language("en", tag="en-US")),
        (language("en"), language("pl", also=("en",))),
    ],
)
def test_languages_that_contradict_each_other_are_refused(several):
    with pytest.raises(LanguageError):
        Languages(several)


# What is shipped


@pytest.mark.requirement("A15")
def test_all_sixteen_languages_are_shown_and_those_made_up_are_not():
    shown = SHIPPED.shown(pseudo=False)

    assert len(shown) == 16
    assert shown[0].tag == "en-GB"
    assert not [one for one in shown if one.is_pseudo]
    assert {one.slug for one in SHIPPED.shown(pseudo=True)} - {one.slug for one in shown} == {"en-XA", "ar-XB"}


@pytest.mark.parametrize("one", SHIPPED.all, ids=lambda one: one.slug)
def test_dates_and_direction_are_those_of_the_language(one):
    locale = Locale.parse(one.format_locale)

    assert (locale.character_order == "right-to-left") == (one.dir == "rtl")
    assert one.is_pseudo or locale.language == one.tag.split("-")[0]
    assert one.endonym


def test_people_who_read_urdu_script_get_urdu_and_dari_has_its_own_tag():
    everything = Languages(tuple(language(o.slug, tag=o.tag, also=o.also) for o in SHIPPED.all if not o.is_pseudo))

    assert everything.negotiate("pa-PK").slug == "ur"
    assert everything.negotiate("pa-IN").slug == "pa"
    assert everything.negotiate("prs").slug == "fa"
    assert everything.negotiate("pt-BR").slug == "pt"
