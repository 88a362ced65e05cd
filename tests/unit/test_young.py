"""What is said to the young: some forty texts, each beside its usual one, in the language of the page, and never for others."""

from __future__ import annotations

import io
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations
from flask import Flask
from flask_babel import Babel, Domain
from werkzeug.datastructures import MultiDict
from wtforms.fields.core import UnboundField

from app.domain import referral as ids
from app.forms import young
from app.forms.number import KeepForm
from app.forms.question import QuestionForm
from app.forms.refer import FORMS, AboutForm, HelpForm, PoliceForm, ReplyForm, WhoForm
from app.forms.young import WORDS, Said, are_there
from tools.catalogues import TEMPLATE, placeholders
from tools.reading import measure

TEMPLATES = Path(__file__).parents[2] / "app/templates/portal"
SAID = re.compile(r'said\(\s*"([^"]+)",\s*(?:_|vital)\("([^"]+)"')
PAGES = ("start", "who", "help", "about", "police", "reply", "check", "sent")
A_FEW, A_SITE = 30, 50

Pairs = Mapping[str, str]


def in_templates(folder: Path = TEMPLATES) -> list[tuple[str, str]]:
    """The id and the usual words of everything that a template has said."""
    return [pair for path in sorted(folder.rglob("*.html")) for pair in SAID.findall(path.read_text(encoding="utf-8"))]


def in_forms(forms: Mapping[str, type[QuestionForm]]) -> list[tuple[str, str]]:
    """The id and the usual words of every label, hint and choice of these forms."""
    found = []
    for step, form in forms.items():
        for name in dir(form):
            field = getattr(form, name)
            if not isinstance(field, UnboundField):
                continue
            found.append((f"{step}.{name}", str(field.args[0]) if field.args else ""))
            if field.kwargs.get("description"):
                found.append((f"{step}.{name}.hint", str(field.kwargs["description"])))
            found += [(f"{step}.{name}.{each.value}", str(each.label)) for each in field.kwargs.get("choices") or ()]
    return found


def faults(words: Pairs, usual: Iterable[tuple[str, str]]) -> list[str]:
    """Young words without usual ones to stand in for, or for two of them; or that say the same or name other things."""
    there = [(text_id, said) for text_id, said in usual if text_id in words]
    homes = Counter(text_id for text_id, _ in there)
    found = [f"{text_id} stands in {homes[text_id]} places" for text_id in words if homes[text_id] != 1]
    for text_id, said in there:
        if words[text_id] == said:
            found.append(f"{text_id} says what is said to everybody")
        if placeholders(words[text_id]) != placeholders(said):
            found.append(f"{text_id} has other placeholders")
    return found


class OneLanguage(Domain):
    """Flask-Babel with one catalogue, for every request."""

    def __init__(self, catalogue: NullTranslations) -> None:
        super().__init__()
        self._own = catalogue

    def get_translations(self) -> NullTranslations:
        return self._own


class OneTongue(Babel):
    def __init__(self, catalogue: NullTranslations) -> None:
        self._own = OneLanguage(catalogue)
        super().__init__()

    @property
    def domain_instance(self) -> OneLanguage:
        return self._own


def speaking(catalogue: NullTranslations) -> Flask:
    """An application whose pages are in the language of this catalogue."""
    app = Flask("young")
    app.config.update(WTF_CSRF_ENABLED=False, WTF_I18N_ENABLED=False)
    OneTongue(catalogue).init_app(app)
    return app


def catalogue_of(*messages: tuple[str, str, str | None]) -> Translations:
    """A catalogue with these messages, their translations and contexts."""
    made = Catalog(locale="pl")
    for message, translated, context in messages:
        made.add(message, translated, context=context)
    file = io.BytesIO()
    write_mo(file, made)
    file.seek(0)
    return Translations(file)


@pytest.fixture
def _in_english() -> Iterator[None]:
    with speaking(NullTranslations()).test_request_context():
        yield


# The list


@pytest.mark.usefixtures("_in_english")
def test_every_young_text_stands_in_for_one_usual_text() -> None:
    # What a page of a form hints at with words of its own is found in its template.
    usual = {**dict(in_forms({**FORMS, "sent": KeepForm})), **dict(in_templates())}
    assert faults(WORDS, usual.items()) == []
    assert len(in_templates()) == len(dict(in_templates()))
    assert {text_id for text_id, _ in in_templates()} <= set(WORDS)


def test_it_is_no_second_site() -> None:
    assert A_FEW <= len(WORDS) <= A_SITE
    assert len(set(WORDS.values())) == len(WORDS)
    assert {text_id.partition(".")[0] for text_id in WORDS} == set(PAGES)


def test_headings_and_titles_are_those_of_everybody() -> None:
    """Whoever looks over a shoulder, or at a list of visited pages, sees what they would see of anybody."""
    for path in TEMPLATES.rglob("*.html"):
        html = path.read_text(encoding="utf-8")
        for heading in re.findall(r"<h1.*?</h1>|{% block title %}.*?{% endblock %}", html, re.DOTALL):
            assert "said(" not in heading
        for name in re.findall(r"field\(form\.(\w+), heading=true", html):
            assert f"{path.stem}.{name}" not in WORDS


