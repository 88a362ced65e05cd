"""Tell us more: each section goes to the desk as it was typed, adds to what was there, and can be read nowhere else."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from urllib.parse import quote

import pytest
import time_machine
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from app.data import hub as hub_rows
from app.data import portal as portal_rows
from app.domain.referral import RISKS, TO_READ, Addition
from app.forms.more import BY_SLUG, KINDS, LONGEST_WORDS
from app.services.hub import records
from app.services.portal import refer
from app.web import clock
from tests.harness.pages import Filled, Page
from tests.harness.people import Colleague, Person
from tests.harness.sides import Sides
from tests.stories import PARENT, STORIES

AskedBy = Callable[..., Person]
sqlite_only = pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)

CALM = next(story for story in STORIES if not RISKS & set(story.answers["help"].get("help", ())))  # type: ignore[arg-type]
ANSWERS: dict[str, dict[str, Filled]] = {
    "1": {"getting_worse": "yes", "details": "The lock is broken. ☂"},
    "2": {"health": "very-hard", "money": "a-bit-hard", "social": "leave", "others": "The children wake up at night."},
    "3": {"knows": ("council", "police"), "reports": "3-or-more", "references": "35/QZ/1 at the council"},
    "4": {"access": "Large print", "worker": "woman", "interpreter_is": ("not-community",), "please_do_not": "No post"},
    "5": {"text": "First line\n\nand a <b>second</b> one, “quoted”."},
}
SHOWN = {
    "1": ("My safety", "Are other things in your life getting worse?", "Yes", "The lock is broken. ☂"),
    "2": ("How it has affected me", "My health", "Very hard", "Money and benefits", "The children wake up at night."),
    "3": ("More about what happened", "Trouble that keeps coming back nearby", "The council", "35/QZ/1 at the council"),
    "4": ("What to know to treat me well", "A woman", "Not from my community", "No post"),
    "5": ("In my own words", "First line and a <b>second</b> one, “quoted”."),
}
# What somebody may write: tests/integration/test_naughty.py says what becomes of anything else.
WRITTEN = st.characters(exclude_categories=("Cc", "Cs", "Cn"), include_characters="\t\n\r")


def section_form(asking: Person, section: str, kind: str = "nearby") -> Page:
    """The page of a section with its questions; for the third one, those about `kind`."""
    page = asking.client.visit(f"/en/case/more/{section}")
    if section == "3":
        page = asking.client.submit(page, page.form("kind"), {"kind": kind}, press="choose")
    return page


def send(asking: Person, section: str, answers: dict[str, Filled], *, kind: str = "nearby") -> Page:
    page = section_form(asking, section, kind)
    return asking.client.submit(page, page.form("addition_id"), answers)


def additions(sides: Sides, reference: str) -> list[Addition]:
    """What the Hub's keys open of a case, beside the code word, in order."""
    own = sides.hub_side
    with own.database.reading() as session:
        case = hub_rows.case_by_reference(session, reference)
        assert case is not None
        key = records.case_key(session, case.id, opener=own.opener)
        found = [
            Addition.from_bytes(records.open_document(each, record_secret=key.record_secret))
            for each in hub_rows.documents(session, case.id)
            if each.kind == hub_rows.ADDITION
        ]
    return [each for each in found if each.kind != "code-word"]


@pytest.fixture
def inside(person: AskedBy) -> Person:
    """Somebody in their space."""
    asking = person(PARENT)
    asking.ask()
    asking.come_back()
    return asking


