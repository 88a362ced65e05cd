"""A word of its own in every field that takes words - of the request, of "Tell us more", of all that is asked for later - and
none of them in any envelope to the portal (sealing.md: nothing of the referral lane comes back into a conversation)."""

from __future__ import annotations

import pytest

from app.domain.asking import Answer
from app.domain.handover import Decision, Kind, State
from app.domain.status import Status
from app.forms.ask import ASKABLE
from app.forms.more import BY_SLUG, KINDS, form_of
from app.forms.refer import FORMS
from tests.continuations import HELLO
from tests.harness.clients import BrowsingClient, Visitor
from tests.harness.every_step import EVERY_WAY, WAYS_THROUGH, YOUNG, Choices, Through, complete, limits, step_form
from tests.harness.life import Life
from tests.harness.pages import Filled, Form
from tests.harness.people import GATEKEEPER, Colleague, Person, shown_number
from tests.harness.sides import Sides
from tests.stories import PARENT

pytestmark = pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
TYPED = frozenset({"text", "tel", "email", "textarea"})
# What stands in the person's own space anyway, by their own choice.
OWN_WORDS = {"last_row"}


class Canaries:
    """Gives each field of each page a word that stands nowhere else, and knows where each was put."""

    def __init__(self) -> None:
        self.by_field: dict[str, str] = {}

    def fill(self, where: str, form: Form) -> dict[str, Filled]:
        """A canary for everything on a form that takes words."""
        typed = [each.name for each in form.controls if each.kind in TYPED and each.name not in OWN_WORDS]
        return {name: self._hatch(where, name) for name in typed}

    def _hatch(self, where: str, name: str) -> str:
        number = len(self.by_field) + 1
        way = name.removesuffix("-address") if name.endswith("-address") else where.rpartition("reply-")[2]
        word = f"Qz{number:03d}xvu"
        if name.endswith("address") and way in {"call", "text", "relay"}:
            word = f"07700 900{number:03d}"
        elif name.endswith("address") and way == "email":
            word = f"qz{number:03d}xvu@example.org"
        self.by_field[f"{where}: {name}"] = word
        return word

    def found_in(self, letters: list[str]) -> list[str]:
        """The fields whose canaries stand in a letter, however they are spaced or spelt."""
        said = ["".join(each.casefold().split()) for each in letters]
        return [
            field
            for field, word in self.by_field.items()
            if any("".join(word.casefold().split())[-9:] in letter for letter in said)
        ]


def ask(visitor: Visitor, choices: Choices, canaries: Canaries, *, way: str) -> Person:
    """Go through the whole request, a canary in every field, and send it with a code word."""
    through, page = Through(visitor, choices), visitor.visit("/en/refer/")
    while (key := (place := through.place(page)).step.key) != "check":
        form = step_form(page)
        if form is None or not place.step.asks:
            through.answers[key] = {}
            page = visitor.submit(page, form) if form is not None else visitor.post_form(page.path, {})
            continue
        asked = {name: value for name, value in choices.get(key, {}).items() if name != "address"}
        answer = {**complete(form, FORMS[key], asked), **canaries.fill(f"{way}/{key}", form)}
        assert limits(FORMS[key]).keys() & form.names <= answer.keys()
        through.answers[key] = {name: value for name, value in answer.items() if value}
        following = visitor.submit(page, form, answer)
        assert following.path != page.path, following.text
        page = following
    person = Person(visitor, PARENT)
    sent = visitor.submit(page, page.form("revision"))
    person.number = shown_number(sent)
    form = sent.form("last_row", "code_word")
    visitor.submit(sent, form, {"last_row": person.number[-6:], **canaries.fill(f"{way}/sent", form)})
    return person


