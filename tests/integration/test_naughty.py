"""What has broken forms before, and every writing system, in every free text: letter for letter to the desk.

The rules, where a text is not simply what was typed: every line end becomes one sign; the short request and the code word
lose the space around them; what no page can hold is sent back to be looked at, with a space in its place; bytes that are
no letters arrive as they were written, in percent signs.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import pytest
from wtforms import TextAreaField

from app.data import hub as hub_rows
from app.domain.digits import western
from app.domain.reference import reference_of
from app.domain.referral import Addition, Referral
from app.forms.more import BY_SLUG, KINDS, LONGEST_WORDS, form_of
from app.forms.number import LONGEST_MESSAGE, KeepForm
from app.forms.question import QuestionForm, for_pages
from app.forms.refer import FORMS, JOURNEY
from app.services.hub import records
from tests.harness.audit import page_problems
from tests.harness.clients import BrowsingClient
from tests.harness.every_step import EVERY_WAY, Choices, Through, complete, limits, step_form
from tests.harness.naughty import BETWEEN, ONE_LINE, SCRIPTS, SEVERAL_LINES, UNSHOWABLE, packed
from tests.harness.pages import Filled, Form, Page
from tests.harness.people import GATEKEEPER, Colleague, Person, shown_number
from tests.harness.sides import Sides
from tests.stories import PARENT

AskedBy = Callable[..., Person]
Typed = dict[tuple[str, str], str]
sqlite_only = pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)

# Somebody at work, after a death, by every way: every field with words of one's own is on this one's path.
EVERY_TEXT: Choices = {
    "start": {"device": "own"},
    "who": {"who": "professional"},
    "work": {"consent": "yes"},
    "about": {"to_whom": "died"},
    "reply": {"contact": "yes", "ways": EVERY_WAY, "conflict": "no"},
    "reply-letter": {"shared": "only-me", "message": "yes"},
    "reply-trusted": {"told": "knows"},
}
# These have a shape to keep: what may be typed there is for tests/unit/test_refer_forms.py.
SHAPED = {
    "reply-call": "07700 900111",
    "reply-text": "07700 900222",
    "reply-email": "a@example.org",
    "reply-relay": "01632 960555",
}


def takes_lines(form_class: type[QuestionForm], name: str) -> bool:
    """True for a box of several lines."""
    return issubclass(getattr(form_class, name).field_class, TextAreaField)


@cache
def packs(form_class: type[QuestionForm], name: str) -> list[str]:
    """Everything that a field is to take, in as few texts as it has room for."""
    most = limits(form_class)[name]
    assert most is not None
    strings = [each for each in (*ONE_LINE, *SCRIPTS) if len(each) <= most]
    assert strings[-1] == SCRIPTS[-1]
    return packed((*strings, *SEVERAL_LINES) if takes_lines(form_class, name) else strings, most=most)


def shown_texts(page: Page) -> set[str]:
    """What stands in each of the smallest elements of a page, untouched."""
    return {
        "".join(child for child in each.children if isinstance(child, str))
        for each in page.main.all("span", "bdi", "li", "p")
    }


def opened(sides: Sides, reference: str) -> tuple[Referral, list[Addition]]:
    """What the Hub's keys open of a case."""
    own = sides.hub_side
    with own.database.reading() as session:
        case = hub_rows.case_by_reference(session, reference)
        assert case is not None
        key = records.case_key(session, case.id, opener=own.opener)
        found = {
            kind: [
                records.open_document(each, record_secret=key.record_secret)
                for each in hub_rows.documents(session, case.id)
                if each.kind == kind
            ]
            for kind in (hub_rows.REFERRAL, hub_rows.ADDITION)
        }
    (referral,) = found[hub_rows.REFERRAL]
    return Referral.from_bytes(referral), [Addition.from_bytes(each) for each in found[hub_rows.ADDITION]]