@pytest.mark.requirement("C1")
@pytest.mark.requirement("C9")
@pytest.mark.requirement("C10")
@pytest.mark.requirement("C12")
@pytest.mark.requirement("A10")
@pytest.mark.requirement("A12")
@pytest.mark.requirement("D8")
def test_each_section_arrives_at_the_desk_in_order_with_its_questions(
    sides: Sides, inside: Person, colleague: Colleague, day: time_machine.Traveller
) -> None:
    inside.client.visit("/en/case")
    listed = inside.client.visit("/en/case/more")
    for section in BY_SLUG:
        assert f"/en/case/more/{section}" in [href for href, _words in listed.links]
        sent = send(inside, section, ANSWERS[section])
        assert sent.path == "/en/case/more/sent"
        assert "cannot be read here again" in sent.text
        sides.deliver()
        day.shift(timedelta(minutes=3))
    again = send(inside, "2", {"health": "fine"})  # it adds
    assert again.path == "/en/case/more/sent"
    sides.deliver()
    text = colleague.open(colleague.case(inside.reference)).text
    places = [text.index(words[0], text.index("Added later")) for words in SHOWN.values()]
    assert places == sorted(places)
    for words in SHOWN.values():
        for each in words:
            assert each in text, each
    assert "Very hard" in text
    assert text.index("Fine", text.index("In my own words")) > 0
    told = additions(sides, inside.reference)
    assert [each.kind for each in told] == ["safety", "effects", "happened", "treat", "words", "effects"]
    assert told[1].content["answers"] == {
        "health": "very-hard",
        "money": "a-bit-hard",
        "others": ANSWERS["2"]["others"],
    }
    assert told[4].content["answers"] == ANSWERS["5"]


@pytest.mark.requirement("A4")
@sqlite_only
@pytest.mark.parametrize("kind", KINDS)
def test_every_branch_of_what_happened_is_short_and_can_be_sent(
    sides: Sides, inside: Person, colleague: Colleague, kind: str
) -> None:
    page = section_form(inside, "3", kind)
    form = page.form("addition_id", "references")
    assert page.path == "/en/case/more/3"
    # The kind says nothing in the address; the questions are few; why it was not told is never asked about a death.
    assert len(form.names - {"addition_id", "kind"}) <= 7
    assert ("why_not_told" in form.names) == (kind != "died")
    sent = inside.client.submit(page, form, {"references": "QZ-77"})
    assert sent.path == f"/en/case/more/{'next' if kind in TO_READ else 'sent'}"
    sides.deliver()
    (told,) = additions(sides, inside.reference)
    assert (told.content["about"], told.content["answers"]) == (kind, {"references": "QZ-77"})
    assert str(KINDS[kind][0]) in colleague.open(colleague.case(inside.reference)).text


@pytest.mark.requirement("H2")
@sqlite_only
def test_why_it_was_not_told_can_be_said_and_is_shown_in_words(
    sides: Sides, inside: Person, colleague: Colleague
) -> None:
    send(inside, "3", {"why_not_told": ("afraid", "status")}, kind="hate")
    sides.deliver()
    text = colleague.open(colleague.case(inside.reference)).text
    assert "I was afraid of what might follow" in text
    assert "I worried about my right to stay in this country" in text


@pytest.mark.requirement("C4")
@pytest.mark.requirement("C5")
@pytest.mark.requirement("C6")
@pytest.mark.requirement("C7")
@pytest.mark.requirement("C8")
@sqlite_only
@pytest.mark.parametrize(
    ("question", "said", "leads_to", "marked"),
    [
        ("safer", "yes", "talk", True),
        ("afraid_of_myself", "not-sure", "talk", True),
        ("dependant", "yes", "talk", True),
        ("dependant", "no", "sent", False),
        ("getting_worse", "yes", "sent", False),
    ],
)
def test_a_risk_leads_to_somebody_to_talk_to_and_to_the_top_of_the_queue(
    sides: Sides, person: AskedBy, colleague: Colleague, question: str, said: str, leads_to: str, marked: bool
) -> None:
    asking = person(CALM)
    asking.ask()
    asking.come_back()
    sides.deliver()
    assert "May be at risk" not in lines_of(colleague.queue())
    page = send(asking, "1", {question: said})
    assert page.path == f"/en/case/more/{leads_to}"
    assert ("999" in page.digits) == (leads_to == "talk")
    sides.deliver()
    assert ("May be at risk" in lines_of(colleague.queue())) is marked


def lines_of(queue: Page) -> str:
    """The words of the queue's lines, without what narrows it."""
    return " ".join(each.text for each in queue.root.all("tbody"))


# A page to read, when a harm is told later