def tell_more(person: Person, canaries: Canaries) -> None:
    """Every section about every kind, everything that can be asked for, and another contact plan."""
    visitor = person.client
    person.come_back()
    for section in BY_SLUG.values():
        for about in KINDS if form_of(section, next(iter(KINDS))) is not section.form else ("",):
            page = visitor.visit(f"/en/case/more/{section.slug}")
            if about:
                page = visitor.submit(page, page.form("kind"), {"kind": about}, press="choose")
            form = page.form("addition_id")
            answer = {**complete(form, form_of(section, about), {}), **canaries.fill(f"{section.kind} {about}", form)}
            assert visitor.submit(page, form, answer).path.startswith("/en/case/more/"), about
    for askable in ASKABLE.values():
        page = visitor.visit(f"/en/case/ask/{askable.number}")
        form = page.form("words")
        answer = {**complete(form, askable.form, {}), **canaries.fill(f"ask {askable.what}", form)}
        assert visitor.submit(page, form, answer).path.endswith("/sent"), askable.what
    page = visitor.visit("/en/case/contact/change")
    page = visitor.submit(page, page.form("contact"), {"contact": "yes", "ways": EVERY_WAY})
    form = page.form("code_word")
    sent = visitor.submit(page, form, canaries.fill("plan", form), press="send")
    assert sent.path.endswith("/contact/sent"), sent.text


def lives(sides: Sides, canaries: Canaries) -> list[Life]:
    """Somebody on each way through the request, whose letters are read from here on."""
    sides.portal.test_client_class = sides.hub.test_client_class = BrowsingClient
    desk = Colleague(sides.hub_client())
    desk.sign_in(GATEKEEPER)
    people = [ask(sides.portal_client(), choices, canaries, way=way) for way, choices in WAYS_THROUGH.items()]
    tell_more(people[list(WAYS_THROUGH.values()).index(YOUNG)], canaries)
    sides.deliver()
    return [Life(sides, each, worker=GATEKEEPER, desk=desk, carry=sides.deliver) for each in people]


@pytest.mark.requirement("F1")
@pytest.mark.requirement("B13")
def test_no_field_comes_back_in_any_envelope_to_the_portal(sides: Sides) -> None:
    canaries = Canaries()
    met = lives(sides, canaries)
    for life in met:
        life.is_claimed()
        life.desk.open(life.desk.case(life.person.reference))
        life.carry()
    young = met[list(WAYS_THROUGH.values()).index(YOUNG)]
    young.is_told(HELLO)
    young.has_news(Status.WORKING, by_in=3)
    young.is_asked_to_be_passed_on(*Kind)
    young.carry()
    young.decides(Decision.APPROVE, kinds=tuple(Kind), note="Qz999xvu")
    canaries.by_field["handover: note"] = "Qz999xvu"
    young.carry()
    young.handover_is(State.PASSED)
    young.is_answered(Answer.DONE, HELLO)
    young.gets_new_number()
    young.stops_contact()
    young.carry()
    letters = [each for life in met for each in life.letters.values()]
    assert len(letters) >= 12
    assert canaries.found_in(letters) == []
    every = {f"{key}: {name}" for key, form in FORMS.items() for name in limits(form)}
    filled = {field.partition("/")[2] for field in canaries.by_field if "/" in field}
    assert every <= filled, "a question that nobody met here: add a way through to tests/harness/every_step.py"
    told = {
        f"{section.kind} {about}: {name}"
        for section in BY_SLUG.values()
        for about in (KINDS if section.kind == "happened" else ("",))
        for name in limits(form_of(section, about))
    }
    assert told <= set(canaries.by_field)


def test_the_search_finds_the_one_field_that_a_colleague_repeats(sides: Sides) -> None:
    """A leak that is planted is found and named, so that the test above can fail."""
    canaries = Canaries()
    sides.portal.test_client_class = sides.hub.test_client_class = BrowsingClient
    desk = Colleague(sides.hub_client())
    desk.sign_in(GATEKEEPER)
    person = ask(sides.portal_client(), YOUNG, canaries, way="young")
    sides.deliver()
    life = Life(sides, person, worker=GATEKEEPER, desk=desk, carry=sides.deliver)
    leaked = {"young/reply-call: address", "young/reply: name"}
    life.is_told("Dear " + canaries.by_field["young/reply: name"])
    life.is_told("I ring " + canaries.by_field["young/reply-call: address"].replace(" ", ""))
    life.carry()
    assert set(canaries.found_in(list(life.letters.values()))) == leaked
