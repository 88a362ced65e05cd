"""Every form and every error that it can give: tied to its field, in words that help, and nothing typed is lost."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from app.adapters import sealing
from app.domain.digits import western
from app.forms.more import KINDS, form_of
from app.forms.number import KeepForm, ReturnForm
from app.forms.question import QuestionForm, for_pages
from app.forms.refer import FORMS, JOURNEY
from app.services.portal import refer as sending
from app.services.portal import space
from tests.harness.clients import BrowsingClient, Visitor
from tests.harness.every_step import (
    BY_SLUG,
    NO_CHOICE,
    WAYS_THROUGH,
    Choices,
    Through,
    complete,
    every_state,
    limits,
    spoilt,
    step_form,
)
from tests.harness.mending import mends, messages_of, said_as, untied
from tests.harness.pages import Filled, Form, Page
from tests.harness.sides import Sides
from tools.catalogues import accented, mirrored

sqlite_only = pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)

TURNS: Mapping[str, Callable[[str], str]] = {"en-XA": accented, "ar-XB": mirrored}
APP = Path(__file__).parents[2] / "app"
EVERY_ERROR = messages_of(
    *(APP / "forms" / f"{name}.py" for name in ("question", "refer", "more", "number")),
    *(APP / "pages" / "portal" / f"{name}.py" for name in ("space", "more")),
)
# What an error says to do; or, for a number, what is there and what should be.
HELPS = re.compile(r"\b(Choose|Use|Write|Check|Type|Fill|Please|You can write|has 24)\b")
# Words of machines and of blame (WCAG 3.3.3 asks for a suggestion; none of these is one).
NO_HELP = re.compile(
    r"\b(invalid|incorrect|error|wrong|illegal|forbidden|fail\w*|must|required|mandatory|not allowed|bad|null|unknown)\b",
    re.I,
)
# In every text at once: nothing, too little, no address, a sign that no page can hold, and digits that are none.
TYPED = ("", "12", "x", "be\x01fore", "12345x")


class Mender:
    """Sends what cannot be kept, looks at what comes back, and collects which errors were met."""

    def __init__(self, language: str) -> None:
        self.turn = TURNS[language]
        self.met: set[str] = set()
        self.wrong: list[str] = []

    def look(self, page: Page, sent: list[tuple[str, str]], form_class: type[QuestionForm] | None = None) -> None:
        """Look at what came back; a page without errors is none of this one's business."""
        told = mends(page)
        if not told and page.status == 200:
            return
        found = untied(page)
        if page.status not in {409, 422}:
            found.append(f"came with {page.status}")
        if not page.title.startswith(self.turn("Error:")):
            found.append(f"its title is {page.title!r}")
        for each in told:
            known = said_as(EVERY_ERROR, each.words, turn=self.turn)
            self.met |= known
            if not known:
                found.append(f"{each.words!r} is not one of our own messages, in this language")
        if form_class is not None:
            found += _lost(page, sent, form_class)
        self.wrong += [f"{page.path} after {str(sent)[:200]}: {each}" for each in found]

    def assert_well(self) -> None:
        assert not self.wrong, "\n".join(["", *self.wrong])


def _lost(page: Page, sent: list[tuple[str, str]], form_class: type[QuestionForm]) -> list[str]:
    """What was typed or chosen, and is not there any more."""
    most = limits(form_class)
    there = [pair for form in page.forms for pair in form.filled(press=None) if form.method == "post"]
    there = [(name, for_pages(value)) for name, value in there]
    kept = [
        (name, for_pages(value))
        for name, value in sent
        if name in most or (value != NO_CHOICE and name not in {"addition_id", "choose", "leave"})
    ]
    return [f"{name} was {value[:40]!r}, and is lost" for name, value in kept if value and (name, value) not in there]


def bad_inputs(
    form: Form, form_class: type[QuestionForm], chosen: Mapping[str, Filled]
) -> Iterator[list[tuple[str, str]]]:
    """What somebody may send that cannot be kept, made from the fields: in every field at once, and one choice missing."""
    texts = limits(form_class)
    full = complete(form, form_class, chosen)
    yield spoilt(form, form_class)
    for typed in TYPED:
        yield form.filled({**full, **dict.fromkeys(texts, typed)})
    for name in {control.name for control in form.controls if control.kind in {"checkbox", "radio"}}:
        yield [pair for pair in form.filled(full) if pair[0] != name]


