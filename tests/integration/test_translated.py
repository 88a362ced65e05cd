"""Every shown language, as a person who reads it meets it: nothing left in English that need not be, and the truth about who
translated it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest
import time_machine
import yaml
from babel.messages.pofile import read_po
from flask import g

from app.adapters.content import load_languages
from app.domain.languages import Language
from app.domain.translation import Count, Group, Progress, message_key
from app.forms.young import WORDS, in_this_language
from app.web.kept import KEPT_FOR
from tests.harness.clients import BrowsingClient
from tests.harness.pages import NOT_READ, Element, Page
from tests.harness.people import Person
from tests.harness.sides import Sides
from tests.stories import FIFTEEN, PARENT, Story
from tools.catalogues import TRANSLATIONS

ROOT = Path(__file__).parents[2]
LANGUAGES = load_languages(ROOT / "content")
OTHERS = [each for each in LANGUAGES.shown(pseudo=False) if each != LANGUAGES.default]
GLOSSARY_IDS = set(yaml.safe_load((TRANSLATIONS / "glossary" / "terms.yaml").read_text(encoding="utf-8")))
PSEUDO = next(each for each in LANGUAGES.all if each.dir == "rtl" and each.is_pseudo)
# What the pages of a language hold that is the same in every one.
PAGES = (
    "", "safety", "help-now", "return", "return/lost", "return/collect", "languages", "appearance", "how-it-works",
    "pledge", "privacy", "cookies", "accessibility", "complaints", "feedback", "status", "support", "support/samaritans",
    "refer/start", "refer/nothing", "survey", "nowhere",
)  # fmt: skip
# A title must not give the site away where it stays in the list of pages visited.
NEUTRAL = ("", "return", "safety", "help-now", "appearance", "languages", "refer/start")

sqlite_only = pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
every_language = pytest.mark.parametrize("language", OTHERS, ids=lambda each: each.slug)


@cache
def told_apart(catalogue: str) -> set[str]:
    """English messages that a language says otherwise. One word may be the same in both, and so may a name."""
    with (TRANSLATIONS / catalogue / "LC_MESSAGES" / "messages.po").open("rb") as file:
        pairs = [(message.id, message.string) for message in read_po(file) if message.id]
    words = {
        " ".join(english.split())
        for message, string in pairs
        for english in ([message] if isinstance(message, str) else message)
        if english not in ([string] if isinstance(string, str) else string)
    }
    return {each for each in words if len(each.split()) > 1 and "%(" not in each}


def said_in(element: Element, lang: str) -> Iterator[tuple[str, str]]:
    """(language, words) of every run of text, and of every name that is only spoken."""
    lang = element.attributes.get("lang", lang)
    for name in ("aria-label", "title", "alt", "placeholder"):
        if name in element.attributes:
            yield lang, " ".join(element.attributes[name].split())
    for child in element.children:
        if isinstance(child, str):
            yield lang, " ".join(child.split())
        elif child.name not in NOT_READ:
            yield from said_in(child, lang)


def left_in_english(page: Page, messages: set[str]) -> set[str]:
    """Those of these English messages that stand on a page and are not marked as English."""
    return {words for lang, words in said_in(page.root, "") if not lang.startswith("en") and words in messages}


def fault_of(page: Page, language: Language) -> str:
    html = page.root.all("html")[0].attributes
    if (html.get("lang"), html.get("dir")) != (language.tag, language.dir):
        return f"{page.path}: is {html.get('lang')}, {html.get('dir')}"
    left = left_in_english(page, told_apart(language.catalogue))
    return f"{page.path}: in English: {sorted(left)}" if left else ""


@sqlite_only
@every_language
@pytest.mark.requirement("A15", "B11")
def test_every_public_page_is_in_the_language(sides: Sides, language: Language) -> None:
    client = sides.portal_client()
    faults = [fault_of(client.visit(f"/{language.slug}/{path}"), language) for path in PAGES]
    assert [fault for fault in faults if fault] == []


@sqlite_only
@every_language
@pytest.mark.audit
@pytest.mark.requirement("A15", "B11")
def test_the_request_and_the_space_are_in_the_language(
    sides: Sides, person: Callable[..., Person], language: Language
) -> None:
    for story in (PARENT, FIFTEEN):
        assert walk(person, story, language) == []


@sqlite_only
@pytest.mark.requirement("A15")
@pytest.mark.parametrize("language", [each for each in OTHERS if each.slug in {"pl", "ur"}], ids=lambda each: each.slug)
def test_a_request_in_two_of_them(sides: Sides, person: Callable[..., Person], language: Language) -> None:
    assert walk(person, PARENT, language) == []


def walk(person: Callable[..., Person], story: Story, language: Language) -> list[str]:
    """Ask and come back; returns what is wrong on the way."""
    asking = person(story, language=language.slug)
    met: list[Page] = []
    fetched = asking.client.visit

    page = asking.begin()
    met.append(page)
    for place in asking.path():
        if place.step.key == "check":
            break
        page = asking.answer(page, place)
        met.append(page)
    met.append(asking.send(page))
    asking.keep_number(met[-1])
    asking.come_back()
    met += [fetched(f"/{language.slug}/{path}") for path in ("case", "case/contact", "case/notices", "case/ask", "case/end",
                                                            "case/more", "case/how", "case/messages")]  # fmt: skip
    return [fault for fault in (fault_of(page, language) for page in met) if fault]


@sqlite_only
@every_language
def test_neutral_titles_stay_neutral(sides: Sides, language: Language) -> None:
    glossary = yaml.safe_load((TRANSLATIONS / "glossary" / f"{language.slug}.yaml").read_text(encoding="utf-8"))
    client = sides.portal_client()
    titles = [client.visit(f"/{language.slug}/{path}").title.lower() for path in NEUTRAL]
    assert [(title, word) for title in titles for word in glossary["harm_words"] if word.lower() in title] == []


@every_language
def test_the_glossary_fixes_every_term(language: Language) -> None:
    glossary = yaml.safe_load((TRANSLATIONS / "glossary" / f"{language.slug}.yaml").read_text(encoding="utf-8"))
    assert glossary["language"] == language.tag
    assert all(len(glossary[key]) > 20 for key in ("address", "gender", "young"))
    assert set(glossary["terms"]) == GLOSSARY_IDS
    assert all(term["chosen"] and term["why"] for term in glossary["terms"].values())
    assert len(glossary["harm_words"]) >= 10


@sqlite_only
def test_words_of_safety_stand_beside_their_english_until_somebody_has_checked_them(
    sides: Sides, day: time_machine.Traveller
) -> None:
    words = "Pressing 55 does not show where you are. Say or signal where you are, if you can."
    progress = sides.portal.extensions["progress"]
    page = sides.portal_client().visit(f"/{PSEUDO.slug}/help-now")
    beside = [each for each in page.root.all("span") if each.attributes.get("class") == "vital-english"]
    assert words in [each.text for each in beside]
    assert {each.attributes["lang"] for each in beside} == {"en-GB"}

    progress[PSEUDO.catalogue] = Progress(checked_safety=frozenset({message_key(words)}))
    day.shift(KEPT_FOR)
    page = sides.portal_client().visit(f"/{PSEUDO.slug}/help-now")
    assert words not in [each.text for each in page.root.all("span")]
    assert "vital" not in sides.portal_client().visit("/en/help-now").html


@sqlite_only
def test_a_page_says_who_translated_it_and_leads_to_its_english(sides: Sides, day: time_machine.Traveller) -> None:
    client: BrowsingClient = sides.portal_client()
    page = client.visit(f"/{PSEUDO.slug}/support?a=3")
    note = page.root.find("translated")
    assert note is not None
    assert [each.attributes["href"] for each in note.all("a")] == ["/en/support?a=3"]
    assert client.visit("/en/support?a=3").root.find("translated") is None

    everything = {group: Count(messages=1, checked=1) for group in Group}
    sides.portal.extensions["progress"][PSEUDO.catalogue] = Progress(groups=everything)
    day.shift(KEPT_FOR)
    assert client.visit(f"/{PSEUDO.slug}/support?a=3").root.find("translated") is None


def test_english_that_was_left_is_noticed() -> None:
    page = Page(
        url="/pl/",
        status=200,
        headers={},
        html="<html lang=pl><p>Exit this page</p><p lang=en-GB>All languages</p><p aria-label='Skip links'>Tak</p></html>",
    )
    messages = {"Exit this page", "All languages", "Skip links", "Skip to main content"}
    assert left_in_english(page, messages) == {"Exit this page", "Skip links"}


@sqlite_only
@every_language
@pytest.mark.requirement("A8")
def test_the_young_are_spoken_to_in_their_own_language(sides: Sides, language: Language) -> None:
    with sides.portal.test_request_context(f"/{language.slug}/refer/about"):
        g.language = language
        said = {text_id: in_this_language(words) for text_id, words in WORDS.items()}
    assert [text_id for text_id, words in said.items() if words in (None, WORDS[text_id])] == []