@pytest.mark.requirement("A6")
@pytest.mark.requirement("A16")
@pytest.mark.requirement("A20")
@pytest.mark.rule("rule 7")
@sqlite_only
@pytest.mark.parametrize(
    ("kind", "answers", "there", "not_there"),
    [
        ("died", {"how": "road"}, ("You need do nothing today", "Road Victims Trust", "liaison officer"), ()),
        ("died", {"how": "killed"}, ("liaison officer", "Victim Support"), ("Road Victims Trust",)),
        ("died", {"their_name": "Danny"}, ("inquest",), ("Road Victims Trust", "liaison officer", "Danny")),
        ("sexual", {"recent": "yes"}, ("You decide", "7 days", "0808 500 2222"), ()),
        ("sexual", {"recent": "no"}, ("If it was longer ago",), ()),
        ("exploited", {"kept": ("pay",)}, ("migrants", "safe"), ("We ask about that soon",)),
    ],
)
def test_a_harm_told_later_is_followed_by_the_page_about_it_and_then_no_more(
    inside: Person, kind: str, answers: dict[str, Filled], there: tuple[str, ...], not_there: tuple[str, ...]
) -> None:
    page = send(inside, "3", answers, kind=kind)

    # The address is the same for all, and says nothing.
    assert page.path == "/en/case/more/next"
    assert "?" not in page.url
    for words in there:
        assert words in page.main.text
    for words in not_there:
        assert words not in page.main.text

    sent = inside.client.submit(page, page.form(to="/case/more/next"))
    assert sent.path == "/en/case/more/sent"
    assert "cannot be read here again" in sent.text
    assert inside.client.visit("/en/case/more/next").path == "/en/case/more/sent"


@sqlite_only
def test_a_page_that_was_not_read_gives_way_to_what_is_told_next(inside: Person) -> None:
    assert "You decide" in send(inside, "3", {"recent": "yes"}, kind="sexual").main.text
    assert send(inside, "1", {"safer": "yes"}).path == "/en/case/more/talk"
    assert inside.client.visit("/en/case/more/next").path == "/en/case/more/sent"

    assert "migrants" in send(inside, "3", {"leave_work": "no"}, kind="exploited").main.text
    inside.sign_out()
    inside.come_back()
    assert inside.client.visit("/en/case/more/next").path == "/en/case/more/sent"


# Trouble that keeps coming back


@pytest.mark.requirement("D1")
@pytest.mark.requirement("D6")
@pytest.mark.requirement("C11")
def test_how_often_and_how_long_suggest_persistently_targeted_and_each_addition_suggests_anew(
    sides: Sides, person: AskedBy, colleague: Colleague
) -> None:
    asking = person(replace(CALM, answers={**CALM.answers, "about": {"to_whom": "me", "happened": ("not-sure",)}}))
    asking.ask()
    asking.come_back()
    sides.deliver()

    def suggested() -> str:
        return colleague.case(asking.reference).part("suggested")

    assert "Targeted again and again" not in suggested()
    send(asking, "3", {"reports": "1-2", "how_long": "under-6-months"})
    send(asking, "3", {"when": "three times"}, kind="hate")
    sides.deliver()
    assert "Targeted again and again" not in suggested()

    case = colleague.claim(colleague.case(asking.reference))
    with sides.hub_side.database.writing() as session:
        found = hub_rows.case_by_reference(session, asking.reference)
        assert found is not None
        found.facts = {**found.facts, "decided_at_the_desk": "stays"}
        before = (dict(found.facts), found.owner_id)

    send(asking, "3", {"reports": "3-or-more"})
    sides.deliver()
    assert "Targeted again and again: trouble nearby, told to others three times or more" in suggested()
    assert "You decide, after talking with them." in suggested()

    send(asking, "3", {"how_long": "years", "reports": "none"})
    sides.deliver()
    assert "three times or more, trouble nearby for six months or more" in suggested()

    # Only what was told was added: nothing that a colleague did or noted has changed.
    with sides.hub_side.database.reading() as session:
        found = hub_rows.case_by_reference(session, asking.reference)
        assert found is not None
        assert found.facts == {**before[0], "persistence": ["goes-on-long", "reported-often"]}
        assert found.owner_id == before[1]
    assert case.path in colleague.case(asking.reference).path