def try_everything(
    visitor: Visitor,
    page: Page,
    form: Form,
    form_class: type[QuestionForm],
    chosen: Mapping[str, Filled],
    mender: Mender,
) -> None:
    for data in bad_inputs(form, form_class, chosen):
        mender.look(visitor.post_form(page.path, data), data, form_class)


def go_through(visitor: Visitor, choices: Choices, language: str, mender: Mender, known: set[str]) -> Through:
    """One way through the request, stopping at every step that is not known yet to do everything wrong."""
    through = Through(visitor, choices, language=language)
    page = visitor.visit(f"/{language}/refer/")
    while (key := (place := through.place(page)).step.key) != "check":
        form = step_form(page)
        if form is None:
            return through
        if not place.step.asks:
            page = visitor.submit(page, form)
            through.answers[key] = {}
            continue
        chosen = choices.get(key, {})
        if key not in known:
            known.add(key)
            try_everything(visitor, page, form, FORMS[key], chosen, mender)
        answer = complete(form, FORMS[key], chosen)
        through.answers[key] = {name: value for name, value in answer.items() if value}
        page = visitor.submit(page, form, answer)
    return through


@pytest.mark.requirement("B11")
@pytest.mark.rule("rule 6")
@sqlite_only
@pytest.mark.parametrize("language", ["en-XA", pytest.param("ar-XB", marks=pytest.mark.audit)])
def test_every_error_is_tied_to_its_field_in_words_of_ours(
    sides: Sides, language: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def new_visitor() -> Visitor:  # each page that comes back is audited below
        return BrowsingClient(sides.portal, sides.portal.response_class)

    mender, known = Mender(language), set[str]()
    through = None
    for choices in WAYS_THROUGH.values():
        walked = go_through(new_visitor(), choices, language, mender, known)
        through = through or walked
    assert known == {step.key for step in JOURNEY.steps if step.asks}

    # The number page
    assert through is not None
    visitor, home = through.visitor, through.home
    list(through.send(until_number=True))
    page = visitor.visit(f"{home}refer/sent")
    for data in bad_inputs(page.form("last_row"), KeepForm, {}):
        if dict(data).get("last_row"):
            mender.look(visitor.post_form(page.path, data), data, KeepForm)

    # The number, typed again: too short, too long, no digits, each row in turn, and one that opens nothing
    digits = through.number
    wrong_rows = [
        digits[: 6 * row + 5] + str((int(digits[6 * row + 5]) + 1) % 10) + digits[6 * row + 6 :] for row in range(4)
    ]
    for typed in ("", "1", "12345", "1" * 30, "1" * 24 + "x", "be\x01fore", *wrong_rows, nobodys(sides, digits)):
        data = [("number", typed)]
        mender.look(visitor.post_form(f"{home}return", data), data, ReturnForm)

    # Where references are longer, a whole number may have one of several lengths
    usual = sides.portal.extensions["side"], sides.hub.extensions["side"]
    sides.widen(8)
    for typed in ("", "1", "1" * 25, "1" * 30, "1" * 26 + "x"):
        data = [("number", typed)]
        mender.look(visitor.post_form(f"{home}return", data), data, ReturnForm)
    sides.portal.extensions["side"], sides.hub.extensions["side"] = usual

    # A message, and every section with everything that it may be about
    through.come_back()
    for typed in ("", "m" * 5001, "be\x01fore"):
        data = [("text", typed)]
        mender.look(visitor.post_form(f"{home}case/messages", data), data)
    for section in BY_SLUG.values():
        page = visitor.visit(f"{home}case/more/{section.slug}")
        for about in KINDS if form_of(section, "nearby") is not section.form else ("",):
            if about:
                mender.look(visitor.submit(page, page.form("kind"), press="choose"), [])
                asked = visitor.submit(page, page.form("kind"), {"kind": about}, press="choose")
            else:
                asked = page
            form = asked.form("addition_id")
            try_everything(visitor, asked, form, form_of(section, about), {}, mender)
            empty = form.filled()
            mender.look(visitor.post_form(asked.path, empty), empty)

    # More than one envelope holds
    def too_large(*_args: object, **_options: object) -> None:
        raise sealing.TooLarge

    monkeypatch.setattr(sending, "send_addition", too_large)
    monkeypatch.setattr(space, "write_message", too_large)
    for path in ("case/more/5", "case/messages"):
        data = [("text", "many words")]
        mender.look(visitor.post_form(home + path, data), data)

    mender.assert_well()
    if language == "en-XA":  # in the other, different words may come out alike
        assert EVERY_ERROR - mender.met == set(), "no page was met with these"


def nobodys(sides: Sides, digits: str) -> str:
    """A number that could be one of ours, and is nobody's."""
    from app.adapters import numbers

    peppers = sides.portal_side.office.peppers
    for row in range(100_000):
        changed = digits[:6] + f"{row:05d}0" + digits[12:]
        for last in range(10):
            candidate = changed[:11] + str(last) + changed[12:]
            if candidate != digits and not numbers.check_rows(candidate, peppers):
                return candidate
    raise AssertionError("no such number")


@sqlite_only
@pytest.mark.requirement("B11")
@pytest.mark.rule("rule 6")
def test_every_page_in_every_state_is_sound_and_holds_what_was_filled_in(sides: Sides) -> None:
    """The visitor refuses pages that are not sound: HTML, ids, pointers, headers."""
    for state in every_state(sides.portal_client, language="en-XA"):
        if state.sent:
            form = state.page.form(*state.sent)
            buttons = {control.name for control in form.controls if control.kind == "button"}
            wanted, there = (
                {pair for pair in pairs if pair[0] not in buttons} for pairs in (form.filled(state.sent), form.filled())
            )
            # The digits of an address come back as those that are dialled here.
            assert there == {(name, western(value)) for name, value in wanted}, repr(state)


def test_the_words_of_every_error_say_what_to_do() -> None:
    assert len(EVERY_ERROR) > 20
    assert {"Choose from the list.", "Write your message first."} < EVERY_ERROR
    assert not [each for each in EVERY_ERROR if not HELPS.search(each)]
    assert not [each for each in EVERY_ERROR if NO_HELP.search(each)]
    assert not [each for each in EVERY_ERROR if not each.endswith(".")]


@sqlite_only
def test_the_checks_notice_what_they_are_for(sides: Sides, tmp_path: Path) -> None:
    """Each check is fed a page or a module that it must not pass."""
    page = sides.portal_client().visit("/en/return")
    bad = sides.portal_client().submit(page, page.form("number"), {"number": "1"})
    assert untied(bad) == []
    words = mends(bad)[0].words
    for planted, told in (
        (bad.html.replace('href="#number"', 'href="#main"'), "nothing can be mended"),
        (bad.html.replace(f">{words}</a>", ">Something</a>"), "is not said at"),
        (
            bad.html.replace('aria-describedby="number-hint number-error"', 'aria-describedby="number-hint"'),
            "not described",
        ),
        (bad.html.replace(f'<li><a href="#number">{words}</a></li>', f"<li>{words}</li>"), "0 links"),
        (
            bad.html.replace('<div class="govuk-error-summary"', '<h1>First</h1><div class="govuk-error-summary"'),
            "before the summary",
        ),
    ):
        assert planted != bad.html
        assert told in " ".join(untied(Page(url=bad.url, status=422, headers={}, html=planted))), told

    module = tmp_path / "form.py"
    module.write_text('def check(x):\n    raise ValidationError(_l("Invalid."))\nlabel = _l("A label")\n')
    assert messages_of(module) == {"Invalid."}
    assert NO_HELP.search("Invalid.")
    assert not HELPS.search("Invalid.")
    assert said_as(
        {"Use %(most)s letters.", "Use it."}, accented("Use %(most)s letters.").replace("%(most)s", "80"), turn=accented
    ) == {"Use %(most)s letters."}
