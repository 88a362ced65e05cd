"""Fifteen questions that people really ask: each is three clicks from home at most, and search finds it among the first three."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

import pytest

from tests.harness.clients import BrowsingClient
from tests.harness.day import travel
from tests.harness.sides import Sides
from tests.integration.test_search import answers, look

MOST_CLICKS = 3
FIRST = 3


@dataclass(frozen=True)
class Question:
    """What somebody asks, where the answer stands, below the language, and words that are part of it."""

    words: str
    path: str
    section: str
    says: str


QUESTIONS = (
    Question(
        "my brother was killed by a car, who tells me about the inquest?",
        "guides/inquest",
        "tells",
        "officer phones you",
    ),
    Question(
        "the neighbours again, I have told the council three times",
        "guides/neighbours",
        "case-review",
        "ask for the review within six months",
    ),
    Question("I was raped on Saturday, I don't want the police", "guides/sexual-violence", "now", "You decide"),
    Question("what happens to my phone", "rights/told", "choose", "The police may ask for your phone"),
    Question("can I have money for the window", "guides/money", "damage", "landlord"),
    Question("my boss has my passport", "guides/exploitation", "signs", "keeps your passport"),
    Question("my ex keeps texting me", "guides/stalking", "now", "You do not owe them an answer"),
    Question("can I see the court before", "guides/court", "now", "see the court before"),
    Question("they broke in and my mum lives alone", "guides/burglary", "older", "over 60"),
    Question("he checks my phone", "guides/abuse-at-home", "devices", "use a device that they cannot reach"),
    Question("someone shouted at me because of my religion", "guides/hate", "now", "faith"),
    Question("I got a scam call and paid", "guides/fraud", "now", "Phone your bank"),
    Question("who tells me when he gets out", "rights/contact-scheme", "who", "Victim Liaison Officer writes to you"),
    Question("my son is being used to carry drugs", "guides/worried", "child", "carry drugs"),
    Question("I can't sleep since it happened", "guides/mind", "usual", "You cannot sleep"),
)
# What people would type elsewhere, and where its answer stands.
ABROAD = (
    ("pl", "szef zabrał mi paszport", "guides/exploitation"),
    ("pl", "maz sprawdza mi telefon", "guides/abuse-at-home"),
    ("ur", "میرا شوہر مجھے مارتا ہے", "guides/abuse-at-home"),
    ("uk", "мене зґвалтували, не хочу в поліцію", "guides/sexual-violence"),
    ("zh", "老板扣了我的护照", "guides/exploitation"),
)


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BrowsingClient]:
    """Somebody who only reads."""
    with travel():
        sides = Sides(tmp_path_factory.mktemp("questions"))
        yield BrowsingClient(sides.portal, sides.portal.response_class, use_cookies=True)
    sides.close()


@pytest.fixture(scope="module")
def clicks(reader: BrowsingClient) -> dict[str, int]:
    """How many clicks from home each page is away, along the links that the pages offer, as far as the questions need it."""
    wanted = {question.path for question in QUESTIONS}
    away, ring = {"": 0}, [""]
    for click in range(1, MOST_CLICKS + 1):
        after: list[str] = []
        for path in ring:
            for address, _ in reader.visit(f"/en/{path}").links:
                parts = urlsplit(address)
                found = parts.path.removeprefix("/en/")
                if parts.netloc or not parts.path.startswith("/en/") or found in away:
                    continue
                away[found] = click
                if not found.startswith("refer"):  # questions, not reading
                    after.append(found)
        if wanted <= set(away):
            break
        ring = after
    return away


@pytest.mark.requirement("B8")
@pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: question.path)
def test_the_answer_is_found_in_three_clicks_and_by_search(
    reader: BrowsingClient, clicks: dict[str, int], question: Question
) -> None:
    assert clicks.get(question.path, MOST_CLICKS + 1) <= MOST_CLICKS
    assert question.path in answers(look(reader, question.words))[:FIRST]
    page = reader.visit(f"/en/{question.path}")
    heading = page.main.find(question.section)
    assert heading is not None, question.section
    own = page.html[page.html.index(f'id="{question.section}"') :].split("<h2", maxsplit=1)[0]
    assert question.says.casefold() in own.casefold()


@pytest.mark.parametrize(("language", "words", "path"), ABROAD, ids=lambda each: each if len(each) == 2 else None)
def test_the_answer_is_found_in_other_languages(reader: BrowsingClient, language: str, words: str, path: str) -> None:
    assert path in answers(look(reader, words, language=language))[:FIRST]


def test_what_no_page_answers_is_found_in_neither_way(reader: BrowsingClient, clicks: dict[str, int]) -> None:
    assert "guides/gardening" not in clicks
    assert answers(look(reader, "which compost for geraniums")) == []


def test_there_are_fifteen_of_them() -> None:
    assert len({question.words for question in QUESTIONS}) == len(QUESTIONS) == 15
