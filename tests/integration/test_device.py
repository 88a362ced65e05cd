"""Whose device it is: what browsers may fill in, what is shown again, how long a draft lives, and two tabs at once."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import time_machine

from app.domain.contact import Way
from app.forms.question import DISCREET
from app.services.portal.drafts import OWN_DEVICE_MINUTES, SHARED_DEVICE_MINUTES
from app.web.headers import POLICY, POLICY_OF_SENDING
from app.web.traps import LINE as TRAP
from tests.harness.clients import AuditingClient, BrowsingClient
from tests.harness.day import travel
from tests.harness.pages import Element, Page
from tests.harness.people import Person
from tests.harness.sides import Sides
from tests.stories import DAUGHTER_HELPS, FIFTEEN, OWN_DEVICE, PARENT, PROFESSIONAL, SHARED_DEVICE, WATCHED, Story

AskedBy = Callable[..., Person]
TOLD = {**PARENT.answers, **DAUGHTER_HELPS.answers, **WATCHED.answers}
# What a browser may fill in on one's own device (WCAG 1.3.5), and what never, for it is somebody else's or a secret.
FILLED_IN = {
    ("work", "name"): "name",
    ("work", "organisation"): "organization",
    ("reply", "name"): "nickname",
    ("reply", "language"): "language",
    ("reply-call", "address"): "tel",
    ("reply-text", "address"): "tel",
    ("reply-relay", "address"): "tel",
    ("reply-email", "address"): "email",
    ("reply-letter", "address"): "street-address",
    ("reply-letter", "ask_for"): "name",
}

QUIET = {"input": DISCREET, "textarea": DISCREET, "select": {"autocomplete": "off"}}


@pytest.fixture(scope="module")
def sides(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sides]:
    """One site for all of these people, each in a browser of their own: what is rendered once serves them all."""
    with travel():
        made = Sides(tmp_path_factory.mktemp("data"), client_class=BrowsingClient)
    yield made
    made.close()


@pytest.fixture
def audited(sides: Sides) -> Iterator[None]:
    """Every response is audited, which takes its time."""
    sides.portal.test_client_class = AuditingClient
    yield
    sides.portal.test_client_class = BrowsingClient


def on(device: Mapping[str, str], story: Story, **answers: Mapping[str, Any]) -> Story:
    """This story on that device, with other answers to some steps."""
    return replace(story, answers={**story.answers, "start": device, **answers})


def every_way(story: Story) -> Story:
    """This story with a page for each way to be reached."""
    ways = {f"reply-{way.value}": TOLD[f"reply-{way.value}"] for way in Way}
    reply = {**story.answers["reply"], "contact": "yes", "ways": tuple(way.value for way in Way)}
    return replace(story, answers={**story.answers, **ways, "reply": reply})


def walked(asking: Person, *, look: Callable[[str, Page], None]) -> Page:
    """Answer everything; `look` sees each page on the way with the key of its step. Returns the page to check."""
    page = asking.begin()
    for place in asking.path():
        assert page.path == f"/en/refer/{place.slug}"
        look(place.step.key, page)
        if place.step.key != "check":
            page = asking.answer(page, place)
    return page


def boxes(page: Page) -> list[Element]:
    """Everything on a page that one can write in, and its lists; not the line for robots, which nobody sees."""
    found = page.main.all("input", "textarea", "select")
    seen = [each for each in found if each.attributes.get("name") != TRAP]
    return [each for each in seen if each.attributes.get("type") not in {"hidden", "radio", "checkbox"}]


def shown(page: Page) -> list[str]:
    """What the controls of a page hold or have ticked."""
    controls = [control for form in page.forms for control in form.controls]
    hidden = {"hidden", "button"}
    return [
        control.value
        for control in controls
        if control.value
        and control.kind not in hidden
        and (control.is_on or control.kind not in {"radio", "checkbox", "option"})
    ]


def continued(asking: Person, page: Page, answer: Mapping[str, Any] | None = None, *, press: str | None = None) -> Page:
    """Press the first button of the step on this page, or the one named."""
    return asking.client.submit(page, page.form("step", to=page.path), answer or {}, press=press)


def opened(asking: Person, slug: str) -> Page:
    """Open a step anew."""
    page = asking.client.visit(f"/en/refer/{slug}")
    assert page.path == f"/en/refer/{slug}"
    return page


def checked(asking: Person) -> str:
    """What the page to check says."""
    return asking.client.visit("/en/refer/check").main.text


# What browsers may fill in, remember and learn


@pytest.mark.requirement("B12")
@pytest.mark.parametrize("story", [FIFTEEN, PROFESSIONAL], ids=lambda story: story.key)
def test_where_others_may_look_no_browser_fills_in_or_learns_anything(person: AskedBy, story: Story) -> None:
    seen: list[str] = []

    def look(_key: str, page: Page) -> None:
        assert not re.search(r'autocomplete="(?!off")', page.html)
        for form in page.main.all("form"):
            assert form.attributes.get("autocomplete") == "off" or not boxes(page)
        for box in boxes(page):
            assert QUIET[box.name].items() <= box.attributes.items(), box.attributes
            seen.append(box.attributes["name"])

    asking = person(every_way(on(SHARED_DEVICE, story)))
    sent = asking.send(walked(asking, look=look))
    assert {"name", "language", "address", "own_times", "ask_for", "sign", "conflict_who"} <= set(seen)
    for box in boxes(sent):  # the last row and the code word
        assert DISCREET.items() <= box.attributes.items()


@pytest.mark.requirement("B12")
def test_whoever_leaves_the_question_is_treated_as_if_others_may_look(person: AskedBy) -> None:
    asking = person()
    asking.client.post_form("/en/refer/start", {})
    for slug in ("who", "help", "about", "police"):
        continued(asking, opened(asking, slug), press="leave")
    (name,) = [box for box in boxes(opened(asking, "reply")) if box.attributes["name"] == "name"]
    assert DISCREET.items() <= name.attributes.items()
    continued(asking, opened(asking, "reply"), {"name": "Marie"})
    assert shown(opened(asking, "reply")) == []
    assert "Marie" in checked(asking)


@pytest.mark.parametrize("story", [FIFTEEN, PROFESSIONAL], ids=lambda story: story.key)
def test_on_ones_own_device_browsers_may_help_with_what_is_ones_own(person: AskedBy, story: Story) -> None:
    found: dict[tuple[str, str], str] = {}
    corrected: list[str] = []

    def look(key: str, page: Page) -> None:
        for box in boxes(page):
            found[key, box.attributes["name"]] = box.attributes.get("autocomplete", "off")
            assert not {"autocorrect", "autocapitalize"} & box.attributes.keys()
            if box.attributes.get("spellcheck") != "false":
                corrected.append(box.attributes["name"])

    asking = person(every_way(on(OWN_DEVICE, story)))
    sent = asking.send(walked(asking, look=look))
    expected = {pair: token for pair, token in FILLED_IN.items() if pair in found}
    assert {pair: token for pair, token in found.items() if token != "off"} == expected
    assert len(expected) >= len(FILLED_IN) - 2
    assert {"sign", "own_times"} <= set(corrected)
    assert not {"name", "conflict_who"} & set(corrected)
    for box in boxes(sent):
        assert DISCREET.items() <= box.attributes.items()


@pytest.mark.rule("rule 4")
@pytest.mark.parametrize("device", [OWN_DEVICE, SHARED_DEVICE], ids=["own", "shared"])
def test_the_number_is_for_no_browser_and_there_is_one_cookie(
    sides: Sides, person: AskedBy, device: Mapping[str, str]
) -> None:
    asking = person(on(device, PARENT))
    walked(asking, look=lambda _key, _page: None)
    assert [cookie.key for cookie in asking.client._cookies.values()] == ["portal-d"]  # type: ignore[attr-defined]
    (number,) = [box for box in boxes(sides.portal_client().visit("/en/return")) if box.attributes["name"] == "number"]
    assert DISCREET.items() <= number.attributes.items()


# What is shown again


@pytest.mark.requirement("A13")
@pytest.mark.parametrize("story", [FIFTEEN, PROFESSIONAL], ids=lambda story: story.key)
def test_where_others_may_look_no_answer_is_shown_again_before_check_and_none_is_lost(
    audited: None, person: AskedBy, story: Story
) -> None:
    asking = person(every_way(on(SHARED_DEVICE, story)))
    walked(asking, look=lambda _key, _page: None)
    before = checked(asking)
    for typed in asking.story.typed[:-2]:
        assert "".join(typed.split()) in "".join(before.split())
    for place in asking.path():
        if not place.step.asks or place.step.key == "start":
            continue
        page = opened(asking, place.slug)
        assert shown(page) == [], place.step.key
        for typed in asking.story.typed:
            assert typed not in page.html, place.step.key
        assert ('id="unseen"' in page.html) == bool(asking.story.answers.get(place.step.key))
        if asking.story.answers.get(place.step.key):
            assert continued(asking, page).path == "/en/refer/check"
    assert checked(asking) == before


@pytest.mark.parametrize("story", [PARENT, WATCHED], ids=lambda story: story.key)
def test_on_ones_own_device_earlier_answers_are_there_and_can_be_unticked(person: AskedBy, story: Story) -> None:
    asking = person(on(OWN_DEVICE, story))
    walked(asking, look=lambda _key, _page: None)
    for place in asking.path():
        answer = asking.story.answers.get(place.step.key)
        if not place.step.asks or place.step.key == "start" or not answer:
            continue
        page = opened(asking, place.slug)
        assert 'id="unseen"' not in page.html
        for value in answer.values():
            for each in value if isinstance(value, tuple) else [value]:
                assert each in shown(page)
    continued(asking, opened(asking, "help"), {"help": ("money",)})
    assert "Someone to talk to" not in checked(asking)


def test_what_is_filled_in_takes_the_place_of_what_was_there_and_the_rest_stays(person: AskedBy) -> None:
    asking = person(on(SHARED_DEVICE, PARENT))
    walked(asking, look=lambda _key, _page: None)

    continued(asking, opened(asking, "reply-1"), {"address": "07700 900999"})
    said = checked(asking)
    assert "07700 900999" in said
    assert "07700 900111" not in said
    assert "Weekday mornings" in said  # the times that were ticked before

    continued(asking, opened(asking, "help"), {"help": ("money",)})
    said = checked(asking)
    assert "Money, benefits" in said
    assert "Someone to talk to" not in said

    continued(asking, opened(asking, "reply"), {"contact": "no"})
    said = checked(asking)
    assert "We will not contact you." in said
    assert "Marie" in said

    # A list keeps what was chosen, unless something else is.
    page = opened(asking, "police")
    assert "Keep what I said before" in page.main.text
    continued(asking, page, {"police": "not-sure"})
    assert "Huntingdonshire" in checked(asking)
    continued(asking, opened(asking, "police"), {"district": "fenland"})
    said = checked(asking)
    assert "Fenland" in said
    assert "Not sure" in said


def test_the_language_of_the_answer_is_not_changed_by_the_language_of_the_page(person: AskedBy) -> None:
    asking = person(on(SHARED_DEVICE, PARENT, reply={**PARENT.answers["reply"], "language": "bsl"}))
    walked(asking, look=lambda _key, _page: None)
    continued(asking, opened(asking, "reply"), {"sign": "the blue curtains"})
    said = checked(asking)
    assert "BSL" in said
    assert "the blue curtains" in said


def test_an_answer_that_is_not_shown_can_be_removed(person: AskedBy) -> None:
    asking = person(on(SHARED_DEVICE, WATCHED))
    walked(asking, look=lambda _key, _page: None)
    page = opened(asking, "help")
    assert "leave" not in page.form("step").names
    assert continued(asking, page, press="remove").path == "/en/refer/check"
    said = checked(asking)
    assert "To be safer from someone" not in said
    assert "Gareth Pell" in said
    # Then the question is as it was before it was answered.
    page = opened(asking, "help")
    assert 'id="unseen"' not in page.html
    assert "leave" in page.form("step").names

    continued(asking, opened(asking, "reply-1"), press="remove")
    assert "You did not say how we reach them." in checked(asking)


def test_what_was_just_typed_is_shown_when_it_has_to_be_put_right_and_nothing_else(
    audited: None, person: AskedBy
) -> None:
    """WCAG 3.3.1 and 3.3.7: nobody types twice, and nobody else reads what was kept."""
    asking = person(on(SHARED_DEVICE, PARENT))
    walked(asking, look=lambda _key, _page: None)
    wrong = continued(asking, opened(asking, "reply-1"), {"address": "07", "say": "Anna"})
    assert wrong.status == 422
    assert shown(wrong) == ["07", "Anna"]
    assert "07700" not in wrong.html
    assert continued(asking, wrong, {"address": "07700 900999"}).path == "/en/refer/check"
    said = checked(asking)
    for kept in ("07700 900999", "Anna", "Weekday mornings"):
        assert kept in said

    # A yes without a way is put right only where no way is kept either.
    continued(asking, opened(asking, "reply"), press="remove")
    wrong = continued(asking, opened(asking, "reply"), {"contact": "yes", "name": "M"})
    assert wrong.status == 422
    assert "yes" in shown(wrong)
    assert "M" in shown(wrong)


def test_the_answer_about_the_device_can_be_changed_at_any_time(person: AskedBy) -> None:
    asking = person(on(OWN_DEVICE, PARENT))
    walked(asking, look=lambda _key, _page: None)
    asking.client.post_form("/en/refer/start", SHARED_DEVICE)
    assert shown(opened(asking, "reply-1")) == []
    asking.client.post_form("/en/refer/start", OWN_DEVICE)
    assert "07700 900111" in shown(opened(asking, "reply-1"))


# How long it is kept


@pytest.mark.parametrize(
    ("device", "minutes"),
    [(OWN_DEVICE, OWN_DEVICE_MINUTES), (SHARED_DEVICE, SHARED_DEVICE_MINUTES), ({}, SHARED_DEVICE_MINUTES)],
    ids=["own", "shared", "left"],
)
def test_a_draft_lives_as_long_as_fits_the_device_and_longer_on_request(
    person: AskedBy, day: time_machine.Traveller, device: Mapping[str, str], minutes: int
) -> None:
    """WCAG 2.2.1: at least ten times, with what was typed meanwhile still there."""
    asking = person()
    asking.client.post_form("/en/refer/start", device)
    continued(asking, opened(asking, "who"), {"who": "me"})
    page = opened(asking, "help")
    for _ in range(11):
        day.shift(timedelta(minutes=minutes - 1))
        before = page.part("time-limit")
        page = continued(asking, page, {"help": ("talk",)}, press="stay")
        assert page.status == 200
        assert "You have more time now" in page.main.text
        assert page.part("time-limit") != before
        assert shown(page) == ["talk"]
    assert asking.client.visit("/en/refer/check").path == "/en/refer/help"  # nothing was answered by it
    day.shift(timedelta(minutes=minutes - 1))
    continued(asking, page, {"help": ("talk",)})
    assert opened(asking, "about").status == 200
    day.shift(timedelta(minutes=minutes + 1))
    assert asking.client.visit("/en/refer/about").path == "/en/refer/start"


def test_the_page_to_check_can_be_kept_longer_too(person: AskedBy, day: time_machine.Traveller) -> None:
    asking = person(on(SHARED_DEVICE, PARENT))
    page = walked(asking, look=lambda _key, _page: None)
    day.shift(timedelta(minutes=SHARED_DEVICE_MINUTES - 1))
    again = asking.client.submit(page, page.form("stay"), press="stay")
    assert again.path == "/en/refer/check"
    assert again.part("time-limit") != page.part("time-limit")
    day.shift(timedelta(minutes=SHARED_DEVICE_MINUTES - 1))
    asking.send(opened(asking, "check"))


# Two tabs, and a draft that has gone


@pytest.mark.parametrize("device", [OWN_DEVICE, SHARED_DEVICE], ids=["own", "shared"])
def test_an_answer_from_an_older_tab_keeps_the_answers_of_both(person: AskedBy, device: Mapping[str, str]) -> None:
    asking = person()
    asking.client.post_form("/en/refer/start", device)
    older = opened(asking, "who")
    continued(asking, older, {"who": "me"})
    continued(asking, opened(asking, "help"), {"help": ("talk",)})
    continued(asking, opened(asking, "about"), {"happened": ("burgled",)})
    assert continued(asking, older, {"who": "me-helped"}).path == "/en/refer/police"
    continued(asking, opened(asking, "police"), {"police": "no"})
    continued(asking, opened(asking, "reply"), press="leave")
    said = checked(asking)
    for kept in ("someone is helping me", "Someone to talk to", "Broken into", "No"):
        assert kept in said


def test_where_others_may_look_an_older_empty_tab_takes_nothing_away(person: AskedBy) -> None:
    asking = person()
    asking.client.post_form("/en/refer/start", SHARED_DEVICE)
    continued(asking, opened(asking, "who"), {"who": "me"})
    older = opened(asking, "help")
    continued(asking, opened(asking, "help"), {"help": ("talk",)})
    continued(asking, older)
    continued(asking, older, press="leave")
    for slug in ("about", "police", "reply"):
        continued(asking, opened(asking, slug), press="leave")
    assert "Someone to talk to" in checked(asking)


@pytest.mark.requirement("B1")
@pytest.mark.parametrize("device", [OWN_DEVICE, SHARED_DEVICE], ids=["own", "shared"])
def test_a_numbered_page_is_kept_as_what_it_was_and_never_as_what_stands_there_now(
    person: AskedBy, device: Mapping[str, str]
) -> None:
    """A yes to a voice message must not become a yes to words on a screen that somebody else reads."""
    asking = person(on(device, PARENT, reply={"contact": "yes", "ways": ("call", "text")}))
    page = asking.begin()
    for place in asking.path():
        if place.step.key == "reply-call":
            break
        page = asking.answer(page, place)
    called = page
    assert called.path == "/en/refer/reply-1"

    # In another tab there are to be no calls: reply-1 is the page about texts now.
    continued(asking, opened(asking, "reply"), {"contact": "yes", "ways": ("text",)})
    led = continued(asking, called, {"address": "01632 960123", "message": "yes"})
    assert led.path == "/en/refer/reply-1"  # the first open question
    assert "If we text you" in led.main.text
    assert shown(led) == []
    continued(asking, led, {"address": "07700 900111", "message": "no"})
    said = checked(asking)
    assert "01632 960123" not in said

    # And when calls are wanted again, further down, the older tab still finds its question.
    continued(asking, opened(asking, "reply"), {"ways": ("email", "text")})
    called = continued(asking, opened(asking, "reply-1"), {"address": "07700 900111", "message": "no"})
    assert called.path == "/en/refer/reply-2"
    continued(asking, opened(asking, "reply"), {"ways": ("call", "email", "text")})
    asking.client.submit(called, called.form("step"), {"address": "marie@example.org", "message": "no"})
    assert "If we phone you" in opened(asking, "reply-1").main.text
    continued(asking, opened(asking, "reply-1"), {"address": "01632 960123"})
    said = checked(asking)
    for kept in ("01632 960123", "07700 900111", "marie@example.org"):
        assert kept in said


@pytest.mark.rule("rule 6")
@pytest.mark.parametrize("device", [OWN_DEVICE, SHARED_DEVICE], ids=["own", "shared"])
def test_what_was_typed_on_any_page_outlives_the_draft(
    person: AskedBy, day: time_machine.Traveller, device: Mapping[str, str]
) -> None:
    """Also on a numbered page, when nobody knows any more what its number meant."""
    asking = person(every_way(on(device, PROFESSIONAL)))
    pages: dict[str, Page] = {}
    walked(asking, look=pages.__setitem__)
    day.shift(timedelta(hours=2))
    for key, answer in asking.story.answers.items():
        if key == "start" or not answer:
            continue
        late = continued(asking, pages[key], answer)
        assert late.status == 422, key
        assert "Your earlier answers are gone." in late.main.text
        for value in answer.values():
            for each in value if isinstance(value, tuple) else [value]:
                assert each in shown(late), (key, each)
    # Sent once more, it is the first answer of a new request.
    again = continued(asking, late)
    assert again.path == "/en/refer/start"


def test_a_made_up_address_or_step_is_not_there(sides: Sides) -> None:
    client = sides.portal_client()
    assert client.post_form("/en/refer/nowhere", {"step": "reply-call", "address": "1"}).status == 404
    assert client.post_form("/en/refer/reply-1", {"step": "nothing", "address": "1"}).path == "/en/refer/start"
    assert client.post_form("/en/refer/reply-1", {"step": "risk"}).path == "/en/refer/start"


# One entry in the history


def sent_by_script(client: BrowsingClient, path: str, data: Mapping[str, Any]) -> tuple[int, str, str]:
    """Post as the script does, and follow nothing."""
    answer = client.post(path, data=data, headers={"Accept": "text/uri-list, text/html"})
    return answer.status_code, answer.mimetype, answer.text


@pytest.mark.requirement("A13")
def test_the_script_is_told_where_to_go_and_pages_allow_it_only_where_it_is_used(person: AskedBy) -> None:
    client = person().client
    assert sent_by_script(client, "/en/refer/start", SHARED_DEVICE) == (200, "text/uri-list", "/en/refer/who")
    assert sent_by_script(client, "/en/refer/who", {"who": "me"}) == (200, "text/uri-list", "/en/refer/help")
    status, kind, text = sent_by_script(client, "/en/refer/police", {"police": "made up"})
    assert (status, kind) == (422, "text/html")
    assert "Error:" in text

    # On one's own device the forms go without scripts; there it is for the question whether more time is needed.
    for device, marked in ((SHARED_DEVICE, True), (OWN_DEVICE, False)):
        client.post_form("/en/refer/start", device)
        page = client.visit("/en/refer/help")
        assert page.headers["Content-Security-Policy"] == POLICY_OF_SENDING
        assert ("<body" in page.html and "data-one-entry>" in page.html) == marked
    for path in ("/en/", "/en/return", "/en/help-now"):
        assert client.visit(path).headers["Content-Security-Policy"] == POLICY