def test_sending_a_section_twice_sends_it_once(sides: Sides, inside: Person, colleague: Colleague) -> None:
    page = section_form(inside, "5")
    for _ in range(3):
        sent = inside.client.submit(page, page.form("addition_id"), {"text": "Once only."})
        assert sent.path == "/en/case/more/sent"
        sides.deliver()
    assert len(additions(sides, inside.reference)) == 1
    inside.client.submit(page, page.form("addition_id"), {"text": "Once only. No, there is more."})
    sides.deliver()
    assert len(additions(sides, inside.reference)) == 2, "gone back, changed, and sent again: nothing typed is lost"


@sqlite_only
def test_an_id_of_somebody_elses_section_swallows_nothing(sides: Sides, person: AskedBy, colleague: Colleague) -> None:
    """Two people at one browser: the page that one left open, sent by the other, still arrives."""
    first, second = person(PARENT), person(PARENT)
    for each in (first, second):
        each.ask()
        each.come_back()
    page = section_form(first, "5")
    first.client.submit(page, page.form("addition_id"), {"text": "From the first."})
    second.client.submit(page, page.form("addition_id"), {"text": "From the second."})
    sides.deliver()
    for each, words in ((first, "From the first."), (second, "From the second.")):
        assert [told.content["answers"]["text"] for told in additions(sides, each.reference)] == [words]


@sqlite_only
@pytest.mark.parametrize("section", BY_SLUG)
def test_a_section_that_comes_after_the_end_is_carried_through_the_number(
    sides: Sides, person: AskedBy, colleague: Colleague, day: time_machine.Traveller, section: str
) -> None:
    asking = person(PARENT)
    number = asking.ask()
    asking.come_back()
    page = section_form(asking, section)
    day.shift(timedelta(minutes=30))
    late = asking.client.submit(page, page.form("addition_id"), ANSWERS[section])
    assert late.status == 422
    wrong = asking.client.submit(late, late.form("number"), {"number": "123"})  # a slip on the way loses nothing either
    back = asking.client.submit(wrong, wrong.form("number"), {"number": number})
    assert back.path == "/en/return"
    sides.deliver()
    assert additions(sides, asking.reference) == []  # nothing is sent by itself
    sent = asking.client.submit(back, back.form("addition_id"))
    assert sent.path == "/en/case/more/sent"
    sides.deliver()
    (told,) = additions(sides, asking.reference)
    given_answers = {
        name: list(value) if isinstance(value, tuple) else value for name, value in ANSWERS[section].items()
    }
    found = {
        name: sorted(value) if isinstance(value, list) else value for name, value in told.content["answers"].items()
    }
    assert found == {
        name: sorted(value) if isinstance(value, list) else value
        for name, value in given_answers.items()
        if value != "leave"
    }


@pytest.mark.rule("rule 7")
@sqlite_only
def test_nothing_of_a_section_can_be_read_on_the_portal(sides: Sides, inside: Person) -> None:
    canary = "Кенар-QzyxWvu"
    for section in BY_SLUG:
        answers = {name: canary for name, value in ANSWERS[section].items() if isinstance(value, str) and " " in value}
        send(inside, section, {**ANSWERS[section], **answers})
    for page in ("/en/case", "/en/case/more", *(f"/en/case/more/{section}" for section in BY_SLUG)):
        assert canary not in inside.client.visit(page).html
    needles = [canary.encode(), canary.encode("utf-16-le"), quote(canary).encode(), json.dumps(canary)[1:-1].encode()]
    needles += [b"QzyxWvu", b"very-hard", b"not-community", b"3-or-more"]
    files = [path for path in (sides.data_dir).rglob("portal*") if path.is_file()]
    files += [path for path in (sides.data_dir / "portal").rglob("*") if path.is_file()]
    assert any(path.name == "portal.sqlite3" for path in files)
    assert any(path.name.endswith("-wal") for path in files)
    for path in files:
        content = path.read_bytes()
        assert not [needle for needle in needles if needle in content], path