class Writer:
    """Goes through the request again and again, until every field has taken all of its texts."""

    def __init__(self, sides: Sides) -> None:
        self.sides = sides
        self.steps: list[tuple[str, str, Form]] = []
        self.typed: list[tuple[str, Typed]] = []

    def visitor(self) -> BrowsingClient:
        """Somebody new; what comes back is checked here where it matters."""
        return BrowsingClient(self.sides.portal, self.sides.portal.response_class)

    def learn(self) -> None:
        """Go through once, with the first text in every field; coming back to a page, it is there as it was typed."""
        visitor = self.visitor()
        through = Through(visitor, EVERY_TEXT)
        page = visitor.visit("/en/refer/")
        while (key := (place := through.place(page)).step.key) != "check":
            form = step_form(page)
            assert form is not None
            self.steps.append((page.path, key, form))
            texts = texts_of(key, 0)
            answer = self.answer(key, form, texts) if place.step.asks else {}
            through.answers[key] = {name: value for name, value in answer.items() if value}
            here, page = page.path, visitor.submit(page, form, answer)
            again = visitor.visit(here)
            assert page_problems(again.html) == []
            for name, text in texts.items():
                assert dict(again.form(name).filled())[name].replace("\r\n", "\n") == text.strip(), (key, name)

    def ask(self, round_: int) -> None:
        """One request, with the next text in every field."""
        visitor, typed = self.visitor(), Typed()
        for path, key, form in self.steps:
            texts = texts_of(key, round_)
            typed.update({(key, name): text for name, text in texts.items()})
            sent = visitor.fetch("POST", path, data=form.filled(self.answer(key, form, texts)))
            assert sent.status == 303, (path, sent.html)
        page = visitor.visit("/en/refer/check")
        assert round_ % 6 or page_problems(page.html) == []
        assert {text.strip() for text in typed.values()} - shown_texts(page) == set()
        page = visitor.submit(page, page.form("revision"))
        number, words = shown_number(page), packs(KeepForm, "code_word")
        typed["sent", "code_word"] = words[round_ % len(words)]
        done = visitor.submit(page, page.form("code_word"), {"code_word": typed["sent", "code_word"]})
        assert done.path == "/en/refer/done"
        self.typed.append((reference_of(number), typed))

    @staticmethod
    def answer(key: str, form: Form, texts: dict[str, str]) -> dict[str, Filled]:
        """A full answer with these texts in it."""
        return {**complete(form, FORMS[key], EVERY_TEXT.get(key, {})), **texts}


def texts_of(key: str, round_: int) -> dict[str, str]:
    """What is typed at a step in this round. The digits of an address become Western ones, so they are typed so."""
    return {
        name: western(SHAPED.get(key, each[round_ % len(each)])) if name == "address" else each[round_ % len(each)]
        for name in limits(FORMS[key])
        if (each := packs(FORMS[key], name))
    }


@sqlite_only
@pytest.mark.requirement("A15")
@pytest.mark.requirement("B13")
def test_every_text_of_a_request_reaches_the_desk_letter_for_letter(sides: Sides) -> None:
    desk = Colleague(BrowsingClient(sides.hub, sides.hub.response_class))
    desk.sign_in(GATEKEEPER)
    writer = Writer(sides)
    rounds = max(
        len(packs(form, name)) for form in (*FORMS.values(), KeepForm) for name, most in limits(form).items() if most
    )
    writer.learn()
    for round_ in range(rounds):
        writer.ask(round_)
    sides.deliver()
    fields = set(writer.typed[0][1]) - {("sent", "code_word")}
    assert fields == {(step.key, name) for step in JOURNEY.steps for name in limits(FORMS[step.key])}

    for reference, typed in writer.typed:
        referral, (code_word,) = opened(sides, reference)
        for (key, name), text in typed.items():
            found = code_word.content["word"] if key == "sent" else referral.answers[key][name]
            assert found.encode() == text.strip().encode(), (key, name)
    for reference, typed in writer.typed[::8]:  # and, escaped, on the page
        page = desk.open(desk.case(reference))
        assert page_problems(page.html) == []
        said = {
            text.strip() for (_key, name), text in typed.items() if name != "address"
        }  # those show while the plan allows
        assert said - shown_texts(page) == set()


@sqlite_only
@pytest.mark.requirement("A15")
def test_every_text_of_every_section_and_of_a_message_reaches_the_desk_letter_for_letter(
    sides: Sides, person: AskedBy
) -> None:
    asking = person(PARENT)
    asking.client = client = BrowsingClient(sides.portal, sides.portal.response_class)
    asking.ask()
    asking.come_back()
    wanted: list[tuple[str, dict[str, str]]] = []
    for section in BY_SLUG.values():
        for about in KINDS if form_of(section, "nearby") is not section.form else ("",):
            form_class = form_of(section, about)
            texts = {name: packs(form_class, name) for name in limits(form_class)}
            for round_ in range(max(map(len, texts.values()), default=0)):
                page = client.visit(f"/en/case/more/{section.slug}")
                id_ = dict(page.form("addition_id").filled())["addition_id"] if not about else ""
                answer = {name: packed_[round_] for name, packed_ in texts.items() if round_ < len(packed_)}
                data = {
                    "addition_id": id_,
                    "kind": about,
                    **{name: text.replace("\n", "\r\n") for name, text in answer.items()},
                }
                assert client.post_form(page.path, data).path in {"/en/case/more/sent", "/en/case/more/next"}
                wanted.append((section.kind, answer))
    message = BETWEEN.join((*ONE_LINE, *SCRIPTS, *SEVERAL_LINES))
    assert len(message) < LONGEST_MESSAGE
    asking.write(message)
    assert message in shown_texts(asking.space())
    sides.deliver()

    told = [each for each in opened(sides, asking.reference)[1] if each.kind != "code-word"]
    assert [(each.kind, each.content["answers"]) for each in told] == wanted

    desk = Colleague(BrowsingClient(sides.hub, sides.hub.response_class))
    desk.sign_in()
    page = desk.open(desk.case(asking.reference))
    assert page_problems(page.html) == []
    shown = shown_texts(page)
    assert {text for _kind, answer in wanted for text in answer.values()} | {message} <= shown


