"""What the history, the tab and the address bar of a request tell whoever looks: nothing of what it is about."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

import pytest
from babel.messages.pofile import read_po
from werkzeug.test import TestResponse

from app.adapters.content import load_languages
from app.forms.more import SECTIONS
from tests.harness.clients import BrowsingClient
from tests.harness.every_step import WAYS_THROUGH, YOUNG, Through, every_state
from tests.harness.harm import BY_LANGUAGE, HARM, PERSONAL_AND_NEUTRAL, says_too_much
from tests.harness.pages import Page
from tests.harness.sides import Sides

sqlite_only = pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
ROOT = Path(__file__).parents[2]
TRANSLATIONS = ROOT / "translations"
# Filters travel as a letter with a number.
OPAQUE = re.compile(r"([a-z]=\d+(&[a-z]=\d+)*)?")
# From the list of languages back to a question: the name of a step, as it stands in the address of the question itself.
LEADS_BACK = re.compile(r"q=([a-z0-9-]+)")
# Read for their own sake: what they are about stands in their titles and addresses, and the safety page says so.
SAYS_WHAT_IT_IS = re.compile(r"^/[A-Za-z-]+/(support/[a-z0-9-]+|guides/[a-z0-9-]+|rights/[a-z0-9-]+|police-case)$")

# For each language: what its list must find, and titles of a request that it must let pass.
SAMPLES: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "en": (
        ("Support for victims", "Crime", "Police", "Raped", "A violent partner", "Abuse"),
        (
            "Before you start",
            "Who needs support?",
            "How should we reply?",
            "Check and send",
            "My safety",
            "If we phone you",
        ),
    ),
    "pl": (
        ("Pomoc dla ofiar", "Przestępstwo", "Policja", "Gwałt", "Przemoc w domu", "Sąd"),
        (
            "Zanim zaczniesz",
            "Kto potrzebuje pomocy?",
            "Jak mamy odpowiedzieć?",
            "Sprawdź i wyślij",
            "Moje bezpieczeństwo",
        ),
    ),
    "lt": (
        ("Pagalba aukoms", "Nusikaltimas", "Policija", "Išprievartavimas", "Smurtas", "Teismas"),
        (
            "Prieš pradedant",
            "Kam reikia pagalbos?",
            "Kaip turėtume atsakyti?",
            "Patikrinkite ir siųskite",
            "Mano saugumas",
        ),
    ),
    "ro": (
        ("Sprijin pentru victime", "Infracțiune", "Poliția", "Viol", "Violență", "Tribunal"),
        (
            "Înainte de a începe",
            "Cine are nevoie de sprijin?",
            "Cum să răspundem?",
            "Verificați și trimiteți",
            "Siguranța mea",
        ),
    ),
    "ru": (
        ("Помощь жертвам", "Преступление", "Полиция", "Изнасилование", "Насилие", "В суде"),
        (
            "Перед началом",
            "Кому нужна поддержка?",
            "Как нам ответить?",
            "Проверьте и отправьте",
            "Моя безопасность",
            "Сидеть рядом",
        ),
    ),
    "lv": (
        ("Atbalsts upuriem", "Noziegums", "Policija", "Izvarošana", "Vardarbība", "Draudi"),
        (
            "Pirms sākat",
            "Kam vajadzīgs atbalsts?",
            "Kā mums atbildēt?",
            "Pārbaudiet un nosūtiet",
            "Mana drošība",
            "Mans draugs",
            "Tiesības",
        ),
    ),
    "bg": (
        ("Помощ за жертви", "Престъпление", "Полиция", "Изнасилване", "Насилие", "Съд"),
        (
            "Преди да започнете",
            "Кой има нужда от подкрепа?",
            "Как да отговорим?",
            "Проверете и изпратете",
            "Моята безопасност",
        ),
    ),
    "pt": (
        ("Apoio às vítimas", "Crime", "Polícia", "Violação", "Violência", "Tribunal"),
        (
            "Antes de começar",
            "Quem precisa de apoio?",
            "Como devemos responder?",
            "Verifique e envie",
            "A minha segurança",
        ),
    ),
    "ur": (
        ("جرم", "پولیس", "تشدد", "عصمت دری", "عدالت", "خطرہ"),
        ("شروع کرنے سے پہلے", "کسے مدد چاہیے؟", "ہم کیسے جواب دیں؟", "دیکھیں اور بھیجیں", "میری حفاظت"),
    ),
    "pa": (
        ("ਅਪਰਾਧ", "ਪੁਲਿਸ", "ਬਲਾਤਕਾਰ", "ਹਿੰਸਾ", "ਅਦਾਲਤ", "ਖ਼ਤਰਾ"),
        ("ਸ਼ੁਰੂ ਕਰਨ ਤੋਂ ਪਹਿਲਾਂ", "ਕਿਸ ਨੂੰ ਮਦਦ ਚਾਹੀਦੀ ਹੈ?", "ਅਸੀਂ ਕਿਵੇਂ ਜਵਾਬ ਦੇਈਏ?", "ਵੇਖੋ ਅਤੇ ਭੇਜੋ", "ਮੇਰੀ ਸੁਰੱਖਿਆ"),
    ),
    "uk": (
        ("Допомога потерпілим", "Злочин", "Поліція", "Зґвалтування", "Насильство", "Свідок"),
        ("Перш ніж почати", "Кому потрібна підтримка?", "Як нам відповісти?", "Перевірте й надішліть", "Моя безпека"),
    ),
    "ar": (
        ("دعم الضحايا", "جريمة", "الشرطة", "اغتصاب", "العنف", "المحكمة"),
        ("قبل أن تبدأ", "من يحتاج إلى الدعم؟", "كيف نرد عليك؟", "راجع وأرسل", "سلامتي"),
    ),
    "zh": (
        ("受害人支持", "犯罪", "警察", "强奸", "家庭暴力", "法院"),
        ("开始之前", "谁需要支持？", "我们该如何回复？", "检查并发送", "我的安全"),
    ),
    "cs": (
        ("Pomoc obětem", "Trestný čin", "Policie", "Znásilnění", "Násilí", "Soud"),
        ("Než začnete", "Kdo potřebuje podporu?", "Jak máme odpovědět?", "Zkontrolujte a odešlete", "Moje bezpečí"),
    ),
    "fa": (
        ("کمک به قربانیان", "جرم", "پولیس", "تجاوز", "خشونت", "محکمه"),
        ("پیش از آغاز", "چه کسی به کمک نیاز دارد؟", "چگونه پاسخ بدهیم؟", "ببینید و بفرستید", "ایمنی من"),
    ),
    "fr": (
        ("Aide aux victimes", "Crime", "Police", "Viol", "Violences", "Tribunal", "Vol"),
        (
            "Avant de commencer",
            "Qui a besoin d’aide ?",
            "Comment répondre ?",
            "Vérifier et envoyer",
            "Ma sécurité",
            "Si vous voulez",
            "Violet",
        ),
    ),
}


class Looker(BrowsingClient):
    """A visitor over whose shoulder somebody notes every address that the browser is sent to."""

    seen: list[str]

    def open(self, *args: Any, **options: Any) -> TestResponse:
        """Make one request, and note where it went and where it leads."""
        response = super().open(*args, **options)
        self.seen.append(response.request.full_path.rstrip("?"))
        if response.location:
            self.seen.append(response.location)
        return response


@pytest.fixture
def seen() -> list[str]:
    """Every address that was opened or led to."""
    return []


def pages_of_a_request(sides: Sides, seen: list[str]) -> Iterator[Page]:
    """Every page that a request, its space and their ends can show, in English, in every state."""

    def look() -> Looker:
        looker = Looker(sides.portal, sides.portal.response_class)
        looker.seen = seen
        return looker

    for state in every_state(look):
        yield state.page
    inside = Through(look(), YOUNG)
    list(inside.request(but={step for way in WAYS_THROUGH.values() for step in way}))
    list(inside.send())
    yield inside.come_back()
    for path in ("case", "case/messages", "case/more", "case/more/sent", "case/more/talk", "return"):
        yield inside.visitor.visit(f"/en/{path}")
    yield inside.visitor.post_form("/en/case/messages", {"text": "Written in time"})
    yield inside.visitor.post_form("/en/case/more/1", {"safer": "yes"})
    yield inside.visitor.post_form("/en/case/more/1", {"details": "x"})
    yield inside.visitor.post_form("/en/case/sign-out", {})
    yield inside.visitor.post_form("/en/case/messages", {"text": "Written too late"})
    yield inside.visitor.post_form("/en/refer/sent", {"code_word": "Typed too late"})
    yield look().visit("/en/refer/check")


@sqlite_only
@pytest.mark.rule("rule 3")
@pytest.mark.rule("rule 7")
def test_no_address_or_title_that_a_request_can_produce_holds_a_word_of_harm(sides: Sides, seen: list[str]) -> None:
    titles, leads_to = set(), set()
    for page in pages_of_a_request(sides, seen):
        titles.add(page.title)
        links = [href for href, _words in page.links] + [form.action for form in page.forms]
        leads_to |= {urljoin(page.url, href) for href in links}
    for made_up in ("refer/nowhere", "case/more/9", "nowhere"):
        titles.add(sides.portal_client().visit(f"/en/{made_up}").title)
    own = sides.portal_side.area.service_name
    assert not [title for title in titles if HARM.search(title)]
    assert all(title.endswith(f" - {own}") for title in titles)
    # The whole of it was walked: each section has a title of its own.
    assert {f"{section.title} - {own}" for section in SECTIONS} < titles
    assert len(titles) > 30

    addresses = {each for each in leads_to | set(seen) if not urlsplit(each).netloc}
    assert any("/case/more/5" in each for each in addresses)
    assert any("?a=" in each for each in addresses)
    assert not [each for each in addresses if says_too_much(each)]
    for each in addresses:
        parts = urlsplit(each)
        if parts.scheme:  # to phone, to write
            continue
        question = LEADS_BACK.fullmatch(parts.query)
        assert not question or PERSONAL_AND_NEUTRAL.match(f"/en/refer/{question[1]}"), each
        assert question or OPAQUE.fullmatch(parts.query), each
        if not SAYS_WHAT_IT_IS.match(parts.path):
            # "police" names a question that everybody meets.
            assert not HARM.search(parts.path.removesuffix("/refer/police")), each

    # What somebody follows from there: filters say nothing in a title either.
    reader = sides.portal_client()
    filtered = sorted({each.partition("#")[0] for each in addresses if "/support?" in each})
    assert len(filtered) > 10
    assert {reader.visit(each).title for each in filtered} == {reader.visit("/en/support").title}

    # In every other language that has words for them
    words = {title.removesuffix(f" - {own}").removeprefix("Error: ") for title in titles} | {"Error:", own}
    for catalogue in TRANSLATIONS.glob("*/LC_MESSAGES/messages.po"):
        assert not said_in(catalogue, words)


def said_in(catalogue: Path, words: set[str]) -> list[str]:
    """Which of these words hold a word of harm in the language of a catalogue."""
    slug = next(each.slug for each in load_languages(ROOT / "content").all if each.catalogue == catalogue.parts[-3])
    with catalogue.open("rb") as file:
        told = read_po(file)
    found = [told.get(each) for each in sorted(words)]
    return [
        f"{each.id}: {each.string}"
        for each in found
        if each is not None and isinstance(each.string, str) and BY_LANGUAGE[slug].search(each.string)
    ]


def test_every_language_has_a_list_that_finds_harm_and_lets_the_rest_pass() -> None:
    spoken = {each.slug for each in load_languages(ROOT / "content").all if not each.pseudo}
    assert set(BY_LANGUAGE) == set(SAMPLES) == spoken
    for slug, (harm, neutral) in SAMPLES.items():
        assert [each for each in harm if not BY_LANGUAGE[slug].search(each)] == [], slug
        assert [each for each in neutral if BY_LANGUAGE[slug].search(each)] == [], slug


def test_a_translation_with_a_word_of_harm_is_found(tmp_path: Path) -> None:
    catalogue = tmp_path / "pl" / "LC_MESSAGES" / "messages.po"
    catalogue.parent.mkdir(parents=True)
    catalogue.write_text(
        'msgid ""\nmsgstr "Content-Type: text/plain; charset=utf-8\\n"\n\n'
        'msgid "Sent"\nmsgstr "Wysłane"\n\nmsgid "Check and send"\nmsgstr "Pomoc dla ofiar"\n',
        encoding="utf-8",
    )
    assert said_in(catalogue, {"Sent", "Check and send", "Before you start"}) == ["Check and send: Pomoc dla ofiar"]
    assert says_too_much("/en/refer/controlled")
    assert not OPAQUE.fullmatch("kind=assault")