@sqlite_only
def test_what_is_too_long_is_said_at_its_field_and_stays_on_the_page(inside: Person) -> None:
    page = section_form(inside, "5")
    assert "10,000" in page.text or "10000" in page.text  # known before writing, without a script
    words = "ж" * (LONGEST_WORDS + 1)
    back = inside.client.submit(page, page.form("addition_id"), {"text": words})
    assert back.status == 422
    assert "10,000" in back.part("text-error")
    assert dict(back.form("addition_id").filled())["text"] == words
    sent = inside.client.submit(back, back.form("addition_id"), {"text": words[1:]})
    assert sent.path == "/en/case/more/sent"


@sqlite_only
def test_the_longest_text_in_the_widest_letters_fits_one_envelope(inside: Person) -> None:
    assert send(inside, "5", {"text": "𝒷" * LONGEST_WORDS}).path == "/en/case/more/sent"


@sqlite_only
@pytest.mark.parametrize("section", BY_SLUG)
def test_an_empty_section_is_said_and_not_sent(sides: Sides, inside: Person, section: str) -> None:
    page = section_form(inside, section)
    back = inside.client.submit(page, page.form("addition_id"))
    assert back.status == 422
    assert "Nothing is filled in yet" in back.text
    with sides.portal_side.database.reading() as session:
        assert (
            session.scalar(select(func.count()).select_from(portal_rows.Outgoing)) == 2
        )  # the request and its code word


@sqlite_only
def test_a_section_that_could_not_be_sent_keeps_its_words(inside: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    page = section_form(inside, "4")

    def fail(*_args: object, **_options: object) -> None:
        raise OSError

    monkeypatch.setattr(refer, "send_addition", fail)
    back = inside.client.submit(page, page.form("addition_id"), ANSWERS["4"])
    assert back.status == 503
    assert dict(back.form("addition_id").filled())["access"] == "Large print"


@sqlite_only
def test_strangers_and_made_up_sections_get_nothing(sides: Sides, inside: Person) -> None:
    stranger = sides.portal_client()
    for path in ("", "/1", "/sent", "/talk"):
        assert stranger.visit(f"/en/case/more{path}").path == "/en/"
    for path in ("0", "6", "safety", "nearby"):
        assert inside.client.visit(f"/en/case/more/{path}").status == 404


@sqlite_only
def test_any_text_reaches_the_desk_letter_for_letter(sides: Sides, inside: Person, colleague: Colleague) -> None:
    wanted: list[str] = []

    @given(st.text(WRITTEN, max_size=300))
    @settings(max_examples=40, suppress_health_check=list(HealthCheck))
    def send_any(text: str) -> None:
        page = section_form(inside, "5")
        data = [("addition_id", dict(page.form("addition_id").filled())["addition_id"]), ("text", text)]
        if text.strip():
            assert inside.client.post_form("/en/case/more/5", data).path == "/en/case/more/sent"
            wanted.append(text.replace("\r\n", "\n").replace("\r", "\n"))

    send_any()
    sides.deliver()
    assert len(wanted) > 20
    assert [told.content["answers"]["text"] for told in additions(sides, inside.reference)] == wanted


@sqlite_only
def test_the_desk_shows_what_it_has_no_words_for_as_it_came(sides: Sides, inside: Person, colleague: Colleague) -> None:
    own = sides.portal_side
    with own.database.reading() as session:
        case_id = session.scalars(select(portal_rows.Case.id)).one()
    for addition in (
        Addition(kind="from-later", content={"x": "<b>odd</b>"}),
        Addition(kind="effects", content={"answers": {"health": "new-word", "new_question": ["a", "b"]}}),
        Addition(kind="safety", content={"answers": "not a mapping"}),
        Addition(kind="happened", content={"about": "later-kind", "answers": {"what": "More <i>words</i>"}}),
    ):
        refer.send_addition(own.database, own.office, case_id=case_id, addition=addition, now=clock.now())
    sides.deliver()
    page = colleague.open(colleague.case(inside.reference))
    assert page.status == 200
    for words in (
        '{"x": "<b>odd</b>"}',
        "new-word",
        "new_question",
        "not a mapping",
        "later-kind",
        "More <i>words</i>",
    ):
        assert words in page.text
    assert "<b>odd</b>" not in page.html