def test_translators_find_every_text_with_its_context() -> None:
    with TEMPLATE.open("rb") as file:
        marked = [message.id for message in read_po(file) if message.context == young.CONTEXT]
    assert sorted(marked) == sorted(WORDS.values())


def test_somebody_of_eight_or_nine_can_read_it() -> None:
    assert measure(WORDS.values()).age < 9
    for page in PAGES:
        assert measure(words for text_id, words in WORDS.items() if text_id.startswith(page)).age < 9, page


@pytest.mark.parametrize(
    ("words", "usual", "fault"),
    [
        ({"a.b": "Hi"}, [], "stands in 0 places"),
        ({"a.b": "Hi"}, [("a.b", "Good morning"), ("a.b", "Good evening")], "stands in 2 places"),
        ({"a.b": "Hi"}, [("a.b", "Hi")], "says what is said to everybody"),
        ({"a.b": "Hi"}, [("a.b", "Hi %(name)s")], "has other placeholders"),
    ],
)
def test_a_pair_that_is_none_is_found(words: Pairs, usual: list[tuple[str, str]], fault: str) -> None:
    assert fault in faults(words, usual)[0]


def test_what_templates_say_is_found(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text('<p>{{ said("a.b", _("Good %(day)s.", day=day), day=day) }}</p>', encoding="utf-8")
    assert in_templates(tmp_path) == [("a.b", "Good %(day)s.")]


# Whom it is said to, and in which language


@pytest.mark.usefixtures("_in_english")
def test_only_the_young_hear_it() -> None:
    assert Said(young=True)("start.name", "Usual.") == WORDS["start.name"]
    assert Said(young=False)("start.name", "Usual.") == "Usual."
    assert are_there(*WORDS)


@pytest.mark.usefixtures("_in_english")
def test_what_stands_in_a_sentence_is_filled_in_and_the_usual_words_are_left_alone() -> None:
    assert "work at the 100 % Hub can" in Said(young=True)("check.readers", "Usual.", hub="100 % Hub")
    assert Said(young=False)("check.readers", "The 100 % Hub.", hub="100 % Hub") == "The 100 % Hub."


@pytest.mark.usefixtures("_in_english")
@pytest.mark.parametrize("is_young", [True, False])
def test_an_id_that_nobody_knows_is_a_mistake_for_everybody(is_young: bool) -> None:
    with pytest.raises(KeyError):
        Said(young=is_young)("start.nothing", "Usual.")


def test_it_is_said_in_the_language_of_the_page() -> None:
    words = WORDS["start.name"]
    with speaking(catalogue_of((words, "Nie musisz.", "young"), (words, "Inaczej.", None))).test_request_context():
        assert Said(young=True)("start.name", "Zwykle.") == "Nie musisz."
        assert Said(young=False)("start.name", "Zwykle.") == "Zwykle."


def test_a_language_without_young_words_says_the_usual_ones() -> None:
    """Not the English ones: those would stand alone among words of another language."""
    only_usual = catalogue_of((WORDS["start.name"], "Inaczej.", None), (WORDS["check.readers"], "Tak.", "young"))
    with speaking(only_usual).test_request_context():
        assert Said(young=True)("start.name", "Zwykle.") == "Zwykle."
        assert are_there("check.readers")
        assert not are_there("check.readers", "start.name")


# Forms


@pytest.mark.usefixtures("_in_english")
@pytest.mark.parametrize(
    ("form_class", "step"),
    [(WhoForm, "who"), (HelpForm, "help"), (AboutForm, "about"), (PoliceForm, "police"), (ReplyForm, "reply")],
)
def test_a_form_is_reworded_for_one_person_and_stays_as_it_is_for_the_next(
    form_class: type[QuestionForm], step: str
) -> None:
    def texts(form: QuestionForm) -> list[str]:
        labels = [str(words) for field in form for words in (field.label.text, field.description)]
        return labels + [str(each.label) for field in form for each in getattr(field, "choices", None) or ()]

    before = texts(form_class(formdata=None))
    reworded = form_class(formdata=None)
    Said(young=True).reword(reworded, step)
    heard = {words for text_id, words in WORDS.items() if text_id.startswith(f"{step}.")} & set(texts(reworded))

    assert len(heard) > 1
    assert texts(form_class(formdata=None)) == before
    grown_up = form_class(formdata=None)
    Said(young=False).reword(grown_up, step)
    assert texts(grown_up) == before


@pytest.mark.usefixtures("_in_english")
def test_in_young_words_the_same_is_offered_in_the_same_groups_and_taken() -> None:
    usual, reworded = HelpForm(formdata=None), HelpForm(formdata=MultiDict([("help", each) for each in ids.HELP]))
    Said(young=True).reword(reworded, "help")

    assert [(each.value, str(each.optgroup)) for each in reworded.help.choices] == [
        (each.value, str(each.optgroup)) for each in usual.help.choices
    ]
    assert reworded.validate()
    assert reworded.answer() == {"help": list(ids.HELP)}
