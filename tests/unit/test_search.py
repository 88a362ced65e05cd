"""Finding by anybody's own words: what is forgiven, what comes first, and what is danger in any language."""

from __future__ import annotations

import re
import time
from functools import partial
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from app.adapters import content
from app.adapters.search_words import load_asked, load_danger
from app.adapters.yaml_reader import ContentError
from app.domain.search import MOST_FOUND, MOST_LETTERS, DangerWords, Entry, Index, words

SHIPPED = Path(__file__).parents[2] / "content"
# Ten times what one question may take on a quiet machine.
MOST_SECONDS = 0.2

BOSS = Entry(
    path="boss",
    language="en",
    title="Made to work, or your pay or papers kept",
    asked=("boss has my passport", "no wages"),
    headings=("Papers",),
    texts=("Nobody may keep your passport from you.",),
)
NOISE = Entry(
    path="noise",
    language="en",
    title="Trouble from neighbours",
    asked=("loud music every night",),
    texts=("Write down each night when you hear it. Your boss can see the passport office.",),
)
NIGHT = Entry(
    path="night", language="en", title="Sleeping at night", headings=("A loud night",), texts=("Music may help.",)
)
INDEX = Index([NOISE, BOSS, NIGHT])


def found(question: str, index: Index = INDEX) -> list[str]:
    return [entry.path for entry in index.find(question)]


@pytest.fixture(scope="module")
def danger() -> DangerWords:
    directory = content.load_directory(SHIPPED)
    slugs = [each.slug for each in content.load_languages(SHIPPED).all]
    return load_danger(SHIPPED, slugs, content.load_help_now(SHIPPED, directory))


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("Zażółć GĘŚLĄ", "zazolc gesla"),
        ("don’t can't", "dont cant"),
        ("кто‑то ушёл", "кто то ушел"),
        ("كتاب يدي", "کتاب یدی"),
        ("ىىى أإآ", "ییی ااا"),
        ("سَلامٌ", "سلام"),
        ("می‌زند می زند", "میزند میزند"),
        ("strasse STRAẞE", "strasse strasse"),
        ("ﬁve ５５", "five 55"),
    ],
)
def test_ways_to_write_a_word_are_one(typed: str, meant: str) -> None:
    assert words(typed) == words(meant)


def test_chinese_is_taken_by_pairs_of_signs() -> None:
    assert words("老板扣护照 ok") == ["老板", "板扣", "扣护", "护照", "ok"]


@pytest.mark.parametrize(
    "question",
    [
        "boss has my passport",
        "Boss has my PASSPORT!!",
        "my bos has my pasport",
        "the boss kept my passports",
        "passprot",
    ],
)
def test_spelling_case_and_endings_are_forgiven(question: str) -> None:
    assert found(question)[0] == "boss"


def test_what_people_ask_counts_before_titles_headings_and_text() -> None:
    said = "loud music at night"
    places = Index(
        [
            Entry(path="text", language="en", title="One", texts=(said,)),
            Entry(path="heading", language="en", title="Two", headings=(said,)),
            Entry(path="title", language="en", title=said),
            Entry(path="asked", language="en", title="Four", asked=(said,)),
        ]
    )
    assert found(said, places) == ["asked", "title", "heading", "text"]


def test_equals_stand_in_the_order_of_the_index() -> None:
    twins = [Entry(path=path, language="en", title="Help at home") for path in ("b", "a", "c")]
    assert found("help at home", Index(twins)) == ["b", "a", "c"]


@pytest.mark.parametrize("question", ["", "   ", "!?", "sourdough xylophone", "qqqqqq", "💔"])
def test_what_is_unknown_is_not_found(question: str) -> None:
    assert found(question) == []


def test_no_more_is_found_than_anybody_reads() -> None:
    many = Index([Entry(path=str(number), language="en", title="Help") for number in range(50)])
    assert len(found("help", many)) == MOST_FOUND


@given(st.text(max_size=2 * MOST_LETTERS))
@example("\ufdfa" * MOST_LETTERS)
@example("é\u0301" * MOST_LETTERS)
@example("家" * MOST_LETTERS)
@example("kill " * MOST_LETTERS)
def test_any_text_at_all_is_answered_soon(question: str) -> None:
    dangers = DangerWords({"danger": ("kill me", "murder*", "杀我"), "cope": ("kill myself",)})
    began = time.perf_counter()
    INDEX.find(question)
    dangers.kinds(question)
    assert time.perf_counter() - began < MOST_SECONDS


def test_a_question_is_looked_at_so_far_and_no_further() -> None:
    assert found(" " * MOST_LETTERS + "passport") == []


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        ("he says he will kill me", "danger"),
        ("HE WILL KILL ME", "danger"),
        ("i want to kill myself", "cope"),
        ("i am suicidel", "cope"),
        ("I was raped on Saturday", "sexual"),
        ("my husband hits me", "home"),
        ("my stepdad touches me", "young"),
        ("forced marriage", "marriage"),
        ("mąż mnie bije", "home"),
        ("maz mnie bije", "home"),
        ("chce umrzec", "cope"),
        ("хочу умереть", "cope"),
        ("він мене б’є", "home"),
        ("شوہر مارتا ہے", "home"),
        ("خودکشی", "cope"),
        ("شوهرم مرا می زند", "home"),
        ("اريد ان اموت", "cope"),
        ("我不想活了", "cope"),
        ("我老公打我", "home"),
    ],
)
def test_words_of_danger_are_heard_in_many_languages(danger: DangerWords, question: str, kind: str) -> None:
    assert kind in danger.kinds(question)


@pytest.mark.parametrize(
    "question",
    ["can I have money for the window", "what happens to my phone", "", "the killer whale exhibition", "grape juice",
     "my brother was killed by a car, who tells me about the inquest?", "how do I complain"],
)  # fmt: skip
def test_where_nothing_is_said_of_danger_none_is_heard(danger: DangerWords, question: str) -> None:
    assert danger.kinds(question) == ()


def test_danger_to_a_life_is_first(danger: DangerWords) -> None:
    assert danger.kinds("he hits me and says he will kill me")[:2] == ("danger", "home")


def test_every_language_that_is_shown_has_words_for_each_of_the_gravest_dangers() -> None:
    text = (SHIPPED / "search-danger.yaml").read_text(encoding="utf-8")
    for kind in ("danger", "cope", "sexual", "home", "young", "marriage"):
        part = re.split(rf"^{kind}:$", text, flags=re.MULTILINE)[1].split("\n\n")[0]
        own = set(re.findall(r"^  (\w+):", re.split(r"^\w", part, maxsplit=1, flags=re.MULTILINE)[0], re.MULTILINE))
        assert {each.slug for each in content.load_languages(SHIPPED).all if each.shown} <= own, kind


@pytest.mark.parametrize(
    ("file", "text", "problem"),
    [
        ("search-danger.yaml", "nobody: {en: [kill me]}", "no such group"),
        ("search-danger.yaml", "danger: {xx: [kill me]}", "no language of ours"),
        ("search-danger.yaml", "danger: {en: [1]}", "must be text"),
        ("search.yaml", "nowhere: [kill me]", "no such page"),
    ],
)
def test_a_slip_in_the_files_is_refused(tmp_path: Path, file: str, text: str, problem: str) -> None:
    (tmp_path / file).write_text(text, encoding="utf-8")
    help_now = content.load_help_now(SHIPPED, content.load_directory(SHIPPED))
    load = partial(load_danger, help_now=help_now) if file == "search-danger.yaml" else load_asked
    with pytest.raises(ContentError, match=problem):
        load(tmp_path, ["en"])