@sqlite_only
@pytest.mark.requirement("B13")
def test_what_no_page_can_hold_is_looked_at_before_it_is_sent(sides: Sides, person: AskedBy) -> None:
    """Pasted text brings signs that nobody sees. They are never kept unseen, and nothing around them is lost."""
    asking = person(PARENT)  # every page that comes back is audited
    asking.ask()
    asking.come_back()
    typed = BETWEEN.join(UNSHOWABLE)
    page = asking.client.visit("/en/case/more/5")
    back = asking.client.submit(page, page.form("text"), {"text": typed})
    assert back.status == 422
    assert "hidden signs" in back.part("text-error")
    assert dict(back.form("text").filled())["text"] == BETWEEN.join(["be fore"] * len(UNSHOWABLE)) == for_pages(typed)
    assert asking.client.submit(back, back.form("text")).path == "/en/case/more/sent"

    for one in UNSHOWABLE[:: len(UNSHOWABLE) // 5]:  # a line, a message, what waits for the number
        asks = asking.client.visit("/en/case/messages")
        back = asking.client.submit(asks, asks.form("text"), {"text": one})
        assert dict(back.form("text").filled())["text"] == "be fore"
    asking.sign_out()
    back = asking.client.post_form("/en/case/more/1", {"details": "be\x07fore", "o\x07dd": "\x1b"})
    assert dict(back.form("number").filled())["details"] == "be fore"
    back = asking.client.submit(back, back.form("number"), {"number": asking.number})
    assert dict(back.form("details").filled())["details"] == "be fore"

    other = person(PARENT)
    page = other.begin()
    for place in other.path():
        if place.step.key == "reply":
            back = other.client.submit(page, page.form("name"), {"name": "Mar\x08ie", "contact": "no"})
            assert back.status == 422
            assert dict(back.form("name").filled())["name"] == "Mar ie"
            assert dict(back.form("name").filled())["contact"] == "no"
            break
        page = other.answer(page, place)


@sqlite_only
def test_what_a_colleague_pastes_is_looked_at_as_well(sides: Sides, person: AskedBy, colleague: Colleague) -> None:
    asking = person(PARENT)
    asking.ask()
    sides.deliver()
    case = colleague.open(colleague.case(asking.reference))
    back = colleague.write(case, "Dear\x0b Marie")
    assert back.status == 422
    assert dict(back.form("text", to="/message").filled())["text"] == "Dear  Marie"


# As they stand in the body of a post, and as they arrive.
BYTES = {
    "a%0D%0Ab": "a\nb",  # as browsers send a line end
    "a%0Db%0Ac": "a\nb\nc",
    "++a+b+%09": "  a b \t",
    "a%ED%A0%80b": "a%ED%A0%80b",  # half a letter
    "a%FFb%C0%AFc": "a%FFb%C0%AFc",  # no letters at all
    "a%EF%BB%BFb": "a\ufeffb",
    "%F0%9F%91%A9%E2%80%8D%F0%9F%91%A7": "👩\u200d👧",
    "e%CC%81+%C3%A9": "e\u0301 é",  # alike to see, not the same
}


@sqlite_only
def test_bytes_arrive_as_the_letters_that_they_are(sides: Sides, person: AskedBy) -> None:
    asking = person(PARENT)
    asking.ask()
    asking.come_back()
    assert isinstance(asking.client, BrowsingClient)
    for body in BYTES:
        answer = asking.client.open(
            "/en/case/more/5", method="POST", data=f"text={body}", content_type="application/x-www-form-urlencoded"
        )
        assert answer.status_code == 303, body
    sides.deliver()
    told = [each for each in opened(sides, asking.reference)[1] if each.kind != "code-word"]
    assert [each.content["answers"]["text"] for each in told] == list(BYTES.values())


def test_the_list_is_what_it_says() -> None:
    every = (*ONE_LINE, *SCRIPTS, *SEVERAL_LINES)
    assert len(set(every)) == len(every) > 170
    assert not [each for each in every if for_pages(each) != each]
    assert not [each for each in UNSHOWABLE if for_pages(each) != "be fore"]
    assert not [each for each in (*ONE_LINE, *SCRIPTS) if "\n" in each or len(each) > 60 or BETWEEN[0] in each]
    assert len("".join(every)) < LONGEST_WORDS
    assert packed(["ab", "c", "def"], most=6) == [f"ab{BETWEEN}c", "def"]
